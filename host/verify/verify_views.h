// World views of a result file: each is what its configuration and seeds give, and what is said across them follows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "verify.h"

namespace chokepoint {

// Adds a check of the group `worldview`, and one of each result in it; none if there is no such group.
void verify_views(const std::string& path, const VerifyOptions& options, Verification& out);

}  // namespace chokepoint
