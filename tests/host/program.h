// The program as a user starts it, within the test's own process.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../../host/commands/cli.h"

namespace chokepoint {

struct Answer {
  int code;
  std::string out, err;
};

inline Answer chokepoint_(const std::vector<std::string>& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run_command_line(arguments);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

}  // namespace chokepoint
