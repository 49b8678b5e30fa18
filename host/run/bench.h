// `chokepoint bench`: how fast this machine runs a scenario, measured, and what follows for larger runs. What
// was measured and what was only calculated are never mixed: the latter is marked as predicted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/result.h"
#include "../scenario.h"
#include "devices.h"

namespace chokepoint {

struct BenchOptions : DeviceOptions {
  double seconds = 60;  // about so long in total; the least that can be measured may take longer
};

// In trajectory-months per second, over repetitions.
struct Spread {
  double median, least, greatest;
};

// One engine at work, after warm-up: equal runs, each collected at its end.
struct Measurement {
  struct Repetition {
    double seconds;     // of the run and its collection
    double collecting;  // of a collection right after it, with nothing run in between
  };

  DeviceOptions device;  // threads and lanes as numbers, not 0
  std::string description;
  int policies;
  double months;               // of a trajectory, over all policies
  std::uint64_t trajectories;  // of each repetition
  double setup;                // seconds to make the engine
  std::vector<Repetition> repetitions;

  Spread rate() const;  // without collecting
  double collecting() const;
  bool on_cpu_only() const { return device.device == "cpu"; }
};

// What a whole run takes, in seconds, at the measured rate.
struct Prediction {
  std::uint64_t trajectories;
  double setup, run, collecting, statistics, writing;
  double slowest_run, fastest_run;  // at the least and the greatest rate

  double fixed() const { return setup + collecting + statistics + writing; }
  double total() const { return fixed() + run; }
};

// From making the engine to the complete file.
struct WholeRun {
  Prediction predicted;
  bool measured;
  double seconds;  // predicted if not measured
};

struct Benchmark {
  const Scenario& scenario;
  BenchOptions options;
  Provenance provenance;  // build, host, processor
  std::vector<CudaDevice> gpus;
  double seconds = 0;                                    // that the benchmark took
  double statistics = 0, writing = 0;                    // seconds, whatever the number of trajectories
  std::vector<Measurement> devices = {};                 // every lane width, all threads, GPUs, all together
  std::vector<Prediction> predictions = {};              // of the scenario as it is, on each of `devices`
  DeviceOptions main = {};                               // of the following, but for `threads`
  std::vector<WholeRun> whole_runs = {};                 // over the number of trajectories
  std::vector<Measurement> threads = {}, policies = {};  // over the number of those
  std::string interrupted = {};                          // by what; empty: not at all
};

// Throws as execute() does. Writes a trial result, and removes it, where temporary files go.
Benchmark run_benchmark(const Scenario& scenario, const BenchOptions& options);

std::string bench_tables(const Benchmark& benchmark, int width);
std::string bench_json(const Benchmark& benchmark);

// configs/baseline.toml beside the program, in the source tree it was built in or where it was installed.
// Throws UserError if it is in none.
std::string default_configuration();

}  // namespace chokepoint
