// Whole runs of the textbook model against its closed forms, five standard errors allowed.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/constants/constants.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "run.h"

namespace chokepoint {
namespace {

constexpr double kAllowed = 5, kTrajectories = 400'000, kPi = boost::math::constants::pi<double>();

Finished finished(std::vector<std::string> overrides) {
  overrides.push_back("run.trajectories=400000");
  return run_scenario(read_scenario({config_path("textbook.toml")}, overrides));
}

enum { kIshigami, kSobolG, kLinear, kPayoff };

// Mean and variance at the end; the error of the variance from the fourth central moment of the law.
void expect_moments(const Finished& run, int metric, int policy, double mean, double variance, double fourth) {
  const MetricStatistics& m = run.statistics.metrics[metric];
  const std::size_t at = std::size_t(policy + 1) * run.job.shape.records - 1;
  EXPECT_NEAR(m.mean[at], mean, kAllowed * std::sqrt(variance / kTrajectories)) << metric << " " << policy;
  const double error = std::sqrt((fourth - variance * variance) / kTrajectories);
  EXPECT_NEAR(m.sd[at] * m.sd[at], variance, kAllowed * error) << metric << " " << policy;
}

// T. Ishigami and T. Homma 1990: E = A/2, V = A^2/8 + B pi^4/5 + B^2 pi^8/18 + 1/2.
TEST(Textbook, IshigamiHasItsMeanAndVariance) {
  const Finished run = finished({"run.years=2"});
  const auto check = [&](int policy, double a, double b) {
    const double variance = a * a / 8 + b * std::pow(kPi, 4) / 5 + b * b * std::pow(kPi, 8) / 18 + 0.5;
    expect_moments(run, kIshigami, policy, a / 2, variance, 5 * variance * variance);
  };
  check(0, 7, 0.1);
  check(1, 5, 0.05);
  const MetricStatistics& m = run.statistics.metrics[kIshigami];
  for (int r = 1; r < run.job.shape.records; ++r) EXPECT_EQ(m.mean[r], m.mean[0]) << "constant over time";
}

// V = prod (1 + 1 / (3 (1 + a_i)^2)) - 1; every factor has mean 1.
TEST(Textbook, SobolGHasMeanOneAndItsVariance) {
  std::vector<std::string> unit_cube;
  for (const char* x : {"x1", "x2", "x3"})
    for (const char* end : {"low=0", "high=1"}) unit_cube.push_back(std::string("parameters.") + x + ".uniform." + end);
  const Finished run = finished(unit_cube);
  double product = 1;
  for (const double a : {0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0}) product *= 1 + 1 / (3 * (1 + a) * (1 + a));
  expect_moments(run, kSobolG, 0, 1, product - 1, 5 * (product - 1) * (product - 1));
}

TEST(Textbook, PayoffIsNormalWhereItsInputIs) {
  const Finished run = finished({"parameters.x1.normal.mean=1", "parameters.x1.normal.sd=2", "policies.base.noise=1.5"});
  const auto check = [&](int policy, double mean, double variance) {
    expect_moments(run, kPayoff, policy, mean, variance, 3 * variance * variance);
    const double others = 2 * (2 * kPi) * (2 * kPi) / 12 + 5.0 / 12;  // of x2 to x8
    expect_moments(run, kLinear, policy, mean + 2.5, variance + others, 3 * (variance + others) * (variance + others));
    const double loss = cdf(boost::math::normal(mean, std::sqrt(variance)), 0);
    EXPECT_NEAR(run.statistics.event_probability[policy], loss, kAllowed * std::sqrt(loss * (1 - loss) / kTrajectories));
  };
  check(0, 1, 4 + 2.25);
  check(1, 0.5 + 0.25, 0.25 * 0.25 * 4 + 0.25);
}

}  // namespace
}  // namespace chokepoint
