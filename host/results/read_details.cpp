// SPDX-License-Identifier: Apache-2.0
#include "read_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../errors.h"
#include "hdf5.h"

namespace chokepoint {

namespace {

constexpr std::size_t kEighth = kDriverBins / 8;

void read_ranks(const Hdf5Reader& file, const StoredResult& result, const std::string& metric, MetricDetails& details) {
  const std::size_t policies = result.policies.size(), bases = static_cast<std::size_t>(result.bases);
  std::vector<std::size_t> shape = {policies, policies};
  if (bases > 1) shape.insert(shape.begin(), bases);
  details.rank_probability = file.numbers("/decision/" + metric + "_rank_probability", shape);
  shape.push_back(2);
  details.rank_probability_bounds = file.numbers("/decision/" + metric + "_rank_probability_bounds", shape);
}

// Bins have equal probability, so that the mean over some of them is the mean of their means.
void read_ends(const Hdf5Reader& file, const StoredResult& result, const std::string& metric, MetricDetails& details) {
  const std::size_t policies = result.policies.size(), drivers = details.drivers->drivers.size();
  const std::vector<double> means = file.numbers("/sensitivity/" + metric + "_bin_mean", {policies, drivers, kDriverBins});
  for (std::size_t row = 0; row < policies * drivers; ++row) {
    double low = 0, high = 0;
    for (std::size_t b = 0; b < kEighth; ++b) {
      low += means[row * kDriverBins + b] / kEighth;
      high += means[(row + 1) * kDriverBins - 1 - b] / kEighth;
    }
    details.mean_low.push_back(low);
    details.mean_high.push_back(high);
  }
}

std::vector<Assumption> read_assumptions(const Hdf5Reader& file) {
  if (!file.has_dataset("/provenance/parameter")) return {};
  const std::vector<std::string> names = file.texts("/provenance/parameter");
  std::vector<Assumption> assumptions(names.size());
  const auto fill = [&](const std::string& column, std::string Assumption::*member) {
    const std::vector<std::string> texts = file.texts("/provenance/" + column);
    if (texts.size() != names.size()) throw Hdf5Error("there is not one '" + column + "' for each parameter", 0);
    for (std::size_t i = 0; i < names.size(); ++i) assumptions[i].*member = texts[i];
  };
  fill("parameter", &Assumption::parameter);
  fill("parameter_meaning", &Assumption::meaning);
  fill("parameter_units", &Assumption::units);
  fill("parameter_prior", &Assumption::prior);
  fill("parameter_source", &Assumption::source);
  fill("parameter_rationale", &Assumption::rationale);
  fill("parameter_would_change_if", &Assumption::would_change_if);
  fill("parameter_origin", &Assumption::origin);
  return assumptions;
}

void read_sample_parameters(const Hdf5Reader& file, std::size_t count, StoredSample& sample) {
  const std::vector<std::string> names = file.texts("/sample/parameter"), units = file.texts("/sample/parameter_units");
  if (units.size() != names.size()) throw Hdf5Error("there is not one unit for each parameter", 0);
  const std::vector<double> values =
      file.numbers("/sample/parameters", {sample.trajectories.size(), names.size()}, {0, 0}, {count, names.size()});
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto of = [&](std::size_t t) { return static_cast<float>(values[t * names.size() + i]); };
    bool varies = false;
    for (std::size_t t = 1; t < count; ++t) varies = varies || of(t) != of(0);
    if (!varies) continue;
    sample.parameters.push_back(names[i]);
    sample.units.push_back(units[i]);
    for (std::size_t t = 0; t < count; ++t) sample.parameter_values.push_back(of(t));
  }
}

StoredSample read_sample(const Hdf5Reader& file, const StoredResult& result, const std::vector<const StoredMetric*>& metrics,
                         std::size_t bytes) {
  StoredSample sample;
  if (!file.has_dataset("/sample/trajectory")) return sample;
  const std::size_t policies = result.policies.size(), events = result.events.size(), stored = file.length("/sample/trajectory");
  const std::size_t each =
      file.length("/sample/parameter") * sizeof(float) + policies * (metrics.size() * sizeof(float) + events * sizeof(std::uint16_t));
  const std::size_t count = std::min(stored, std::max<std::size_t>(1, bytes / each));
  for (const double number : file.numbers("/sample/trajectory", {stored})) sample.trajectories.push_back(static_cast<std::int64_t>(number));
  read_sample_parameters(file, count, sample);
  for (const StoredMetric* metric : metrics)
    for (const double value : file.numbers("/sample/" + metric->name, {policies, stored}, {0, 0}, {policies, count}))
      sample.metric_values.push_back(static_cast<float>(value));
  const std::vector<double> years =
      events == 0 ? std::vector<double>{}
                  : file.numbers("/sample/event_year", {policies, stored, events}, {0, 0, 0}, {policies, count, events});
  for (std::size_t p = 0; p < policies; ++p)
    for (std::size_t e = 0; e < events; ++e)
      for (std::size_t t = 0; t < count; ++t) {
        const double year = years[(p * count + t) * events + e];
        sample.event_month.push_back(std::isfinite(year) ? static_cast<std::uint16_t>(std::lround(12 * year)) : 0);
      }
  sample.trajectories.resize(count);
  return sample;
}

}  // namespace

StoredDetails read_details(const std::string& path, const StoredResult& result, const std::vector<const StoredMetric*>& metrics,
                           std::size_t sample_bytes) try {
  const Hdf5Reader file(path);
  const std::size_t policies = result.policies.size(), events = result.events.size(), times = result.years.size();
  StoredDetails details;
  details.event_titles = file.texts("/event_title");
  if (details.event_titles.size() != events) throw Hdf5Error("there is not one title for each event", 0);
  details.event_cdf_bounds = file.numbers("/event_cdf_bounds", {policies, events, times, 2});
  const bool driven = file.has_dataset("/sensitivity/driver");
  for (const StoredMetric* metric : metrics) {
    MetricDetails& of = details.metrics.emplace_back();
    if (metric->decision) read_ranks(file, result, metric->name, of);
    if (!driven) continue;
    of.drivers = read_drivers(path, result, metric->name);
    read_ends(file, result, metric->name, of);
  }
  details.assumptions = read_assumptions(file);
  details.sample = read_sample(file, result, metrics, sample_bytes);
  return details;
} catch (const Hdf5Error& error) {
  if (error.system_error) throw EnvironmentError(fmt::format("{}: {}", path, error.what()));
  throw UserError(fmt::format("{}: is damaged or incomplete: {}. Copy it again from where it was made?", path, error.what()));
}

}  // namespace chokepoint
