// The whole chain, from configuration to HDF5 and back, against the closed forms of geometric Brownian
// motion. Every comparison allows five standard errors: a false alarm has probability 6e-7, and there are
// fewer than 1,000 of them.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "run.h"

namespace chokepoint {
namespace {

constexpr double kAllowed = 5, kHalfWidth = 1.96;
constexpr double kDrift = 0.05, kVolatility = 0.2, kBarrier = 1.5, kHazard = 0.1;
const boost::math::normal_distribution<double> kNormal;

struct PolicyLaw {
  const char* name;
  double drift, hazard;
};
constexpr PolicyLaw kLaws[] = {{"base", kDrift, kHazard}, {"push", kDrift + 0.05, kHazard * 0.5}};

// Written to a file and read again: what a user would see.
const StoredResult& result() {
  static const StoredResult stored = [] {
    TemporaryFolder folder;
    const Finished run = run_scenario(read_scenario({config_path("brownian.toml")}, {"run.trajectories=400000"}));
    write_result(folder.file("brownian.h5"), {run.scenario, run.tallies, run.sample, run.statistics, {{"version", "test"}}});
    return read_result(folder.file("brownian.h5"));
  }();
  return stored;
}

const StoredMetric& metric(const std::string& name) {
  for (const StoredMetric& m : result().metrics)
    if (m.name == name) return m;
  throw std::out_of_range(name);
}

double years(std::size_t record) { return static_cast<double>(record + 1) / 4; }

TEST(Brownian, PoliciesAreInTheOrderOfTheFile) {
  ASSERT_EQ(result().policies.size(), 2u);
  for (std::size_t p = 0; p < 2; ++p) EXPECT_EQ(result().policies[p], kLaws[p].name);
}

TEST(Brownian, MeansGrowWithTheDrift) {
  const std::size_t records = result().years.size();
  ASSERT_EQ(records, 20u);
  for (std::size_t p = 0; p < 2; ++p)
    for (std::size_t r = 0; r < records; ++r) {
      const std::size_t at = p * records + r;
      EXPECT_NEAR(metric("value").mean[at], std::exp(kLaws[p].drift * years(r)), kAllowed * metric("value").mean_se[at]);
      EXPECT_NEAR(metric("log_value").mean[at], (kLaws[p].drift - kVolatility * kVolatility / 2) * years(r),
                  kAllowed * metric("log_value").mean_se[at]);
    }
}

TEST(Brownian, StandardErrorsAreThoseOfTheLaw) {
  const std::size_t last = result().years.size() - 1;
  const double sd = kVolatility * std::sqrt(5.0);
  EXPECT_NEAR(metric("log_value").mean_se[last], sd / std::sqrt(400000.0), 0.01 * sd / std::sqrt(400000.0));
}

TEST(Brownian, QuantilesAreThoseOfTheLaw) {
  const std::size_t records = result().years.size(), quantiles = result().quantiles.size();
  for (const char* name : {"value", "log_value"})
    for (std::size_t p = 0; p < 2; ++p)
      for (std::size_t r = 0; r < records; ++r)
        for (std::size_t q = 0; q < quantiles; ++q) {
          const std::size_t at = (p * records + r) * quantiles + q;
          const double t = years(r);
          const double log_value =
              (kLaws[p].drift - kVolatility * kVolatility / 2) * t + kVolatility * std::sqrt(t) * quantile(kNormal, result().quantiles[q]);
          const double exact = name[0] == 'v' ? std::exp(log_value) : log_value;
          const double half = (metric(name).quantile_bounds[2 * at + 1] - metric(name).quantile_bounds[2 * at]) / 2;
          EXPECT_NEAR(metric(name).quantile[at], exact, kAllowed / kHalfWidth * half)
              << name << " policy " << p << " record " << r << " quantile " << q;
        }
}

// The push shifts the logarithm, in the same world and with the same luck: ln S is 0.05 t higher, S is e^(0.05 t) times as high.
TEST(Brownian, PairedDifferencesAreThoseOfTheLaw) {
  const std::size_t records = result().years.size(), quantiles = result().quantiles.size();
  const PairedStatistics &log_value = metric("log_value").paired, &value = metric("value").paired;
  for (std::size_t r = 0; r < records; ++r) {
    const std::size_t at = records + r;
    const double t = years(r), factor = std::exp(0.05 * t) - 1, spread = kVolatility * std::sqrt(t);
    EXPECT_NEAR(log_value.mean_difference[at], 0.05 * t, 1e-5);
    EXPECT_GT(log_value.variance_reduction[at], 1e6);
    EXPECT_NEAR(value.mean_difference[at], std::exp(0.1 * t) - std::exp(0.05 * t), kAllowed * value.mean_difference_se[at]);
    // Var S + factor^2-fold Var S over (factor - 1)^2-fold Var S.
    const double reduction = (1 + (1 + factor) * (1 + factor)) / (factor * factor);
    EXPECT_NEAR(value.variance_reduction[at], reduction, 0.01 * reduction);
    EXPECT_EQ(value.probability_better[at], 1);
    for (std::size_t q = 0; q < quantiles; ++q) {
      const std::size_t cell = at * quantiles + q;
      const double exact =
          factor * std::exp((kDrift - kVolatility * kVolatility / 2) * t + spread * quantile(kNormal, result().quantiles[q]));
      const double half = (value.difference_quantile_bounds[2 * cell + 1] - value.difference_quantile_bounds[2 * cell]) / 2;
      // A slot is up to a sixteenth of the value wide, and the law within is no straight line.
      EXPECT_NEAR(value.difference_quantile[cell], exact, kAllowed / kHalfWidth * half + 0.012 * exact) << r << " " << q;
    }
  }
}

TEST(Brownian, ThePushIsTheBetterDecision) {
  const DecisionStatistics& d = *metric("value").decision;
  EXPECT_EQ(d.best, 1);
  EXPECT_EQ(d.separation, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(d.probability_best, (std::vector<double>{0, 1}));
  EXPECT_EQ(d.regret_mean[1], 0);
  EXPECT_NEAR(d.regret_mean[0], std::exp(0.5) - std::exp(0.25), kAllowed * d.regret_mean_se[0]);
  const double worst =
      (std::exp(0.25) - 1) * std::exp((kDrift - kVolatility * kVolatility / 2) * 5 + kVolatility * std::sqrt(5.0) * 1.644854);
  EXPECT_NEAR(d.regret_p95[0], worst, 0.01 * worst);
  EXPECT_NEAR(d.winner_corrected[0], std::exp(0.5), kAllowed * metric("value").mean_se.back());
  EXPECT_EQ(d.winner_corrected[1], 0);
}

// First passage of Brownian motion with drift: Borodin and Salminen, Handbook of Brownian Motion, 2.1.1.2.
double barrier_probability(double drift, double t) {
  const double nu = drift - kVolatility * kVolatility / 2, b = std::log(kBarrier), s = kVolatility * std::sqrt(t);
  return cdf(kNormal, (nu * t - b) / s) + std::exp(2 * nu * b / (kVolatility * kVolatility)) * cdf(kNormal, (-nu * t - b) / s);
}

void expect_event_times(std::size_t event, const std::function<double(const PolicyLaw&, double)>& exact) {
  const std::size_t records = result().years.size(), events = result().events.size();
  for (std::size_t p = 0; p < 2; ++p)
    for (std::size_t r = 0; r < records; ++r) {
      const double probability = exact(kLaws[p], years(r));
      const double error = std::sqrt(probability * (1 - probability) / 400000);
      EXPECT_NEAR(result().event_cdf[(p * events + event) * records + r], probability, kAllowed * error + 1e-6)
          << "policy " << p << " record " << r;
    }
}

TEST(Brownian, BarrierIsReachedAsTheReflectionPrincipleSays) {
  ASSERT_EQ(result().events[0], "barrier");
  expect_event_times(0, [](const PolicyLaw& law, double t) { return barrier_probability(law.drift, t); });
}

TEST(Brownian, HazardIsExponential) {
  ASSERT_EQ(result().events[1], "hazard");
  expect_event_times(1, [](const PolicyLaw& law, double t) { return 1 - std::exp(-law.hazard * t); });
}

TEST(Brownian, NinetyFivePercentIntervalsCoverTheTruth) {
  // 200 small runs; coverage of a 95 % interval is at least 0.95, and below 0.90 only once in 10^3.
  int mean_covers = 0, median_covers = 0, event_covers = 0;
  const int runs = 200;
  for (int i = 0; i < runs; ++i) {
    const Finished run = run_scenario(read_scenario({config_path("brownian.toml")}, {"run.trajectories=300", "run.keep=0", "run.years=1",
                                                                                     "run.seed_chance=" + std::to_string(1000 + i)}));
    const std::size_t last = static_cast<std::size_t>(run.job.shape.records) - 1, quantiles = run.scenario.quantiles.size();
    const MetricStatistics& m = run.statistics.metrics[1];
    const double exact = kDrift - kVolatility * kVolatility / 2;
    mean_covers += m.mean_bounds[2 * last] <= exact && exact <= m.mean_bounds[2 * last + 1];
    const std::size_t median = last * quantiles + quantiles / 2;
    median_covers += m.quantile_bounds[2 * median] <= exact && exact <= m.quantile_bounds[2 * median + 1];
    const double probability = 1 - std::exp(-kHazard);
    event_covers += run.statistics.event_probability_bounds[2] <= probability && probability <= run.statistics.event_probability_bounds[3];
  }
  EXPECT_GE(mean_covers, 180);
  EXPECT_GE(median_covers, 180);
  EXPECT_GE(event_covers, 180);
  EXPECT_LT(mean_covers, runs);
}

}  // namespace
}  // namespace chokepoint
