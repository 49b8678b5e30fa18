// Reads back what `summary` and `compare` show. A file that is foreign, truncated or damaged is refused with a
// clear text, whatever it holds.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "../config/toml_tools.h"
#include "../errors.h"
#include "hdf5.h"
#include "layout.h"
#include "result.h"

namespace chokepoint {

namespace {

void check_readable(const std::string& path) {  // of a file
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw EnvironmentError(fmt::format("{}: opening failed: {}", path, std::strerror(errno)));
  struct stat found {};
  char signature[8] = {};
  const bool known = fstat(file, &found) == 0;
  const bool signed_hdf5 =
      read(file, signature, sizeof signature) == sizeof signature && std::memcmp(signature, "\x89HDF\r\n\x1a\n", 8) == 0;
  close(file);
  if (known && S_ISDIR(found.st_mode)) throw UserError(fmt::format("{}: is a directory, not a result file", path));
  if (known && found.st_size == 0) throw UserError(fmt::format("{}: is empty. Give a file that chokepoint wrote?", path));
  if (!signed_hdf5) throw UserError(fmt::format("{}: is not an HDF5 file. Give a file that chokepoint wrote?", path));
}

// Of a world view in a result, its group is named.
void check_group(const std::string& path) {
  const auto [name, group] = split_path(path);
  const Hdf5Reader file(name);
  if (group.empty() || file.has_group(group)) return;
  const std::string views = kWorldviewGroup;
  std::vector<std::string> known;
  if (file.has_dataset(views + "/worldview"))
    for (const std::string& view : file.texts(views + "/worldview"))
      if (file.has_group(views + "/" + view)) known.push_back(views + "/" + view);
  throw UserError(
      fmt::format("{}: {} has no group {}.{}", path, name, group, known.empty() ? " It holds no world views." : advice(group, known)));
}

void check_format(const std::string& path, const Hdf5Reader& file) {
  if (file.text_attribute("/", "file_type") != kFileType)
    throw UserError(fmt::format("{}: is an HDF5 file, but not a Chokepoint result: its attribute file_type is not '{}'", path, kFileType));
  const auto version = file.integer_attribute("/", "format_version");
  if (!version) throw UserError(fmt::format("{}: has no format_version. Was it edited by another program?", path));
  if (*version != kFormatVersion)
    throw UserError(fmt::format("{}: has format {}, this program reads format {}. Use the {} version of Chokepoint?", path, *version,
                                kFormatVersion, *version > kFormatVersion ? "newer" : "older"));
}

std::string required_text(const Hdf5Reader& file, const std::string& object, const std::string& name) {
  const auto text = file.text_attribute(object, name);
  if (!text) throw Hdf5Error("reading attribute '" + name + "' of '" + object + "' failed: it is missing or no text", 0);
  return *text;
}

PairedStatistics read_paired(const Hdf5Reader& file, const StoredResult& result, const StoredMetric& metric) {
  const std::size_t policies = result.policies.size(), times = result.years.size(), quantiles = result.quantiles.size();
  const std::string at = "/paired/" + metric.name;
  PairedStatistics s;
  s.mean_difference = file.numbers(at + "_mean_difference", {policies, times});
  s.mean_difference_se = file.numbers(at + "_mean_difference_se", {policies, times});
  s.variance_reduction = file.numbers(at + "_variance_reduction", {policies, times});
  s.probability_equal = file.numbers(at + "_probability_equal", {policies, times});
  s.difference_quantile = file.numbers(at + "_difference_quantile", {policies, times, quantiles});
  s.difference_quantile_bounds = file.numbers(at + "_difference_quantile_bounds", {policies, times, quantiles, 2});
  if (metric.direction == "none") return s;
  s.probability_better = file.numbers(at + "_probability_better", {policies, times});
  s.probability_better_bounds = file.numbers(at + "_probability_better_bounds", {policies, times, 2});
  return s;
}

DecisionStatistics read_decision(const Hdf5Reader& file, const StoredResult& result, const std::string& metric) {
  const std::size_t policies = result.policies.size();
  const auto read = [&](const char* name, std::vector<std::size_t> shape, bool by_basis = false) {
    if (by_basis && result.bases > 1) shape.insert(shape.begin(), std::size_t(result.bases));
    return file.numbers("/decision/" + metric + name, shape);
  };
  DecisionStatistics s;
  s.regret_mean = read("_regret_mean", {policies}, true);
  s.regret_mean_se = read("_regret_mean_se", {policies}, true);
  s.regret_p95 = read("_regret_p95", {policies}, true);
  s.regret_p95_bounds = read("_regret_p95_bounds", {policies, 2}, true);
  s.probability_best = read("_probability_best", {policies}, true);
  s.probability_best_bounds = read("_probability_best_bounds", {policies, 2}, true);
  s.score_rank = read("_score_rank", {kCriteria, policies}, true);
  for (const double state : read("_separation", {policies})) s.separation.push_back(static_cast<std::int64_t>(state));
  s.trajectories_to_separate = read("_trajectories_to_separate", {policies});
  s.winner_seen = read("_winner_seen", {kWinnings});
  s.winner_corrected = read("_winner_corrected", {kWinnings});
  s.winner_bounds = read("_winner_corrected_bounds", {kWinnings, 2});
  const std::string best = required_text(file, "/decision/" + metric + "_winner_seen", "policy");
  const auto found = std::ranges::find(result.policies, best);
  if (found != result.policies.end()) s.best = static_cast<int>(found - result.policies.begin());
  return s;
}

void read_satisficing(const Hdf5Reader& file, StoredResult& result) {
  if (!file.has_dataset("/decision/threshold")) return;
  result.thresholds = file.texts("/decision/threshold");
  const std::size_t policies = result.policies.size(), thresholds = result.thresholds.size();
  result.satisficing.share = file.numbers("/decision/satisfied", {policies, thresholds});
  result.satisficing.share_bounds = file.numbers("/decision/satisfied_bounds", {policies, thresholds, 2});
}

void read_metrics(const Hdf5Reader& file, StoredResult& result) {
  const std::size_t policies = result.policies.size(), times = result.years.size(), quantiles = result.quantiles.size();
  std::istringstream names(required_text(file, "/", "metrics"));
  for (std::string name; names >> name;) {
    StoredMetric metric;
    const std::string mean = "/" + name + "_mean", quantile = "/" + name + "_quantile";
    metric.name = name;
    metric.units = required_text(file, mean, "units");
    metric.long_name = required_text(file, mean, "long_name");
    metric.direction = required_text(file, mean, "direction");
    metric.scale = required_text(file, mean, "scale");
    if (const auto prefix = metric.long_name.find(": "); prefix != std::string::npos) metric.long_name.erase(0, prefix + 2);
    metric.mean = file.numbers(mean, {policies, times});
    metric.mean_se = file.numbers(mean + "_se", {policies, times});
    metric.quantile = file.numbers(quantile, {policies, times, quantiles});
    metric.quantile_bounds = file.numbers(quantile + "_bounds", {policies, times, quantiles, 2});
    metric.paired = read_paired(file, result, metric);
    if (metric.direction != "none") metric.decision = read_decision(file, result, name);
    result.metrics.push_back(std::move(metric));
  }
}

StoredResult read_stored(const Hdf5Reader& file) {
  StoredResult result;
  result.title = required_text(file, "/", "title");
  result.model = required_text(file, "/", "model");
  result.result_hash = required_text(file, "/", "result_hash");
  result.policies = file.texts("/policy");
  result.policy_titles = file.texts("/policy_title");
  if (result.policy_titles.size() != result.policies.size()) throw Hdf5Error("there is not one title for each policy", 0);
  result.events = file.texts("/event");
  result.years = file.numbers("/year", {file.length("/year")});
  result.quantiles = file.numbers("/quantile", {file.length("/quantile")});
  const auto reference = std::ranges::find(result.policies, required_text(file, "/paired", "reference"));
  if (reference == result.policies.end()) throw Hdf5Error("the reference is none of the policies", 0);
  result.reference = static_cast<int>(reference - result.policies.begin());
  if (file.has_dataset("/decision/basis")) result.bases = static_cast<int>(file.length("/decision/basis"));
  read_metrics(file, result);
  read_satisficing(file, result);
  const std::size_t policies = result.policies.size(), events = result.events.size(), times = result.years.size();
  result.event_probability = file.numbers("/event_probability", {policies, events});
  result.event_probability_bounds = file.numbers("/event_probability_bounds", {policies, events, 2});
  result.event_cdf = file.numbers("/event_cdf", {policies, events, times});
  result.provenance = read_provenance(file);
  return result;
}

}  // namespace

std::map<std::string, std::string> read_provenance(const Hdf5Reader& file) {
  std::map<std::string, std::string> entries;
  for (const std::string& name : file.attribute_names("/provenance"))
    if (const auto text = file.text_attribute("/provenance", name)) entries[name] = *text;
  for (const std::string_view name : kLongProvenance) {
    const std::string path = "/provenance/" + std::string(name);
    if (!file.has_dataset(path)) continue;
    for (std::string& text : file.texts(path)) entries[std::string(name)] = std::move(text);
  }
  return entries;
}

std::string StoredResult::entry(const std::string& name) const {
  const auto found = provenance.find(name);
  return found == provenance.end() ? "" : found->second;
}

void with_result(const std::string& path, const std::function<void(const Hdf5Reader&)>& read) try {
  check_readable(split_path(path).file);
  check_group(path);
  const Hdf5Reader file(path);
  check_format(path, file);
  read(file);
} catch (const Hdf5Error& error) {
  if (error.system_error) throw EnvironmentError(fmt::format("{}: {}", path, error.what()));
  throw UserError(fmt::format("{}: is damaged or incomplete: {}. Copy it again from where it was made?", path, error.what()));
}

StoredResult read_result(const std::string& path) {
  StoredResult result;
  with_result(path, [&](const Hdf5Reader& file) { result = read_stored(file); });
  return result;
}

void read_histograms(const std::string& path, const std::vector<std::string>& metrics, StoredResult& result) {
  with_result(path, [&](const Hdf5Reader& file) {
    for (StoredMetric& metric : result.metrics) {
      if (std::ranges::find(metrics, metric.name) == metrics.end()) continue;
      const std::string at = "/histogram/" + metric.name;
      const std::size_t edges = file.length(at + "_bin_edges"), policies = result.policies.size(), times = result.years.size();
      if (edges < 2 || times == 0) throw Hdf5Error("reading dataset '" + at + "_bin_edges' failed: it has no bins", 0);
      metric.histogram = {file.numbers(at + "_bin_edges", {edges}),
                          file.numbers(at + "_count", {policies, times, edges + 1}, {0, times - 1, 0}, {policies, 1, edges + 1})};
    }
  });
}

}  // namespace chokepoint
