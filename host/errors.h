// Errors that are not our mistake. main() turns them into exit codes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace chokepoint {

inline constexpr int kExitUser = 2, kExitEnvironment = 3, kExitTarget = 4, kExitBug = 70, kExitInterrupted = 75;

// The user's input: all problems at once, each "place: what is wrong, limit, what to do".
struct UserError : std::runtime_error {
  explicit UserError(std::vector<std::string> all) : std::runtime_error(join(all)), problems(std::move(all)) {}
  explicit UserError(const std::string& one) : UserError(std::vector<std::string>{one}) {}
  std::vector<std::string> problems;

 private:
  static std::string join(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : "\n") + one;
    return text;
  }
};

// A file, memory or a device: the call, the name, the system's text.
struct EnvironmentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace chokepoint
