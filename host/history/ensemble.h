// What the trajectories of a scenario say about its observations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../run/devices.h"
#include "history.h"

namespace chokepoint {

// Trajectories first .. first + count - 1.
struct Ensemble {
  std::uint64_t first = 0, count = 0;
  std::vector<float> predicted = {};   // (policy, observation, trajectory) in the unit of the metric
  std::vector<float> parameters = {};  // (trajectory, parameter)

  std::span<const float> at(std::size_t policy, std::size_t observation, std::size_t observations) const {
    return std::span(predicted).subspan((policy * observations + observation) * count, count);
  }
};

// Runs trajectories up to the last observation, at the months that observations need. As many trajectories as together() at a time, in
// order, give the same numbers on every machine.
class HistoryRun {
 public:
  HistoryRun(const Scenario& scenario, const History& history, const DeviceOptions& options);

  void evaluate(Ensemble& trajectories);  // those of its first and count
  std::uint64_t together() const;         // how many trajectories to run at once: whole worlds
  std::string device() const { return passes_.front().engine->describe(); }

 private:
  // The same trajectories, looked at in some of the months.
  struct Pass {
    std::vector<int> steps;
    Job job;
    std::unique_ptr<Engine> engine;
  };

  History history_;
  std::uint64_t replicates_;
  std::vector<Pass> passes_;
};

}  // namespace chokepoint
