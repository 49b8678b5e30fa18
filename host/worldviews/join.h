// Results of one scenario under several world views: a single file, and the way back.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/hdf5.h"
#include "../scenario.h"

namespace chokepoint {

// A file with the result of a world view.
struct ViewFile {
  std::string name, path;
};

// "commodity" of "configs/worldviews/commodity.toml".
std::string view_name(const std::string& path);

// Throws UserError if two views have one name, or one that a group cannot have.
void check_view_names(const std::vector<ViewFile>& views);

// What the scenario of a world view changes beside parameters, their correlations and texts: "run.years is 5 there and 6 here".
// Empty if nothing.
std::string foreign_changes(const Scenario& view, const Scenario& base);

// One file, complete or not at all: the first result in the root, in the group `worldview` all of them stacked, and each of the others
// whole in worldview/NAME. Throws UserError if they are not of one scenario, as read_result(), and EnvironmentError.
void join_views(const std::string& path, const std::vector<ViewFile>& views);

// World views of a result file, the first one being that of its root; empty if it has none. Throws as read_result().
std::vector<ViewFile> views_of(const std::string& path);

}  // namespace chokepoint
