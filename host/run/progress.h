// How far the work is, on standard error: a bar on a terminal, otherwise a line every ten seconds.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace chokepoint {

class Progress {
 public:
  // Says what `done` of the work is, at so much of it per second: "1.2 M of 10 M trajectories".
  using Describe = std::function<std::string(double done, double rate)>;

  // first: done before. Quiet: nothing is shown.
  Progress(double total, bool quiet, Describe describe = {}, double first = 0);
  ~Progress();  // the last line stays as it is
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(double done);
  void finish(double done);  // the last look, if anything was shown before

 private:
  using Clock = std::chrono::steady_clock;
  void show(double done);

  double total_, first_;
  bool quiet_, terminal_, shown_ = false;
  Describe describe_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
};

}  // namespace chokepoint
