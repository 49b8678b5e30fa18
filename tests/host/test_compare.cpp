// The tables of `compare`: what they say of policies that differ, that cannot be told apart, and that are the same.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "../../host/reports/report_decision.h"

namespace chokepoint {
namespace {

// Three policies at one time, the second the best; `separation` of each.
StoredResult result(const std::vector<std::int64_t>& separation) {
  StoredResult r;
  r.title = "Example";
  r.policies = {"base", "good", "other"};
  r.policy_titles = r.policies;
  r.years = {2031};
  r.quantiles = {0.5};
  StoredMetric m{"value",         "USD",       "what it brings",     "higher", "linear", {1, 3, 2.9},
                 {0.1, 0.1, 0.1}, {1, 3, 2.9}, {0, 2, 2, 4, 2, 3.5}, {},       {}};
  m.paired.mean_difference = {0, 2, 0.01};
  m.paired.mean_difference_se = {0, 0.1, 0.02};
  m.paired.probability_better = {std::nan(""), 0.9, 0.5};
  m.paired.probability_better_bounds = {std::nan(""), std::nan(""), 0.88, 0.92, 0.48, 0.52};
  m.paired.difference_quantile = {0, 1.5, 0};
  m.paired.difference_quantile_bounds = {0, 0, 1.4, 1.6, 0, 0};
  DecisionStatistics d;
  d.regret_mean = {2.2, 0.2, 1.1};
  d.regret_mean_se = {0.1, 0.01, 0.1};
  d.regret_p95 = {5, 1, 3};
  d.regret_p95_bounds = {4.8, 5.2, 0.9, 1.1, 2.9, 3.1};
  d.probability_best = {0.1, 0.6, 0.3};
  d.probability_best_bounds = {0.08, 0.12, 0.58, 0.62, 0.28, 0.32};
  d.score_rank = {3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, std::nan("")};
  d.best = 1;
  d.separation = separation;
  d.trajectories_to_separate = {500, std::numeric_limits<double>::infinity(), 123456};
  d.winner_seen = {3, 0.2};
  d.winner_corrected = {2.8, 0.25};
  d.winner_bounds = {2.6, 3.1, 0.1, 0.4};
  m.decision = d;
  r.metrics.push_back(m);
  return r;
}

std::string compare(const StoredResult& r, bool unicode = true) { return compare_policies(r, {{}, 1000, unicode}); }

// The line that begins with `start` after blanks.
std::string line_of(const std::string& text, const std::string& start, std::size_t which = 0) {
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    if (line.substr(std::min(line.find_first_not_of(' '), line.size())).starts_with(start) && which-- == 0) return line;
    if (text.find('\n', at) == std::string::npos) break;
  }
  return "";
}

TEST(Compare, DifferencesAreMarkedWhereTheyCannotBeToldFromNone) {
  const std::string text = compare(result({1, 2, 0}));
  EXPECT_NE(line_of(text, "good").find("2.0"), std::string::npos) << text;
  EXPECT_EQ(line_of(text, "good").find("≈"), std::string::npos) << text;
  EXPECT_NE(line_of(text, "other").find("≈"), std::string::npos) << text;
  EXPECT_NE(compare(result({1, 2, 0}), false).find("~"), std::string::npos);
}

TEST(Compare, SaysWhatCannotBeToldFromTheBestAndWhatWouldTellIt) {
  const std::string close = compare(result({1, 2, 0}));
  EXPECT_NE(close.find("Best mean: good"), std::string::npos) << close;
  EXPECT_NE(close.find("other (about 130 000"), std::string::npos) << close;
  EXPECT_NE(line_of(close, "other").find("≈2"), std::string::npos) << close;
  EXPECT_TRUE(line_of(close, "other").ends_with(" —")) << close;  // a score that cannot be had
  const std::string same = compare(result({1, 2, 2}));
  EXPECT_NE(same.find("same in every trajectory"), std::string::npos) << same;
  EXPECT_NE(compare(result({1, 2, 1})).find("All others are separated"), std::string::npos);
}

TEST(Compare, TheWinnerIsShownCorrected) {
  const std::string text = compare(result({1, 2, 1}));
  EXPECT_NE(text.find("3.0, corrected for having been picked 2.8"), std::string::npos) << text;
}

TEST(Compare, WithoutABestThereIsNoWinner) {
  StoredResult r = result({-1, -1, -1});
  r.metrics[0].decision->best = -1;
  EXPECT_NE(compare(r).find("not finite"), std::string::npos);
}

TEST(Compare, MetricsWithoutADirectionShowDifferencesAlone) {
  StoredResult r = result({1, 2, 1});
  r.metrics[0].direction = "none";
  r.metrics[0].decision.reset();
  r.metrics[0].paired.probability_better.clear();
  const std::string text = compare(r);
  EXPECT_EQ(text.find("Rank by"), std::string::npos);
  EXPECT_EQ(text.find("better"), std::string::npos);
  EXPECT_NE(line_of(text, "good").find("2.0"), std::string::npos);
}

TEST(Compare, FitsAnyWidth) {
  StoredResult r = result({1, 2, 0});
  r.policies[1] = "a_policy_with_a_very_long_name_that_nobody_would_type";
  for (int width = 40; width <= 200; ++width) {
    const std::string text = compare_policies(r, {{}, width, true});
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      ASSERT_LE(text_width(text.substr(at, text.find('\n', at) - at)), std::max(width, 56)) << text;  // the long name, in a sentence
    ASSERT_NE(text.find("0.20 ± 0.01"), text.npos) << text;
  }
}

TEST(Compare, ThresholdsAreAColumnEach) {
  StoredResult r = result({1, 2, 1});
  r.thresholds = {"value >= 2", "all"};
  r.satisficing = {{0.25, 0.25, 0.75, 0.75, 0.5, 0.5}, std::vector<double>(12, 0.5)};
  const std::string text = compare(r);
  EXPECT_NE(text.find("meet the thresholds"), std::string::npos);
  EXPECT_NE(line_of(text, "good", 1).find("75"), std::string::npos) << text;
}

TEST(Compare, WorldsHaveATableOfTheirOwn) {
  StoredResult r = result({1, 2, 1});
  r.bases = 2;
  DecisionStatistics& d = *r.metrics[0].decision;
  for (auto* values : {&d.regret_mean, &d.regret_mean_se, &d.regret_p95, &d.regret_p95_bounds, &d.probability_best,
                       &d.probability_best_bounds, &d.score_rank}) {
    const std::vector<double> once = *values;
    values->insert(values->end(), once.begin(), once.end());
  }
  d.regret_mean[4] = 0.07;
  const std::string text = compare(r);
  EXPECT_NE(text.find("By the means of worlds"), std::string::npos);
  EXPECT_NE(line_of(text, "good", 1).find("0.07"), std::string::npos) << text;
}

}  // namespace
}  // namespace chokepoint
