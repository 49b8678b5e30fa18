// SPDX-License-Identifier: Apache-2.0
#include "ensemble.h"

#include <algorithm>
#include <set>

#include "../run/plan.h"

namespace chokepoint {

namespace {

constexpr std::size_t kTogetherBytes = std::size_t{64} << 20;

// The scenario up to a step, whose evaluation gives the metrics at some steps.
Scenario looked_at(const Scenario& full, int last_step, const std::vector<int>& steps) {
  Scenario s = full;
  s.years = last_step / 12 + 1;
  s.record_every_months = 1;
  s.keep = 0;
  s.stop.reset();
  s.joint.clear();
  s.satisfice.clear();
  s.sensitivity_records = steps;
  if (steps.back() != s.records() - 1) s.sensitivity_records.push_back(s.records() - 1);  // the last one is always among them
  return s;
}

std::vector<int> wanted_steps(const History& history) {
  std::set<int> steps;
  for (const Observation& o : history.observations) {
    steps.insert(o.step);
    if (const int change = history.series[o.series].change_steps) steps.insert(o.step - change);
  }
  return {steps.begin(), steps.end()};
}

}  // namespace

HistoryRun::HistoryRun(const Scenario& scenario, const History& history, const DeviceOptions& options)
    : history_(history), replicates_(scenario.replicates) {
  const std::vector<int> steps = wanted_steps(history);
  for (auto first = steps.begin(); first != steps.end();) {
    const auto end = first + std::min<std::ptrdiff_t>(kMaxTimes - 1, steps.end() - first);
    Pass& pass = passes_.emplace_back(Pass{{first, end}, make_job(looked_at(scenario, steps.back(), {first, end})), nullptr});
    pass.engine = make_engine(pass.job, options);
    first = end;
  }
}

std::uint64_t HistoryRun::together() const {
  std::size_t each = 1;
  for (const Pass& pass : passes_)
    each = std::max(each, sizeof(float) * (pass.job.shape.outputs() + static_cast<std::size_t>(pass.job.shape.parameters)));
  return std::max<std::uint64_t>(1, kTogetherBytes / each / replicates_) * replicates_;
}

void HistoryRun::evaluate(Ensemble& trajectories) {
  const std::size_t observations = history_.observations.size(), count = trajectories.count;
  const auto policies = static_cast<std::size_t>(passes_.front().job.shape.policies);
  trajectories.predicted.assign(policies * observations * count, 0);
  // Adds or takes away what a pass knows of one observation, at its month or that before the change.
  const auto add = [&](const Pass& pass, const Evaluation& run, std::size_t o, int step, float sign) {
    const auto found = std::ranges::find(pass.steps, step);
    if (found == pass.steps.end()) return;
    const int time = static_cast<int>(found - pass.steps.begin()), metric = history_.series[history_.observations[o].series].metric;
    for (std::size_t p = 0; p < policies; ++p) {
      const float* const from = run.outputs.data() + pass.job.shape.output(static_cast<int>(p), time, metric) * count;
      float* const to = trajectories.predicted.data() + (p * observations + o) * count;
      for (std::size_t i = 0; i < count; ++i) to[i] += sign * from[i];
    }
  };
  for (const Pass& pass : passes_) {
    Evaluation run(pass.job.shape, trajectories.first, count);
    pass.engine->evaluate(run, kNothing);
    for (std::size_t o = 0; o < observations; ++o) {
      const Observation& one = history_.observations[o];
      add(pass, run, o, one.step, 1);
      if (const int change = history_.series[one.series].change_steps) add(pass, run, o, one.step - change, -1);
    }
    trajectories.parameters = std::move(run.parameters);
  }
}

}  // namespace chokepoint
