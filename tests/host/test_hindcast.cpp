// Forecasts of the past: plain forecasts against their formulas, and a model whose own trajectories are the history.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/students_t.hpp>
#include <random>

#include "../../host/history/hindcast.h"
#include "../../host/reports/score_report.h"
#include "config_fixture.h"
#include "fmt/format.h"
#include "program.h"
#include "refusal.h"

namespace chokepoint {
namespace {

constexpr const char* kHeader = "series,date,value,low,high,unit,source,confidence\n";
constexpr const char* kSection =
    "[run]\nyears = 2\ntrajectories = 4000\n[parameters]\ndrift = 0.6\nvolatility = 0.15\n"
    "[history]\nfile = \"seen.csv\"\npolicy = \"zero\"\n[history.series.level]\nmetric = \"value\"\nerror = 0.02\n"
    "[history.series.logs]\nmetric = \"log_value\"\nerror = 0.02\n";

std::string end_of(int months) {  // since the start, 2026-01-01
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int at = 2026 * 12 + months - 1;
  return fmt::format("{:04}-{:02}-{:02}", at / 12, at % 12 + 1, kDays[at % 12]);
}

DeviceOptions cpu(int threads = 0) {
  DeviceOptions options;
  options.device = "cpu";
  options.threads = threads;
  return options;
}

class HindcastTest : public ConfigTest {
 protected:
  // A level observed each month from half a year before the start, as a trajectory of the model with other luck went on.
  HindcastTest() {
    std::string rows = kHeader;
    for (int months = -6; months <= 0; ++months)
      rows += fmt::format("level,{},{:.6f},,,1,before,\n", end_of(months), std::exp(0.6 / 12 * months + 0.02 * (months % 2)));
    rows += "logs,2026-06-30,0.3,,,1,,\nlogs,2027-12-31,,1.0,1.4,1,,\n";
    write("seen.csv", rows + "level,2026-01-31,1,,,,,\n");
    const Scenario s = read(kSection, {"run.seed_chance=77"});
    History months = read_history(s);
    std::erase_if(months.observations, [](const Observation& o) { return o.series != 0; });
    months.observations.resize(1);
    for (int step = 1; step < 24; ++step) {
      months.observations.push_back(months.observations[0]);
      months.observations.back().step = step;
    }
    Ensemble truth{.first = 0, .count = 16};
    HistoryRun(s, months, cpu()).evaluate(truth);
    for (std::size_t step = 0; step < 24; ++step)
      rows += fmt::format("level,{},{:.6f},,,1,synthetic,\n", end_of(static_cast<int>(step) + 1), truth.at(0, step, 24)[3]);
    write("seen.csv", rows);
  }

