// What the terminal shows of a result.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/result.h"

namespace chokepoint {

inline constexpr int kNarrowest = 40;  // columns that tables need

struct SummaryOptions {
  std::vector<std::string> metrics;  // empty: capability_lag, compute_ratio, row_adoption, revenue; of other models the first six
  int width = 100;                   // columns
  bool unicode = true;               // sparklines in block characters; otherwise in _.-=+*#
  bool colour = false;               // headings and the best policy bold, what cannot be told apart dim
  std::string sort = {};             // policies by the mean of this metric at the end, the best first, or by the probability of this
                                     // event, the lowest first; empty: as in the file
};

// Tables of final outcomes per policy, values rounded to their sampling error, with sparklines of quantiles over time and of the
// histogram, then event probabilities. Throws UserError for an unknown metric.
std::string summarise(const StoredResult& result, const SummaryOptions& options);

// x rounded so that its last digit is of the size of `error`: 12.3456 with error 0.02 is "12.35".
std::string round_to_error(double x, double error);

}  // namespace chokepoint
