// What is shown of trajectories that are worth a replay.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "../replay/find.h"

namespace chokepoint {

std::string find_text(const Findings& found, const StoredRun& stored, int width, bool unicode);
std::string find_csv(const Findings& found, const StoredRun& stored);  // a row for each suggestion
std::string find_json(const Findings& found, const StoredRun& stored);

}  // namespace chokepoint
