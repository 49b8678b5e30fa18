// The value of information: closed forms, and how often 95 % intervals hold the truth.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "../../host/config/config.h"
#include "../../host/config/toml_tools.h"
#include "../../host/errors.h"
#include "../../host/reports/report_sensitivity.h"
#include "../../host/results/read_sensitivity.h"
#include "../../host/run/execute.h"
#include "../../host/statistics/information.h"
#include "../e2e/run.h"
#include "small_run.h"

namespace chokepoint {
namespace {

Information derive(const SmallRun& run) { return derive_information(run.s, *run.tallies, *run.sample)[0]; }

bool holds(const Estimate& e, double truth) {
  const auto [low, high] = information_bounds(e);
  return low <= truth && truth <= high;
}

// The mean of max(0, D) less max(0, mean) for a normal D.
double gain_of_normal(double mean, double sd) {
  const double z = mean / sd, density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  return mean * std::erfc(-z / std::numbers::sqrt2) / 2 + sd * density - std::max(0.0, mean);
}

TEST(Information, OfAFactThatDecides) {
  SmallRun run(2, 2);
  run.run(1, 20'000, [](int p, const double* world, const double*) { return p == 0 ? 0.0 : world[0] < 0.5 ? 1.0 : -1.01; });
  const Information v = derive(run);
  EXPECT_EQ(v.best, 0);
  EXPECT_NEAR(v.partial[0].value, 0.5, 3 * v.partial[0].standard_error);
  EXPECT_NEAR(v.partial[0].value, v.perfect.value, 2 * v.perfect.standard_error);
  EXPECT_TRUE(holds(v.partial[1], 0));
}

TEST(Information, LessIsBetterMirrorsMoreIsBetter) {
  InformationInput in;
  in.policies = 2;
  in.drivers = 1;
  in.worlds = 3200;
  in.mean = {0, 0.1};
  in.probed = 320;
  for (int p = 0; p < 2; ++p) {
    for (int b = 0; b < kDriverBins; ++b) in.bin_mean.push_back(p == 0 ? 0 : 0.1 + 0.05 * (b - 15.5));
    for (int w = 0; w < 320; ++w) in.values.push_back(p == 0 ? 0 : 0.1 + 0.05 * (w % 32 - 15.5) + 0.01 * (w % 7 - 3));
  }
  in.bin_share.assign(kDriverBins, 1.0 / kDriverBins);
  for (int w = 0; w < 320; ++w) in.bins.push_back(static_cast<std::uint8_t>(w % 32));
  const Information more = value_of_information(in);
  in.sign = -1;
  for (auto* values : {&in.mean, &in.bin_mean, &in.values})
    for (double& x : *values) x = -x;
  const Information less = value_of_information(in);
  EXPECT_EQ(more.best, 1);
  EXPECT_EQ(less.best, 1);
  EXPECT_DOUBLE_EQ(more.partial[0].value, less.partial[0].value);
  double expected = -0.1;  // in each bin the better of the two
  for (int b = 0; b < kDriverBins; ++b) expected += std::max(0.0, 0.1 + 0.05 * (b - 15.5)) / kDriverBins;
  EXPECT_NEAR(more.partial[0].value, expected, 0.002);
}

TEST(Information, NeedsEnoughTrajectories) {
  SmallRun run(2, 1);
  run.run(1, 319, [](int p, const double* world, const double*) { return p * world[0]; });
  EXPECT_TRUE(std::isnan(derive(run).partial[0].value));
}

TEST(Information, BoundsAreNotBelowZero) {
  EXPECT_EQ(information_bounds({-1, 0.1}), (std::array<double, 2>{0, 0}));
  EXPECT_EQ(information_bounds({0, 1})[0], 0);
  EXPECT_GT(information_bounds({0, 1})[1], 1.9);
}

// A choice between two policies whose difference is normal, with and without replicates.
TEST(Coverage, OfTheValueOfInformation) {
  constexpr double mean = -0.3, effect[] = {1, 0.4, 0};
  for (const int replicates : {1, 4}) {
    SmallRun run(2, 3, replicates);
    Coverage values[2];
    int zero = 0;
    constexpr int kRuns = 1000;
    for (int i = 0; i < kRuns; ++i) {
      run.run(static_cast<unsigned>(i), 8192 / replicates, [&](int p, const double* world, const double* chance) {
        const double base = 2 * normal_at(world[2]);
        return p == 0 ? base : base + mean + effect[0] * normal_at(world[0]) + effect[1] * normal_at(world[1]) + normal_at(chance[1]);
      });
      const Information v = derive(run);
      for (int d = 0; d < 2; ++d) values[d].add(v.partial[d].value, v.partial[d].standard_error, gain_of_normal(mean, effect[d]));
      zero += holds(v.partial[2], 0);
    }
    for (const Coverage& c : values) {
      EXPECT_GE(c.share(), 0.935) << replicates << ": bias " << c.bias() << " spread " << c.spread() << " error " << c.mean_error();
      EXPECT_LE(c.share(), 0.965) << replicates << ": bias " << c.bias() << " spread " << c.spread() << " error " << c.mean_error();
    }
    EXPECT_GE(zero, 0.95 * kRuns);
  }
}

// Four policies that differ by chance alone: the best of noisy means must not look like a gain.
TEST(Information, PoliciesAlikeAreWorthNothing) {
  SmallRun run(4, 2);
  Coverage value;
  for (int i = 0; i < 200; ++i) {
    run.run(static_cast<unsigned>(i), 8192, [](int p, const double*, const double* chance) { return normal_at(chance[p]); });
    const Information v = derive(run);
    value.add(v.partial[0].value, v.partial[0].standard_error, 0);
  }
  EXPECT_GE(value.share(), 0.935);
  EXPECT_LT(std::abs(value.bias()), value.mean_error() / 2);
}

// ---- from a file

class StoredInformation : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Scenario scenario =
        read_scenario({std::string(CHOKEPOINT_SOURCE_DIR) + "/configs/brownian.toml"},
                      {"run.trajectories=8192", "run.keep=4096", "parameters.drift={ uniform = { low = 0, high = 0.3 } }",
                       "parameters.volatility={ lognormal = { p5 = 0.1, p95 = 0.4 } }"});
    const Finished run = run_scenario(scenario);
    information_ = run.statistics.information[0];
    path_ = (std::filesystem::temp_directory_path() / fmt_name()).string();
    write_result(path_, {run.scenario, run.tallies, run.sample, run.statistics, {{"trajectories", "8192"}, {"replicates", "1"}}});
  }
  static void TearDownTestSuite() { std::filesystem::remove(path_); }
  static std::string fmt_name() { return "chokepoint_voi_" + std::to_string(::getpid()) + ".h5"; }

