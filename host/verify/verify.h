// Is a result file what the configuration and the seeds in it give?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../run/devices.h"

namespace chokepoint {

struct VerifyOptions : DeviceOptions {  // the device is that of the whole run; samples are run on the CPU
  std::uint64_t trajectories = 10'000;  // to run again of those that are stored, and of all
  std::optional<std::uint64_t> seed;    // of their choice; none: from the clock
  bool all = false;                     // run everything again
  bool quiet = false;                   // no progress
};

struct Check {
  std::string name;
  std::string shown;  // what was checked, and what that shows; empty if something is wrong
  std::vector<std::string> problems = {};
};

struct Verification {
  std::string path, result_hash, made_by, this_program;
  std::uint64_t trajectories = 0, stored = 0;  // per policy; of them, those that are stored whole
  std::uint64_t seed = 0, compared = 0;        // stored trajectories that were run again and compared
  std::uint64_t fewer_wrong_than = 0;          // of those that are stored, at 95 %; 1: none
  bool run_again = false;                      // the whole run was
  std::vector<Check> checks;
  std::vector<std::string> notes;  // what the reader must know beside

  bool good() const;
};

// Throws as read_result() when the file cannot be read at all.
Verification verify(const std::string& path, const VerifyOptions& options);

// The smallest number of wrong ones among `stored` of which `compared`, drawn at random without putting back, would have shown at least one
// with a probability of 95 %.
std::uint64_t detectable(std::uint64_t stored, std::uint64_t compared);

}  // namespace chokepoint
