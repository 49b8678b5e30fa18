// First-passage events and the waiting times that decide them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "math.h"

namespace chokepoint {

// The step in which each event of a trajectory first happened; `never` is the number of steps.
template <class Real, int Count>
struct EventLog {
  Real first[Count];
  float never;
  float step;  // the step in hand

  EventLog() = default;
  CHOKEPOINT_HD explicit EventLog(int steps) : never(static_cast<float>(steps)), step(0) {
    for (auto& when : first) when = never;
  }
  template <class Event>
  CHOKEPOINT_HD void mark(Event event, typename Real::MaskType happened) {
    Real& when = first[static_cast<int>(event)];
    when = min(when, select(happened, Real(step), Real(never)));
  }
};

// The unit-rate waiting time of a uniform. A hazard h per year strikes in a step of dt years when
// u < 1 - exp(-h dt), which is h dt > waiting_time(u): made once, used for every policy.
template <class Real>
CHOKEPOINT_HD Real waiting_time(Real u) { return -log_of_normal(1 - u); }

}  // namespace chokepoint
