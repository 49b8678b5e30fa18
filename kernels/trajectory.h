// The trajectory loop: one world, then every step of every policy on the same draws. Generic over the
// model, the lane width and the recorder, which is where results go:
//   recorder.clamped(parameter, mask)            a draw left its valid range
//   recorder.record(policy, record, metrics)     end of a recorded step
//   recorder.finish(policy, events, triggers, n) end of a policy: first steps of events and triggers
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "distributions.h"
#include "events.h"
#include "triggers.h"

namespace chokepoint {

template <class Real>
using IndexOf = Index<Real::kLanes>;

// Every parameter struct is a row of Reals, checked by covers(), and a world begins with it: the sampler sees an array.
template <class Model, class Real>
CHOKEPOINT_HD Real* parameters_of(typename Model::template World<Real>& world) {
  using Parameters = typename Model::template Parameters<Real>;
  static_assert(sizeof(Parameters) == sizeof(Real) * Model::kParameters);
  return reinterpret_cast<Real*>(static_cast<Parameters*>(&world));
}

template <class Model, class Real>
struct PolicyState {
  typename Model::template State<Real> state;
  EventLog<Real, Model::kEvents> events;
};

// Apart from PolicyState, which must stay in registers on a GPU, because these are indexed at run time.
template <class Real>
struct TriggerStates {
  TriggerState<Real> of[kMaxTriggers];
};

template <class Model, class Real>
CHOKEPOINT_HD void start_policy(const KernelPlan& plan, const typename Model::template World<Real>& world, int p,
                                PolicyState<Model, Real>& s, TriggerStates<Real>& triggers) {
  s = {Model::start(world), EventLog<Real, Model::kEvents>(plan.steps)};
  for (int k = 0; k < plan.policy[p].triggers; ++k) triggers.of[k] = {0, 0, static_cast<float>(plan.steps)};
}

// The segment of a policy in force at a step. Segments are sorted by step, the first starts at 0.
CHOKEPOINT_HD const Segment& segment_at(const KernelPlan& plan, const Policy& policy, int step) {
  int s = policy.first_segment;
  const int end = s + policy.segments;
  while (s + 1 < end && plan.segment[s + 1].from_step <= step) ++s;
  return plan.segment[s];
}

// One step of one policy.
template <class Model, class Real, class Recorder>
CHOKEPOINT_HD void advance(const KernelPlan& plan, const typename Model::template World<Real>& world,
                           const typename Model::template Month<Real>& month, int p, int step,
                           PolicyState<Model, Real>& s, TriggerStates<Real>& triggers, Recorder& recorder) {
  const Policy& policy = plan.policy[p];
  typename Model::template Levers<Real> levers;
  static_assert(sizeof levers == sizeof(Real) * Model::kLevers);
  Real* const lever = reinterpret_cast<Real*>(&levers);
  const Segment& segment = segment_at(plan, policy, step);
  CHOKEPOINT_UNROLL(32)
  for (int i = 0; i < Model::kLevers; ++i) lever[i] = segment.levers[i];
  for (int k = 0; k < policy.triggers; ++k)
    act(plan.trigger[policy.first_trigger + k], step, lever, Model::kLevers, triggers.of[k]);

  s.events.step = static_cast<float>(step);
  Model::step(world, month, levers, s.state, s.events);

  const bool recorded = (step + 1) % plan.record_every == 0;
  if (!recorded && policy.triggers == 0) return;
  Real metrics[Model::kMetrics];
  Model::measure(world, s.state, metrics);
  for (int k = 0; k < policy.triggers; ++k)
    observe(plan.trigger[policy.first_trigger + k], metrics, Model::kMetrics, triggers.of[k]);
  if (recorded) recorder.record(p, (step + 1) / plan.record_every - 1, metrics);
}

// All policies of a batch step together, so that a step's draws are made once for all of them.
template <class Model, class Real, class Recorder>
CHOKEPOINT_HD void run_policies(const KernelPlan& plan, const typename Model::template World<Real>& world,
                                IndexOf<Real> trajectory, PolicyState<Model, Real>* states,
                                TriggerStates<Real>* triggers, Recorder& recorder) {
  for (int p = 0; p < plan.policies; ++p) start_policy<Model, Real>(plan, world, p, states[p], triggers[p]);
  for (int step = 0; step < plan.steps; ++step) {
    const auto month = Model::draw_month(world, plan.seed_chance, trajectory, step, plan.start_month);
    for (int p = 0; p < plan.policies; ++p) advance<Model, Real>(plan, world, month, p, step, states[p], triggers[p], recorder);
  }
  for (int p = 0; p < plan.policies; ++p) recorder.finish(p, states[p].events.first, triggers[p].of, plan.policy[p].triggers);
}

}  // namespace chokepoint
