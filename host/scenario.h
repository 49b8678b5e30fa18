// A scenario: everything that configuration files and flags say, checked and typed. Made by config.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../kernels/engine.h"

namespace chokepoint {

inline constexpr std::uint64_t kMaxTrajectories = 1'000'000'000'000;

// A distribution as it was written. `values` by kind:
//   constant {value}; normal {mean, sd}; lognormal {mean_log, sd_log}; uniform {low, high};
//   beta {alpha, beta, low, high}; triangular and pert {low, mode, high}; choice {values...} with
//   `weights`; table {values...} with cumulative probabilities in `weights`; truncated {low, high} of
//   parts[0]; mixture of `parts` with `weights`. Weights of choice and mixture add up to 1.
struct Prior {
  enum class Kind { kConstant, kNormal, kLognormal, kUniform, kBeta, kTriangular, kPert, kChoice, kTable, kTruncated, kMixture };
  Kind kind = Kind::kConstant;
  std::vector<double> values;
  std::vector<double> weights;
  std::vector<Prior> parts;
};

struct ParameterSetting {
  Prior prior;
  std::string text;  // the distribution as TOML
  std::string source, rationale, would_change_if;
  std::string origin;  // "file:line:column" or "--set"
};

// Spearman rank correlation of two parameters, by their numbers.
struct Correlation {
  int first, second;
  double rank;
};

struct LeverSetting {
  int lever;
  double value;
};

// Levers that change at a step; step 0 is the policy's own levers.
struct ScheduleEntry {
  int from_step;
  std::vector<LeverSetting> levers;
};

struct TriggerSetting {
  Condition when;
  std::optional<Condition> release;
  std::vector<LeverSetting> levers;
  std::string text;  // "capability_lag < 3 for 3 months"
};

struct PolicySetting {
  std::string name, title, description;
  std::vector<ScheduleEntry> schedule;  // sorted by step, the first at step 0; only levers that the policy names
  std::vector<TriggerSetting> triggers;
};

enum class StopStatistic {
  kMean,
  kMeanDifference,
  kQuantile,
  kDifferenceQuantile,
  kProbabilityBetter,
  kEventProbability,
  kRegretMean,
  kRegretP95,
  kProbabilityBest,
  kSatisficing,
  kFirstOrder,
  kDifferenceFirstOrder,
  kEvpi,
  kEvppi
};

// What [run.stop] watches, until its standard error is small enough. Of what is left open (-1), the largest error decides.
struct StopSetting {
  StopStatistic statistic = StopStatistic::kMean;
  double standard_error = 0;  // in the unit of the statistic
  std::uint64_t max_trajectories = 0;
  int metric = -1;     // -1 if the statistic has none
  int policy = -1;     // -1: all, of differences all but the reference
  int parameter = -1;  // -1: all that vary
  int event = -1;      // -1 if the statistic has none
  int threshold = -1;  // in Scenario::satisfice; -1: all of them at once
  int record = 0;
  double quantile = 0;
};

struct Satisfice {
  std::string name;  // of a metric or an event
  int metric;        // or -1
  int event;         // or -1
  Comparison comparison;
  bool equals;       // "== 0" and "== 1" of an event; comparison is then unused
  double value;
};

// A series of observations and the metric that it observes.
struct HistorySeriesSetting {
  std::string name;  // in the file of observations
  int metric;
  int change_months;  // 0: the metric itself; else less its value so many months before
  double error;       // standard deviation of a measurement without an interval; 0: none is given
  std::string origin;
};

// Correlation of two errors of one series, if nothing is said: a series comes from one source with one method, so half of the variance
// of its errors is taken as common to all dates. However long, it then counts as no more than two independent observations.
inline constexpr double kTemper = 0.5;

// What was observed, to score and to calibrate the model by ([history]).
struct HistorySetting {
  std::string file;    // of observations, as it can be opened
  std::string policy;  // as it happened
  double temper = kTemper;
  std::vector<HistorySeriesSetting> series;
};

struct ConfigurationFile {
  std::string path, text;
};

struct Scenario {
  const ModelInfo* model = nullptr;
  std::string title, description;
  int start_year = 0, start_month = 1;  // month 1..12
  int years = 0;
  std::uint64_t trajectories = 0, replicates = 1, seed_worlds = 0, seed_chance = 0, keep = 0;
  int record_every_months = 0;
  int reference = 0;  // number of the reference policy
  std::optional<StopSetting> stop;
  std::vector<ParameterSetting> parameters;  // in the order of the model's rows
  std::vector<Correlation> correlations;
  std::vector<PolicySetting> policies;
  std::vector<double> quantiles;
  std::vector<JointPair> joint;
  std::vector<Satisfice> satisfice;
  double hurwicz = 0.5;                      // coefficient of optimism: weight of the best world, the rest is on the worst
  std::optional<HistorySetting> history;
  std::vector<int> sensitivity_records;      // records at which it is asked what drives the outcome; the last one among them
  std::vector<ConfigurationFile> files;      // as given, bases first
  std::vector<std::string> overrides;        // "--set" and flags, as given
  std::string resolved;                      // one TOML document with everything, and origins as comments
  std::string settings;                      // the same without comments

  int steps() const { return years * 12; }
  int records() const { return steps() / record_every_months; }
};

}  // namespace chokepoint
