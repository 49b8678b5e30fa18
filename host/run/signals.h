// Signals that ask a run to end early: noted, so that nothing is lost.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <iterator>

namespace chokepoint {

// TERM, INT, HUP (a terminal that was closed) and USR1 are noted as long as one of these lives, and handled as before after it. What
// was ignored, as HUP under nohup, stays ignored.
class SignalWatch {
 public:
  SignalWatch() {
    caught_ = 0;
    struct sigaction action {};
    action.sa_handler = [](int signal) { caught_ = signal; };
    for (std::size_t i = 0; i < std::size(kSignals); ++i) {
      sigaction(kSignals[i], &action, &before_[i]);
      if (before_[i].sa_handler == SIG_IGN) sigaction(kSignals[i], &before_[i], nullptr);
    }
  }
  ~SignalWatch() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  static int caught() { return caught_; }             // the last one; 0: none
  static void note(int signal) { caught_ = signal; }  // one that another process got

 private:
  static constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
  static inline volatile std::sig_atomic_t caught_ = 0;
  struct sigaction before_[std::size(kSignals)];
};

}  // namespace chokepoint
