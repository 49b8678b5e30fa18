// Scores of forecasts against closed forms and laws.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <numbers>
#include <random>

#include "../../host/statistics/scores.h"

namespace chokepoint {
namespace {

using Normal = boost::math::normal_distribution<double>;

// A linear series, and a row of it with a measurement error.
const HistorySeries kLinearSeries{"x", 0, 0, 0, false, 0};
Observation measured(double value, double error) { return {0, 5, "2026-06-30", value, NAN, NAN, false, "", value, error}; }
Observation censored(double low, double high) {
  return {0, 5, "2026-06-30", NAN, low, high, true, "", (low + high) / 2, (high - low) / 2 / kIntervalHalfWidth};
}

// Quantiles of a normal law that stand for it.
std::vector<float> normal_draws(double mean, double sd, int count) {
  std::vector<float> draws;
  for (int i = 0; i < count; ++i) draws.push_back(static_cast<float>(quantile(Normal(mean, sd), (i + 0.5) / count)));
  return draws;
}

std::vector<double> doubles(const std::vector<float>& values) { return {values.begin(), values.end()}; }

// Gneiting and Raftery, 2007, Strictly proper scoring rules, JASA 102, equation 21.
double crps_of_normal(double z) { return z * (2 * cdf(Normal(), z) - 1) + 2 * pdf(Normal(), z) - 1 / std::sqrt(std::numbers::pi); }

TEST(ForecastLaw, CrpsOfANormalLaw) {
  const ForecastLaw law(doubles(normal_draws(3, 2, 100'000)), {});
  for (const double z : {-3.0, -0.5, 0.0, 1.0, 4.0}) EXPECT_NEAR(law.crps(3 + 2 * z), 2 * crps_of_normal(z), 1e-4) << z;
}

// The integral of the squared distance between distribution functions, which is what CRPS is.
TEST(ForecastLaw, CrpsIsTheIntegralOfSquaredDistances) {
  const std::vector<double> draws = {1, 4, 4, 2.5}, weights = {0.1, 0.2, 0.3, 0.4};
  const ForecastLaw law(draws, weights);
  for (const double y : {0.0, 1.0, 2.0, 3.9, 4.0, 6.0}) {
    double integral = 0;
    const double step = 1e-3;
    for (double x = -1 + step / 2; x < 7; x += step) integral += step * std::pow(law.probability_to(x) - (x >= y ? 1 : 0), 2);
    EXPECT_NEAR(law.crps(y), integral, 2e-3) << y;
  }
}

TEST(ForecastLaw, OneDrawIsAPointForecast) {
  const std::vector<double> draw = {2};
  EXPECT_DOUBLE_EQ(ForecastLaw(draw, {}).crps(5), 3);
  EXPECT_DOUBLE_EQ(ForecastLaw(draw, {}).crps(2), 0);
}

TEST(ForecastLaw, WeightsAreRepetitions) {
  const std::vector<double> draws = {3, 1, 2}, weights = {2, 1, 3}, repeated = {3, 3, 1, 2, 2, 2};
  const ForecastLaw weighted(draws, weights), plain(repeated, {});
  for (const double x : {0.5, 1.0, 1.7, 2.0, 2.9, 3.5}) {
    EXPECT_NEAR(weighted.crps(x), plain.crps(x), 1e-12);
    EXPECT_NEAR(weighted.probability_to(x), plain.probability_to(x), 1e-12);
  }
  for (const double p : {0.01, 0.16, 0.18, 0.5, 0.66, 0.68, 1.0}) EXPECT_EQ(weighted.quantile(p), plain.quantile(p)) << p;
}

TEST(ForecastLaw, LeavesOutWhatIsNotFinite) {
  const std::vector<double> draws = {1, NAN, 2, INFINITY};
  const ForecastLaw law(draws, {});
  EXPECT_EQ(law.quantile(1), 2);
  EXPECT_EQ(law.probability_to(1), 0.5);
  EXPECT_THROW(ForecastLaw(std::vector<double>{NAN}, {}), std::invalid_argument);
}

// A normal forecast and a normal measurement: the measurement is normal with the sum of both variances.
TEST(Scores, LogScoreAndPitOfANormalForecast) {
  const std::vector<float> draws = normal_draws(1, 2, 20'000);
  const Normal measurement(1, std::hypot(2, 0.5));
  for (const double y : {-3.0, 0.0, 1.0, 2.5, 30.0}) {
    const Scores s = score(draws, {}, measured(y, 0.5), kLinearSeries);
    if (y < 10) {
      EXPECT_NEAR(s.log_score, std::log(pdf(measurement, y)), 2e-3) << y;
    }
    EXPECT_NEAR(s.pit, cdf(measurement, y), 1e-4) << y;
    EXPECT_TRUE(std::isfinite(s.log_score)) << y;  // far from all draws, too
    EXPECT_EQ(s.log_score, log_score(draws, {}, measured(y, 0.5), kLinearSeries));
  }
}

TEST(Scores, WeightsMoveAllScores) {
  const std::vector<float> draws = {0, 1, 2, 3}, repeated = {0, 1, 1, 1, 2, 3, 3};
  const std::vector<double> weights = {0.5, 1.5, 0.5, 1};
  const Scores a = score(draws, weights, measured(1.2, 0.3), kLinearSeries), b = score(repeated, {}, measured(1.2, 0.3), kLinearSeries);
  EXPECT_NEAR(a.crps, b.crps, 1e-12);
  EXPECT_NEAR(a.pit, b.pit, 1e-12);
  EXPECT_NEAR(a.log_score, b.log_score, 1e-12);
}

TEST(Scores, CoverageIsWhetherCentralIntervalsHoldTheMeasurement) {
  const std::vector<float> draws = normal_draws(0, 1, 10'000);
  const auto coverage = [&](double z) { return score(draws, {}, measured(z, 1e-3), kLinearSeries).coverage; };
  EXPECT_EQ(coverage(0.5), (std::array{1.0, 1.0, 1.0}));
  EXPECT_EQ(coverage(-1), (std::array{0.0, 1.0, 1.0}));
  EXPECT_EQ(coverage(1.5), (std::array{0.0, 0.0, 1.0}));
  EXPECT_EQ(coverage(-2), (std::array{0.0, 0.0, 0.0}));
}

// Where only an interval is known: the chance that the row says what it says, and shares of the law of the truth.
TEST(Scores, CensoredObservations) {
  const std::vector<float> draws = normal_draws(0, 1, 10'000);
  const Observation o = censored(-kIntervalHalfWidth, kIntervalHalfWidth);  // the truth is standard normal, too
  const Scores s = score(draws, {}, o, kLinearSeries);
  EXPECT_NEAR(s.log_score, std::log(0.9 * 0.9 + 0.1 * 0.1), 1e-3);
  EXPECT_NEAR(s.pit, 0.5, 1e-6);
  for (std::size_t k = 0; k < kCoverageLevels.size(); ++k) EXPECT_NEAR(s.coverage[k], kCoverageLevels[k], 1e-3);
  EXPECT_NEAR(s.crps, 1 / std::sqrt(std::numbers::pi), 0.01);  // E|X - Y| / 2 of two standard normals
  const Scores far = score(draws, {}, censored(10, 11), kLinearSeries);
  EXPECT_NEAR(far.log_score, std::log(0.1), 1e-12);
  EXPECT_NEAR(far.coverage[2], 0, 1e-12);
}

TEST(Scores, LogarithmicSeriesAreComparedByRatios) {
  const HistorySeries series{"x", 0, 0, 0, true, 1e-3};
  const Observation o{0, 5, "", 2, NAN, NAN, false, "", std::log(2), 0.1};
  const std::vector<float> twice = {4}, nothing = {-1};
  EXPECT_NEAR(score(twice, {}, o, series).crps, std::log(2), 1e-6);
  EXPECT_NEAR(score(nothing, {}, o, series).crps, std::log(2000), 1e-6);  // what is below the least counts as the least
  EXPECT_NEAR(log_likelihood(2, o, series), -std::log(0.1 * std::sqrt(2 * std::numbers::pi)), 1e-12);
  EXPECT_NEAR(log_likelihood(4, o, series) - log_likelihood(2, o, series), -std::pow(std::log(2) / 0.1, 2) / 2, 1e-9);
}

// Measurements drawn from the forecast itself: PIT is uniform (Kolmogorov-Smirnov) and intervals hold as many as they say.
TEST(Scores, ACalibratedForecastHasAUniformPit) {
  constexpr int kMeasurements = 2000;
  const std::vector<float> draws = normal_draws(5, 2, 2000);
  std::mt19937 random(7);
  std::normal_distribution<double> truth(5, 2), error(0, 1);
  std::vector<double> pits;
  std::array<double, kCoverageLevels.size()> covered{};
  for (int i = 0; i < kMeasurements; ++i) {
    const Scores s = score(draws, {}, measured(truth(random) + error(random), 1), kLinearSeries);
    pits.push_back(s.pit);
    for (std::size_t k = 0; k < covered.size(); ++k) covered[k] += s.coverage[k] / kMeasurements;
  }
  std::ranges::sort(pits);
  double distance = 0;
  for (int i = 0; i < kMeasurements; ++i)
    distance =
        std::max({distance, std::abs(pits[i] - static_cast<double>(i) / kMeasurements), std::abs(pits[i] - (i + 1.0) / kMeasurements)});
  EXPECT_LT(distance * std::sqrt(kMeasurements), 1.95);  // exceeded once in a thousand times
  for (std::size_t k = 0; k < covered.size(); ++k)
    EXPECT_NEAR(covered[k], kCoverageLevels[k], 3.3 * std::sqrt(kCoverageLevels[k] * (1 - kCoverageLevels[k]) / kMeasurements));
}

// Proper: on average no other forecast has a better score than the law that the measurements come from.
TEST(Scores, TheTruthScoresBest) {
  std::mt19937 random(8);
  std::normal_distribution<double> truth(0, 1);
  const std::vector<std::vector<float>> forecasts = {normal_draws(0, 1, 500), normal_draws(0.3, 1, 500), normal_draws(0, 0.7, 500),
                                                     normal_draws(0, 1.4, 500)};
  std::array<double, 4> crps{}, log_scores{};
  for (int i = 0; i < 1500; ++i) {
    const Observation o = measured(truth(random), 0.05);
    for (std::size_t f = 0; f < forecasts.size(); ++f) {
      const Scores s = score(forecasts[f], {}, o, kLinearSeries);
      crps[f] += s.crps;
      log_scores[f] += s.log_score;
    }
  }
  for (std::size_t f = 1; f < forecasts.size(); ++f) {
    EXPECT_LT(crps[0], crps[f]) << f;
    EXPECT_GT(log_scores[0], log_scores[f]) << f;
  }
}

}  // namespace
}  // namespace chokepoint
