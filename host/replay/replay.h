// One trajectory told month by month, for some policies side by side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../../kernels/trace.h"
#include "../results/stored_run.h"
#include "../scenario.h"

namespace chokepoint {

inline constexpr float kLargeShock = 2.5f;  // standard deviations from which on a shock is named: about one in eighty

// Something to tell of a month, under some of the policies.
struct Happening {
  int step;
  std::vector<int> policies;
  std::string text;
};

struct Replay {
  Scenario scenario;  // of the policies that are told of, in their order
  Trace trace;
  std::vector<HistoryRow> rows;
  std::vector<Happening> happenings;  // by step
  std::vector<std::string> files;     // where it comes from: a result, or configurations
  std::string result_hash;            // of the result
  std::string check;                  // what it was compared with; empty: nothing

  int steps() const { return scenario.steps(); }
  std::size_t policies() const { return scenario.policies.size(); }
  const TracedMonth& month(std::size_t policy, int step) const { return trace.policies[policy].months[static_cast<std::size_t>(step)]; }
  std::string date(int step) const;  // "2026-01"
  std::string title() const;         // "Baseline: trajectory 1234"
};

// Throws UserError if the number is not below `trajectories`, those of the run.
Replay replay(const Scenario& full, const std::vector<int>& policies, std::uint64_t trajectory, std::uint64_t trajectories);

// Compares with what the file stores of the trajectory, or if it stores it not, of its first one, and says so in `check`. Throws
// UserError if they differ.
void check_replay(const StoredRun& stored, const std::vector<int>& policies, Replay& replay);

// The command line that tells it, for a shell.
std::string replay_command(const std::vector<std::string>& files, const std::vector<std::string>& overrides, std::uint64_t trajectory,
                           const std::vector<std::string>& policies);
std::string replay_command(const Replay& replay);

// The reference and, of the others, the one of the best mean in the first of these metrics of which more or less is better; without
// a result, the first other.
std::vector<int> default_policies(const Scenario& scenario, const StoredResult* result, const std::vector<int>& metrics);

// How far a parameter's value is from the middle of its prior.
struct Unusual {
  int parameter;
  double level;  // share of the prior below it; of a value with a probability of its own, half of that counts
};
std::vector<Unusual> by_unusualness(const Replay& replay);  // of the parameters that vary, the most unusual first

}  // namespace chokepoint
