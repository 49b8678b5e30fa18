// SPDX-License-Identifier: Apache-2.0
#include "rerun.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../config/config.h"
#include "../errors.h"
#include "../results/hdf5.h"
#include "../results/result.h"
#include "../run/plan.h"
#include "when.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kChecked = 256;  // trajectories that are compared with the file
constexpr std::size_t kTogetherBytes = std::size_t{64} << 20;

// Without what is not asked for: other policies, times and tallies.
Scenario reduced(const Scenario& full, const Question& question) {
  Scenario s = full;
  s.policies = {full.policies[question.policy]};
  if (question.against >= 0) s.policies.push_back(full.policies[question.against]);
  s.reference = 0;
  s.keep = 0;
  s.stop.reset();
  s.joint.clear();
  s.satisfice.clear();
  s.sensitivity_records = {full.records() - 1};
  return s;
}

Question renumbered(const Question& question) { return {question.when, 0, question.against < 0 ? -1 : 1}; }

[[noreturn]] void rethrow(const std::string& path, const Hdf5Error& error) {
  if (error.system_error) throw EnvironmentError(fmt::format("{}: {}", path, error.what()));
  throw UserError(fmt::format("{}: is damaged or incomplete: {}. Copy it again from where it was made?", path, error.what()));
}

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

void Facts::answer(const Question& question) {
  const std::size_t clauses = question.when.size(), count = parameters.size() / static_cast<std::size_t>(width);
  interesting.assign(count, 1);
  for (std::size_t c = 0; c < clauses; ++c)
    for (std::size_t i = 0; i < count; ++i) {
      const float value = values[c * count + i];
      const bool one =
          question.against < 0 ? holds(question.when[c], value) : holds_against(question.when[c], value, values[(clauses + c) * count + i]);
      interesting[i] = interesting[i] && one;
    }
}

StoredRun::StoredRun(const std::string& path) : path_(path) {
  const StoredResult result = read_result(path);
  const auto resolved = result.provenance.find("configuration_resolved");
  if (resolved == result.provenance.end())
    throw UserError(fmt::format("{}: holds no configuration (/provenance/configuration_resolved), so its scenario is not known", path));
  scenario_ = parse_scenario(path + ", /provenance/configuration_resolved", resolved->second);
  if (const auto version = result.provenance.find("version"); version != result.provenance.end()) made_by_ = version->second;
  try {
    const Hdf5Reader file(path);
    if (file.has_dataset("/sample/trajectory")) kept_ = file.length("/sample/trajectory");
  } catch (const Hdf5Error& error) {
    rethrow(path, error);
  }
}

Facts StoredRun::sample(const Question& question) const try {
  const ModelInfo& model = *scenario_.model;
  const Hdf5Reader file(path_);
  const std::size_t parameters = model.parameters.size(), policies = scenario_.policies.size(), events = file.length("/sample/event");
  Facts facts;
  facts.width = static_cast<int>(parameters);
  for (const double value : file.numbers("/sample/parameters", {kept_, parameters})) facts.parameters.push_back(static_cast<float>(value));
  for (std::size_t p = 0; p < question.policies(); ++p) {
    const std::size_t policy = p == 0 ? question.policy : question.against;
    for (const Satisfice& clause : question.when) {
      const bool metric = clause.metric >= 0;
      const std::vector<double> all = metric ? file.numbers(std::string("/sample/") + model.metrics[clause.metric].key, {policies, kept_})
                                             : file.numbers("/sample/event_year", {policies, kept_, events});
      for (std::size_t t = 0; t < kept_; ++t) {
        const std::size_t at = policy * kept_ + t;
        facts.values.push_back(metric ? static_cast<float>(all[at]) : std::isnan(all[at * events + clause.event]) ? 0.0f : 1.0f);
      }
    }
  }
  facts.answer(question);
  return facts;
} catch (const Hdf5Error& error) {
  rethrow(path_, error);
}

Rerun::Rerun(const StoredRun& stored, const Question& question, const DeviceOptions& options)
    : question_(renumbered(question)),
      scenario_(reduced(stored.scenario(), question)),
      job_(make_job(scenario_)),
      engine_(make_engine(job_, options)) {
  check(stored, question);
}

void Rerun::check(const StoredRun& stored, const Question& question) {
  if (stored.kept() == 0) return;
  const std::uint64_t replicates = scenario_.replicates, wanted = std::min(stored.kept(), kChecked);
  const Facts again = run(0, (wanted + replicates - 1) / replicates * replicates), before = stored.sample(question);
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
  for (std::size_t p = 0; p < question_.policies(); ++p)
    for (const Satisfice& clause : question_.when)
      for (std::size_t t = 0; t < count; ++t) {
        if (clause.metric >= 0) {
          facts.values.push_back(trajectories.outputs[shape.output(static_cast<int>(p), shape.times - 1, clause.metric) * count + t]);
        } else {
          const std::size_t at = (p * count + t) * static_cast<std::size_t>(shape.events) + static_cast<std::size_t>(clause.event);
          facts.values.push_back(trajectories.events[at] >= 0 ? 1.0f : 0.0f);
        }
      }
  facts.answer(question_);
  return facts;
}

}  // namespace chokepoint
