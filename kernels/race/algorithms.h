// Algorithms (MODEL.md, 5.3): each bloc's algorithmic efficiency grows, faster where compute is scarce or
// the threshold is crossed; the one behind catches up through diffusion; paradigms change.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "events.h"
#include "levers.h"
#include "month.h"

namespace chokepoint::race {

template <class Real>
struct AlgorithmParameters {
  Real algorithm_growth, algorithm_volatility, scarcity_innovation, scarcity_reference, diffusion_half_life,
      talent_effect, paradigm_rate, paradigm_jump;
};

inline constexpr Field<AlgorithmParameters<float>, ParameterRow> kAlgorithmParameters[] = {
    CHOKEPOINT_ROW(AlgorithmParameters, algorithm_growth, "nats/yr", kPositive, "growth of algorithmic efficiency"),
    CHOKEPOINT_ROW(AlgorithmParameters, algorithm_volatility, "nats/sqrt(yr)", kPositive, "its volatility"),
    CHOKEPOINT_ROW(AlgorithmParameters, scarcity_innovation, "1", kUnbounded, "relative speed-up of Chinese algorithms per nat of compute gap beyond scarcity_reference"),
    CHOKEPOINT_ROW(AlgorithmParameters, scarcity_reference, "nats", kUnbounded, "compute gap at start"),
    CHOKEPOINT_ROW(AlgorithmParameters, diffusion_half_life, "months", kPositive, "half-life of the algorithm gap at status-quo openness"),
    CHOKEPOINT_ROW(AlgorithmParameters, talent_effect, "1", kUnbounded, "relative speed-up of US algorithms at full inflow"),
    CHOKEPOINT_ROW(AlgorithmParameters, paradigm_rate, "1/yr", kPositive, "hazard of a change of paradigm"),
    CHOKEPOINT_ROW(AlgorithmParameters, paradigm_jump, "nats", kPositive, "gain of the bloc that finds it"),
};
static_assert(covers(kAlgorithmParameters), "every algorithm parameter needs exactly one row, in the order of declaration");

template <class Real>
struct Algorithms {
  Real us, china;          // A, nats
  Real log_us_compute, log_china_compute;  // ln C of the month
};

static_assert(status_quo(&Levers<float>::research_openness) == 0.6f);  // diffusion_rate in world.h divides by it

// Who finds a change of paradigm: more likely the bloc with more compute.
template <class Real>
CHOKEPOINT_HD typename Real::MaskType us_finds_paradigm(const Month<Real>& m, const State<Real>& s) {
  const Real us_root = sqrt(s.supply.us_compute), china_root = sqrt(s.supply.china_compute);
  return m.u_paradigm_side * (us_root + china_root) < us_root;
}

template <class Real>
CHOKEPOINT_HD void step_algorithms(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s, Events<Real>& events) {
  const AlgorithmParameters<Real>& p = w.algorithms;
  Algorithms<Real>& a = s.algorithms;
  a.log_us_compute = log(s.supply.us_compute);
  a.log_china_compute = log(s.supply.china_compute);

  const Real diffusion = w.diffusion_rate * levers.research_openness;
  const Real scarcity = positive_part(a.log_us_compute - a.log_china_compute - p.scarcity_reference);
  const Real us_growth = p.algorithm_growth * fma(p.talent_effect, levers.talent_inflow, 1) * select(holds(s.risk.us_crossed), w.risk.takeoff_factor, 1);
  const Real china_growth = p.algorithm_growth * fma(p.scarcity_innovation, scarcity, 1) * select(holds(s.risk.china_crossed), w.risk.takeoff_factor, 1);
  const Real gap = a.us - a.china;
  const Real shock = p.algorithm_volatility * kRootYearsPerStep;
  a.us += fma(us_growth + diffusion * positive_part(-gap), kYearsPerStep, shock * m.z_algo_us);
  a.china += fma(china_growth + diffusion * positive_part(gap), kYearsPerStep, shock * m.z_algo_cn);

  const auto changes = happens(m.wait_paradigm, p.paradigm_rate);
  const auto us_finds_it = us_finds_paradigm(m, s);
  a.us += select(changes & us_finds_it, p.paradigm_jump, 0);
  a.china += select(changes & (!us_finds_it), p.paradigm_jump, 0);
  events.mark(Event::kParadigmChange, changes);
}

}  // namespace chokepoint::race
