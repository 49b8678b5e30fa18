// What a page shows of a result beyond its statistics: events over time, ranks, drivers, assumptions and the stored sample.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "read_sensitivity.h"
#include "result.h"

namespace chokepoint {

struct MetricDetails {
  std::vector<double> rank_probability, rank_probability_bounds;  // (policy, rank[, bound]); empty without a direction
  std::optional<StoredDrivers> drivers;
  // (policy, driver): mean at the end where the driver is in the lowest and in the highest eighth of its prior. Empty without drivers.
  std::vector<double> mean_low, mean_high;
};

struct Assumption {
  std::string parameter, meaning, units, prior, source, rationale, would_change_if, origin;
};

// The first stored trajectories, at the end. Parameters: those that vary.
struct StoredSample {
  std::vector<std::int64_t> trajectories;
  std::vector<std::string> parameters, units;
  std::vector<float> parameter_values;     // (parameter, trajectory)
  std::vector<float> metric_values;        // (metric, policy, trajectory)
  std::vector<std::uint16_t> event_month;  // (policy, event, trajectory): month from the start, from 1; 0: never
};

struct StoredDetails {
  std::vector<std::string> event_titles;
  std::vector<double> event_cdf_bounds;  // (policy, event, time, bound)
  std::vector<MetricDetails> metrics;    // of the metrics asked for
  std::vector<Assumption> assumptions;
  StoredSample sample;
};

// `sample_bytes`: what the sample may take in memory; fewer of its trajectories are read otherwise.
StoredDetails read_details(const std::string& path, const StoredResult& result, const std::vector<const StoredMetric*>& metrics,
                           std::size_t sample_bytes);

}  // namespace chokepoint
