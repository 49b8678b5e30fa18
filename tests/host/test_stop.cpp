// The stopping rule and the forecast of `plan`: against the statistics of the file, against longer runs, and by coverage.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "../../host/run/forecast.h"
#include "../../host/run/stop.h"
#include "brownian_year.h"

namespace chokepoint {
namespace {

constexpr double kNormal95 = 1.959963984540054;

std::string stop(const std::string& keys, double error, std::uint64_t most = 1'000'000) {
  return fmt::format("run.stop={{{}, standard_error={}, max_trajectories={}}}", keys, error, most);
}

struct Stopped : Finished {
  explicit Stopped(const Scenario& s, ExecuteOptions options = {}) : Finished(s), outcome(run(options)) {
    statistics = derive_statistics(scenario, tallies, sample);
  }
  Outcome outcome;

 private:
  Outcome run(ExecuteOptions options) {
    if (options.device == "auto") options.device = "cpu";
    options.quiet = true;
    return execute(scenario, *make_engine(job, options), options, *this);
  }
};

double half(const std::vector<double>& bounds, std::size_t number) {
  return (bounds[2 * number + 1] - bounds[2 * number]) / (2 * kNormal95);
}

// The error that the file has of what is watched. Policy 1 is `push`, 0 the reference; metric 0 is `value`, record 3 the last.
using FromFile = std::function<double(const Statistics&)>;
struct Case {
  std::string keys;
  FromFile error;
};
const std::string kValue = ", metric='value', policy='push'";
const std::vector<Case> kCases = {
    {"statistic='mean'" + kValue, [](const Statistics& s) { return s.metrics[0].mean_se[1 * 4 + 3]; }},
    {"statistic='mean', metric='log_value'",
     [](const Statistics& s) {
       return std::max({s.metrics[1].mean_se[3], s.metrics[1].mean_se[7], s.metrics[1].mean_se[11]});
     }},
    {"statistic='mean', time=2026-07-01" + kValue, [](const Statistics& s) { return s.metrics[0].mean_se[1 * 4 + 1]; }},
    {"statistic='mean_difference'" + kValue, [](const Statistics& s) { return s.paired[0].mean_difference_se[1 * 4 + 3]; }},
    {"statistic='quantile', quantile=0.9" + kValue,
     [](const Statistics& s) { return half(s.metrics[0].quantile_bounds, (1 * 4 + 3) * 9 + 6); }},
    {"statistic='difference_quantile', quantile=0.25" + kValue,
     [](const Statistics& s) { return half(s.paired[0].difference_quantile_bounds, (1 * 4 + 3) * 9 + 3); }},
    {"statistic='event_probability', event='hazard', policy='push'",
     [](const Statistics& s) { return half(s.event_probability_bounds, 1 * 2 + 1); }},
    {"statistic='event_probability', event='barrier', policy='push', time=2026-10-01",
     [](const Statistics& s) { return half(s.event_cdf_bounds, (1 * 2 + 0) * 4 + 2); }},
    {"statistic='regret_mean', metric='value', policy='base'", [](const Statistics& s) { return s.decisions[0].regret_mean_se[0]; }},
    {"statistic='regret_p95', metric='value', policy='base'",
     [](const Statistics& s) { return half(s.decisions[0].regret_p95_bounds, 0); }},
    {"statistic='satisficing', threshold='value', policy='push'",
     [](const Statistics& s) { return half(s.satisficing.share_bounds, 1 * 3 + 0); }},
    {"statistic='satisficing', policy='push'", [](const Statistics& s) { return half(s.satisficing.share_bounds, 1 * 3 + 2); }},
    {"statistic='first_order', metric='log_value', policy='push', parameter='drift'",
     [](const Statistics& s) { return s.sensitivity.first_order[((1 * 2 + 1) * 2 + 1) * 2 + 0].standard_error; }},
    {"statistic='first_order', metric='log_value', policy='push', parameter='volatility', time=2026-07-01",
     [](const Statistics& s) { return s.sensitivity.first_order[((1 * 2 + 0) * 2 + 1) * 2 + 1].standard_error; }},
    {"statistic='difference_first_order', metric='value', policy='push', parameter='drift'",
     [](const Statistics& s) { return s.sensitivity.difference_first_order[((1 * 2 + 1) * 2 + 0) * 2 + 0].standard_error; }},
};

TEST(Stop, EveryStatisticReachesItsTargetWithTheErrorOfTheFile) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.keys);
    const Stopped first(brownian_year({stop(one.keys, 1e9)}));
    ASSERT_EQ(first.tallies.trajectories, 4000u) << "already reached where it is first looked at";
    EXPECT_EQ(first.outcome.ending, Ending::kDone);
    EXPECT_DOUBLE_EQ(*first.outcome.error, one.error(first.statistics));
    ASSERT_GT(*first.outcome.error, 0);

