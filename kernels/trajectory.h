// The trajectory loop: one world, then every step of every policy on the same draws. Generic over the
// model, the lane width and the recorder, which is where results go:
//   recorder.clamped(parameter, mask)            a draw left its valid range
//   recorder.record(policy, record, metrics)     end of a recorded step
//   recorder.finish(policy, events, triggers, n) end of a policy: first steps of events and triggers
// `Group` policies advance together, so that a step's draws are made once for all of them: kMaxBatch on
// a CPU, 1 on a GPU, where their states must stay in registers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "distributions.h"
#include "events.h"
#include "triggers.h"

namespace chokepoint {

template <class Real>
using IndexOf = Index<Real::kLanes>;

template <class Model, class Real, class Recorder>
CHOKEPOINT_HD typename Model::template World<Real> make_world(const KernelPlan& plan, IndexOf<Real> world, Recorder& recorder) {
  // Every parameter struct is a row of Reals, checked by covers(); the sampler sees them as an array.
  typename Model::template Parameters<Real> parameters;
  static_assert(sizeof parameters == sizeof(Real) * Model::kParameters);
  sample_parameters(plan, world, reinterpret_cast<Real*>(&parameters), [&](int i, auto mask) { recorder.clamped(i, mask); });
  return Model::start_world(parameters);
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

template <class Model, class Real, int Group, class Recorder>
CHOKEPOINT_HD void run_policies(const KernelPlan& plan, const typename Model::template World<Real>& world,
                                IndexOf<Real> trajectory, PolicyState<Model, Real>* states,
                                TriggerStates<Real>* triggers, Recorder& recorder) {
  for (int begin = 0; begin < plan.policies; begin += Group) {
    const int group = Group < plan.policies - begin ? Group : plan.policies - begin;
    for (int g = 0; g < group; ++g) {
      states[g] = {Model::start(world), EventLog<Real, Model::kEvents>(plan.steps)};
      for (int k = 0; k < plan.policy[begin + g].triggers; ++k) triggers[g].of[k] = {0, 0, static_cast<float>(plan.steps)};
    }
    for (int step = 0; step < plan.steps; ++step) {
      const auto month = Model::draw_month(world, plan.seed_chance, trajectory, step, plan.start_month);
      for (int g = 0; g < group; ++g)
        advance<Model, Real>(plan, world, month, begin + g, step, states[g], triggers[g], recorder);
    }
    for (int g = 0; g < group; ++g) recorder.finish(begin + g, states[g].events.first, triggers[g].of, plan.policy[begin + g].triggers);
  }
}

}  // namespace chokepoint
