// What a result file says of its world views, for reports.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../results/result.h"
#include "across.h"

namespace chokepoint {

struct StoredViewMetric {
  const StoredMetric* metric;
  std::vector<double> mean, mean_se;  // (view, policy) at the end
  MetricViews views = {};             // of a metric with a direction, as what follows
  std::optional<AcrossViews> across = {};
};

struct StoredViews {
  std::vector<std::string> names;  // none if the file has no world views
  std::vector<StoredViewMetric> metrics;
  std::vector<double> satisfied, satisfied_bounds;  // (view, policy, threshold[, bound]); empty without thresholds
};

// Of the metrics given, which must be those of the same file. Throws as read_result().
StoredViews read_views(const std::string& path, const StoredResult& result, const std::vector<const StoredMetric*>& metrics,
                       double tolerance);

}  // namespace chokepoint
