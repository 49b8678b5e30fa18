// Trajectories that are worth a replay, against their definitions worked out anew.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "../../host/errors.h"
#include "../../host/replay/find.h"
#include "../../host/replay/replay.h"
#include "../../host/reports/find_report.h"
#include "../e2e/run.h"
#include "program.h"

namespace chokepoint {
namespace {

constexpr int kLag = 9, kRevenue = 17;  // metrics

class FindSmoke : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Answer run = chokepoint_(
        {"run", config_path("smoke.toml"), "--trajectories", "600", "--set", "run.keep=300", "-o", path(), "--quiet", "--device", "cpu"});
    ASSERT_EQ(run.code, 0) << run.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::string path() { return folder_->file("smoke.h5"); }
  static Answer find_(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"find", path()});
    return chokepoint_(arguments);
  }
  static Findings found(FindOptions options) {
    DeviceOptions cpu;
    cpu.device = "cpu";
    if (options.metrics.empty()) options.metrics = {kLag, kRevenue};
    return find(StoredRun(path()), options, cpu, [](auto, auto) {});
  }
  static FindOptions asking(const std::string& like, int count = 1) {
    FindOptions options;
    options.like = like;
    options.count = count;
    return options;
  }
  // A metric of the stored trajectories under a policy, by number.
  static std::vector<float> stored(int metric, std::size_t policy) {
    const StoredRun run(path());
    const std::vector<float> all = run.metric(metric);
    return {all.begin() + static_cast<std::ptrdiff_t>(policy * run.kept()),
            all.begin() + static_cast<std::ptrdiff_t>((policy + 1) * run.kept())};
  }

  static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> FindSmoke::folder_;

// The share of values below, and half of those that are equal.
double rank_share(const std::vector<float>& values, std::size_t i) {
  double below = 0;
  for (const float value : values) below += value < values[i] ? 1 : value == values[i] ? 0.5 : 0;
  return below / static_cast<double>(values.size());
}

TEST_F(FindSmoke, TypicalIsNearestToAllMedians) {
  const Findings typical = found(asking("typical", 3));
  const std::vector<float> columns[] = {stored(kLag, 0), stored(kRevenue, 0), stored(kLag, 1), stored(kRevenue, 1)};
  std::vector<double> distance(300);
  for (std::size_t i = 0; i < 300; ++i)
    for (const auto& column : columns) distance[i] += std::pow(rank_share(column, i) - 0.5, 2);
  ASSERT_EQ(typical.suggestions.size(), 3u);
  std::vector<double> sorted = distance;
  std::ranges::sort(sorted);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(distance[typical.suggestions[k].trajectory], sorted[k], 1e-12);
  EXPECT_EQ(typical.question.against, 1);  // tight_controls: the best mean lag
}

TEST_F(FindSmoke, MedianExtremeAndDifferent) {
  const std::vector<float> revenue = stored(kRevenue, 0), tight = stored(kRevenue, 1), lag = stored(kLag, 0);
  FindOptions options = asking("", 1);
  options.metric = kRevenue;
  const Findings all = found(options);
  ASSERT_EQ(all.suggestions.size(), 5u);
  std::vector<float> sorted = revenue;
  std::ranges::sort(sorted);
  const float middle = revenue[all.suggestions[1].trajectory];
  EXPECT_TRUE(middle == sorted[149] || middle == sorted[150]);
  EXPECT_EQ(revenue[all.suggestions[2].trajectory], sorted.front());
  EXPECT_EQ(revenue[all.suggestions[3].trajectory], sorted.back());
  double largest = 0;
  for (std::size_t i = 0; i < 300; ++i)
    largest = std::max(largest, std::abs(static_cast<double>(revenue[i]) - static_cast<double>(tight[i])));
  const Suggestion& different = all.suggestions[4];
  EXPECT_EQ(std::abs(static_cast<double>(revenue[different.trajectory]) - static_cast<double>(tight[different.trajectory])), largest);
  EXPECT_EQ(different.like, "different");
  EXPECT_EQ(different.values[0], lag[different.trajectory]);
  EXPECT_EQ(different.values[1], revenue[different.trajectory]);
  EXPECT_EQ(different.values[3], tight[different.trajectory]);
}

