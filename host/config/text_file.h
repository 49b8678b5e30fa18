// A file as one text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace chokepoint {

// Throws EnvironmentError. `reason`: why this file is read, for the message.
std::string read_text_file(const std::string& path, const std::string& reason = "");

}  // namespace chokepoint