    const double target = *first.outcome.error / 1.5;
    const Stopped run(brownian_year({stop(one.keys, target)}));
    EXPECT_EQ(run.outcome.ending, Ending::kDone);
    EXPECT_LE(*run.outcome.error, target);
    EXPECT_DOUBLE_EQ(*run.outcome.error, one.error(run.statistics));
    // 2.25 times as many should do; the first error is itself an estimate, and that of an index has a part, from what is lost within
    // bins, that falls more slowly.
    EXPECT_GT(run.tallies.trajectories, 6500u);
    EXPECT_LT(run.tallies.trajectories, one.keys.find("first_order") == std::string::npos ? 14'000u : 40'000u);
  }
}

// `push` is better in every trajectory: nothing to reach, but errors to compare.
TEST(Stop, ErrorsOfDecisionsAndOfInformationAreThoseOfTheFile) {
  const auto largest = [](const std::vector<Estimate>& all) { return std::max(all[0].standard_error, all[1].standard_error); };
  const std::vector<Case> cases = {
      {"statistic='probability_better'" + kValue,
       [](const Statistics& s) { return half(s.paired[0].probability_better_bounds, 1 * 4 + 3); }},
      {"statistic='probability_best'" + kValue, [](const Statistics& s) { return half(s.decisions[0].probability_best_bounds, 1); }},
      {"statistic='evpi', metric='value'", [](const Statistics& s) { return s.information[0].perfect.standard_error; }},
      {"statistic='evppi', metric='value'", [&](const Statistics& s) { return largest(s.information[0].partial); }}};
  for (const Case& one : cases) {
    const Stopped run(brownian_year({stop(one.keys, 1e9)}));
    EXPECT_DOUBLE_EQ(*run.outcome.error, one.error(run.statistics)) << one.keys;
  }
}

TEST(Stop, OfAllPoliciesAndParametersTheLargestErrorDecides) {
  const auto error = [](const std::string& keys) { return *Stopped(brownian_year({stop(keys, 1e9)})).outcome.error; };
  const std::string keys = "statistic='mean_difference', metric='value'";
  EXPECT_EQ(error(keys), std::max(error(keys + ", policy='push'"), error(keys + ", policy='safe'")));
  const std::string index = "statistic='first_order', metric='value', policy='base'";
  EXPECT_EQ(error(index), std::max(error(index + ", parameter='drift'"), error(index + ", parameter='volatility'")));
}

