// One trajectory, month by month: what a run sums up, told in full. Plain numbers for the host.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine.h"
#include "history.h"

namespace chokepoint {

// A month of one policy.
struct TracedMonth {
  std::vector<float> metrics;                 // at its end
  std::vector<float> levers;                  // in force: after triggers, and after what the model makes of them
  std::vector<float> history;                 // by the model's history_rows()
  std::array<bool, kMaxTriggers> triggers{};  // of the policy: active
};

struct TracedPolicy {
  std::vector<TracedMonth> months;   // (step)
  std::vector<std::int16_t> events;  // step of first occurrence or -1, as in Sample
};

struct Trace {
  std::uint64_t trajectory, world;
  std::vector<float> parameters;
  std::vector<bool> clamped;  // (parameter) the draw was outside its valid range
  std::vector<TracedPolicy> policies;
};

// Any trajectory of a job under all of its policies, on this CPU whatever it is: the same bits as in a run.
Trace trace(const Job& job, std::uint64_t trajectory);

std::vector<HistoryRow> history_rows(const ModelInfo& model);

}  // namespace chokepoint
