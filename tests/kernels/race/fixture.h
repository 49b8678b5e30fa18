// A plausible world with mid values, months without shocks, and a scene that steps one mechanism at a time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../../kernels/race/race.h"

namespace chokepoint::race {

using One = Pack<1>;

inline float lane(One x) { return x.lane(0); }
inline double value(One x) { return static_cast<double>(x.lane(0)); }

// The members of a struct of Reals as an array.
template <template <class> class S, class Real>
Real* members(S<Real>& s) { return reinterpret_cast<Real*>(&s); }
template <template <class> class S, class Real>
const Real* members(const S<Real>& s) { return reinterpret_cast<const Real*>(&s); }

inline constexpr float kNow = 0;                                        // a waiting time that any hazard above 0 beats
inline constexpr float kNever = std::numeric_limits<float>::infinity();  // and one that none does
inline constexpr double kDt = 1.0 / 12;

// Round numbers near the medians of MODEL.md, 3.
inline Parameters<One> plausible_parameters() {
  return {
      .supply = {.allied_output = 18, .allied_growth = 0.75f, .allied_growth_longrun = 0.25f, .allied_growth_decay = 5,
                 .allied_output_volatility = 0.1f, .chip_lifetime = 5, .us_compute = 16, .row_compute = 3.2f,
                 .china_compute_licit = 1.2f, .china_compute_smuggled = 0.8f, .row_share = 0.2f, .china_demand_share = 0.2f,
                 .quality_demand_exponent = 1, .smuggled_share = 0.02f, .enforcement_effect = 0.7f, .china_logic = 0.6f,
                 .china_logic_growth = 0.6f, .china_logic_volatility = 0.15f, .equipment_effect = 0.5f, .subsidy_effect = 0.25f,
                 .china_memory = 0.2f, .china_memory_growth = 0.9f, .memory_import = 0.1f, .memory_stockpile = 0.6f,
                 .rental_share = 0.15f, .domestic_export_share = 0.1f},
      .algorithms = {.algorithm_growth = 1.7f, .algorithm_volatility = 0.12f, .scarcity_innovation = 0.12f, .scarcity_reference = 2.1f,
                     .diffusion_half_life = 15, .talent_effect = 0.1f, .paradigm_rate = 0.06f, .paradigm_jump = 1.4f},
      .frontier = {.us_release_rate = 6.7f, .china_release_rate = 6.6f, .release_noise = 0.12f, .initial_lag = 7,
                   .distillation_gap = 1.3f, .us_open_gap = 1, .china_open_gap = 0.1f, .replication_gap = 0.3f, .cn_training_share = 0},
      .market = {.competitors = 5, .entry_rate = 0.25f, .max_competitors = 14, .exit_rate = 0.09f, .openness_reach = 1.2f,
                 .similarity = 0.15f, .monopoly_margin = 0.6f, .hardware_cost_decline = 0.28f, .inference_efficiency = 1.5f,
                 .inference_decay = 6, .query_growth = 0.35f, .query_growth_decay = 2.5f, .revenue = 42, .revenue_elasticity = 0.27f,
                 .revenue_ceiling = 2000, .revenue_volatility = 0.2f, .service_share = 0.45f, .service_shift = 0.08f, .capex = 500,
                 .capex_growth = 0.45f, .capex_growth_decay = 2, .bust_rate = 0.06f, .bust_sensitivity = 0.7f, .bust_depth = 0.4f,
                 .bust_duration = 1.5f},
      .adoption = {.row_adoption = 0.19f, .west_adoption = 0.05f, .row_adoption_drift = 0.5f, .west_adoption_drift = 0.1f,
                   .china_home_share = 0.92f, .adoption_speed = 0.45f, .quality_weight = 0.28f, .price_weight = 0.3f,
                   .china_discount = 4, .openness_weight = 0.3f, .distrust = 0.7f, .west_distrust_extra = 2, .lock_in = 0.5f,
                   .cap_backlash = 0.55f, .incident_rate = 0.1f, .incident_size = 0.25f, .network_exponent = 1.4f},
      .regimes = {.taiwan_rate = 0.06f, .taiwan_loss = 0.8f, .taiwan_duration = 2.5f, .counter_rate = 1.44f, .counter_loss = 0.04f,
                  .counter_duration = 0.3f, .reversal_rate = 1, .restoration_rate = 2, .refusal_on_rate = 1.1f,
                  .refusal_off_rate = 1.3f, .refusal_at_start = 0},
      .risk = {.transformative_threshold = 14, .takeoff_factor = 2.2f, .catastrophe_rate = 0.012f, .race_months = 7,
               .decisive_months = 7}};
}

inline Levers<One> status_quo_levers() {
  Levers<One> levers;
  for (int i = 0; i < Race::kLevers; ++i) members(levers)[i] = kLevers[i].row.status_quo;
  return levers;
}

// A month in which nothing strikes: z = 0, waiting times infinite, uniforms 1/2.
inline Month<One> calm_month(const World<One>& w, int step = 0) {
  const double years = step / 12.0;
  const auto decay = [&](One scale) { return One(static_cast<float>(std::exp(-years / value(scale)))); };
  return {.years = static_cast<float>(years), .january = step % 12 == 0,
          .z_output = 0, .z_logic = 0, .z_memory = 0, .z_algo_us = 0, .z_algo_cn = 0, .z_release_us = 0, .z_release_cn = 0, .z_revenue = 0,
          .wait_taiwan = kNever, .wait_counter = kNever, .wait_reversal = kNever, .wait_refusal = kNever, .wait_release_us = kNever,
          .wait_release_cn = kNever, .u_open_us = 0.5f, .u_open_cn = 0.5f, .wait_paradigm = kNever, .u_paradigm_side = 0.5f,
          .wait_bust = kNever, .wait_incident = kNever, .wait_catastrophe = kNever,
          .allied_decay = decay(w.supply.allied_growth_decay), .china_decay = decay(10), .inference_decay = decay(w.market.inference_decay),
          .query_decay = decay(w.market.query_growth_decay), .capex_decay = decay(w.market.capex_growth_decay)};
}

inline World<One> start_world(const Parameters<One>& parameters) {
  World<One> w;
  static_cast<Parameters<One>&>(w) = parameters;
  complete_world(w);
  return w;
}

// One world at its start, with status-quo levers and a calm month. Change what a test is about, then step.
struct Scene {
  explicit Scene(const Parameters<One>& parameters = plausible_parameters()) : w(start_world(parameters)), s(start(w)), m(calm_month(w)) {}

  World<One> w;
  State<One> s;
  Month<One> m;
  Levers<One> levers = status_quo_levers();
  Events<One> events{120};

  Scene& regimes() { return step_regimes(w, m, levers, s, events), *this; }
  Scene& supply() { return step_supply(w, m, levers, s), *this; }
  Scene& algorithms() { return step_algorithms(w, m, levers, s, events), *this; }
  Scene& frontier() { return step_frontier(w, m, levers, s, events), *this; }
  Scene& market() { return step_market(w, m, levers, s, events), *this; }
  Scene& adoption() { return step_adoption(w, m, levers, s), *this; }
  Scene& risk() { return step_risk(w, m, levers, s, events), *this; }
  Scene& all() { return Race::step(w, m, levers, s, events), *this; }

  float first(Event event) const { return lane(events.first[static_cast<int>(event)]); }
  bool happened(Event event) const { return first(event) < events.never; }
};

// Equal up to single precision.
inline void expect_close(One x, double expected) {
  EXPECT_NEAR(value(x), expected, 2e-6 * std::max(1.0, std::abs(expected)));
}

}  // namespace chokepoint::race