  Hindcast scored(const std::vector<std::string>& overrides = {}, int threads = 0) const {
    return hindcast(read(kSection, overrides), {{6, 12, 24}, "", ""}, false, cpu(threads), [](auto, auto) {});
  }
};

TEST_F(HindcastTest, HorizonsAreMonthsSinceTheStart) {
  const Hindcast h = scored();
  ASSERT_EQ(h.horizons.size(), 4u + 3u);
  const int first[] = {1, 7, 13, 1}, last[] = {6, 12, 24, 24};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(h.horizons[i].first, first[i]);
    EXPECT_EQ(h.horizons[i].last, last[i]);
    EXPECT_EQ(h.horizons[i].observations.size(), static_cast<std::size_t>(last[i] - first[i] + 1));
  }
  const Hindcast short_one = hindcast(read(kSection), {{3}, "2026-05-01", "2026-09-30"}, false, cpu(), [](auto, auto) {});
  ASSERT_EQ(short_one.horizons.size(), 2u);  // what is later than the last horizon
  EXPECT_EQ(short_one.horizons[0].first, 4);
  EXPECT_EQ(short_one.horizons[0].last, 9);
  EXPECT_EQ(short_one.history.past.size(), 7u);
}

TEST_F(HindcastTest, MeansAreThoseOfTheObservations) {
  const Hindcast h = scored();
  for (const HorizonScores& horizon : h.horizons) {
    double crps = 0, other = 0, covered = 0;
    for (const std::size_t o : horizon.observations) {
      crps += h.point(0, o)->scores.crps / static_cast<double>(horizon.observations.size());
      other += h.point(1, o)->scores.crps / static_cast<double>(horizon.observations.size());
      covered += h.point(0, o)->scores.coverage[1] / static_cast<double>(horizon.observations.size());
    }
    EXPECT_NEAR(h.mean(0, horizon)->crps.value, crps, 1e-12);
    EXPECT_NEAR(h.mean(0, horizon)->coverage[1], covered, 1e-12);
    EXPECT_NEAR(h.difference(1, 0, horizon).crps.value, other - crps, 1e-12);
  }
}

// A strong drift that the model knows: it beats the last value, and the policy that pushes further is the worse one.
TEST_F(HindcastTest, TheModelBeatsTheLastValueInItsOwnWorld) {
  const Hindcast h = scored();
  const HorizonScores& whole = h.horizons[3];
  EXPECT_LT(h.mean(0, whole)->crps.value, 0.5 * h.mean(3, whole)->crps.value);
  EXPECT_GT(h.mean(0, whole)->log_score.value, h.mean(3, whole)->log_score.value);
  const MeanScores pushed = h.difference(1, 0, whole);
  EXPECT_NE(pushed.crps.value, 0);
  EXPECT_GT(pushed.crps.standard_error, 0);
  const double plain = std::min(h.mean(3, whole)->crps.value, h.mean(4, whole)->crps.value);
  EXPECT_NEAR(h.skill(0, whole)->value, 1 - h.mean(0, whole)->crps.value / plain, 1e-12);
}

// Histories drawn from the model itself, measured with an error: PIT is uniform (Kolmogorov-Smirnov).
TEST_F(HindcastTest, TheModelIsCalibratedToItself) {
  History history = read_history(read(kSection));
  std::erase_if(history.observations, [](const Observation& o) { return o.series != 0 || o.step != 11; });
  Ensemble forecast{.first = 0, .count = 4000}, truth{.first = 0, .count = 1000};
  HistoryRun(read(kSection), history, cpu()).evaluate(forecast);
  HistoryRun(read(kSection, {"run.seed_worlds=5", "run.seed_chance=6"}), history, cpu()).evaluate(truth);
  std::mt19937 random(3);
  std::normal_distribution<double> error(0, 0.1);
  std::vector<double> pits;
  for (const float value : truth.at(0, 0, 1)) {
    Observation o = history.observations[0];
    o.error = 0.1;
    o.centre = std::log(static_cast<double>(value)) + error(random);
    pits.push_back(score(forecast.at(0, 0, 1), {}, o, history.series[0]).pit);
  }
  std::ranges::sort(pits);
  double distance = 0;
  for (std::size_t i = 0; i < pits.size(); ++i)
    distance = std::max(distance, std::abs(pits[i] - (static_cast<double>(i) + 0.5) / static_cast<double>(pits.size())));
  EXPECT_LT(distance * std::sqrt(1000), 1.95 * std::sqrt(1 + 1000.0 / 4000));  // exceeded once in a thousand times
}

TEST_F(HindcastTest, NumbersDoNotDependOnThreads) {
  const Scenario s = read(kSection);
  EXPECT_EQ(score_json(scored({}, 1), s), score_json(scored({}, 2), s));
}

// The standard error that parts of the trajectories tell is how much the score varies from seed to seed.
TEST_F(HindcastTest, StandardErrorsAreTheSpreadOverSeeds) {
  std::vector<double> scores;
  double error = 0;
  for (int seed = 10; seed < 40; ++seed) {
    const Scenario s = read(kSection, {fmt::format("run.seed_chance={}", seed), "run.trajectories=1600"});
    const Hindcast h = hindcast(s, {{24}, "2026-05-31", "2026-08-31"}, false, cpu(), [](auto, auto) {});
    const MeanScores mean = *h.mean(0, h.horizons[0]);
    scores.push_back(mean.crps.value);
    error += mean.crps.standard_error / 30;
  }
  double mean = 0, squares = 0;
  for (const double one : scores) mean += one / 30;
  for (const double one : scores) squares += (one - mean) * (one - mean);
  EXPECT_NEAR(error / std::sqrt(squares / 29), 1, 0.45);  // 30 seeds know the spread to 13 %, parts of 80 trajectories theirs to less
}

// A random walk, with and without drift: Student's t on the scale of comparison.
TEST_F(HindcastTest, PlainForecastsAreRandomWalks) {
  const History h = read_history(read(kSection));
  const Observation& o = h.observations[9];  // ten months ahead
  ASSERT_EQ(o.months(), 10);
  std::vector<double> y;
  for (const Observation& past : h.past) y.push_back(past.centre);
  ASSERT_EQ(y.size(), 7u);
  const double drift = (y.back() - y.front()) / 6;
  double plain_squares = 0, trend_squares = 0;
  for (std::size_t i = 1; i < 7; ++i) {
    plain_squares += std::pow(y[i] - y[i - 1], 2);
    trend_squares += std::pow(y[i] - y[i - 1] - drift, 2);
  }
  const auto expect = [&](PlainForecast forecast, double centre, double variance, double freedom) {
    const std::vector<float> draws = plain_draws(forecast, h, o);
    const ForecastLaw law(std::vector<double>(draws.begin(), draws.end()), {});
    for (const double p : {0.05, 0.5, 0.95})
      EXPECT_NEAR(std::log(law.quantile(p)), centre + std::sqrt(variance) * quantile(boost::math::students_t(freedom), p), 0.01);
  };
  expect(PlainForecast::kLastValue, y.back(), plain_squares / 6 * 10, 6);
  expect(PlainForecast::kTrend, y.back() + 10 * drift, trend_squares / 5 * 10 * (1 + 10.0 / 6), 5);
}

TEST_F(HindcastTest, TooLittleHistoryIsSaid) {
  const Hindcast h = scored();
  EXPECT_FALSE(h.mean(h.policies, h.horizons.back()));
  EXPECT_FALSE(h.skill(0, h.horizons.back()));
  SummaryOptions options;
  EXPECT_NE(
      score_text(h, read(kSection), options).find("Too little history for plain forecasts, fewer than 4 values up to the start: logs."),
      std::string::npos);
}

TEST_F(HindcastTest, TheCommandWritesTablesAndAPage) {
  write("x.toml", std::string("extends = \"base.toml\"\n") + kSection);
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"score", path("x.toml"), "--device", "cpu"});
    return chokepoint_(more);
  };
  const Answer shown = run({"--html", path("page.html")});
  EXPECT_EQ(shown.code, 0) << shown.err;
  for (const char* text : {"Scores under zero", "Observed against the fan under zero", "push less zero", "1-6", "13-24", "●",
                           "All 26 observations together: log score "})
    EXPECT_NE(shown.out.find(text), std::string::npos) << text << "\n" << shown.out;
  EXPECT_GT(std::filesystem::file_size(path("page.html")), 1'000'000u);
  const Answer csv = run({"--csv", "-"});
  EXPECT_EQ(std::ranges::count(csv.out, '\n'), 1 + 24 * 5 + 2 * 3);
  EXPECT_EQ(run({"--json", "-"}).out.substr(0, 10), "{\"title\": ");
  EXPECT_NE(run({"--horizons", "12,6"}).err.find("--horizons 12,6: whole numbers of months"), std::string::npos);
  EXPECT_EQ(run({"--from", "2026-13-01"}).err, "--from 2026-13-01: not a date, such as 2024-12-31\n");
  EXPECT_EQ(chokepoint_({"score", path("base.toml")}).code, 2);
}

}  // namespace
}  // namespace chokepoint