// Whatever is suggested meets the condition when it is replayed.
TEST_F(FindSmoke, WhatIsFoundMeetsTheCondition) {
  FindOptions options = asking("", 5);
  options.when = "policy_reversal before 2027-06 and capability_lag > 5";
  const StoredRun stored_run(path());
  for (const std::uint64_t trajectories : {0u, 600u}) {
    options.trajectories = trajectories;
    const Findings findings = found(options);
    EXPECT_EQ(findings.counts.trajectories, trajectories == 0 ? 300u : 600u);
    EXPECT_EQ(findings.device.empty(), trajectories == 0);
    EXPECT_EQ(findings.suggestions.size(), 25u);
    const int reversal = 1;
    for (const Suggestion& one : findings.suggestions) {
      const Replay told = replay(stored_run.scenario(), {0}, one.trajectory, 600);
      EXPECT_GE(told.trace.policies[0].events[reversal], 0);
      EXPECT_LT(told.trace.policies[0].events[reversal], 17);  // June 2027
      EXPECT_GT(told.trace.policies[0].months.back().metrics[kLag], 5);
      EXPECT_EQ(told.trace.policies[0].months.back().metrics[kLag], one.values[0]);
    }
  }
}

TEST_F(FindSmoke, TheConditionCanBeAboutADifference) {
  FindOptions options = asking("different");
  options.when = "capability_lag < 0";
  options.policy = "tight_controls";
  options.against = "status_quo";
  const Findings findings = found(options);
  const std::vector<float> quo = stored(kLag, 0), tight = stored(kLag, 1);
  std::uint64_t met = 0;
  for (std::size_t i = 0; i < 300; ++i) met += tight[i] - quo[i] < 0;
  EXPECT_EQ(findings.counts.interesting, met);
  EXPECT_LT(findings.suggestions[0].values[0], findings.suggestions[0].values[2]);
}

TEST_F(FindSmoke, Refusals) {
  EXPECT_NE(
      find_({"--when", "catastrophe before 2026-02 and capability_lag > 100"}).err.find("none of the 300 stored trajectories meets it"),
      std::string::npos);
  EXPECT_NE(find_({"--when", "catastrophe before 2026-02 and capability_lag > 100"}).err.find("--trajectories N, up to 600"),
            std::string::npos);
  EXPECT_NE(find_({"--when", "bust before 2030"}).err.find("is outside the run"), std::string::npos);
  EXPECT_NE(find_({"--when", "busts before 2027"}).err.find("'busts' is no metric or event"), std::string::npos);
  EXPECT_EQ(find_({"--like", "nice"}).err, "--like nice: not one of typical, median, extreme, different\n");
  EXPECT_EQ(find_({"--trajectories", "601"}).err, "--trajectories 601: the run has 600\n");
  EXPECT_EQ(find_({"--count", "0"}).err, "--count 0: outside 1 to 100\n");
  EXPECT_EQ(find_({"--policy", "x"}).code, 2);
  EXPECT_EQ(find_({"--against", "status_quo"}).code, 2);
}

// The command of a suggestion works as it stands.
TEST_F(FindSmoke, SuggestionsCanBePasted) {
  const Answer answer = find_({"--when", "policy_reversal before 2028"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("stored trajectories ("), std::string::npos) << answer.out;
  const std::size_t at = answer.out.find("chokepoint replay ");
  ASSERT_NE(at, std::string::npos);
  std::istringstream line(answer.out.substr(at, answer.out.find('\n', at) - at));
  std::vector<std::string> words;
  for (std::string word; line >> word;) words.push_back(word);
  const Answer told = chokepoint_({words.begin() + 1, words.end()});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_NE(told.out.find("B      tight_controls:"), std::string::npos);
  const Answer json = find_({"--json", "-", "--like", "median"});
  EXPECT_EQ(json.out.substr(0, 10), "{\"file\": \"");
  EXPECT_NE(json.out.find("\"met\": 300"), std::string::npos);
  const Answer csv = find_({"--csv", "-", "--like", "extreme", "--count", "2"});
  EXPECT_EQ(std::ranges::count(csv.out, '\n'), 5);
}

}  // namespace
}  // namespace chokepoint
