// The past, forecast: what the policies of a scenario and the plain forecasts said at its start about what was observed later, and how
// good it was. outputs/STATISTICS.md defines the scores.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "../statistics/estimate.h"
#include "../statistics/scores.h"
#include "ensemble.h"
#include "plain_forecasts.h"

namespace chokepoint {

struct HindcastOptions {
  std::vector<int> horizons;  // increasing, in months
  std::string from, until;    // dates of the observations that count; empty: all
};

inline constexpr std::array kFanQuantiles = {0.05, 0.25, 0.5, 0.75, 0.95};
using FanQuantiles = std::array<double, kFanQuantiles.size()>;
inline constexpr std::size_t kScoreBatches = 20;        // of trajectories, whose scores tell the error of sampling
using BatchValues = std::array<double, kScoreBatches>;  // NaN where there are too few trajectories

// What one forecast says about one observation.
struct PointScores {
  Scores scores;
  FanQuantiles quantiles;       // in the unit of the metric
  BatchValues crps, log_score;  // of parts of the trajectories
};

// Months since the start, and the mean scores of the observations in it.
struct HorizonScores {
  int series, first, last;  // months; of the whole of a series: 0 to the end
  std::vector<std::size_t> observations;
};

struct MeanScores {
  std::size_t count;
  Estimate crps, log_score;
  std::array<double, kCoverageLevels.size()> coverage;
};

// How a series goes on month by month under each policy.
struct Fan {
  int series;
  std::vector<int> steps;
  std::vector<FanQuantiles> quantiles;  // (policy, step)
};

struct Hindcast {
  History history;
  std::uint64_t trajectories = 0;
  std::size_t policies = 0;
  std::size_t policy = 0;  // history.policy
  std::string device;
  std::vector<std::string> forecasts;              // the policies, then the plain ones
  std::vector<std::optional<PointScores>> points;  // (forecast, observation); nothing: too little history
  std::vector<HorizonScores> horizons;             // by series; the last of a series is the whole of it, if it has several
  std::vector<Fan> fans;                           // if they were asked for

  const std::optional<PointScores>& point(std::size_t forecast, std::size_t observation) const {
    return points[forecast * history.observations.size() + observation];
  }
  // The mean over a horizon; nothing for a forecast that some observation lacks.
  std::optional<MeanScores> mean(std::size_t forecast, const HorizonScores& horizon) const;
  // A forecast's mean scores less those of another one, in the same trajectories; coverage is left at 0.
  MeanScores difference(std::size_t forecast, std::size_t other, const HorizonScores& horizon) const;
  // 1 less the ratio of the CRPS to that of the better plain forecast.
  std::optional<Estimate> skill(std::size_t forecast, const HorizonScores& horizon) const;
};

// Runs the scenario's trajectories up to the last observation. Throws UserError for what the history lacks.
Hindcast hindcast(const Scenario& scenario, const HindcastOptions& options, bool with_fans, const DeviceOptions& device,
                  const std::function<void(std::uint64_t done, std::uint64_t all)>& progress);

}  // namespace chokepoint
