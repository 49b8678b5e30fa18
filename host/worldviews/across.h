// One decision under several world views: where the ranking of policies depends on the view, and what the disagreement costs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace chokepoint {

inline constexpr double kTolerance = 0.1;  // of what is at stake in a world view, by which an acceptable policy may miss its best

// Of one metric that has a direction, at the end: as /decision of each world view's result has it.
struct MetricViews {
  std::size_t views = 0, policies = 0;
  bool higher = true;
  // (view, policy): by how much the best mean is better, with its standard error from the paired sums; Separation from the best
  std::vector<double> gap, gap_se, separation;
  // (view, policy, other policy): mean of the policy less that of the other
  std::vector<double> pair_difference, pair_difference_se;
};

// Two policies whose order depends on the world view, clearly so at 95 % each.
struct Reversal {
  std::size_t first, second;                             // policies
  std::vector<std::size_t> first_better, second_better;  // views; neither is empty
};

struct AcrossViews {
  std::vector<int> best;         // by view: the policy with the best mean, the first of several; -1 if there is none
  std::vector<double> rank;      // (view, policy) by the mean, 1 being the best; NaN for what cannot be had
  std::vector<bool> acceptable;  // (view, policy): the gap is at most the tolerance times the widest gap in the view
  // By policy. What cannot be had in one view cannot be had across all of them: NaN.
  std::vector<double> best_share, acceptable_share;  // of the views
  std::vector<double> gap_max, gap_max_se;           // regret across views: in the worst view for the policy, with the error there
  std::vector<double> gap_mean, gap_mean_se;         // and on average. All views have the same draws, so that their errors go
                                                     // together by an unknown part: the mean of the errors is an upper bound
  std::vector<std::size_t> worst;                    // that view
  std::vector<Reversal> reversals;
};

AcrossViews across_views(const MetricViews& metric, double tolerance);

}  // namespace chokepoint
