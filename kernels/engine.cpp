// Model descriptions, empty tallies, and the start-up check of the arithmetic.
// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <algorithm>
#include <limits>

#include "models.h"

namespace chokepoint {

namespace {

template <class Model, class Parameters, class Levers, class Metrics, class Events>
ModelInfo describe_model(const Parameters& parameters, const Levers& levers, const Metrics& metrics, const Events& events) {
  ModelInfo info{Model::kName, Model::kTitle, {parameters.begin(), parameters.end()}, {}, {}, {std::begin(events), std::end(events)}};
  for (const auto& field : levers) info.levers.push_back(field.row);
  for (const auto& field : metrics) info.metrics.push_back(field.row);
  return info;
}

}  // namespace

std::span<const ModelInfo> models() {
  static const ModelInfo all[] = {
      describe_model<Race>(race::kParameters, race::kLevers, race::kMetrics, race::kEvents),
      describe_model<Brownian>(brownian::kParameters, brownian::kLevers, brownian::kMetrics, brownian::kEvents),
      describe_model<Textbook>(textbook::kParameters, textbook::kLevers, textbook::kMetrics, textbook::kEvents),
      describe_model<Inspection>(inspection::kParameters, inspection::kLevers, inspection::kMetrics, inspection::kEvents),
  };
  return all;
}

const ModelInfo* find_model(std::string_view name) {
  for (const ModelInfo& model : models())
    if (name == model.name) return &model;
  return nullptr;
}

Tallies::Tallies(const Shape& s)
    : shape(s),
      slots(s.cells() * kSlots),
      sums(s.cells()),
      event_steps(std::size_t(s.policies) * s.events * (s.steps + 1)),
      joint(std::size_t(s.joints) * s.policies * s.records * kJointSide * kJointSide),
      clamped(s.parameters),
      first_non_finite(s.policies, std::numeric_limits<std::uint64_t>::max()),
      differences(s.cells() * kDifferenceSlots),
      difference_sums(s.cells()),
      pair_squares(std::size_t(s.decisions) * s.pairs()),
      regret(s.choices() * kRegretSlots),
      regret_sums(s.choices()),
      ranks(s.choices() * s.policies),
      satisfied(std::size_t(s.policies) * (s.thresholds + 1)),
      bin_counts(std::size_t(s.drivers) * kDriverBins),
      bin_sums(s.outputs() * s.drivers * kDriverBins),
      world_sums(s.replicates > 1 ? s.outputs() : 0) {}

Sample::Sample(const Shape& s, std::uint64_t count)
    : shape(s),
      keep(count),
      parameters(count * s.parameters),
      metrics(std::size_t(s.policies) * count * s.metrics),
      events(std::size_t(s.policies) * count * s.events),
      probe(s.outputs() * kProbe),
      probe_bins(std::size_t(s.drivers) * kProbe) {}

Evaluation::Evaluation(const Shape& s, std::uint64_t begin, std::uint64_t size)
    : first(begin),
      count(size),
      parameters(size * s.parameters),
      outputs(s.outputs() * size),
      events(std::size_t(s.policies) * size * s.events) {}

void merge(const CellSums& from, CellSums& to) {
  to.units += from.units;
  to.squares += from.squares;
  to.saturated += from.saturated;
  // Adding zero makes -0 and +0, which compare equal, one.
  to.least = std::min(to.least, from.least) + 0.0f;
  to.greatest = std::max(to.greatest, from.greatest) + 0.0f;
}

void merge(const Tallies& from, Tallies& to) {
  to.trajectories += from.trajectories;
  for_each_tally([&](const char*, auto member) {
    const auto& more = from.*member;
    for (std::size_t i = 0; i < more.size(); ++i) merge(more[i], (to.*member)[i]);
  });
}

void copy_rows(const Sample& from, std::uint64_t first, std::uint64_t count, Sample& to) {
  // Of a vector (outer, trajectory, inner) with room for `length` trajectories.
  const auto copy = [&](auto member, std::uint64_t length, std::size_t inner) {
    const auto& source = from.*member;
    if (first >= length) return;
    const std::size_t size = std::min(count, length - first) * inner;
    for (std::size_t at = first * inner; at < source.size(); at += length * inner)
      std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(at), size, (to.*member).begin() + static_cast<std::ptrdiff_t>(at));
  };
  copy(&Sample::parameters, from.keep, from.shape.parameters);
  copy(&Sample::metrics, from.keep, from.shape.metrics);
  copy(&Sample::events, from.keep, from.shape.events);
  copy(&Sample::probe, Sample::kProbe, 1);
  copy(&Sample::probe_bins, Sample::kProbe, 1);
}

void check_arithmetic() {
  volatile float a = 1 + 0x1p-12f, c = 1 + 0x1p-11f, small = 0x1p-100f, smaller = 0x1p-30f;
  const Pack<1> x = static_cast<float>(a), y = static_cast<float>(c), tiny = static_cast<float>(small) * static_cast<float>(smaller);
  const bool rounds_products = (x * x - y).v == 0;
  const bool fuses = fma(x, x, -y).v == 0x1p-24f;
  const bool keeps_subnormals = tiny.v == 0x1p-130f;
  if (rounds_products && fuses && keeps_subnormals) return;
  throw std::logic_error(std::string("this build does not compute as IEEE 754 asks (compiler ") + __VERSION__ +
                         "): it would give other results than every other build. Rebuild with the project's presets, without -ffast-math.");
}

}  // namespace chokepoint
