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

// Trajectories whose outputs are gathered before they are summed over the bins of the parameters, which fill more memory than
// a cache; and how many outputs are summed together.
inline constexpr int kCpuGathered = 2048;
inline constexpr int kOutputGroup = 32;

// Counts since the last collect, as in Tallies.
struct CpuTallies {
  std::uint32_t* slots;
  std::uint32_t* events;
  std::uint32_t* joint;
  CellSums* sums;
  std::uint64_t* clamped;
  std::uint64_t* first_non_finite;
  std::uint32_t* differences;
  CellSums* difference_sums;
  UnsignedWide* pair_squares;
  std::uint32_t* regret;
  CellSums* regret_sums;
  std::uint64_t* ranks;
  std::uint64_t* satisfied;
  CellSums* world_sums;
};

struct CpuWorkspace : CpuTallies {
  int policies;  // of the whole run
  bool tallies;  // or only the block's buffers are filled
  // Of the block in hand:
  std::byte* states;   // kCpuStateBytes
  float* values;       // (policy, record, pack, metric, lane): see value_index
  float* event_steps;  // (policy, event, trajectory)
  float* parameters;   // (pack, parameter, lane)
  std::uint8_t* bins;  // (parameter, trajectory): driver_bin
  float* rows;         // (policy, trajectory) of the metric in hand
  // Of the blocks since the last time that bins were summed:
  int gathered;              // trajectories
  float* outputs;            // (group of outputs, trajectory, output): units
  std::uint8_t* output_bins; // (driver, trajectory)
};

// Where the value of a trajectory of the block stands: a pack's metrics lie together, as they are written.
constexpr std::size_t value_index(int lanes, int records, int metrics, int policy, int record, int metric, int trajectory) {
  const std::size_t row = std::size_t(policy) * records + record, pack = trajectory / lanes, lane = trajectory % lanes;
  return row * metrics * kCpuBlock + (pack * metrics + metric) * lanes + lane;
}

// What is compiled for each instruction set.
struct CpuFunctions {
  // Runs trajectories first .. first + count - 1, at most kCpuBlock, for the policies of a batch, and tallies their values.
  void (*run)(const KernelPlan& plan, CpuWorkspace& work, std::uint64_t first, int count);
  // Tallies what needs all policies of the block, and gathers its outputs.
  void (*analyse)(const AnalysisPlan& plan, CpuWorkspace& work, int count);
  // Adds a group of the gathered outputs to its sums (driver, bin, output of the group).
  void (*sum_bins)(const AnalysisPlan& plan, const CpuWorkspace& work, int group, std::int64_t* sums);
};
CpuFunctions functions_avx2(std::string_view model);
CpuFunctions functions_avx512(std::string_view model);
CpuFunctions functions_one_lane(std::string_view model);

}  // namespace chokepoint
