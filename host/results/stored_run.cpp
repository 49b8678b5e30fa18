// SPDX-License-Identifier: Apache-2.0
#include "stored_run.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>

#include "../config/config.h"
#include "../errors.h"
#include "hdf5.h"

namespace chokepoint {

namespace {

[[noreturn]] void rethrow(const std::string& path, const Hdf5Error& error) {
  if (error.system_error) throw EnvironmentError(fmt::format("{}: {}", path, error.what()));
  throw UserError(fmt::format("{}: is damaged or incomplete: {}. Copy it again from where it was made?", path, error.what()));
}

}  // namespace

bool is_hdf5(const std::string& path) {
  std::ifstream file(split_path(path).file, std::ios::binary);
  if (!file) return path.ends_with(".h5");
  char signature[8] = {};
  file.read(signature, sizeof signature);
  return std::string_view(signature, sizeof signature) == std::string_view("\x89HDF\r\n\x1a\n", 8);
}

StoredRun::StoredRun(const std::string& path) : path_(path), result_(read_result(path)) {
  const std::string resolved = result_.entry("configuration_resolved");
  if (resolved.empty())
    throw UserError(fmt::format("{}: holds no configuration (/provenance/configuration_resolved), so its scenario is not known", path));
  scenario_ = parse_scenario(path + ", /provenance/configuration_resolved", resolved);
  trajectories_ = scenario_.trajectories;
  const std::string run = result_.entry("trajectories");
  std::from_chars(run.data(), run.data() + run.size(), trajectories_);
  try {
    const Hdf5Reader file(path);
    if (file.has_dataset("/sample/trajectory")) kept_ = file.length("/sample/trajectory");
  } catch (const Hdf5Error& error) {
    rethrow(path, error);
  }
}

std::vector<float> StoredRun::read(const std::string& name, const std::vector<std::size_t>& shape) const try {
  std::vector<float> values;
  for (const double value : Hdf5Reader(path_).numbers(name, shape)) values.push_back(static_cast<float>(value));
  return values;
} catch (const Hdf5Error& error) {
  rethrow(path_, error);
}

std::vector<float> StoredRun::parameters() const { return read("/sample/parameters", {kept_, scenario_.model->parameters.size()}); }

std::vector<float> StoredRun::metric(int metric) const {
  return read(std::string("/sample/") + scenario_.model->metrics[metric].key, {scenario_.policies.size(), kept_});
}

std::vector<std::int16_t> StoredRun::event_steps() const {
  std::vector<std::int16_t> steps;
  for (const float year : read("/sample/event_year", {scenario_.policies.size(), kept_, result_.events.size()}))
    steps.push_back(static_cast<std::int16_t>(std::isnan(year) ? -1 : std::lround(12 * year) - 1));
  return steps;
}

}  // namespace chokepoint
