// What the two steps of the GPU back end share. A tile is a run of trajectories: first they are run, and leave
// their values in device memory; then each row of values is tallied by blocks of its own, whose histogram fits
// the memory on chip. Nothing here or in the two steps names CUDA: `Team` is a block of threads,
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

// Trajectories first .. first + count - 1, and what they leave. A row holds `stride` >= count values.
struct Tile {
  std::uint64_t first;
  std::int32_t count, stride;  // stride: a multiple of kWarp
  float* values;               // (policy of the batch, record, metric; trajectory)
  std::uint16_t* events;       // (policy of the batch, event; trajectory), step of first occurrence
  float* parameters;           // (parameter; trajectory), of worlds that are kept
};

// As Tallies, in 32 bits.
struct DeviceTallies {
  std::uint32_t* slots;
  DeviceCell* cells;
  std::uint32_t* event_steps;
  std::uint32_t* joint;
  unsigned long long* clamped;
  unsigned long long* first_non_finite;
  std::int32_t policies;  // of the whole run
};

inline std::size_t value_rows(const KernelPlan& plan) { return std::size_t(plan.policies) * plan.records * plan.metrics; }
inline std::size_t event_rows(const KernelPlan& plan) { return std::size_t(plan.policies) * plan.events; }
inline std::size_t joint_rows(const KernelPlan& plan) { return std::size_t(plan.policies) * plan.records * plan.joints; }

}  // namespace chokepoint
