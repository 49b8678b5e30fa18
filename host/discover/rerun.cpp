// SPDX-License-Identifier: Apache-2.0
#include "rerun.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../errors.h"
#include "../run/plan.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kChecked = 256;  // trajectories that are compared with the file
constexpr std::size_t kTogetherBytes = std::size_t{64} << 20;

std::vector<int> policies_of(const Question& question) {
  return question.against < 0 ? std::vector{question.policy} : std::vector{question.policy, question.against};
}

Question renumbered(Question question) {
  question.policy = 0;
  if (question.against >= 0) question.against = 1;
  return question;
}

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

void Facts::answer(const Question& question) {
  const std::size_t clauses = question.when.size(), count = parameters.size() / static_cast<std::size_t>(width);
  interesting.assign(count, 1);
  for (std::size_t c = 0; c < clauses; ++c)
    for (std::size_t i = 0; i < count; ++i) {
      const float value = values[c * count + i];
      const bool one = question.against < 0 || !question.of_difference
                           ? holds(question.when[c], value)
                           : holds_against(question.when[c], value, values[(clauses + c) * count + i]);
      interesting[i] = interesting[i] && one;
    }
}

Facts stored_facts(const StoredRun& stored, const Question& question) {
  const std::size_t kept = stored.kept(), events = stored.result().events.size();
  const auto first_of = [&](std::size_t policy) {
    return static_cast<std::ptrdiff_t>((policy == 0 ? question.policy : question.against) * kept);
  };
  Facts facts;
  facts.width = static_cast<int>(stored.scenario().model->parameters.size());
  facts.parameters = stored.parameters();
  const std::vector<std::int16_t> steps = stored.event_steps();
  const auto add_metric = [&](int metric, std::size_t policy, std::vector<float>& to) {
    const std::vector<float> all = stored.metric(metric);
    to.insert(to.end(), all.begin() + first_of(policy), all.begin() + first_of(policy) + static_cast<std::ptrdiff_t>(kept));
  };
  for (std::size_t p = 0; p < question.policies(); ++p) {
    for (const Clause& clause : question.when) {
      if (clause.metric >= 0)
        add_metric(clause.metric, p, facts.values);
      else
        for (std::size_t t = 0; t < kept; ++t) facts.values.push_back(steps[(first_of(p) + t) * events + clause.event]);
    }
    for (const int metric : question.metrics) add_metric(metric, p, facts.metrics);
  }
  facts.answer(question);
  return facts;
}

Rerun::Rerun(const StoredRun& stored, const Question& question, const DeviceOptions& options)
    : question_(renumbered(question)),
      scenario_(reduced_to(stored.scenario(), policies_of(question))),
      job_(make_job(scenario_)),
      engine_(make_engine(job_, options)) {
  check(stored, question);
}

void Rerun::check(const StoredRun& stored, const Question& question) {
  if (stored.kept() == 0) return;
  const std::uint64_t replicates = scenario_.replicates, wanted = std::min(stored.kept(), kChecked);
  const Facts again = run(0, (wanted + replicates - 1) / replicates * replicates), before = stored_facts(stored, question);
  const auto refuse = [&](std::uint64_t trajectory) {
    throw UserError(
        fmt::format("{}: trajectory {} does not come out again with the same bits; the file is from version {} of the program. "
                    "Make it again with this version, or use --trajectories 0, which needs the stored sample alone.",
                    stored.path(), trajectory, stored.made_by()));
  };
  for (std::uint64_t t = 0; t < wanted; ++t) {
    for (int i = 0; i < again.width; ++i)
      if (!same(again.parameter(t, i), before.parameter(t, i))) refuse(t);
    for (std::size_t k = 0; k < question.policies() * question.when.size(); ++k)
      if (!same(again.values[k * again.size() + t], before.values[k * before.size() + t])) refuse(t);
    for (std::size_t k = 0; k < question.policies() * question.metrics.size(); ++k)
      if (!same(again.metrics[k * again.size() + t], before.metrics[k * before.size() + t])) refuse(t);
  }
}

std::uint64_t Rerun::together() const {
  const Shape& shape = job_.shape;
  const std::size_t each = sizeof(float) * (shape.outputs() + static_cast<std::size_t>(shape.parameters)) +
                           sizeof(std::int16_t) * static_cast<std::size_t>(shape.policies) * static_cast<std::size_t>(shape.events);
  return std::max<std::uint64_t>(1, kTogetherBytes / each / scenario_.replicates) * scenario_.replicates;
}

Facts Rerun::run(std::uint64_t first, std::uint64_t count) {
  const Shape& shape = job_.shape;
  Evaluation trajectories(shape, first, count);
  engine_->evaluate(trajectories, kNothing);
  Facts facts;
  facts.first = first;
  facts.width = shape.parameters;
  facts.parameters = std::move(trajectories.parameters);
  for (std::size_t p = 0; p < question_.policies(); ++p) {
    const auto add_metric = [&](int metric, std::vector<float>& to) {
      const auto first =
          trajectories.outputs.begin() + static_cast<std::ptrdiff_t>(shape.output(static_cast<int>(p), shape.times - 1, metric) * count);
      to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(count));
    };
    for (const Clause& clause : question_.when) {
      if (clause.metric >= 0)
        add_metric(clause.metric, facts.values);
      else
        for (std::size_t t = 0; t < count; ++t) facts.values.push_back(trajectories.events[(p * count + t) * shape.events + clause.event]);
    }
    for (const int metric : question_.metrics) add_metric(metric, facts.metrics);
  }
  facts.answer(question_);
  return facts;
}

}  // namespace chokepoint
