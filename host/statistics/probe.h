// The probe as statistics use it: its whole worlds, sorted by the bins of each driver.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "../../kernels/engine.h"

namespace chokepoint {

class Probe {
 public:
  Probe(const Tallies& tallies, const Sample& sample) : shape_(tallies.shape), sample_(sample) {
    replicates = std::max(1, shape_.replicates);
    worlds = static_cast<int>(std::min<std::uint64_t>(Sample::kProbe, tallies.trajectories) / static_cast<unsigned>(replicates));
    bins_.resize(std::size_t(shape_.drivers) * worlds);
    order_.resize(bins_.size());
    starts_.resize(std::size_t(shape_.drivers) * (kDriverBins + 1));
    for (int d = 0; d < shape_.drivers; ++d) sort(d);
  }

  // Of a driver: the bin of each world, the worlds by bin, and where each bin begins among those.
  const std::uint8_t* bins(int driver) const { return bins_.data() + std::size_t(driver) * worlds; }
  const std::uint16_t* order(int driver) const { return order_.data() + std::size_t(driver) * worlds; }
  const int* starts(int driver) const { return starts_.data() + std::size_t(driver) * (kDriverBins + 1); }

  // The values of an output, of all replicates of a world in a row.
  const float* values(std::size_t output) const { return sample_.probe.data() + output * Sample::kProbe; }

  int worlds, replicates;

 private:
  void sort(int driver) {
    const std::uint8_t* of_trajectory = sample_.probe_bins.data() + std::size_t(driver) * Sample::kProbe;
    std::uint8_t* of_world = bins_.data() + std::size_t(driver) * worlds;
    int* starts = starts_.data() + std::size_t(driver) * (kDriverBins + 1);
    for (int w = 0; w < worlds; ++w) {
      of_world[w] = of_trajectory[w * replicates];
      ++starts[of_world[w] + 1];
    }
    for (int b = 0; b < kDriverBins; ++b) starts[b + 1] += starts[b];
    std::vector<int> next(starts, starts + kDriverBins);
    for (int w = 0; w < worlds; ++w) order_[std::size_t(driver) * worlds + next[of_world[w]]++] = static_cast<std::uint16_t>(w);
  }

  const Shape& shape_;
  const Sample& sample_;
  std::vector<std::uint8_t> bins_;
  std::vector<std::uint16_t> order_;
  std::vector<int> starts_;
};

}  // namespace chokepoint
