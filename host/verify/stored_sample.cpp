// SPDX-License-Identifier: Apache-2.0
#include "stored_sample.h"

#include <fmt/format.h>

#include "../results/compare.h"
#include "../run/plan.h"

namespace chokepoint {

namespace {

constexpr std::size_t kShown = 8;

// A file has one bit pattern for each value: zero and what is no number have several.
bool equal(float a, float b) { return a == b || (a != a && b != b); }

std::string month_text(int step) { return step < 0 ? "never" : fmt::format("in month {}", step + 1); }

}  // namespace

bool SampleCheck::same(float stored, float again, std::uint64_t trajectory, const std::string& what) {
  if (equal(stored, again)) return true;
  if (problems_.size() < kShown)
    problems_.push_back(
        fmt::format("trajectory {}, {}: stored {}, computed again {}", trajectory, what, with_bits(stored), with_bits(again)));
  return false;
}

bool SampleCheck::same_events(std::uint64_t trajectory, std::size_t policy, const Evaluation& again) {
  const std::size_t events = static_cast<std::size_t>(shape_.events);
  const std::int16_t* stored = &sample_.events[(policy * sample_.keep + trajectory) * events];
  const std::int16_t* other = &again.events[(policy * again.count + trajectory - again.first) * events];
  bool good = true;
  for (std::size_t e = 0; e < events; ++e) {
    if (stored[e] == other[e]) continue;
    good = false;
    if (problems_.size() < kShown)
      problems_.push_back(fmt::format("trajectory {}, policy {}, event {}: stored {}, computed again {}", trajectory,
                                      scenario_.policies[policy].name, event_names(scenario_)[e], month_text(stored[e]),
                                      month_text(other[e])));
  }
  return good;
}

void SampleCheck::compare(std::uint64_t trajectory, const Evaluation& again) {
  const std::size_t parameters = static_cast<std::size_t>(shape_.parameters), metrics = static_cast<std::size_t>(shape_.metrics),
                    at = trajectory - again.first;
  bool good = true;
  for (std::size_t i = 0; i < parameters; ++i)
    good &= same(sample_.parameters[trajectory * parameters + i], again.parameters[at * parameters + i], trajectory,
                 fmt::format("parameter {}", scenario_.model->parameters[i].key));
  for (std::size_t p = 0; p < scenario_.policies.size(); ++p) {
    for (std::size_t m = 0; m < metrics; ++m)
      good &= same(sample_.metrics[(p * sample_.keep + trajectory) * metrics + m],
                   again.outputs[shape_.output(static_cast<int>(p), shape_.times - 1, static_cast<int>(m)) * again.count + at], trajectory,
                   fmt::format("policy {}, {} at the end", scenario_.policies[p].name, scenario_.model->metrics[m].key));
    good &= same_events(trajectory, p, again);
  }
  ++trajectories_;
  wrong_ += !good;
}

}  // namespace chokepoint
