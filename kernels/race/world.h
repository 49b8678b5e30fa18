// A world (all parameters and what follows from them once), the state of a trajectory in it, and how
// both start (MODEL.md, 3 and 4).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "adoption.h"
#include "algorithms.h"
#include "frontier.h"
#include "market.h"
#include "regimes.h"
#include "risk.h"
#include "supply.h"

namespace chokepoint::race {

template <class Real>
struct Parameters {
  SupplyParameters<Real> supply;
  AlgorithmParameters<Real> algorithms;
  FrontierParameters<Real> frontier;
  MarketParameters<Real> market;
  AdoptionParameters<Real> adoption;
  RegimeParameters<Real> regimes;
  RiskParameters<Real> risk;
};

// In the order of Parameters.
inline constexpr auto kParameters = join_rows(kSupplyParameters, kAlgorithmParameters, kFrontierParameters, kMarketParameters,
                                              kAdoptionParameters, kRegimeParameters, kRiskParameters);
static_assert(kMembers<Parameters<float>> == kParameters.size());

template <class Real>
struct World : Parameters<Real> {
  Real chip_survival;        // of installed compute over a month
  Real smuggling_scale;      // smuggled share of output without any enforcement
  Real diffusion_rate;       // k of 5.3 per unit of research openness, 1/yr
  Real initial_log_compute;  // e0
  Real initial_algorithm_gap;  // A_cn at start
  Real initial_margin, initial_burden;
  Real price_appeal;         // price_weight ln(china_discount)
  Real row_intercept, west_intercept;  // a_x and a_y
};

template <class Real>
struct State {
  Regimes<Real> regimes;
  Supply<Real> supply;
  Algorithms<Real> algorithms;
  Frontier<Real> frontier;
  Market<Real> market;
  Adoption<Real> adoption;
  Risk<Real> risk;
};

template <class Real>
CHOKEPOINT_HD Adoption<Real> start_adoption(const AdoptionParameters<Real>& p) { return {p.row_adoption, p.west_adoption, p.distrust}; }

// Derives what follows from the parameters, which are in place.
template <class Real>
CHOKEPOINT_HD void complete_world(World<Real>& w) {
  const Parameters<Real>& p = w;
  const Supply<Real> supply = start_supply(p.supply);
  const Frontier<Real> frontier = start_frontier(p.frontier, p.algorithms.algorithm_growth);
  w.chip_survival = exp(-kYearsPerStep / p.supply.chip_lifetime);
  w.smuggling_scale = p.supply.smuggled_share / (1 - p.supply.enforcement_effect * 0.3f);
  w.diffusion_rate = (0.69314718f * 12 / 0.6f) / p.algorithms.diffusion_half_life;
  w.initial_log_compute = log(supply.us_compute);
  w.initial_algorithm_gap = frontier.china - p.frontier.cn_training_share - (log(supply.china_compute) - w.initial_log_compute);
  w.initial_margin = margin_of(p.market, p.market.competitors);
  w.initial_burden = log(p.market.capex / p.market.revenue);

  // Intercepts that tie adoption to its present share at status-quo levers.
  const AdoptionParameters<Real>& a = p.adoption;
  w.price_appeal = a.price_weight * log(a.china_discount);
  constexpr float kOpenAdvantage = status_quo(&Levers<float>::china_open_share) - status_quo(&Levers<float>::us_open_share);
  const auto pull = appeal(a, w.price_appeal, frontier.china - frontier.us, Real(kOpenAdvantage),
                           Real(status_quo(&Levers<float>::third_country_cap)), start_adoption(a));
  w.row_intercept = log(a.row_adoption / (1 - a.row_adoption)) - pull.row + a.row_adoption_drift;
  w.west_intercept = log(a.west_adoption / (1 - a.west_adoption)) - pull.west + a.west_adoption_drift;
}

template <class Real>
CHOKEPOINT_HD State<Real> start(const World<Real>& w) {
  const Supply<Real> supply = start_supply(w.supply);
  return {start_regimes(w.regimes), supply,
          {0, w.initial_algorithm_gap, w.initial_log_compute, log(supply.china_compute)},
          start_frontier(w.frontier, w.algorithms.algorithm_growth), start_market(w.market), start_adoption(w.adoption), {0, 0}};
}

}  // namespace chokepoint::race
