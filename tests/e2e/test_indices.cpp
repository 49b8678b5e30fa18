// The design of `chokepoint sensitivity` on models whose indices have closed forms, chance among the factors; five standard errors
// are allowed.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/constants/constants.hpp>
#include <cmath>

#include "../../host/statistics/index_design.h"
#include "run.h"

namespace chokepoint {
namespace {

constexpr double kPi = boost::math::constants::pi<double>();

DesignResult indices(const Scenario& scenario, std::uint64_t worlds, int metric, DeviceOptions device = {}) {
  device.device = "cpu";
  return run_design(scenario, {metric}, worlds, device, [](double) {});
}

Scenario textbook(const std::vector<std::string>& overrides = {}) { return read_scenario({config_path("textbook.toml")}, overrides); }

void expect_index(const Estimate& index, double exact, const std::string& what) {
  EXPECT_NEAR(index.value, exact, 5 * index.standard_error + 1e-10) << what;
  EXPECT_LT(index.standard_error, 0.02) << what;
}

// Parts of the variance: of each factor alone, and of its interactions.
struct Parts {
  std::vector<double> alone, interactions;
  double variance;
};

void expect_parts(const IndexSums& sums, const Parts& parts) {
  for (std::size_t k = 0; k < parts.alone.size(); ++k) {
    const std::string what = "factor " + std::to_string(k);
    expect_index(sums.first_order(static_cast<int>(k)), parts.alone[k] / parts.variance, what);
    expect_index(sums.total(static_cast<int>(k)), (parts.alone[k] + parts.interactions[k]) / parts.variance, what);
  }
  EXPECT_NEAR(sums.variance().value, parts.variance, 5 * sums.variance().standard_error);
}

enum { kIshigami, kSobolG, kLinear, kPayoff };

// a sin^2 x2 + (c + b x3^4) sin x1
Parts ishigami(double a, double b, double c) {
  const double v1 = std::pow(c + b * std::pow(kPi, 4) / 5, 2) / 2, v2 = a * a / 8, v13 = b * b * std::pow(kPi, 8) * (1 / 18.0 - 1 / 50.0);
  return {{v1, v2, 0}, {v13, 0, v13}, v1 + v2 + v13};
}

TEST(Indices, IshigamiAndADifferenceOfTwo) {
  const DesignResult result = indices(textbook(), 20'000, kIshigami);
  ASSERT_EQ(result.factors(), 9);
  expect_parts(*result.find(kIshigami, false, 0, 0), ishigami(7, 0.1, 1));
  expect_parts(*result.find(kIshigami, false, 1, 0), ishigami(5, 0.05, 1));
  expect_parts(*result.find(kIshigami, true, 1, 0), ishigami(-2, -0.05, 0));
  EXPECT_EQ(result.find(kIshigami, true, 0, 0), nullptr) << "the reference does not differ from itself";
}

// V_i = 1 / (3 (1 + a_i)^2), and V_i times the product of all other 1 + V_j in total (Saltelli and Sobol' 1995).
TEST(Indices, SobolG) {
  Scenario scenario = textbook();
  for (ParameterSetting& parameter : scenario.parameters) parameter.prior = {Prior::Kind::kUniform, {0, 1}, {}, {}};
  const DesignResult result = indices(scenario, 50'000, kSobolG);
  Parts parts{{}, {}, 1};
  for (const double a : {0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0}) {
    parts.alone.push_back(1 / (3 * (1 + a) * (1 + a)));
    parts.variance *= 1 + parts.alone.back();
  }
  for (const double own : parts.alone) parts.interactions.push_back(own * parts.variance / (1 + own) - own);
  parts.variance -= 1;
  expect_parts(*result.find(kSobolG, false, 0, 0), parts);
  EXPECT_NEAR(result.find(kSobolG, false, 0, 0)->total(0).value, 0.7871, 0.02);
}

TEST(Indices, WhatHasNoEffectHasExactlyNone) {
  const DesignResult result = indices(textbook(), 1000, kIshigami);
  for (int k = 3; k < result.factors(); ++k)
    for (const IndexSums& sums : result.sums) {
      EXPECT_EQ(sums.total(k).value, 0);
      EXPECT_EQ(sums.first_order(k).value, 0);
      EXPECT_EQ(sums.first_order(k).standard_error, 0);
    }
}

// Chance is a factor like the parameters: it must not count for them, though A and A_k share it.
TEST(Indices, ChanceHasTheShareOfTheNoise) {
  const DesignResult result = indices(textbook({"policies.base.noise=2"}), 20'000, kLinear);
  const double angle = kPi * kPi / 3, unit = 1 / 12.0, noise = 4;
  const Parts parts = {{angle, angle, angle, unit, unit, unit, unit, unit, noise}, std::vector<double>(9), 3 * angle + 5 * unit + noise};
  const IndexSums& sums = *result.find(kLinear, false, 0, 0);
  expect_parts(sums, parts);
  expect_index(sums.first_order_sum(), 1, "sum");
  // The difference is -0.5 + 0.75 x1 + 1.5 z.
  const IndexSums& difference = *result.find(kLinear, true, 1, 0);
  const double own = 0.75 * 0.75 * angle, luck = 1.5 * 1.5;
  expect_index(difference.first_order(0), own / (own + luck), "x1");
  expect_index(difference.total(8), luck / (own + luck), "chance");
}

// ln S = (drift - v^2 / 2) t + v B: chance and volatility v act together. With v uniform,
// E[Var(ln S | all but v)] = t^2 Var(v^2) / 4 + t Var(v), and so on.
TEST(Indices, ChanceInteractsWithVolatility) {
  const double low = 0.1, high = 0.7, t = 2, drift_sd = 0.2;
  Scenario scenario = read_scenario({config_path("brownian.toml")}, {"run.years=2"});
  scenario.parameters[1].prior = {Prior::Kind::kNormal, {0.05, drift_sd}, {}, {}};
  scenario.parameters[2].prior = {Prior::Kind::kUniform, {low, high}, {}, {}};
  const DesignResult result = indices(scenario, 20'000, 1);
  ASSERT_EQ(result.factors(), 3);
  const auto moment = [&](int n) { return (std::pow(high, n + 1) - std::pow(low, n + 1)) / (n + 1) / (high - low); };
  const double drift = drift_sd * drift_sd * t * t, volatility = t * t * (moment(4) - moment(2) * moment(2)) / 4,
               chance = t * moment(1) * moment(1), both = t * (moment(2) - moment(1) * moment(1));
  const int last = static_cast<int>(scenario.sensitivity_records.size()) - 1;
  expect_parts(*result.find(1, false, 0, last), {{drift, volatility, chance}, {0, both, both}, drift + volatility + chance + both});
}

// With correlated parameters the factors are the independent normals of the copula: x1 = z1, x2 = r z1 + sqrt(1 - r^2) z2.
TEST(Indices, CorrelatedParametersStandForTheirOwnNormals) {
  Scenario scenario = textbook();
  for (int i = 0; i < 8; ++i)
    scenario.parameters[i].prior = i < 2 ? Prior{Prior::Kind::kNormal, {0, 1}, {}, {}} : Prior{Prior::Kind::kConstant, {0}, {}, {}};
  scenario.correlations = {{0, 1, 0.6}};
  const DesignResult result = indices(scenario, 20'000, kLinear);
  ASSERT_EQ(result.factors(), 3);
  const double r = 2 * std::sin(kPi * 0.6 / 6);
  expect_parts(*result.find(kLinear, false, 0, 0), {{(1 + r) * (1 + r), 1 - r * r, 0}, {0, 0, 0}, 2 + 2 * r});
}

// 1,000 whole designs; the share of intervals that cover has a standard error of 0.7 %.
TEST(Indices, NinetyFivePercentIntervalsCoverTheTruth) {
  constexpr int kRuns = 1000, kX1 = 0, kX2 = 1, kChance = 2;
  Scenario scenario = textbook({"policies.base.noise=1"});
  scenario.policies.resize(1);
  for (int i = 0; i < 8; ++i)
    scenario.parameters[i].prior = i < 2 ? Prior{Prior::Kind::kNormal, {0, i + 1.0}, {}, {}} : Prior{Prior::Kind::kConstant, {0}, {}, {}};
  const double share[] = {1 / 6.0, 4 / 6.0, 1 / 6.0};
  int total[3] = {}, first_order[3] = {};
  for (int run = 0; run < kRuns; ++run) {
    scenario.seed_worlds = scenario.seed_chance = static_cast<std::uint64_t>(run) + 1;
    const DesignResult result = indices(scenario, 1000, kLinear, {"cpu", 1, 0, 0});
    const auto covers = [](const Estimate& index, double exact) { return std::abs(index.value - exact) <= 1.96 * index.standard_error; };
    for (const int k : {kX1, kX2, kChance}) {
      total[k] += covers(result.sums[0].total(k), share[k]);
      first_order[k] += covers(result.sums[0].first_order(k), share[k]);
    }
  }
  for (const int k : {kX1, kX2, kChance})
    for (const int covered : {total[k], first_order[k]}) {
      EXPECT_GE(covered, 0.935 * kRuns) << k;
      EXPECT_LE(covered, 0.965 * kRuns) << k;
    }
}

TEST(Indices, SameBitsForAnyNumberOfThreadsAndLanes) {
  const Scenario scenario = textbook({"run.years=4", "policies.base.noise=1"});
  const auto csv = [&](int threads, int lanes) {
    return index_csv(scenario, indices(scenario, 5000, kLinear, {"cpu", threads, lanes, 0}));
  };
  const std::string one = csv(1, 1);
  EXPECT_EQ(csv(2, 8), one);
  EXPECT_EQ(csv(3, 0), one);
}

// Where a world with its parameters and chance is a trajectory of a run, whatever the replicates of that are.
TEST(Indices, ReplicatesDoNotMatter) {
  const Scenario one = textbook({"policies.base.noise=1"});
  const Scenario three = textbook({"policies.base.noise=1", "run.replicates=3", "run.trajectories=99999"});
  EXPECT_EQ(index_csv(one, indices(one, 2000, kLinear)), index_csv(three, indices(three, 2000, kLinear)));
}

TEST(Indices, TheFileHoldsWhatTheTablesSay) {
  TemporaryFolder folder;
  const Scenario scenario = textbook();
  const DesignResult result = indices(scenario, 2000, kIshigami);
  const std::string path = folder.file("indices.h5"), hash = write_indices(path, scenario, result, {{"version", "test"}});
  EXPECT_EQ(write_indices(folder.file("again.h5"), scenario, result, {}), hash);
  EXPECT_THROW(read_result(path), std::exception) << "it is no result of a run";
  const std::string text = index_tables(scenario, result, {});
  EXPECT_NE(text.find("less base"), text.npos) << text;
  EXPECT_NE(text.find("\n  x1 "), text.npos) << text;
  EXPECT_EQ(text.find("\n  x4 "), text.npos) << "it has no effect";
  EXPECT_NE(text.find("≈\n"), text.npos) << "x3 has no first-order index";
}

}  // namespace
}  // namespace chokepoint
