// What is told of a month of the inspection model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../history.h"
#include "inspection.h"

namespace chokepoint {

namespace inspection {

template <class Real>
struct History {
  Real method_better, overlap_below, inside, overlap_above, inspection_better, spans;
};
inline constexpr Field<History<float>, HistoryRow> kHistory[] = {
    CHOKEPOINT_ROW(History, method_better, HistoryKind::kLasting, "inspections are worth less per cost", "no longer less throughout"),
    CHOKEPOINT_ROW(History, overlap_below, HistoryKind::kLasting, "inspections reach into the range from below", "no longer from below"),
    CHOKEPOINT_ROW(History, inside, HistoryKind::kLasting, "inspections are inside the range", "no longer inside"),
    CHOKEPOINT_ROW(History, overlap_above, HistoryKind::kLasting, "inspections reach out of the range above", "no longer above"),
    CHOKEPOINT_ROW(History, inspection_better, HistoryKind::kLasting, "inspections are worth more per cost", "no longer more throughout"),
    CHOKEPOINT_ROW(History, spans, HistoryKind::kLasting, "inspections span the range", "inspections no longer span it"),
};
static_assert(covers(kHistory));

}  // namespace inspection

template <>
struct HistoryOf<Inspection> {
  template <class Real> using Type = inspection::History<Real>;
  static constexpr auto& kRows = inspection::kHistory;

  template <class Real>
  static CHOKEPOINT_HD Type<Real> read(const inspection::World<Real>&, const inspection::Year<Real>&, const inspection::Levers<Real>&,
                                       const inspection::State<Real>&, const inspection::Events<Real>& events) {
    Real happened[Inspection::kEvents];
    for (int e = 0; e < Inspection::kEvents; ++e) happened[e] = as_flag(events.first[e] < events.never);
    return {happened[0], happened[1], happened[2], happened[3], happened[4], happened[5]};
  }
};

}  // namespace chokepoint
