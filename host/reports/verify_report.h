// What `verify` found.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "../verify/verify.h"

namespace chokepoint {

std::string verify_text(const Verification& verification, int width);
std::string verify_json(const Verification& verification);

}  // namespace chokepoint
