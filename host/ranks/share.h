// One rank's part of a run: its device, and what that counted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "../../kernels/engine.h"
#include "wire.h"

namespace chokepoint {

inline constexpr const char* kNoMemory = "memory: an allocation failed";

class RankShare {
 public:
  RankShare(const Job& job, std::unique_ptr<Engine> engine);

  // Does what kWork or kSecure says. Answers kFree, or kFailed if the device or the memory fails: then all that was not yet secure
  // is as if it had never been run, in `sample`, too.
  Message obey(const Message& order, Sample& sample);
  void evaluate(Evaluation& trajectories, int resampled) { engine_->evaluate(trajectories, resampled); }

  std::unique_ptr<Tallies> take();  // what was secured since the last call

 private:
  void run(Chunk chunk, Sample& sample);
  void collect();
  void secure();
  Message give_up(const char* reason, Sample& sample);

  const Shape shape_;
  const std::uint64_t grain_;
  std::unique_ptr<Engine> engine_;              // null once it has failed
  std::vector<Chunk> open_;                     // not yet secure
  std::uint64_t uncollected_ = 0;               // trajectories that only the device has counted
  std::unique_ptr<Tallies> pending_, counted_;  // of what is open, and of what is secure; null for nothing, because they are large
};

}  // namespace chokepoint
