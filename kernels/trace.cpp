// The trajectory loop of trajectory.h over a model that keeps its levers and its history.
// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <memory>

#include "brownian/history.h"
#include "inspection/history.h"
#include "models.h"
#include "race/history.h"
#include "textbook/history.h"
#include "trajectory.h"

namespace chokepoint {

namespace {

using One = Pack<1>;

// A model that behaves as the one it wraps.
template <class Model>
struct Traced : Model {
  template <class Real>
  using World = typename Model::template World<Real>;
  template <class Real>
  using Month = typename Model::template Month<Real>;
  template <class Real>
  using Levers = typename Model::template Levers<Real>;
  template <class Real>
  using Events = EventLog<Real, Model::kEvents>;

  template <class Real>
  struct State {
    typename Model::template State<Real> model;
    Levers<Real> levers;
    typename HistoryOf<Model>::template Type<Real> history;
  };

  template <class Real>
  static State<Real> start(const World<Real>& world) {
    return {Model::start(world), {}, {}};
  }

  template <class Real>
  static void step(const World<Real>& world, const Month<Real>& month, Levers<Real>& levers, State<Real>& s, Events<Real>& events) {
    Events<Real> of_the_month = events;
    for (Real& first : of_the_month.first) first = events.never;
    Model::step(world, month, levers, s.model, of_the_month);
    for (int e = 0; e < Model::kEvents; ++e) events.first[e] = min(events.first[e], of_the_month.first[e]);
    s.levers = levers;
    s.history = HistoryOf<Model>::read(world, month, levers, s.model, of_the_month);
  }

  template <class Real>
  static void measure(const World<Real>& world, const State<Real>& s, Real* metrics) {
    Model::measure(world, s.model, metrics);
  }
};

template <class S>
std::vector<float> floats(const S& members) {
  const One* const first = reinterpret_cast<const One*>(&members);
  std::vector<float> values;
  for (std::size_t i = 0; i < sizeof members / sizeof(One); ++i) values.push_back(first[i].lane(0));
  return values;
}

template <class Model>
struct TraceRecorder {
  const KernelPlan& plan;
  TracedPolicy* policies;  // of the batch
  const PolicyState<Traced<Model>, One>* states;
  const TriggerStates<One>* triggers;

  void record(int policy, int, const One* metrics) {
    TracedMonth month;
    for (int m = 0; m < Model::kMetrics; ++m) month.metrics.push_back(metrics[m].lane(0));
    month.levers = floats(states[policy].state.levers);
    month.history = floats(states[policy].state.history);
    for (int k = 0; k < plan.policy[policy].triggers; ++k) month.triggers[k] = triggers[policy].of[k].active.lane(0) != 0;
    policies[policy].months.push_back(std::move(month));
  }

  void finish(int policy, const One* events, const TriggerState<One>* of, int count) {
    const auto add = [&](float step) {
      policies[policy].events.push_back(static_cast<std::int16_t>(step < static_cast<float>(plan.steps) ? step : -1.0f));
    };
    for (int e = 0; e < Model::kEvents; ++e) add(events[e].lane(0));
    for (int k = 0; k < plan.events - Model::kEvents; ++k) add(k < count ? of[k].fired.lane(0) : static_cast<float>(plan.steps));
  }
};

Index<1> index_of(std::uint64_t number) {
  return {Bits<1>(static_cast<std::uint32_t>(number)), Bits<1>(static_cast<std::uint32_t>(number >> 32))};
}

template <class Model>
Trace trace_model(const Job& job, std::uint64_t trajectory) {
  Trace out{trajectory,
            trajectory / job.batches[0].replicates,
            {},
            std::vector<bool>(Model::kParameters),
            std::vector<TracedPolicy>(job.shape.policies)};
  for (const KernelPlan& batch : job.batches) {
    const auto plan = std::make_unique<KernelPlan>(batch);
    plan->knots = job.knots.data();
    plan->record_every = 1;  // decides only when the recorder is called
    typename Model::template World<One> world;
    sample_parameters(*plan, index_of(out.world), parameters_of<Model, One>(world),
                      [&](int i, Mask<1> clamped, Bits<1>) { out.clamped[i] = any(clamped); });
    Model::complete_world(world);
    out.parameters = floats(static_cast<const typename Model::template Parameters<One>&>(world));
    PolicyState<Traced<Model>, One> states[kMaxBatch];
    TriggerStates<One> triggers[kMaxBatch];
    TraceRecorder<Model> recorder{*plan, out.policies.data() + plan->first_policy, states, triggers};
    run_policies<Traced<Model>, One>(*plan, world, index_of(trajectory), states, triggers, recorder);
  }
  return out;
}

}  // namespace

Trace trace(const Job& job, std::uint64_t trajectory) {
  return with_model(job.model->name, [&](auto model) { return trace_model<decltype(model)>(job, trajectory); });
}

std::vector<HistoryRow> history_rows(const ModelInfo& model) {
  return with_model(model.name, [](auto of) {
    std::vector<HistoryRow> rows;
    for (const auto& field : HistoryOf<decltype(of)>::kRows) rows.push_back(field.row);
    return rows;
  });
}

}  // namespace chokepoint
