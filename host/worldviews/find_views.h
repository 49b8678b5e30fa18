// World views of a scenario: configuration files beside it that override its parameters.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "join.h"

namespace chokepoint {

// `wanted`: names of files NAME.toml in the folder `worldviews` beside `scenario`, paths, or "all" of that folder. Throws UserError for
// what is not there, naming what is.
std::vector<ViewFile> find_views(const std::string& scenario, const std::vector<std::string>& wanted);

}  // namespace chokepoint
