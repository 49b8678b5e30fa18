// A model with closed forms, which tests the whole chain from kernel to file: geometric Brownian motion,
// a barrier watched continuously, and a constant hazard.
//   ln S(t) = ln initial + (drift + drift_push - volatility^2 / 2) t + volatility B(t)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../events.h"
#include "../random.h"
#include "../rows.h"

namespace chokepoint {

namespace brownian {

template <class Real>
struct Parameters {
  Real initial, drift, volatility, barrier, hazard;
};
inline constexpr Field<Parameters<float>, ParameterRow> kParameterFields[] = {
    CHOKEPOINT_ROW(Parameters, initial, "1", kPositive, "value at start"),
    CHOKEPOINT_ROW(Parameters, drift, "1/yr", kUnbounded, "growth rate of the mean"),
    CHOKEPOINT_ROW(Parameters, volatility, "1/sqrt(yr)", kPositive, "volatility of the logarithm"),
    CHOKEPOINT_ROW(Parameters, barrier, "1", kPositive, "level whose first crossing from below is an event"),
    CHOKEPOINT_ROW(Parameters, hazard, "1/yr", kPositive, "rate of an event independent of the value"),
};
static_assert(covers(kParameterFields));
inline constexpr auto kParameters = join_rows(kParameterFields);

template <class Real>
struct Levers {
  Real drift_push, hazard_cut;
};
inline constexpr Field<Levers<float>, LeverRow> kLevers[] = {
    CHOKEPOINT_ROW(Levers, drift_push, {-1, 1}, 0, false, "added to the drift (1/yr)"),
    CHOKEPOINT_ROW(Levers, hazard_cut, {0, 1}, 0, false, "share of the hazard that is removed"),
};
static_assert(covers(kLevers));

template <class Real>
struct Metrics {
  Real value, log_value;
};
inline constexpr Field<Metrics<float>, MetricRow> kMetrics[] = {
    CHOKEPOINT_ROW(Metrics, value, "1", Direction::kHigher, Scale::kLog, 1e-4f, 1e4f, 0, -20, "S(t)"),
    CHOKEPOINT_ROW(Metrics, log_value, "1", Direction::kNone, Scale::kLinear, -10, 10, 0, -20, "ln S(t)"),
};
static_assert(covers(kMetrics));

enum class Event { kBarrier, kHazard, kCount };
inline constexpr EventRow kEvents[] = {
    {"barrier", "the value first reaches the barrier, watched continuously"},
    {"hazard", "an event with a constant hazard"},
};

template <class Real>
struct State {
  Real log_value;
};

template <class Real>
struct Month {
  Real z, wait_hazard, wait_barrier;
};

template <class Real>
using Events = EventLog<Real, static_cast<int>(Event::kCount)>;

}  // namespace brownian

struct Brownian {
  static constexpr const char* kName = "brownian";
  static constexpr const char* kTitle = "geometric Brownian motion with a barrier and a constant hazard (closed forms, for tests)";
  static constexpr int kParameters = static_cast<int>(brownian::kParameters.size());
  static constexpr int kLevers = static_cast<int>(kMembers<brownian::Levers<float>>);
  static constexpr int kMetrics = static_cast<int>(kMembers<brownian::Metrics<float>>);
  static constexpr int kEvents = static_cast<int>(brownian::Event::kCount);

  template <class Real> using Parameters = brownian::Parameters<Real>;
  template <class Real> using World = brownian::Parameters<Real>;
  template <class Real> using Month = brownian::Month<Real>;
  template <class Real> using Levers = brownian::Levers<Real>;
  template <class Real> using State = brownian::State<Real>;

  static constexpr float kYearsPerStep = 0.083333336f;
  static constexpr float kRootYearsPerStep = 0.28867513f;

  template <class Real>
  static CHOKEPOINT_HD void complete_world(World<Real>&) {}

  template <class Real>
  static CHOKEPOINT_HD State<Real> start(const World<Real>& w) { return {log(w.initial)}; }

  template <class Real>
  static CHOKEPOINT_HD Month<Real> draw_month(const World<Real>&, std::uint64_t seed, Index<Real::kLanes> trajectory, int step, int) {
    const auto words = draw_block(seed, Purpose::kChance, trajectory, static_cast<std::uint32_t>(step), 0);
    return {normal_quantile(uniform(words.word[0])), waiting_time(uniform(words.word[1])), waiting_time(uniform(words.word[2]))};
  }

  template <class Real>
  static CHOKEPOINT_HD void step(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s, brownian::Events<Real>& events) {
    const Real variance = w.volatility * w.volatility;
    const Real before = s.log_value, barrier = log(w.barrier);
    s.log_value += (w.drift + levers.drift_push - 0.5f * variance) * kYearsPerStep + w.volatility * kRootYearsPerStep * m.z;
    // Between two points below the barrier a Brownian bridge crosses it with probability
    // exp(-2 (b - x0)(b - x1) / (sigma^2 dt)): Glasserman, Monte Carlo Methods in Financial Engineering, 6.4.
    const Real crossing = 2 * (barrier - before) * (barrier - s.log_value) / (variance * kYearsPerStep);
    events.mark(brownian::Event::kBarrier, (s.log_value >= barrier) | (m.wait_barrier > crossing));
    events.mark(brownian::Event::kHazard, w.hazard * (1 - levers.hazard_cut) * kYearsPerStep > m.wait_hazard);
  }

  template <class Real>
  static CHOKEPOINT_HD void measure(const World<Real>&, const State<Real>& s, Real* metrics) {
    metrics[0] = exp(s.log_value);
    metrics[1] = s.log_value;
  }
};

}  // namespace chokepoint
