// What is shown of a replayed trajectory: tables for a terminal, texts for scripts, a page for a browser.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../replay/replay.h"

namespace chokepoint {

struct ReplayView {
  std::vector<int> metrics;  // numbers of those in the table
  int width = 100;
  bool unicode = true;
  bool brief = false;  // only months of which there is something to tell, and Decembers
};

std::string replay_tables(const Replay& replay, const ReplayView& view);

// Everything, a row for each month and policy; numbers read back as the same floats.
std::string replay_csv(const Replay& replay);

// The same in columns: policies[].metrics.KEY[month]. `shown`: numbers of the metrics that a page shows first.
std::string replay_json(const Replay& replay, const std::vector<int>& shown);

std::string replay_page(const Replay& replay, const std::vector<int>& shown);

// "A", "B", ...: what policies are called in tables.
std::string policy_letter(std::size_t policy);

// The unit in brackets, or nothing.
std::string unit_of(const char* unit);

}  // namespace chokepoint
