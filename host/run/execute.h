// Runs a job on a device in units, with progress, a time limit, signals and a stopping rule.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "../results/result.h"
#include "../scenario.h"
#include "devices.h"

namespace chokepoint {

struct ExecuteOptions : DeviceOptions {
  double time_limit = 0;  // seconds; 0: none
  bool quiet = false;
};

enum class Ending { kDone, kTargetMissed, kInterrupted };

struct Outcome {
  Ending ending;
  std::uint64_t trajectories;  // 0 .. trajectories - 1 were run
  double seconds;
  std::string device;
  std::string reason;           // why it ended early
  std::optional<double> error;  // of what run.stop watches, when it was last looked at
};

// Fills `tallies` and `sample`. With [run.stop] the run goes on from boundary to boundary (stop.h) until the error is small enough.
// Signals (TERM, INT, USR1) and the time limit end the run after the unit in
// hand. Throws DeviceError or UserError for a device that cannot be had.
Outcome execute(const Scenario& scenario, const Job& job, const ExecuteOptions& options, Tallies& tallies, Sample& sample);

// Version, commit, compiler, host, Slurm job: what does not depend on the run.
Provenance build_provenance();

// "1.2 M", "3 m 20 s", "17 MiB".
std::string format_count(double count);
std::string format_duration(double seconds);
std::string format_bytes(double bytes);

}  // namespace chokepoint
