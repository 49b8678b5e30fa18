// The command line: one table of verbs, one of options each; --help is printed from them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace chokepoint {

// Runs `chokepoint` with these arguments (without the program's name) and returns its exit code. User and
// environment errors are printed to standard error here; anything else is our mistake and leaves as 70.
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace chokepoint
