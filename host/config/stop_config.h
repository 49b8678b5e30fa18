// The section [run.stop].
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "../scenario.h"
#include "toml_tools.h"

namespace chokepoint {

// A problem if a number of trajectories is not one of whole worlds, of scenario.replicates each.
void check_whole_worlds(const TomlValue& value, const std::string& name, std::uint64_t trajectories, const Scenario& scenario,
                        Problems& problems);

// Fills scenario.stop; needs everything else of the scenario.
void read_stop(const TomlEntry& stop, Scenario& scenario, Problems& problems);

// Writes what [run.stop] leaves to its defaults into the document.
void add_stop_defaults(TomlValue& root, const Scenario& scenario);

}  // namespace chokepoint
