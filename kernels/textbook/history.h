// What is told of a month of the textbook model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../history.h"
#include "textbook.h"

namespace chokepoint {

namespace textbook {

template <class Real>
struct History {
  Real loss, z;
};
inline constexpr Field<History<float>, HistoryRow> kHistory[] = {
    CHOKEPOINT_ROW(History, loss, HistoryKind::kLasting, "payoff below zero", "payoff no longer below zero"),
    CHOKEPOINT_ROW(History, z, HistoryKind::kNormal, "noise", nullptr),
};
static_assert(covers(kHistory));

}  // namespace textbook

template <>
struct HistoryOf<Textbook> {
  template <class Real> using Type = textbook::History<Real>;
  static constexpr auto& kRows = textbook::kHistory;

  template <class Real>
  static CHOKEPOINT_HD Type<Real> read(const textbook::Parameters<Real>&, const textbook::Month<Real>& m, const textbook::Levers<Real>&,
                                       const textbook::State<Real>&, const textbook::Events<Real>& events) {
    return {as_flag(events.first[0] < events.never), m.z};
  }
};

}  // namespace chokepoint
