// Market (MODEL.md, 5.5): entry and exit set the margin, costs and queries set prices, revenue follows
// capability, capital spending follows its trend until the burden brings a bust. USD bn per year.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "events.h"
#include "levers.h"
#include "month.h"
#include "supply.h"

namespace chokepoint::race {

template <class Real>
struct MarketParameters {
  Real competitors, entry_rate, max_competitors, exit_rate, openness_reach, similarity, monopoly_margin,
      hardware_cost_decline, inference_efficiency, inference_decay, query_growth, query_growth_decay, revenue,
      revenue_elasticity, revenue_ceiling, revenue_volatility, service_share, service_shift, capex, capex_growth,
      capex_growth_decay, bust_rate, bust_sensitivity, bust_depth, bust_duration;
};

inline constexpr Field<MarketParameters<float>, ParameterRow> kMarketParameters[] = {
    CHOKEPOINT_ROW(MarketParameters, competitors, "1", {1, kPositive.high}, "near-frontier providers at start"),
    CHOKEPOINT_ROW(MarketParameters, entry_rate, "1/yr", kPositive, "rate of entry"),
    CHOKEPOINT_ROW(MarketParameters, max_competitors, "1", kPositive, "providers that the market can hold"),
    CHOKEPOINT_ROW(MarketParameters, exit_rate, "1/yr", kPositive, "rate of exit"),
    CHOKEPOINT_ROW(MarketParameters, openness_reach, "nats", kPositive, "gap between frontier and best open model over which entry dies out"),
    CHOKEPOINT_ROW(MarketParameters, similarity, "1", kPositive, "how much each further provider cuts the margin (commoditisation)"),
    CHOKEPOINT_ROW(MarketParameters, monopoly_margin, "1", kShare, "gross margin of a sole provider"),
    CHOKEPOINT_ROW(MarketParameters, hardware_cost_decline, "1/yr", kUnbounded, "fall of the cost of compute"),
    CHOKEPOINT_ROW(MarketParameters, inference_efficiency, "1/yr", kPositive, "fall of the cost of a fixed quality by software, at start"),
    CHOKEPOINT_ROW(MarketParameters, inference_decay, "yr", kPositive, "e-folding time of that fall"),
    CHOKEPOINT_ROW(MarketParameters, query_growth, "1/yr", kPositive, "growth of computation per frontier query (reasoning) at start"),
    CHOKEPOINT_ROW(MarketParameters, query_growth_decay, "yr", kPositive, "e-folding time of that growth"),
    CHOKEPOINT_ROW(MarketParameters, revenue, "USD bn/yr", kPositive, "revenue of model providers at start"),
    CHOKEPOINT_ROW(MarketParameters, revenue_elasticity, "1", kPositive, "log revenue per nat of frontier capability"),
    CHOKEPOINT_ROW(MarketParameters, revenue_ceiling, "USD bn/yr", kPositive, "largest revenue of model providers"),
    CHOKEPOINT_ROW(MarketParameters, revenue_volatility, "1/sqrt(yr)", kPositive, "volatility of revenue"),
    CHOKEPOINT_ROW(MarketParameters, service_share, "1", kShare, "share of AI value captured above the model layer at start"),
    CHOKEPOINT_ROW(MarketParameters, service_shift, "1/yr", kPositive, "rate at which the control point moves up to services"),
    CHOKEPOINT_ROW(MarketParameters, capex, "USD bn/yr", kPositive, "capital spending at start"),
    CHOKEPOINT_ROW(MarketParameters, capex_growth, "1/yr", kUnbounded, "its log growth at start"),
    CHOKEPOINT_ROW(MarketParameters, capex_growth_decay, "yr", kPositive, "e-folding time of that growth"),
    CHOKEPOINT_ROW(MarketParameters, bust_rate, "1/yr", kPositive, "hazard of an investment correction at the starting burden"),
    CHOKEPOINT_ROW(MarketParameters, bust_sensitivity, "1", kPositive, "exponent of that hazard in capital spending over revenue"),
    CHOKEPOINT_ROW(MarketParameters, bust_depth, "1", kFraction, "cut of capital spending, and rate at which chip output shrinks, in a bust"),
    CHOKEPOINT_ROW(MarketParameters, bust_duration, "yr", kPositive, "length of a bust"),
};
static_assert(covers(kMarketParameters), "every market parameter needs exactly one row, in the order of declaration");

template <class Real>
struct Market {
  Real competitors, margin;
  Real log_cost;        // c, of a fixed quality
  Real log_query_cost;  // q, of a frontier query
  Real revenue, capex;  // R and I, USD bn/yr
  Real service_share;   // v
  Real capex_spent, profit_made;  // USD bn since the start
};

template <class Real>
CHOKEPOINT_HD Real margin_of(const MarketParameters<Real>& p, Real competitors) {
  return p.monopoly_margin / fma(p.similarity, competitors - 1, 1);
}

template <class Real>
CHOKEPOINT_HD Market<Real> start_market(const MarketParameters<Real>& p) {
  return {p.competitors, margin_of(p, p.competitors), 0, 0, p.revenue, p.capex, p.service_share, 0, 0};
}

template <class Real>
CHOKEPOINT_HD void step_market(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s, Events<Real>& events) {
  const MarketParameters<Real>& p = w.market;
  Market<Real>& k = s.market;

  const Real openness = exp(-positive_part(s.frontier.best() - s.frontier.open) / p.openness_reach);
  const Real entry = p.entry_rate * openness * (p.max_competitors - k.competitors) - p.exit_rate * (k.competitors - 1);
  k.competitors = max(fma(entry, kYearsPerStep, k.competitors), 1);
  k.margin = margin_of(p, k.competitors);
  events.mark(Event::kPriceCollapse, k.margin < 0.5f * w.initial_margin);

  k.log_cost -= fma(p.inference_efficiency, m.inference_decay, p.hardware_cost_decline) * kYearsPerStep;
  k.log_query_cost += fma(p.query_growth, m.query_decay, -p.hardware_cost_decline) * kYearsPerStep;

  const Real saturation = 1 - k.revenue / p.revenue_ceiling;
  const Real revenue_growth = p.revenue_elasticity * s.frontier.growth * fma(levers.public_adoption, 0.3f, 1) * saturation;
  k.revenue = min(k.revenue * growth_factor(revenue_growth, p.revenue_volatility, m.z_revenue), p.revenue_ceiling);
  k.service_share += p.service_shift * (0.95f - k.service_share) * kYearsPerStep;

  // Investment: a bust starts with the burden's hazard, otherwise spending grows.
  const Real burden = log(k.capex / k.revenue) - w.initial_burden;
  const auto in_bust = s.regimes.bust_left > 0;
  const auto bust_starts = (!in_bust) & happens(m.wait_bust, p.bust_rate * exp(clamp(p.bust_sensitivity * burden, -5, 3)));
  const Real capex_growth = fma(p.capex_growth, m.capex_decay, fma(min(0, -burden), 0.3f, 0.05f));
  const Real moved = select(bust_starts, 1 - p.bust_depth, exp(capex_growth * kYearsPerStep));
  k.capex = select(in_bust, k.capex, k.capex * moved);
  s.regimes.bust_left = select(bust_starts, p.bust_duration, s.regimes.bust_left);
  events.mark(Event::kBust, bust_starts);

  k.capex_spent = fma(k.capex, kYearsPerStep, k.capex_spent);
  k.profit_made = fma(k.revenue * k.margin, kYearsPerStep, k.profit_made);
}

}  // namespace chokepoint::race
