// The trajectories of a result file: those that it stores whole, and any others by running them again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../results/stored_run.h"
#include "../run/devices.h"
#include "when.h"

namespace chokepoint {

// When a trajectory is interesting, and what else is asked about it.
struct Question {
  std::vector<Clause> when;
  int policy = 0, against = -1;   // numbers of policies; -1: none
  bool of_difference = true;      // with `against`: the clauses are about the difference of the two policies
  std::vector<int> metrics = {};  // wanted beside the clauses

  std::size_t policies() const { return against < 0 ? 1 : 2; }
};

// What a question needs to know about trajectories first .. first + size() - 1.
struct Facts {
  std::uint64_t first = 0;
  int width = 0;                          // parameters
  std::vector<float> parameters;          // (trajectory, parameter)
  std::vector<float> values;              // (policy of the question, clause, trajectory) a metric at the end; the step of the event, or -1
  std::vector<float> metrics;             // (policy of the question, metric of the question, trajectory) at the end
  std::vector<std::uint8_t> interesting;  // (trajectory)

  std::size_t size() const { return interesting.size(); }
  float parameter(std::size_t trajectory, int number) const { return parameters[trajectory * width + number]; }
  // Of a policy of the question: 0 or 1.
  float metric(const Question& question, std::size_t policy, std::size_t metric, std::size_t trajectory) const {
    return metrics[(policy * question.metrics.size() + metric) * size() + trajectory];
  }
  void answer(const Question& question);  // `interesting` from `values`
};

// What a file stores of its first trajectories.
Facts stored_facts(const StoredRun& stored, const Question& question);

// Runs trajectories of a result file again, of the policies of a question alone: what a trajectory draws is addressed by its
// number and does not depend on other policies.
class Rerun {
 public:
  // Throws UserError when trajectories that the file stores do not come out with the same bits.
  Rerun(const StoredRun& stored, const Question& question, const DeviceOptions& options);

  Facts run(std::uint64_t first, std::uint64_t count);
  std::uint64_t together() const;  // how many trajectories to run at once: whole worlds
  std::string device() const { return engine_->describe(); }

 private:
  void check(const StoredRun& stored, const Question& question);

  Question question_;  // with the policies numbered as they are run
  Scenario scenario_;
  Job job_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace chokepoint
