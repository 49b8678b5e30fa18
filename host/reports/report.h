// What the terminal shows of a result.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/result.h"

namespace chokepoint {

struct SummaryOptions {
  std::vector<std::string> metrics;  // empty: capability_lag, compute_ratio, row_adoption, revenue; of other models the first six
  int width = 100;                   // columns
  bool unicode = true;               // sparklines in block characters; otherwise in _.-=+*#
};

// Tables of final outcomes per policy, values rounded to their sampling error, with a sparkline of the
// median over time, then event probabilities. Throws UserError for an unknown metric.
std::string summarise(const StoredResult& result, const SummaryOptions& options);

// x rounded so that its last digit is of the size of `error`: 12.3456 with error 0.02 is "12.35".
std::string round_to_error(double x, double error);

}  // namespace chokepoint
