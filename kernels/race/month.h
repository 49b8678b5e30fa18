// What a month brings to a world whatever the policy: shocks, and waiting times that hazards are held
// against (MODEL.md, 1). Slot numbers are fixed for ever; new slots go at the end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../events.h"
#include "../random.h"

namespace chokepoint::race {

inline constexpr float kYearsPerStep = 0.083333336f;     // dt
inline constexpr float kRootYearsPerStep = 0.28867513f;  // sqrt(dt)

template <class Real> struct World;  // world.h
template <class Real> struct State;  // world.h

template <class Real>
struct Month {
  float years;     // since the start, at the start of the step
  bool january;
  // Standard normal shocks.
  Real z_output, z_logic, z_memory, z_algo_us, z_algo_cn, z_release_us, z_release_cn, z_revenue;
  // Unit-rate waiting times: an event with hazard h per year happens when h dt exceeds it.
  Real wait_taiwan, wait_counter, wait_reversal, wait_refusal, wait_release_us, wait_release_cn;
  Real u_open_us, u_open_cn;  // uniforms
  Real wait_paradigm;
  Real u_paradigm_side;       // uniform
  Real wait_bust, wait_incident, wait_catastrophe;
  // e^(-t / scale) of the trends that flatten out, from the world.
  Real allied_decay, china_decay, inference_decay, query_decay, capex_decay;
};

template <class Real>
CHOKEPOINT_HD Month<Real> draw_shocks(std::uint64_t seed, Index<Real::kLanes> trajectory, int step, int start_month) {
  Real u[24];
  CHOKEPOINT_UNROLL(6)
  for (unsigned block = 0; block < 6; ++block) {
    const auto words = draw_block(seed, Purpose::kChance, trajectory, static_cast<std::uint32_t>(step), block);
    for (unsigned i = 0; i < 4; ++i) u[4 * block + i] = uniform(words.word[i]);
  }
  return {static_cast<float>(step) * kYearsPerStep, (start_month + step) % 12 == 0,
          normal_quantile(u[0]), normal_quantile(u[1]), normal_quantile(u[2]), normal_quantile(u[3]),
          normal_quantile(u[4]), normal_quantile(u[5]), normal_quantile(u[6]), normal_quantile(u[7]),
          waiting_time(u[8]), waiting_time(u[9]), waiting_time(u[10]), waiting_time(u[11]),
          waiting_time(u[12]), waiting_time(u[13]), u[14], u[15], waiting_time(u[16]), u[17],
          waiting_time(u[18]), waiting_time(u[19]), waiting_time(u[20]), {}, {}, {}, {}, {}};
}

// True where an event with this hazard per year happens in the month.
template <class Real>
CHOKEPOINT_HD typename Real::MaskType happens(Real waiting_time, Real rate) { return rate * kYearsPerStep > waiting_time; }


}  // namespace chokepoint::race
