// How much of the variance of an outcome comes from the choice of policy, from the parameters and from chance.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "output_series.h"
#include "sensitivity.h"

namespace chokepoint {

// With all policies equally likely: V = variance between the policies' means + mean over policies of (variance between the worlds'
// means + variance within worlds), the law of total variance. The second part, of parameters and of their interaction with
// the policy, is freed of the chance that is left in means over replicates: a variance component of the one-way random-effects
// model (Searle, Casella, McCulloch, "Variance Components", 1992, 3.5). Without replicates it cannot be told from chance: both
// are NaN. Shares are unbiased up to terms of 1/n, and may fall below 0 by chance.
struct VarianceSplit {
  double variance;  // squared unit
  Estimate share[kVarianceSources];
};
VarianceSplit split_variance(std::span<const OutputSeries* const> policies, double worlds, const Probe& probe);

}  // namespace chokepoint
