// Configuration: TOML files and overrides to a checked Scenario.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../scenario.h"

namespace chokepoint {

// Reads `paths` (later files override earlier ones; each may extend another), then applies `overrides`
// ("run.trajectories=1000", values in TOML). Throws UserError with every problem found, each as
// "file:line:column: what, limit, unit, what to do"; EnvironmentError if a file cannot be read.
Scenario read_scenario(const std::vector<std::string>& paths, const std::vector<std::string>& overrides);

// The scenario of a text that Scenario::resolved holds, called `name` in messages.
Scenario parse_scenario(const std::string& name, const std::string& resolved);

}  // namespace chokepoint
