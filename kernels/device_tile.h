// What the steps of the GPU back end share. A tile is a run of trajectories: first they are run, batch by batch of
// policies, and leave their values in device memory; then each row of values is tallied by blocks of its own, whose
// histogram fits the memory on chip; and at last what needs all policies is tallied. Nothing here or in the steps names
// CUDA: `Team` is a block of threads,
//   thread(), threads(), warp(), block(), blocks()   where this thread is
//   sync()                                           waits for the block
//   reread()                                         forgets what was read from memory
//   reduce(x, combine)                               over the warp's x; combine must not depend on order
//   add, min, max (address, x)                       atomic; give what was there
// and tests/kernels/emulated_device.h runs the same steps on the CPU.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "device_cell.h"
#include "plan.h"

namespace chokepoint {

inline constexpr int kWarp = 32;

// Trajectories first .. first + count - 1, whole worlds but for the run's last, and what they leave. A row holds
// `stride` >= count values.
struct Tile {
  std::uint64_t first;
  std::int32_t count, stride;  // stride: a multiple of kWarp
  float* values;               // (policy, record, metric; trajectory)
  std::uint16_t* events;       // (policy, event; trajectory), step of first occurrence
  float* parameters;           // (parameter; trajectory), of worlds that are kept
  std::uint8_t* bins;          // (parameter; trajectory), driver_bin of those that vary
};

// Tallies of a batch, in 32 bits.
struct DeviceTallies {
  std::uint32_t* slots;
  DeviceCell* cells;
  std::uint32_t* event_steps;
  std::uint32_t* joint;
  unsigned long long* clamped;  // null: nothing is counted
  unsigned long long* first_non_finite;
  std::int32_t policies;  // of the whole run
};

// Tallies across policies and parameters, as in Tallies.
struct DeviceAnalysis {
  std::uint32_t* differences;
  DeviceCell* difference_sums;
  unsigned long long* pair_squares;  // 128 bits each, the lower half first
  std::uint32_t* regret;
  DeviceCell* regret_sums;
  unsigned long long* ranks;  // (choice, rank; one more): by how much more than at the rank before; modulo 2^64
  std::uint32_t* satisfied;
  std::uint32_t* bin_counts;
  unsigned long long* bin_sums;  // modulo 2^64
  DeviceCell* world_sums;
  float* means;  // (policy, metric; world) of the tile at the last record
};

// Rows of the tile, and of what is tallied of a batch.
CHOKEPOINT_HD const float* values_of(const Tile& tile, const AnalysisPlan& plan, int policy, int record, int metric) {
  return tile.values + (static_cast<std::size_t>(policy * plan.records + record) * plan.metrics + metric) * tile.stride;
}
// Of a row of DeviceAnalysis::means.
CHOKEPOINT_HD std::size_t mean_stride(const AnalysisPlan& plan, const Tile& tile) {
  return static_cast<std::size_t>(tile.stride / plan.replicates);
}
inline std::size_t value_rows(const KernelPlan& plan) { return std::size_t(plan.policies) * plan.records * plan.metrics; }
inline std::size_t event_rows(const KernelPlan& plan) { return std::size_t(plan.policies) * plan.events; }
inline std::size_t joint_rows(const KernelPlan& plan) { return std::size_t(plan.policies) * plan.records * plan.joints; }

}  // namespace chokepoint