  static inline std::string path_;
  static inline Information information_;
};

TEST_F(StoredInformation, IsTheSameAsThatOfTheRun) {
  const StoredResult result = read_result(path_);
  std::vector<std::size_t> all(result.policies.size());
  for (std::size_t p = 0; p < all.size(); ++p) all[p] = p;
  const Information stored = value_of_information(read_information(path_, result, result.metrics[0], all));
  ASSERT_EQ(stored.partial.size(), information_.partial.size());
  EXPECT_EQ(stored.best, information_.best);
  for (std::size_t d = 0; d < stored.partial.size(); ++d) {
    EXPECT_NEAR(stored.partial[d].value, information_.partial[d].value, 1e-9);
    EXPECT_NEAR(stored.partial[d].standard_error, information_.partial[d].standard_error, 1e-9);
  }
}

TEST_F(StoredInformation, TablesNameTheParameters) {
  InformationOptions options;
  const std::string table = information_tables(ask_information(path_, options), options), drivers = report_drivers(path_, options);
  EXPECT_NE(table.find("Best knowing nothing: push."), std::string::npos) << table;
  EXPECT_NE(table.find("Knowing everything, chance included, would gain "), std::string::npos) << table;
  EXPECT_NE(table.find("(EVPI)"), std::string::npos) << table;
  for (const std::string& name : read_drivers(path_, read_result(path_), "value").drivers)
    EXPECT_NE(drivers.find("  " + name + " "), std::string::npos) << drivers;
  EXPECT_NE(drivers.find("run.replicates = 2"), std::string::npos);
}

TEST_F(StoredInformation, MarksWhatCannotBeToldFromZero) {
  InformationOptions options;
  for (const bool unicode : {true, false}) {
    options.unicode = unicode;
    const std::string mark = unicode ? "≈" : "~", reading = "; " + mark + " marks what cannot be told from zero at 95 %.\n";
    EXPECT_TRUE(information_tables(ask_information(path_, options), options).ends_with(reading));
    EXPECT_TRUE(report_drivers(path_, options).ends_with(reading));
  }
}

TEST(InformationReport, AsksOfTheMetricThatSummaryShowsFirst) {
  TemporaryFolder folder;
  const std::string path = folder.file("race.h5");
  const Finished run = run_scenario(
      read_scenario({config_path("baseline.toml")}, {"run.trajectories=2048", "run.replicates=2", "run.years=1", "run.keep=2048"}));
  write_result(path, {run.scenario, run.tallies, run.sample, run.statistics, {{"replicates", "2"}}});
  InformationOptions options;
  options.width = 1000;
  const std::string text = information_tables(ask_information(path, options), options);
  EXPECT_NE(text.find("policies by capability_lag (months)"), std::string::npos) << text;
  EXPECT_NE(text.find("Knowing everything, of chance the mean of a world's 2 replicates, would gain "), std::string::npos) << text;
}

TEST(InformationReport, ShowsTheShareOfPerfectInformation) {
  TemporaryFolder folder;
  const std::string path = folder.file("textbook.h5");
  const Finished run = run_scenario(read_scenario({config_path("textbook.toml")}, {"run.trajectories=8192", "run.keep=4096"}));
  write_result(path, {run.scenario, run.tallies, run.sample, run.statistics, {}});
  InformationOptions options;
  options.metric = "payoff";
  const std::string text = information_tables(ask_information(path, options), options);
  EXPECT_NE(text.find("% of EVPI\n"), std::string::npos) << text;
  const std::string row = text.substr(text.find("  x1 "), text.find('\n', text.find("  x1 ")) - text.find("  x1 "));
  const std::vector<int> decided = decided_metrics(*run.scenario.model);
  const auto decision = std::ranges::find(decided, row_number(run.scenario.model->metrics, "payoff")) - decided.begin();
  const Information& known = run.statistics.information[static_cast<std::size_t>(decision)];
  // Of all policies it is the expected regret of the best one in every trajectory, not in the sample alone.
  const Estimate stored = read_perfect_information(path, "payoff");
  EXPECT_EQ(stored.value, known.perfect.value);
  EXPECT_EQ(stored.standard_error, known.perfect.standard_error);
  EXPECT_NE(text.find(round_to_error(stored.value, stored.standard_error) + " ± "), std::string::npos) << text;
  // "0.367 ± 0.007     94 ± 2": the last number but its error.
  const std::string until_error = row.substr(0, row.rfind(" ±"));
  EXPECT_NEAR(std::stod(until_error.substr(until_error.rfind(' '))), 100 * known.partial[0].value / known.perfect.value, 2) << text;
}

TEST_F(StoredInformation, RefusesWhatIsNotThere) {
  InformationOptions options;
  options.metric = "log_value";  // no direction
  EXPECT_THROW(information_tables(ask_information(path_, options), options), UserError);
  options.metric = "value";
  options.policies = {"nobody"};
  EXPECT_THROW(information_tables(ask_information(path_, options), options), UserError);
}

}  // namespace
}  // namespace chokepoint