TEST(Stop, ACapComesWithTheNumberThatWouldReachTheTarget) {
  for (const char* keys :
       {"statistic='mean', metric='log_value', policy='base'", "statistic='quantile', quantile=0.5, metric='value', policy='base'",
        "statistic='event_probability', event='hazard', policy='base'"}) {
    SCOPED_TRACE(keys);
    const double target = *Stopped(brownian_year({stop(keys, 1e9)})).outcome.error / 5;  // 100,000 trajectories
    const Stopped capped(brownian_year({stop(keys, target, 40'000)}));
    EXPECT_EQ(capped.outcome.ending, Ending::kTargetMissed);
    EXPECT_EQ(capped.tallies.trajectories, 40'000u);
    const double needed = trajectories_needed(capped.scenario, 40'000, *capped.outcome.error);
    EXPECT_NE(capped.outcome.reason.find(fmt::format("About {:.0f} trajectories would reach it", needed)), std::string::npos)
        << capped.outcome.reason;
    const Stopped longer(brownian_year({stop(keys, target)}));
    EXPECT_EQ(longer.outcome.ending, Ending::kDone);
    const double confirmed = trajectories_needed(longer.scenario, longer.tallies.trajectories, *longer.outcome.error);
    EXPECT_NEAR(needed / confirmed, 1, 0.1);
  }
}

TEST(Stop, TheResultDoesNotDependOnThreadsLanesOrUnits) {
  const Scenario s = brownian_year({"run.replicates=5", stop("statistic='mean_difference', metric='value'", 4e-5)});
  const auto with = [&](int threads, int lanes) {
    ExecuteOptions options;
    options.threads = threads;
    options.lanes = lanes;
    const Stopped run(s, options);
    return std::pair(run.tallies.trajectories, run.hash());
  };
  const auto expected = with(1, 8);
  EXPECT_GT(expected.first, 4000u);
  EXPECT_EQ(expected.first % 5, 0u);
  EXPECT_EQ(with(2, 8), expected);
  EXPECT_EQ(with(2, 1), expected) << "far slower, so that units are smaller";
  EXPECT_EQ(with(0, 0), expected);
  // A run of that length without the rule is the same but for what the file says of the rule.
  Scenario plain = s;
  plain.stop.reset();
  plain.trajectories = expected.first;
  EXPECT_EQ(Stopped(plain).hash(), expected.second);
}

TEST(Stop, BoundariesAreWholeWorldsThatGrowToTheCap) {
  const Scenario s = brownian_year({"run.replicates=8", stop("statistic='mean', metric='value'", 1e-3, 100'000)});
  EXPECT_EQ(next_boundary(s, 4000, 1), 8000u) << "at most double";
  EXPECT_EQ(next_boundary(s, 80'000, 1), 100'000u);
  EXPECT_EQ(next_boundary(s, 4000, std::numeric_limits<double>::infinity()), 8000u);
  EXPECT_EQ(next_boundary(s, 4000, 1.2e-3), 5872u) << "1.02 times 4000 x 1.44, in eights";
  EXPECT_EQ(next_boundary(s, 4000, std::nextafter(1e-3, 1.0)), 4088u) << "1.02 times one world more";
  EXPECT_EQ(next_boundary(s, 8, std::nextafter(1e-3, 1.0)), 16u) << "at least one world more";
  EXPECT_EQ(trajectories_needed(s, 4000, 2e-3), 16'000);
  EXPECT_EQ(trajectories_needed(s, 4000, 1.0001e-3), 4008) << "4000.8, in whole worlds";
  for (std::uint64_t done = 4000; done < 100'000;) {
    const std::uint64_t next = next_boundary(s, done, 5e-3 * std::sqrt(4000.0 / static_cast<double>(done)));
    ASSERT_GT(next, done);
    ASSERT_EQ(next % 8, 0u);
    done = next;
  }
}

TEST(Stop, AnInterruptedRunIsNoMissedTarget) {
  ExecuteOptions options;
  options.time_limit = 1e-9;
  const Stopped run(brownian_year({"run.trajectories=10_000_000", stop("statistic='mean', metric='value'", 1e-9, 20'000'000)}), options);
  EXPECT_EQ(run.outcome.ending, Ending::kInterrupted);
  EXPECT_FALSE(run.outcome.error);
}

// The mean of log_value is normal with mean 0.03: drift 0.05 less half the variance 0.04. A look after 256, then up to twice as many.
TEST(Stop, IntervalsOfTheWatchedMeanCoverInSpiteOfTheStopping) {
  Scenario s = read_scenario({config_path("brownian.toml")},
                             {"run.years=1", "run.record_every_months=12", "run.trajectories=256", "run.keep=0",
                              "run.stop={metric='log_value', policy='base', standard_error=0.0065, max_trajectories=10_240}"});
  ExecuteOptions options;
  options.device = "cpu";
  options.threads = 1;
  options.quiet = true;
  constexpr int kRuns = 6000;
  int covered = 0, looks = 0;
  for (int run = 0; run < kRuns; ++run) {
    s.seed_worlds = s.seed_chance = static_cast<std::uint64_t>(run);
    const Job job = make_job(s);
    RunState state(job, {0, s.trajectories});
    const Outcome outcome = execute(s, *make_engine(job, options), options, state);
    ASSERT_EQ(outcome.ending, Ending::kDone);
    const MeanError mean = mean_error(s, state.tallies, 0, 1, 0);
    covered += std::abs(mean.mean - 0.03) <= kNormal95 * mean.standard_error;
    looks += state.tallies.trajectories > 256;
  }
  EXPECT_EQ(looks, kRuns) << "every run goes on after its first look";
  const double share = static_cast<double>(covered) / kRuns;
  EXPECT_GT(share, 0.935);
  EXPECT_LT(share, 0.965);
  RecordProperty("coverage", fmt::format("{:.4f}", share));
  fmt::print("coverage {:.4f}\n", share);
}

TEST(Forecast, ErrorsAreThoseOfALongerRun) {
  const Scenario s = brownian_year({"run.trajectories=64_000"});
  const Stopped trial(brownian_year()), real(s);
  const Forecast f = forecast(s, trial.tallies, trial.sample);
  ASSERT_EQ(f.metrics.size(), 2u);
  for (std::size_t m = 0; m < 2; ++m) {
    EXPECT_NEAR(f.metrics[m].mean_error / real.statistics.metrics[m].mean_se[3], 1, 0.06);
    EXPECT_EQ(f.metrics[m].difference_policy, 1);
  }
  const auto largest = [&](std::size_t m) {
    const std::vector<double>& errors = real.statistics.paired[m].mean_difference_se;
    return std::max(errors[7], errors[11]);
  };
  EXPECT_NEAR(f.metrics[0].difference_error / largest(0), 1, 0.06);
  EXPECT_LT(f.metrics[1].difference_error, 1e-9) << "the same push in every trajectory, but for rounding";
  EXPECT_FALSE(f.stop);
}

TEST(Forecast, StopsEndWhereTheyWereForecast) {
  const std::string keys = "statistic='event_probability', event='hazard', policy='base'";
  const Stopped trial(brownian_year());
  const auto with = [&](double error, std::uint64_t most) { return brownian_year({stop(keys, error, most)}); };
  const Scenario s = with(1.5e-3, 1'000'000);
  const StopForecast f = *forecast(s, trial.tallies, trial.sample).stop;
  const Stopped real(s);
  EXPECT_TRUE(f.reachable);
  EXPECT_NEAR(f.trajectories / static_cast<double>(real.tallies.trajectories), 1, 0.1);
  EXPECT_NEAR(f.error, *Stopped(with(1e9, 4000)).outcome.error, 1e-12) << "the trial is as long as the run's first part";
  const StopForecast capped = *forecast(with(1.5e-3, 5000), trial.tallies, trial.sample).stop;
  EXPECT_FALSE(capped.reachable);
  EXPECT_EQ(capped.needed, f.needed);
  EXPECT_EQ(capped.trajectories, 5000);
  EXPECT_EQ(forecast(with(1e9, 5000), trial.tallies, trial.sample).stop->trajectories, 4000) << "the first look is enough";
}

}  // namespace
}  // namespace chokepoint
