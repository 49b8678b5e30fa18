// The result file as a whole: datasets, provenance, attributes.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "../errors.h"
#include "hdf5.h"
#include "layout.h"
#include "result.h"
#include "temporary_file.h"

namespace chokepoint {

namespace {

void write_provenance(Hdf5Writer& file, const Scenario& scenario, const Provenance& provenance) {
  file.enter("/provenance");
  for (const auto& [name, value] : provenance)
    if (std::find(std::begin(kLongProvenance), std::end(kLongProvenance), name) == std::end(kLongProvenance))
      file.annotate({name, value});
    else
      file.write_text(name, name, value);
  const Axis parameter = {"parameter", scenario.parameters.size()};
  const auto write_column = [&](const char* name, const char* what, auto get) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < parameter.length; ++i) values.push_back(get(scenario.model->parameters[i], scenario.parameters[i]));
    file.write_texts({name, {parameter}, "1", what}, values);
  };
  using Row = ParameterRow;
  using Setting = ParameterSetting;
  write_column("parameter", "parameter of the model", [](const Row& row, const Setting&) { return row.key; });
  write_column("parameter_meaning", "meaning", [](const Row& row, const Setting&) { return row.meaning; });
  write_column("parameter_units", "unit", [](const Row& row, const Setting&) { return row.unit; });
  write_column("parameter_prior", "distribution", [](const Row&, const Setting& setting) { return setting.text; });
  write_column("parameter_source", "source of the distribution", [](const Row&, const Setting& setting) { return setting.source; });
  write_column("parameter_rationale", "why this distribution", [](const Row&, const Setting& setting) { return setting.rationale; });
  write_column("parameter_would_change_if", "what would change it",
               [](const Row&, const Setting& setting) { return setting.would_change_if; });
  write_column("parameter_origin", "where it was set", [](const Row&, const Setting& setting) { return setting.origin; });
}

void write_root_attributes(Hdf5Writer& file, const char* file_type, const Scenario& scenario, const Provenance& provenance,
                           const std::string& hash) {
  std::string metrics;
  for (const MetricRow& metric : scenario.model->metrics) metrics += (metrics.empty() ? "" : " ") + std::string(metric.key);
  file.enter("/");
  file.annotate({"Conventions", "CF-1.8"});
  file.annotate({"title", scenario.title});
  file.annotate({"source", "Chokepoint " + entry(provenance, "version")});
  file.annotate({"history", fmt::format("{} {}", now_text(), entry(provenance, "command"))});
  file.annotate({"references", "outputs/README.md of Chokepoint describes this file"});
  file.annotate({"file_type", file_type});
  file.annotate({"format_version", std::int32_t{kFormatVersion}});
  file.annotate({"model", scenario.model->name});
  file.annotate({"metrics", metrics});
  file.annotate({"result_hash", hash});
}

}  // namespace

std::string write_datasets(const std::string& path, const char* file_type, const Scenario& scenario, const Provenance& provenance,
                           const std::function<std::string(Hdf5Writer&)>& put, const UserBlock& front) try {
  TemporaryFile temporary(path);
  Hdf5Writer file(temporary.name(), front.size);
  const std::string hash = put(file);
  write_provenance(file, scenario, provenance);
  write_root_attributes(file, file_type, scenario, provenance, hash);
  file.close();
  if (front.seal) front.seal(temporary.name());
  temporary.publish();
  return hash;
} catch (const Hdf5Error& error) {
  throw EnvironmentError(fmt::format("{}: {}{}", path, error.what(), file_advice(error.system_error)));
}

std::string write_result(const std::string& path, const Result& result) {
  return write_datasets(path, kFileType, result.scenario, result.provenance, [&](Hdf5Writer& file) { return put_result(result, &file); });
}

std::string hash_result(const Result& result) { return put_result(result, nullptr); }

}  // namespace chokepoint
