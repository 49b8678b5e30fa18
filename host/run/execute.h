// The run loop: an engine's work in units, with progress, checkpoints, a time limit, signals and a stopping rule.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "../results/result.h"
#include "../scenario.h"
#include "devices.h"
#include "work_pool.h"

namespace chokepoint {

struct ExecuteOptions : DeviceOptions {
  double time_limit = 0;          // seconds; 0: none
  double checkpoint_every = 300;  // seconds; 0: no checkpoints on the way
  double checkpoint_share = 0;    // of the time that they may take: they come less often if they would take more; 0: any
  bool quiet = false;
};

// What a run has come to: all that it takes to go on, or to merge it with others.
struct RunState {
  RunState(const Job& job, Chunk work) : part(work), tallies(job.shape), sample(job.shape, job.keep) {}

  Chunk part;          // the trajectories that it is to do; with run.stop those before the next look at the error
  Tallies tallies;     // of the first tallies.trajectories of them
  Sample sample;       // likewise
  double seconds = 0;  // of work, in all starts
};

enum class Ending { kDone, kTargetMissed, kInterrupted };

struct Outcome {
  Ending ending;
  std::string reason;           // why it ended early
  std::optional<double> error;  // of what run.stop watches, when it was last looked at
};

// Takes `state` to its end. With [run.stop] the run goes on from boundary to boundary (stop.h) until the error is small enough.
// `checkpoint` is called as often as the options say, when `state` is whole. A signal (signals.h) and the time limit end the run after
// the unit in hand; `state` is whole then, too. Throws DeviceError if the engine fails.
Outcome execute(const Scenario& scenario, Engine& engine, const ExecuteOptions& options, RunState& state,
                const std::function<void()>& checkpoint = {});

// "1.2 M", "3 m 20 s", "17 MiB".
std::string format_count(double count);
std::string format_duration(double seconds);
std::string format_bytes(double bytes);

}  // namespace chokepoint
