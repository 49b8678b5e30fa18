// What follows across world views: two views that disagree by construction, and what the disagreement costs.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../../host/statistics/decision.h"
#include "../../host/worldviews/across.h"

namespace chokepoint {
namespace {

// Means of the policies by view, and one standard error for all differences.
MetricViews views_of(const std::vector<std::vector<double>>& means, double error, bool higher = true) {
  MetricViews m{means.size(), means[0].size(), higher, {}, {}, {}, {}, {}};
  for (const std::vector<double>& view : means) {
    const double best = higher ? *std::ranges::max_element(view) : *std::ranges::min_element(view);
    for (const double own : view) {
      const bool same = own == best;
      m.gap.push_back(std::abs(best - own));
      m.gap_se.push_back(same ? 0 : error);
      m.separation.push_back(static_cast<double>(same ? Separation::kIdentical : Separation::kSeparated));
      for (const double other : view) {
        m.pair_difference.push_back(own - other);
        m.pair_difference_se.push_back(own == other ? 0 : error);
      }
    }
  }
  return m;
}

TEST(AcrossViews, RegretIsTheGapInTheWorstViewAndOnAverage) {
  const AcrossViews a = across_views(views_of({{10, 4, 9}, {0, 8, 7}}, 0.5), 0.15);
  EXPECT_EQ(a.best, (std::vector<int>{0, 1}));
  EXPECT_EQ(a.rank, (std::vector<double>{1, 3, 2, 3, 1, 2}));
  EXPECT_EQ(a.gap_max, (std::vector<double>{8, 6, 1}));
  EXPECT_EQ(a.worst, (std::vector<std::size_t>{1, 0, 0}));
  EXPECT_EQ(a.gap_mean, (std::vector<double>{4, 3, 1}));
  EXPECT_EQ(a.gap_max_se, (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(a.gap_mean_se, (std::vector<double>{0.25, 0.25, 0.5})) << "exact in the view where it is the best";
  EXPECT_EQ(a.best_share, (std::vector<double>{0.5, 0.5, 0}));
  EXPECT_EQ(a.acceptable_share, (std::vector<double>{0.5, 0.5, 0.5})) << "1 of 6 is more than the tolerance, 1 of 8 is not";
}

TEST(AcrossViews, LowerMayBeBetter) {
  const AcrossViews a = across_views(views_of({{10, 4, 9}, {0, 8, 7}}, 0.5, false), 0);
  EXPECT_EQ(a.best, (std::vector<int>{1, 0}));
  EXPECT_EQ(a.gap_max, (std::vector<double>{6, 8, 7}));
  EXPECT_EQ(a.acceptable_share, a.best_share) << "without tolerance";
}

TEST(AcrossViews, AReversalIsClearOnBothSides) {
  const AcrossViews a = across_views(views_of({{10, 4, 9.5}, {0, 8, 7}}, 0.5), 0.1);
  ASSERT_EQ(a.reversals.size(), 2u);
  EXPECT_EQ(a.reversals[0].first, 0u);
  EXPECT_EQ(a.reversals[0].second, 1u);
  EXPECT_EQ(a.reversals[0].first_better, (std::vector<std::size_t>{0}));
  EXPECT_EQ(a.reversals[0].second_better, (std::vector<std::size_t>{1}));
  EXPECT_EQ(a.reversals[1].first, 1u) << "0 and 2 differ by one standard error in the first view";
  EXPECT_EQ(a.reversals[1].second, 2u);
  EXPECT_TRUE(across_views(views_of({{10, 4, 9.5}, {0, 8, 7}}, 5), 0.1).reversals.empty());
}

TEST(AcrossViews, WhatIsUnknownInOneViewIsUnknownAcrossAll) {
  MetricViews m = views_of({{10, 4}, {0, 8}}, 0.5);
  for (auto* values : {&m.gap, &m.gap_se})
    for (std::size_t i = 2; i < 4; ++i) (*values)[i] = std::nan("");
  for (auto* values : {&m.pair_difference, &m.pair_difference_se})
    for (std::size_t i = 4; i < 8; ++i) (*values)[i] = std::nan("");
  const AcrossViews a = across_views(m, 0.1);
  EXPECT_EQ(a.best, (std::vector<int>{0, -1}));
  EXPECT_TRUE(std::isnan(a.rank[2]));
  for (const auto* values : {&a.best_share, &a.acceptable_share, &a.gap_max, &a.gap_max_se, &a.gap_mean, &a.gap_mean_se})
    for (const double value : *values) EXPECT_TRUE(std::isnan(value));
  EXPECT_TRUE(a.reversals.empty());
}

}  // namespace
}  // namespace chokepoint
