// The result of a run and its file: HDF5 that is also netCDF-4 (outputs/README.md says what is in it).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../kernels/engine.h"
#include "../scenario.h"
#include "../statistics/statistics.h"
#include "provenance.h"

namespace chokepoint {

inline constexpr int kFormatVersion = 2;

struct Result {
  const Scenario& scenario;
  const Tallies& tallies;
  const Sample& sample;
  const Statistics& statistics;
  Provenance provenance;
};

// Writes to a temporary name beside `path` and renames it when it is complete and on disk; on any failure
// nothing of that name is left. Returns the result_hash (32 hexadecimal digits). Throws EnvironmentError.
std::string write_result(const std::string& path, const Result& result);

// The result_hash alone, without a file. It covers name, shape and values of every dataset but those of the
// provenance and of other world views: equal hashes mean equal results, whatever machine they come from.
std::string hash_result(const Result& result);

// What `summary` and `compare` need of a result file. Throws EnvironmentError when it cannot be read, UserError when it
// is not a Chokepoint result of this format.
struct StoredHistogram {
  std::vector<double> edges;   // between bins
  std::vector<double> counts;  // (policy, bin) at the last time; the first and the last bin hold what is beyond the edges
};
struct StoredMetric {
  std::string name, units, long_name, direction, scale;
  std::vector<double> mean, mean_se, quantile;  // as in MetricStatistics
  std::vector<double> quantile_bounds;
  PairedStatistics paired = {};  // only what is shown, as all of the following
  std::optional<DecisionStatistics> decision = {};
  std::optional<StoredHistogram> histogram = {};  // once read_histograms() was asked for it
};
struct StoredResult {
  std::string title, model, result_hash;
  int reference = 0;  // policy
  int bases = 1;      // of decisions: single trajectories, and with several replicates worlds
  std::vector<std::string> policies, policy_titles, events;
  std::vector<double> years, quantiles;
  std::vector<StoredMetric> metrics;
  std::vector<double> event_probability, event_probability_bounds, event_cdf;
  std::vector<std::string> thresholds;  // none, or at last "all"
  SatisficingStatistics satisficing;
  std::map<std::string, std::string> provenance;

  std::string entry(const std::string& name) const;  // of the provenance; empty if there is none
};
StoredResult read_result(const std::string& path);

// The histograms of some metrics of a result that was read from this file. Throws as read_result().
void read_histograms(const std::string& path, const std::vector<std::string>& metrics, StoredResult& result);

}  // namespace chokepoint
