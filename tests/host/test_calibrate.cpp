// Calibration against closed forms: posterior, evidence, predictions, and the file that is written.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numbers>

#include "../../host/calibrate/camps.h"
#include "../../host/calibrate/posterior_file.h"
#include "../../host/calibrate/predictions.h"
#include "../../host/config/distribution_config.h"
#include "../../host/reports/calibrate_report.h"
#include "config_fixture.h"
#include "program.h"
#include "refusal.h"

namespace chokepoint {
namespace {

double normal_density(double x, double mean, double variance) {
  return std::exp(-(x - mean) * (x - mean) / (2 * variance)) / std::sqrt(2 * std::numbers::pi * variance);
}

// ln S(1) = drift - volatility^2 / 2 + volatility z, measured with a normal error: drift and measurement are normal together.
constexpr double kPriorMean = 0.1, kPriorSd = 0.3, kVolatility = 0.2, kError = 0.15, kSeen = 0.6, kSeenLater = 0.9;
constexpr double kVariance = kVolatility * kVolatility + kError * kError;  // of the measurement, given the drift

class CalibrateTest : public ConfigTest {
 protected:
  CalibrateTest() {
    write("seen.csv", "series,date,value,low,high,unit,source,confidence\ngrowth,2026-12-31,0.6,,,,,\ngrowth,2027-12-31,0.9,,,,,\n");
    write("walk.toml", R"(extends = "base.toml"
title = "Walk"
[run]
years = 2
[parameters]
drift = { normal = { mean = 0.1, sd = 0.3 } }
volatility = 0.2
[history]
file = "seen.csv"
policy = "zero"
series.growth = { metric = "log_value", error = 0.15 }
)");
    write("seen.toml", R"([parameters]
x1 = { normal = { mean = 0, sd = 1 } }
[history]
file = "seen.csv"
series.x = { metric = "payoff", error = 0.5 }
)");
  }

