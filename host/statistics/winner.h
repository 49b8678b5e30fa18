// What the best of several noisy estimates is really worth.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace chokepoint {

// How the best estimate stands to another one. Both are normal with known variances.
struct Rival {
  double gap;    // by which the best estimate is better, at least 0
  double slack;  // variance of the best estimate less its covariance with this one
};

struct CorrectedWinner {
  double estimate, low, high;  // median-unbiased, and its 95 % interval
};

// Corrects the optimism of an estimate (higher is better) that was chosen for being the best, given its variance and its rivals.
// The hybrid inference of Andrews, Kitagawa and McCloskey (2024, Inference on winners, Quarterly Journal of Economics 139,
// sections III-V): given which one won, the estimate is normal and truncated to where it wins; truncated also to the
// simultaneous interval of all estimates of level 1 - 0.05 / 10, the bounds stay finite however close the race was. That
// interval is Šidák's (1967, JASA 62), which holds whatever the correlations. The estimate's median is the true value to
// within 0.25 % of probability; the interval covers it with a probability between 95 and 95.5 %.
// NaN if something is; the estimate itself if it has no variance. Rivals that are identical in every draw must be left out.
CorrectedWinner correct_winner(double estimate, double variance, std::span<const Rival> rivals);

}  // namespace chokepoint
