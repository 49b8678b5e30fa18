// A run as its result file keeps it: the configuration that decides its bits, and the trajectories that are stored whole.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../scenario.h"
#include "result.h"

namespace chokepoint {

bool is_hdf5(const std::string& path);  // by its first bytes, or if there is no such file by its name

// A result file, opened. Throws as read_result() does, and UserError if it holds no configuration.
class StoredRun {
 public:
  explicit StoredRun(const std::string& path);

  const Scenario& scenario() const { return scenario_; }  // with everything that decides its bits
  const StoredResult& result() const { return result_; }
  std::uint64_t trajectories() const { return trajectories_; }  // that were run: more than the scenario asks for if [run.stop] wanted more
  std::uint64_t kept() const { return kept_; }                  // trajectories 0 .. kept - 1 are stored
  const std::string& path() const { return path_; }
  std::string made_by() const { return result_.entry("version"); }  // version of the program

  // Of the stored trajectories:
  std::vector<float> parameters() const;          // (trajectory, parameter)
  std::vector<float> metric(int metric) const;    // (policy, trajectory) at the end
  std::vector<std::int16_t> event_steps() const;  // (policy, trajectory, event), step of first occurrence or -1

 private:
  std::vector<float> read(const std::string& name, const std::vector<std::size_t>& shape) const;

  std::string path_;
  StoredResult result_;
  Scenario scenario_;
  std::uint64_t trajectories_ = 0, kept_ = 0;
};

}  // namespace chokepoint
