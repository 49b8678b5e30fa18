// Policies side by side in the terminal: differences, regret, rankings, and what cannot be told apart.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "findings.h"
#include "report.h"
#include "report_parts.h"

namespace chokepoint {

// For each metric: differences from the reference policy and, where the metric has a direction, regret, probability of being
// the best, rankings, which policies cannot be told from the best, and what the best is really worth. Then satisficing.
// Numbers are rounded to their sampling error. Throws UserError for an unknown metric.
std::string compare_policies(const StoredResult& result, const SummaryOptions& options);
std::string compare_policies(const View& view);
std::vector<Subject> compare_subjects(const View& view);

// The mean difference from the reference policy at the end, marked where it cannot be told from zero; and what the mark says.
Finding difference(const View& view, const StoredMetric& metric);
std::string alike_text(const View& view);

}  // namespace chokepoint
