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
      first_non_finite(s.policies, std::numeric_limits<std::uint64_t>::max()) {}

Sample::Sample(const Shape& s, std::uint64_t count)
    : keep(count),
      parameters(count * s.parameters),
      metrics(std::size_t(s.policies) * count * s.metrics),
      events(std::size_t(s.policies) * count * s.events) {}

void merge(const CellSums& from, CellSums& to) {
  to.units += from.units;
  to.squares += from.squares;
  to.saturated += from.saturated;
  // Adding zero makes -0 and +0, which compare equal, one.
  to.least = std::min(to.least, from.least) + 0.0f;
  to.greatest = std::max(to.greatest, from.greatest) + 0.0f;
}

void merge(const Tallies& from, Tallies& to) {
  const auto add = [](const std::vector<std::int64_t>& counts, std::vector<std::int64_t>& sums) {
    for (std::size_t i = 0; i < counts.size(); ++i) sums[i] += counts[i];
  };
  to.trajectories += from.trajectories;
  add(from.slots, to.slots);
  for (std::size_t i = 0; i < from.sums.size(); ++i) merge(from.sums[i], to.sums[i]);
  add(from.event_steps, to.event_steps);
  add(from.joint, to.joint);
  add(from.clamped, to.clamped);
  for (std::size_t i = 0; i < from.first_non_finite.size(); ++i)
    to.first_non_finite[i] = std::min(to.first_non_finite[i], from.first_non_finite[i]);
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
