// The trajectories of a result file: those that it stores whole, and any others by running them again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../run/devices.h"
#include "../scenario.h"

namespace chokepoint {

// When a trajectory is interesting. With `against`, when the clauses hold for the difference of the two policies in it.
struct Question {
  std::vector<Satisfice> when;
  int policy = 0, against = -1;  // numbers of policies; -1: none

  std::size_t policies() const { return against < 0 ? 1 : 2; }
};

// What a question needs to know about trajectories first .. first + size() - 1.
struct Facts {
  std::uint64_t first = 0;
  int width = 0;                          // parameters
  std::vector<float> parameters;          // (trajectory, parameter)
  std::vector<float> values;              // (policy of the question, clause, trajectory) a metric at the end; the event happened: 1, else 0
  std::vector<std::uint8_t> interesting;  // (trajectory)

  std::size_t size() const { return interesting.size(); }
  float parameter(std::size_t trajectory, int number) const { return parameters[trajectory * width + number]; }
  void answer(const Question& question);  // `interesting` from `values`
};

// A result file, opened. Throws as read_result() does.
class StoredRun {
 public:
  explicit StoredRun(const std::string& path);

  const Scenario& scenario() const { return scenario_; }  // with everything that decides its bits
  std::uint64_t kept() const { return kept_; }            // trajectories 0 .. kept - 1 are stored
  const std::string& path() const { return path_; }
  const std::string& made_by() const { return made_by_; }  // version of the program
  Facts sample(const Question& question) const;

 private:
  std::string path_, made_by_;
  Scenario scenario_;
  std::uint64_t kept_ = 0;
};

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
