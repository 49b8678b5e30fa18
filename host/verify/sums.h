// Tallies of whole runs add up.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../scenario.h"

namespace chokepoint {

// What does not add up to the number of trajectories, by the names that it has in a result file.
std::vector<std::string> wrong_sums(const Scenario& scenario, const Tallies& tallies);

}  // namespace chokepoint
