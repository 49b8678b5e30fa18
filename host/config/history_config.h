// The section [history].
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../scenario.h"
#include "toml_tools.h"

namespace chokepoint {

// Fills scenario.history; needs the model and the policies.
void read_history_setting(const TomlEntry& history, Scenario& scenario, Problems& problems);

}  // namespace chokepoint
