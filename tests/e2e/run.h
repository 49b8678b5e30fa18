// A whole run in memory, as the tests of this folder need it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "../../host/config/config.h"
#include "../../host/results/result.h"
#include "../../host/run/execute.h"
#include "../../host/run/plan.h"
#include "../../host/statistics/statistics.h"

namespace chokepoint {

struct Finished : RunState {
  explicit Finished(const Scenario& s) : Finished(s, make_job(s)) {}

  std::string hash() const { return hash_result({scenario, tallies, sample, statistics, {}}); }

  Scenario scenario;
  Job job;
  Statistics statistics;

 private:
  Finished(const Scenario& s, Job made) : RunState(made, {0, s.trajectories}), scenario(s), job(std::move(made)) {}
};

// The environment wins: tests/gpu carries these programs to machines where the sources lie elsewhere.
inline std::string config_path(const std::string& name) {
  const char* const here = std::getenv("CHOKEPOINT_SOURCE_DIR");
  return std::string(here ? here : CHOKEPOINT_SOURCE_DIR) + "/configs/" + name;
}

inline Finished run_scenario(const Scenario& scenario, ExecuteOptions options = {}) {
  if (options.device == "auto") options.device = "cpu";
  options.quiet = true;
  Finished run(scenario);
  execute(run.scenario, *make_engine(run.job, options), options, run);
  run.statistics = derive_statistics(run.scenario, run.tallies, run.sample);
  return run;
}

// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("chokepoint_test_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace chokepoint
