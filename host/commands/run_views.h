// One scenario under several world views.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "one_run.h"
#include "verbs.h"

namespace chokepoint {

// One run after the other, each to a file of its own in `path`.worldviews with a checkpoint of its own; at the end they become one file.
int run_views(const po::variables_map& options, const Words& files, const std::string& path, const RunOptions& how, Ranks& ranks);

}  // namespace chokepoint
