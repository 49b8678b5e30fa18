// What a run on many devices will take: a rank for each, sharing the work as work_pool.h does, with checkpoints in between.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "../../kernels/engine.h"

namespace chokepoint {

// The model's numbers. Simulated: by tests/bench/simulate_ranks.cpp, see cluster/SCALING.md. Assumed: not measured on any cluster.
inline constexpr double kStartSeconds = 20;     // assumed: to launch all processes and open all devices
inline constexpr double kSharing = 0.98;        // simulated: the rest is waiting, and work lost with devices that fail
inline constexpr double kReductionSpeed = 1e9;  // assumed: bytes a second that a rank receives and adds
inline constexpr double kPackingSpeed = 1e8;    // measured: bytes of tallies a second that one core compresses (tests/bench/NOTES.md)
inline constexpr double kWritingSpeed = 2e8;    // assumed: bytes a second of a file, packed, to a shared file system

struct Fleet {
  std::uint64_t devices;
  double speed;                 // trajectories a second of one device
  double checkpoint_every;      // seconds; 0: no checkpoints
  double checkpoint_share = 0;  // of the time that they may take, or come less often; 0: any
};

struct Task {
  double trajectories;
  double tally_bytes, file_bytes;  // of all tallies in memory, of the result or a checkpoint
  double statistics;               // seconds that they take in the end
};

struct ScaleForecast {
  double seconds, device_hours;
  double checkpoints, interval;  // how many, and seconds between two
  double pause;                  // seconds of each: a reduction and a file
  double network_bytes;          // of all reductions
};

// Tallies go up a tree: in each step half of those who still have some send all of it.
int reduction_steps(std::uint64_t ranks);

ScaleForecast forecast_scale(const Fleet& fleet, const Task& task);

std::size_t tally_bytes(const Tallies& tallies);

}  // namespace chokepoint
