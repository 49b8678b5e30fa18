// Adaptive policies: a trigger sets levers when a condition on last step's metrics has held for its
// months, and undoes that when its release condition has held for its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pack.h"
#include "plan.h"

namespace chokepoint {

template <class Real>
struct TriggerState {
  Real active;  // 1 while the levers are set
  Real held;    // months that the awaited condition has held: `when`, or `release` while active
  Real fired;   // step in which it first acted; the number of steps if never
};

// `select` by a number that all lanes share.
template <class Real>
CHOKEPOINT_HD Real pick(const Real* metrics, int count, int which) {
  Real value = metrics[0];
  CHOKEPOINT_UNROLL(32)  // a GPU can then keep the array in registers
  for (int i = 1; i < count; ++i)
    if (i == which) value = metrics[i];
  return value;
}

template <class Real>
CHOKEPOINT_HD typename Real::MaskType compare(Real x, Comparison comparison, float threshold) {
  switch (comparison) {
    case Comparison::kLess: return x < threshold;
    case Comparison::kLessEqual: return x <= threshold;
    case Comparison::kGreater: return x > threshold;
    default: return x >= threshold;
  }
}

// End of a step: count the months that the awaited condition has held.
template <class Real>
CHOKEPOINT_HD void observe(const Trigger& trigger, const Real* metrics, int count, TriggerState<Real>& s) {
  const auto active = holds(s.active);
  const auto met = compare(pick(metrics, count, trigger.when.metric), trigger.when.comparison, trigger.when.threshold);
  const auto released = compare(pick(metrics, count, trigger.release.metric), trigger.release.comparison, trigger.release.threshold);
  s.held = select((active & released) | ((!active) & met), s.held + 1, 0);
}

// Start of a step: fire or release what is due, then set the levers.
template <class Real>
CHOKEPOINT_HD void act(const Trigger& trigger, int step, Real* levers, int count, TriggerState<Real>& s) {
  const auto active = holds(s.active);
  const auto fires = (!active) & (s.held >= trigger.when.months);
  s.fired = min(s.fired, select(fires, static_cast<float>(step), s.fired));
  auto now_active = active | fires;
  if (trigger.releases) {
    const auto ends = active & (s.held >= trigger.release.months);
    now_active = now_active & (!ends);
    s.held = select(fires | ends, 0, s.held);
  }
  s.active = as_flag(now_active);
  CHOKEPOINT_UNROLL(32)
  for (int i = 0; i < count; ++i)
    if (trigger.sets >> i & 1u) levers[i] = select(now_active, trigger.values[i], levers[i]);
}

}  // namespace chokepoint
