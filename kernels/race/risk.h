// Threshold and risk (MODEL.md, 5.7): who crosses the transformative threshold first, with what lead, and
// the hazard of a catastrophe near it. A catastrophe is an event; the trajectory runs on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "events.h"
#include "levers.h"
#include "month.h"

namespace chokepoint::race {

template <class Real>
struct RiskParameters {
  Real transformative_threshold, takeoff_factor, catastrophe_rate, race_months, decisive_months;
};

inline constexpr Field<RiskParameters<float>, ParameterRow> kRiskParameters[] = {
    CHOKEPOINT_ROW(RiskParameters, transformative_threshold, "nats", kPositive, "frontier capability above the start at which AI becomes transformative"),
    CHOKEPOINT_ROW(RiskParameters, takeoff_factor, "1", kPositive, "algorithm growth multiplies by this for the bloc that crosses"),
    CHOKEPOINT_ROW(RiskParameters, catastrophe_rate, "1/yr", kPositive, "hazard near the threshold, at full racing"),
    CHOKEPOINT_ROW(RiskParameters, race_months, "months", kPositive, "lead at which racing pressure falls by e"),
    CHOKEPOINT_ROW(RiskParameters, decisive_months, "months", kPositive, "lead at crossing that counts as decisive"),
};
static_assert(covers(kRiskParameters), "every risk parameter needs exactly one row, in the order of declaration");

template <class Real>
struct Risk {
  Real us_crossed, china_crossed;  // 1 for the bloc that crossed the threshold first
};

template <class Real>
CHOKEPOINT_HD void step_risk(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s, Events<Real>& events) {
  const RiskParameters<Real>& p = w.risk;
  Risk<Real>& r = s.risk;
  const Frontier<Real>& f = s.frontier;
  const Real best = f.best(), lead = abs(f.lag);

  const auto crosses = (best > p.transformative_threshold) & (!holds(r.us_crossed + r.china_crossed));
  const auto us_first = f.us >= f.china;
  r.us_crossed = select(crosses & us_first, 1, r.us_crossed);
  r.china_crossed = select(crosses & (!us_first), 1, r.china_crossed);
  events.mark(Event::kTransformative, crosses);
  events.mark(Event::kTransformativeUs, crosses & us_first);
  events.mark(Event::kTransformativeChina, crosses & (!us_first));
  events.mark(Event::kDecisiveLead, crosses & (lead > p.decisive_months));

  const Real racing = p.catastrophe_rate * fma(levers.race_coordination, -0.8f, 1) * (0.2f + exp(-lead / p.race_months));
  events.mark(Event::kCatastrophe, (best > p.transformative_threshold - 2) & happens(m.wait_catastrophe, racing));
}

}  // namespace chokepoint::race
