// World views of a scenario: configuration files beside it that override its parameters.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "join.h"

namespace chokepoint {

// `wanted`: names of files NAME.toml in the folder `worldviews` beside a file of the scenario, the latest first; paths; or "all" of that
// folder. Throws UserError for what is not there, naming what is.
std::vector<ViewFile> find_views(const Scenario& scenario, const std::vector<std::string>& wanted);

}  // namespace chokepoint
