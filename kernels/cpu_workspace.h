// The memory of one CPU thread, made by run_cpu.cpp and filled by the block functions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine.h"

namespace chokepoint {

// Trajectories that are run before they are tallied: more share the fetching of a histogram, but need a larger buffer.
inline constexpr int kCpuBlock = 512;
inline constexpr std::size_t kCpuStateBytes = 128 * 1024;

struct CpuWorkspace {
  int policies;               // of the whole run
  // Of the block in hand:
  std::byte* states;          // kCpuStateBytes
  float* values;              // (policy of the batch, record, pack, metric, lane): see value_index
  float* event_steps;         // (policy of the batch, event, trajectory)
  float* parameters;          // (pack, parameter, lane), of blocks that are kept
  // Counts since the last collect, as in Tallies:
  std::uint32_t* slots;
  std::uint32_t* events;
  std::uint32_t* joint;
  CellSums* sums;
  std::uint64_t* clamped;
  std::uint64_t* first_non_finite;
};

// Where the value of a trajectory of the block stands: a pack's metrics lie together, as they are written.
constexpr std::size_t value_index(int lanes, int records, int metrics, int policy, int record, int metric, int trajectory) {
  const std::size_t row = std::size_t(policy) * records + record, pack = trajectory / lanes, lane = trajectory % lanes;
  return row * metrics * kCpuBlock + (pack * metrics + metric) * lanes + lane;
}

using RunBlock = void (*)(const KernelPlan& plan, CpuWorkspace& work, std::uint64_t first, int count);

// One definition per instruction set; null where the build has none.
RunBlock block_avx2(std::string_view model);
RunBlock block_avx512(std::string_view model);
RunBlock block_one_lane(std::string_view model);

}  // namespace chokepoint
