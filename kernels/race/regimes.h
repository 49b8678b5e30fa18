// Regimes that switch on and off (MODEL.md, 5.1): a Taiwan crisis, Chinese counter-controls, the reversal
// of announced export controls, China's refusal of licensed chips. After step_regimes the levers are the
// effective ones.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "events.h"
#include "levers.h"
#include "month.h"

namespace chokepoint::race {

template <class Real>
struct RegimeParameters {
  Real taiwan_rate, taiwan_loss, taiwan_duration, counter_rate, counter_loss, counter_duration, reversal_rate,
      restoration_rate, refusal_on_rate, refusal_off_rate, refusal_at_start;
};

inline constexpr Field<RegimeParameters<float>, ParameterRow> kRegimeParameters[] = {
    CHOKEPOINT_ROW(RegimeParameters, taiwan_rate, "1/yr", kPositive, "hazard of a blockade or invasion of Taiwan"),
    CHOKEPOINT_ROW(RegimeParameters, taiwan_loss, "1", kFraction, "share of allied output lost in a Taiwan crisis"),
    CHOKEPOINT_ROW(RegimeParameters, taiwan_duration, "yr", kPositive, "length of a Taiwan crisis"),
    CHOKEPOINT_ROW(RegimeParameters, counter_rate, "1/yr", kPositive, "hazard of Chinese counter-controls at full control intensity"),
    CHOKEPOINT_ROW(RegimeParameters, counter_loss, "1", kFraction, "share of allied output lost to counter-controls"),
    CHOKEPOINT_ROW(RegimeParameters, counter_duration, "yr", kPositive, "length of counter-controls"),
    CHOKEPOINT_ROW(RegimeParameters, reversal_rate, "1/yr", kPositive, "hazard that export controls fall back to the status quo"),
    CHOKEPOINT_ROW(RegimeParameters, restoration_rate, "1/yr", kPositive, "hazard that reversed controls are restored"),
    CHOKEPOINT_ROW(RegimeParameters, refusal_on_rate, "1/yr", kPositive, "hazard that China starts to refuse licensed chips"),
    CHOKEPOINT_ROW(RegimeParameters, refusal_off_rate, "1/yr", kPositive, "hazard that this refusal ends"),
    CHOKEPOINT_ROW(RegimeParameters, refusal_at_start, "1", kFraction, "1 if China refuses licensed chips at the start, else 0"),
};
static_assert(covers(kRegimeParameters), "every regime parameter needs exactly one row, in the order of declaration");

template <class Real>
struct Regimes {
  Real taiwan_left;   // years left of a Taiwan crisis; 0 or less: none
  Real counter_left;  // years left of counter-controls
  Real bust_left;     // years left of an investment bust
  Real reversed;      // 1 while export controls are reversed
  Real refused;       // 1 while China refuses licensed chips
};

template <class Real>
CHOKEPOINT_HD Regimes<Real> start_regimes(const RegimeParameters<Real>& p) { return {0, 0, 0, 0, p.refusal_at_start}; }

template <class Real>
CHOKEPOINT_HD void step_regimes(const World<Real>& w, const Month<Real>& m, Levers<Real>& levers, State<Real>& s, Events<Real>& events) {
  const RegimeParameters<Real>& p = w.regimes;
  Regimes<Real>& r = s.regimes;

  const auto in_crisis = r.taiwan_left > 0;
  const auto crisis_starts = (!in_crisis) & happens(m.wait_taiwan, p.taiwan_rate);
  r.taiwan_left = select(in_crisis, r.taiwan_left - kYearsPerStep, select(crisis_starts, p.taiwan_duration, 0));
  events.mark(Event::kTaiwanCrisis, crisis_starts);

  const auto was_reversed = holds(r.reversed);
  const auto switches = happens(m.wait_reversal, select(was_reversed, p.restoration_rate, p.reversal_rate * (1 - levers.durability)));
  events.mark(Event::kPolicyReversal, (!was_reversed) & switches);
  r.reversed = select(switches, 1 - r.reversed, r.reversed);
  revert_export_controls<Real>(holds(r.reversed), levers);

  const auto refusal_switches = happens(m.wait_refusal, select(holds(r.refused), p.refusal_off_rate, p.refusal_on_rate));
  r.refused = select(refusal_switches, 1 - r.refused, r.refused);
  events.mark(Event::kImportRefusal, holds(r.refused));

  const Real intensity = (levers.equipment_control + levers.memory_control + 1 - min(1, levers.chip_licence_share * (1 / 0.3f))) * (1 / 3.0f);
  const auto in_counter = r.counter_left > 0;
  const auto counter_starts = (!in_counter) & happens(m.wait_counter, p.counter_rate * intensity);
  r.counter_left = select(in_counter, r.counter_left - kYearsPerStep, select(counter_starts, p.counter_duration, 0));

  r.bust_left = positive_part(r.bust_left - kYearsPerStep);
}

}  // namespace chokepoint::race
