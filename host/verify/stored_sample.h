// Stored trajectories, run again and compared bit by bit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../run/work_pool.h"
#include "../scenario.h"

namespace chokepoint {

// What is compared: numbers of `sample` with those of an evaluation.
class SampleCheck {
 public:
  SampleCheck(const Scenario& scenario, const Sample& sample) : scenario_(scenario), sample_(sample), shape_(sample.shape) {}

  void compare(std::uint64_t trajectory, const Evaluation& again);

  std::uint64_t trajectories() const { return trajectories_; }            // compared, and of them
  std::uint64_t wrong() const { return wrong_; }                          // those that differ
  const std::vector<std::string>& problems() const { return problems_; }  // the first numbers that do

 private:
  bool same(float stored, float again, std::uint64_t trajectory, const std::string& what);
  bool same_events(std::uint64_t trajectory, std::size_t policy, const Evaluation& again);

  const Scenario& scenario_;
  const Sample& sample_;
  const Shape& shape_;
  std::uint64_t trajectories_ = 0, wrong_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace chokepoint