  Scenario scenario(const std::vector<std::string>& overrides = {}) const { return read_scenario({path("walk.toml")}, overrides); }
  static CalibrateOptions up_to_2026(std::uint64_t worlds) {
    CalibrateOptions how;
    how.until = "2026-12-31";
    how.worlds = worlds;
    how.device.device = "cpu";
    return how;
  }
  static Calibration run(const Scenario& scenario, const CalibrateOptions& how) {
    return calibrate(scenario, how, [](std::uint64_t) {});
  }
  // Of a parameter under the posterior.
  static double mean(const Calibration& c, int parameter) { return weighted_mean(c.posterior.column(parameter), c.posterior.weights); }
  static double error(const Calibration& c, int parameter) {
    return weighted_mean_error(c.posterior.column(parameter), c.posterior.weights, mean(c, parameter));
  }
};
constexpr int kInitial = 0, kDrift = 1;

TEST_F(CalibrateTest, ANormalPriorAndANormalMeasurementGiveTheConjugatePosteriorAndEvidence) {
  const Scenario s = scenario();
  const Calibration c = run(s, up_to_2026(400'000));
  const double precision = 1 / (kPriorSd * kPriorSd) + 1 / kVariance, offset = -kVolatility * kVolatility / 2;
  const double expected = (kPriorMean / (kPriorSd * kPriorSd) + (kSeen - offset) / kVariance) / precision;
  EXPECT_LT(error(c, kDrift), 0.002);
  EXPECT_NEAR(mean(c, kDrift), expected, 4 * error(c, kDrift));
  const ParameterChange change = posterior_of(s, c).changes[0];
  ASSERT_EQ(change.parameter, kDrift);
  const boost::math::normal_distribution<double> posterior(expected, std::sqrt(1 / precision));
  for (std::size_t q = 0; q < kShownQuantiles.size(); ++q)
    EXPECT_NEAR(change.posterior[q], quantile(posterior, kShownQuantiles[q]), 4 * change.posterior_error[q]);
  EXPECT_NEAR(change.shift.value, (expected - kPriorMean) / kPriorSd, 4 * change.shift.standard_error);
  EXPECT_NEAR(change.spread, 1 / std::sqrt(precision) / kPriorSd, 0.02);
  EXPECT_TRUE(change.moved);

  const Estimate evidence = c.sums.log_mean();
  EXPECT_LT(evidence.standard_error, 0.01);
  EXPECT_NEAR(evidence.value, std::log(normal_density(kSeen, kPriorMean + offset, kPriorSd * kPriorSd + kVariance)),
              4 * evidence.standard_error);
}

TEST_F(CalibrateTest, TheHeldOutYearIsPredictedAsTheJointNormalLawSays) {
  const Calibration c = run(scenario(), up_to_2026(400'000));
  const PredictionScores scores = score_predictions(c);
  ASSERT_EQ(scores.series.size(), 2u);
  EXPECT_FALSE(scores.series[0].held_out);
  const SeriesScore& later = scores.series[1];
  ASSERT_TRUE(later.held_out);
  // ln S(1) and ln S(2): variances s^2 t^2 + v^2 t, covariance 2 s^2 + v^2.
  const double s2 = kPriorSd * kPriorSd, v2 = kVolatility * kVolatility, e2 = kError * kError;
  const double year = kPriorMean - v2 / 2, first = s2 + v2 + e2, second = 4 * s2 + 2 * v2, both = 2 * s2 + v2;
  const double after = 2 * year + both / first * (kSeen - year), left = second - both * both / first;
  EXPECT_NEAR(later.prior_log.value, std::log(normal_density(kSeenLater, 2 * year, second + e2)), 4 * later.prior_log.standard_error);
  EXPECT_NEAR(later.posterior_log.value, std::log(normal_density(kSeenLater, after, left + e2)), 4 * later.posterior_log.standard_error);
  EXPECT_LT(later.posterior_log.standard_error, 0.02);
  EXPECT_TRUE(later.improves());
  // The CRPS of a normal forecast: Gneiting and Raftery, JASA 102, 2007, section 4.2.
  const auto crps = [](double x, double mean, double variance) {
    const double sd = std::sqrt(variance), z = (x - mean) / sd;
    return sd * (z * std::erf(z / std::numbers::sqrt2) + 2 * normal_density(z, 0, 1) - std::numbers::inv_sqrtpi);
  };
  EXPECT_NEAR(later.prior_crps.value, crps(kSeenLater, 2 * year, second), 4 * later.prior_crps.standard_error);
  EXPECT_NEAR(later.posterior_crps.value, crps(kSeenLater, after, left), 4 * later.posterior_crps.standard_error);
  EXPECT_LT(later.posterior_crps.standard_error, 0.003);
}

TEST_F(CalibrateTest, StandardErrorsAreThoseOfRepeatedCalibrations) {
  constexpr int kRepeats = 60;
  std::vector<double> log_scores, crps, means;
  double log_error = 0, crps_error = 0, mean_error = 0;
  for (int r = 0; r < kRepeats; ++r) {
    const Calibration c =
        run(scenario({"run.seed_worlds=" + std::to_string(100 + r), "run.seed_chance=" + std::to_string(900 + r)}), up_to_2026(4000));
    const SeriesScore later = score_predictions(c).series[1];
    log_scores.push_back(later.posterior_log.value);
    crps.push_back(later.posterior_crps.value);
    means.push_back(mean(c, kDrift));
    log_error += later.posterior_log.standard_error / kRepeats;
    crps_error += later.posterior_crps.standard_error / kRepeats;
    mean_error += error(c, kDrift) / kRepeats;
  }
  const auto deviation = [](const std::vector<double>& values) {
    double sum = 0, squares = 0;
    for (const double x : values) sum += x, squares += x * x;
    return std::sqrt((squares - sum * sum / kRepeats) / (kRepeats - 1));
  };
  EXPECT_NEAR(log_error / deviation(log_scores), 1, 0.4);  // 1 / sqrt(2 * 59) is 0.09
  EXPECT_NEAR(crps_error / deviation(crps), 1, 0.4);
  EXPECT_NEAR(mean_error / deviation(means), 1, 0.4);
}

TEST_F(CalibrateTest, NeitherThreadsNorBatchesChangeABit) {
  CalibrateOptions one = up_to_2026(30'000), other = one;
  one.kept = other.kept = 500;
  one.device.threads = 1;
  one.batch = 30'000;
  other.device.threads = 2;
  other.batch = 777;
  const Calibration a = run(scenario(), one), b = run(scenario(), other);
  EXPECT_EQ(a.sums.effective(), b.sums.effective());
  EXPECT_EQ(a.sums.log_mean().value, b.sums.log_mean().value);
  EXPECT_EQ(a.prior.values, b.prior.values);
  EXPECT_EQ(a.posterior.worlds, b.posterior.worlds);
  EXPECT_EQ(a.posterior.weights, b.posterior.weights);
  EXPECT_EQ(a.posterior.values, b.posterior.values);
}

TEST_F(CalibrateTest, ASampleOfFewWorldsStandsForAll) {
  CalibrateOptions all = up_to_2026(50'000), few = all;
  all.kept = 50'000;
  few.kept = 2'000;
  const Calibration a = run(scenario(), all), b = run(scenario(), few);
  EXPECT_EQ(b.posterior.size(), 2'000u);
  EXPECT_NEAR(a.posterior.effective(), a.sums.effective(), 1e-6 * a.sums.effective());
  EXPECT_NE(mean(a, kDrift), mean(b, kDrift));
  EXPECT_NEAR(mean(b, kDrift), mean(a, kDrift), 4 * error(b, kDrift));
  EXPECT_LT(error(b, kDrift), 0.006);  // a standard deviation of about 0.17 over sqrt(2000) is 0.004
}

// Two measurements of one number whose errors have the correlation 1/2 tell as much as 4/3 independent ones.
TEST_F(CalibrateTest, TemperedObservationsOfOneSeriesCountAsFewer) {
  EXPECT_DOUBLE_EQ(8 * tempered_count(8, 0), 8);
  EXPECT_DOUBLE_EQ(8 * tempered_count(8, 1), 1);
  EXPECT_DOUBLE_EQ(2 * tempered_count(2, 0.5), 4.0 / 3);
  write("seen.csv", "series,date,value,low,high,unit,source,confidence\nx,2026-06-30,1.2,,,,,\nx,2026-12-31,0.8,,,,,\n");
  const Scenario s =
      read_scenario({std::string(CHOKEPOINT_SOURCE_DIR) + "/configs/textbook.toml", path("seen.toml")}, {"history.series.x.error=0.25"});
  CalibrateOptions how = up_to_2026(400'000);
  how.temper = 0.5;
  how.widen = 2;  // to errors of 0.5
  const Calibration c = run(s, how);
  const double precision = 1 + 4.0 / 3 / (0.5 * 0.5);
  EXPECT_NEAR(mean(c, 0), 4.0 / 3 / (0.5 * 0.5) / precision, 4 * error(c, 0));
  EXPECT_NEAR(posterior_of(s, c).changes[0].spread, 1 / std::sqrt(precision), 0.01);
}

TEST_F(CalibrateTest, AbcTakesTheWorldsThatAreNearEnough) {
  write("seen.csv", "series,date,value,low,high,unit,source,confidence\nx,2026-12-31,1,,,,,\n");
  const Scenario s = read_scenario({std::string(CHOKEPOINT_SOURCE_DIR) + "/configs/textbook.toml", path("seen.toml")}, {});
  CalibrateOptions how = up_to_2026(100'000);
  how.abc = true;
  how.distance = 1.5;  // |x1 - 1| <= 1.5 * 0.5 of a standard normal x1
  const Calibration c = run(s, how);
  const boost::math::normal_distribution<double> prior;
  const double share = cdf(prior, 1.75) - cdf(prior, 0.25);
  EXPECT_NEAR(c.sums.log_mean().value, std::log(share), 4 * c.sums.log_mean().standard_error);
  EXPECT_NEAR(c.sums.effective(), 100'000 * share, 4 * std::sqrt(100'000 * share));
  EXPECT_NEAR(mean(c, 0), (pdf(prior, 0.25) - pdf(prior, 1.75)) / share, 4 * error(c, 0));
  const auto [least, most] = std::ranges::minmax(c.posterior.column(0));
  EXPECT_GE(least, 0.2499f);
  EXPECT_LE(most, 1.7501f);
  how.distance = 1e-9;
  EXPECT_NE(message_of([&] { run(s, how); }).find("a greater --distance"), std::string::npos);
}

// Only the sum of the two is seen: afterwards a high one needs a low other one.
TEST_F(CalibrateTest, ThePosteriorIsAConfigurationWithTablesAndRankCorrelations) {
  write("wide.toml", "extends = \"walk.toml\"\n[parameters]\ninitial = { lognormal = { median = 1, sd_log = 0.3 } }\nvolatility = 0.01\n");
  const Scenario s = read_scenario({path("wide.toml")}, {});
  const Calibration c = run(s, up_to_2026(300'000));
  const Posterior posterior = posterior_of(s, c);
  const double sum = 2 * 0.3 * 0.3 + 0.01 * 0.01 + kError * kError, left = 0.09 - 0.09 * 0.09 / sum;
  const double linear = -0.09 * 0.09 / sum / left, rank = 6 / std::numbers::pi * std::asin(linear / 2);
  ASSERT_EQ(posterior.drivers, (std::vector<int>{kInitial, kDrift, 3}));
  EXPECT_NEAR(posterior.correlation(0, 1), rank, 4 * posterior.correlation_error);
  EXPECT_FALSE(posterior.changes[2].moved);  // the barrier

  write("posterior.toml", posterior_configuration(s, c, posterior));
  const Scenario again = read_scenario({path("wide.toml"), path("posterior.toml")}, {});
  EXPECT_EQ(again.title, "Walk, calibrated");
  ASSERT_EQ(again.correlations.size(), 1u);
  EXPECT_NEAR(again.correlations[0].rank, posterior.correlation(0, 1), 1e-3);
  const ParameterSetting& drift = again.parameters[kDrift];
  ASSERT_EQ(drift.prior.kind, Prior::Kind::kTable);
  EXPECT_EQ(drift.source.find("calibrated on growth up to 2026-12-31, ESS "), 0u) << drift.source;
  EXPECT_FALSE(drift.rationale.empty() || drift.would_change_if.empty());
  for (std::size_t q = 0; q < kShownQuantiles.size(); ++q)
    EXPECT_NEAR(probability_below(drift.prior, posterior.changes[1].posterior[q]), kShownQuantiles[q], 1e-3);
  EXPECT_EQ(again.parameters[3].text, s.parameters[3].text);

  // Worlds of the posterior need no more weighing to give what was seen: their mean of ln S(1) is that of the closed form.
  CalibrateOptions how = up_to_2026(100'000);
  const Calibration renewed = run(again, how);
  const double seen = weighted_mean(renewed.predicted(renewed.prior, 0), renewed.prior.weights);
  const double expected = kPriorMean - 0.01 * 0.01 / 2 + 2 * 0.09 / sum * (kSeen - kPriorMean + 0.01 * 0.01 / 2);
  EXPECT_NEAR(seen, expected, 0.01);
}

TEST_F(CalibrateTest, AChoiceStaysAChoice) {
  const Scenario s = scenario({"parameters.drift={choice={values=[0,0.5,9],weights=[0.5,0.4,0.1]}}"});
  const Calibration c = run(s, up_to_2026(100'000));
  write("posterior.toml", posterior_configuration(s, c, posterior_of(s, c)));
  const Prior prior = read_scenario({path("walk.toml"), path("posterior.toml")}, {}).parameters[kDrift].prior;
  ASSERT_EQ(prior.kind, Prior::Kind::kChoice);
  const double none = 0.5 * normal_density(kSeen, -0.02, kVariance), half = 0.4 * normal_density(kSeen, 0.48, kVariance);
  EXPECT_NEAR(prior.weights[1], half / (none + half), 0.01);
  EXPECT_NEAR(prior.weights[2], 0, 1e-9);
}

TEST_F(CalibrateTest, TheProgramWritesFiguresAndAPosteriorThatRuns) {
  const std::string posterior = path("posterior.toml"), csv = path("figures.csv"), json = path("figures.json");
  const Answer answer = chokepoint_({"calibrate", path("walk.toml"), "--until", "2026-12-31", "--worlds", "20_000", "-o", posterior,
                                     "--csv", csv, "--json", json, "--device", "cpu", "--width", "160"});
  ASSERT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("Parameters that moved: 1 of 2"), std::string::npos) << answer.out;
  EXPECT_NE(answer.out.find("Held out: 1 of 1 series are predicted better"), std::string::npos) << answer.out;
  std::ifstream figures(csv);
  std::string line;
  std::getline(figures, line);
  EXPECT_EQ(line, "kind,name,quantity,value,standard_error");
  const Answer run =
      chokepoint_({"run", path("walk.toml"), posterior, "--trajectories", "1000", "-o", path("out.h5"), "--quiet", "--device", "cpu"});
  EXPECT_EQ(run.code, 0) << run.err;
  const Answer few = chokepoint_({"calibrate", path("walk.toml"), "--worlds", "100", "--device", "cpu", "--json", "-"});
  EXPECT_EQ(few.code, 0);
  EXPECT_NE(few.err.find("the effective sample size is"), std::string::npos) << few.err;
  EXPECT_EQ(few.out.front(), '{');
}

TEST_F(CalibrateTest, WorldViewsAreStackedByWhatTheyPredict) {
  std::filesystem::create_directories(path("worldviews"));
  write("worldviews/fast.toml", "[parameters]\ndrift = { normal = { mean = 0.5, sd = 0.1 } }\n");
  write("worldviews/slow.toml", "[parameters]\ndrift = { normal = { mean = -0.5, sd = 0.1 } }\n");
  const Answer answer = chokepoint_({"calibrate", path("walk.toml"), "--until", "2026-12-31", "--worlds", "20_000", "--device", "cpu",
                                     "--worldviews", "all", "--csv", "-"});
  ASSERT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("worldview,walk,stacking_weight,"), std::string::npos) << answer.out;
  EXPECT_NE(answer.out.find("worldview,fast,ln_evidence,"), std::string::npos);
  EXPECT_NE(answer.out.find("worldview,slow,posterior_held_out_log_score,"), std::string::npos);
  std::filesystem::remove_all(path("worldviews"));
  EXPECT_EQ(chokepoint_({"calibrate", path("walk.toml"), "--worldviews", "all"}).code, kExitUser);
}

TEST_F(CalibrateTest, MistakesAreNamed) {
  CalibrateOptions how = up_to_2026(100);
  how.until = "2026-06-30";
  EXPECT_NE(message_of([&] { run(scenario(), how); })
                .find("no observation to fit up to --until 2026-06-30; the first within the run is of "
                      "2026-12-31"),
            std::string::npos);
  how.series = {"groth"};
  EXPECT_NE(message_of([&] { run(scenario(), how); }).find("--series groth: no series of [history]. There are: growth."),
            std::string::npos);
  EXPECT_NE(chokepoint_({"calibrate", path("base.toml")}).err.find("it has no section [history]"), std::string::npos);
  const Answer three = chokepoint_({"calibrate", path("walk.toml"), "--until", "2026-13-01", "--method", "mcmc", "--temper", "2"});
  EXPECT_EQ(three.code, kExitUser);
  EXPECT_NE(three.err.find("3 problems"), std::string::npos) << three.err;
  EXPECT_NE(chokepoint_({"calibrate", path("walk.toml"), "--set", "history.temper=1.5"}).err.find("history.temper = 1.5 is outside 0 to 1"),
            std::string::npos);
}

}  // namespace
}  // namespace chokepoint
