// A metric in one line for each policy: quantiles over time, and the histogram of the end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

// Shares of the trajectories in bins that reach from the least 1 % to the greatest 99 % quantile of any policy; what lies beyond is in
// none. Bins are equally wide; on the metric's own scale if that is `log`, or `signed_log` and one bin would hold most of a policy
// otherwise.
struct CoarseHistogram {
  std::vector<double> edges, shares;  // shares: (policy, bin)
  bool logarithmic;
  std::size_t bins() const { return edges.size() - 1; }
};
CoarseHistogram coarsen(const StoredMetric& metric, std::size_t policies, std::size_t bins);

// Of 5, 50 and 95 %, those that are nearest in the result.
std::vector<std::size_t> shown_quantiles(const StoredResult& result);

// Columns that fit in `room`, as far as there is any: where it is small, no more than the median and the histogram, or one of them.
ColumnGroup picture_columns(const View& view, const StoredMetric& metric, int room);
int least_room(const View& view, const StoredMetric& metric);  // for all of them

}  // namespace chokepoint
