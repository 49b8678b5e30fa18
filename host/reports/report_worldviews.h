// Policies under several world views: tables of policies by views, and what follows across them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../worldviews/stored_views.h"
#include "findings.h"
#include "report_parts.h"

namespace chokepoint {

// What follows the tables of `summary`: means by world view. Nothing if there are no views, as below.
std::string summarise_views(const View& view, const StoredViews& views);

// What follows the tables of `compare`: ranks and gaps by world view, where the ranking depends on the view, which policies are best or
// acceptable in all of them, regret across them, and thresholds.
std::string compare_views(const View& view, const StoredViews& views, double tolerance);

// For scripts: a subject "VIEW/METRIC" of kind "worldview" for each, and one of kind "regret_across_worldview" for each metric with a
// direction.
std::vector<Subject> view_subjects(const View& view, const StoredViews& views);

}  // namespace chokepoint
