// SPDX-License-Identifier: Apache-2.0
#include "scale.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace chokepoint {

int reduction_steps(std::uint64_t ranks) { return static_cast<int>(std::bit_width(ranks - 1)); }

ScaleForecast forecast_scale(const Fleet& fleet, const Task& task) {
  const auto devices = static_cast<double>(fleet.devices);
  const double work = task.trajectories / (devices * fleet.speed * (fleet.devices > 1 ? kSharing : 1));
  ScaleForecast f{};
  f.pause = reduction_steps(fleet.devices) * task.tally_bytes / kReductionSpeed + task.tally_bytes / kPackingSpeed +
            task.file_bytes / kWritingSpeed;
  f.interval = std::max(fleet.checkpoint_every, fleet.checkpoint_share > 0 ? f.pause / fleet.checkpoint_share : 0);
  f.checkpoints = fleet.checkpoint_every > 0 ? std::floor(work / f.interval) : 0;
  f.seconds = kStartSeconds + work + (f.checkpoints + 1) * f.pause + task.statistics;
  f.device_hours = devices * f.seconds / 3600;
  f.network_bytes = (f.checkpoints + 1) * (devices - 1) * task.tally_bytes;
  return f;
}

std::size_t tally_bytes(const Tallies& tallies) {
  std::size_t bytes = 0;
  for_each_tally([&](const char*, auto member) { bytes += (tallies.*member).size() * sizeof((tallies.*member)[0]); });
  return bytes;
}

}  // namespace chokepoint
