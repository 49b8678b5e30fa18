// The race model: US-China competition in AI in monthly steps. This file is its table of contents.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics.h"

namespace chokepoint {

struct Race {
  static constexpr const char* kName = "race";
  static constexpr const char* kTitle = "US-China AI competition: chips, algorithms, releases, market, adoption, risk";
  static constexpr int kParameters = static_cast<int>(race::kParameters.size());
  static constexpr int kLevers = static_cast<int>(kMembers<race::Levers<float>>);
  static constexpr int kMetrics = static_cast<int>(kMembers<race::Metrics<float>>);
  static constexpr int kEvents = static_cast<int>(race::Event::kCount);

  template <class Real> using Parameters = race::Parameters<Real>;
  template <class Real> using World = race::World<Real>;
  template <class Real> using Month = race::Month<Real>;
  template <class Real> using Levers = race::Levers<Real>;
  template <class Real> using State = race::State<Real>;

  template <class Real>
  static CHOKEPOINT_HD void complete_world(World<Real>& world) { race::complete_world(world); }

  template <class Real>
  static CHOKEPOINT_HD State<Real> start(const World<Real>& world) { return race::start(world); }

  template <class Real>
  static CHOKEPOINT_HD Month<Real> draw_month(const World<Real>& w, std::uint64_t seed, Index<Real::kLanes> trajectory, int step, int start_month) {
    Month<Real> month = race::draw_shocks<Real>(seed, trajectory, step, start_month);
    const Real years = month.years;
    month.allied_decay = exp(-years / w.supply.allied_growth_decay);
    month.china_decay = exp(-years * 0.1f);  // Chinese growth flattens over ten years
    month.inference_decay = exp(-years / w.market.inference_decay);
    month.query_decay = exp(-years / w.market.query_growth_decay);
    month.capex_decay = exp(-years / w.market.capex_growth_decay);
    return month;
  }

  // One month. The order is part of the model: each mechanism sees what stands above it as of this month
  // and everything else as of last month.
  template <class Real>
  static CHOKEPOINT_HD void step(const World<Real>& w, const Month<Real>& m, Levers<Real>& levers, State<Real>& s, race::Events<Real>& events) {
    race::step_regimes(w, m, levers, s, events);
    race::step_supply(w, m, levers, s);
    race::step_algorithms(w, m, levers, s, events);
    race::step_frontier(w, m, levers, s, events);
    race::step_market(w, m, levers, s, events);
    race::step_adoption(w, m, levers, s);
    race::step_risk(w, m, levers, s, events);
  }

  template <class Real>
  static CHOKEPOINT_HD void measure(const World<Real>& w, const State<Real>& s, Real* metrics) {
    const race::Metrics<Real> measured = race::measure(w, s);
    static_assert(sizeof measured == sizeof(Real) * kMetrics);
    CHOKEPOINT_UNROLL(32)  // memcpy would be a `rep movs`, which starts slowly
    for (int m = 0; m < kMetrics; ++m) metrics[m] = reinterpret_cast<const Real*>(&measured)[m];
  }
};

}  // namespace chokepoint
