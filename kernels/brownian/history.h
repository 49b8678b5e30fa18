// What is told of a month of the brownian model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../history.h"
#include "brownian.h"

namespace chokepoint {

namespace brownian {

template <class Real>
struct History {
  Real barrier, hazard, z;
};
inline constexpr Field<History<float>, HistoryRow> kHistory[] = {
    CHOKEPOINT_ROW(History, barrier, HistoryKind::kLasting, "barrier reached", "below the barrier again"),
    CHOKEPOINT_ROW(History, hazard, HistoryKind::kStriking, "hazard strikes", nullptr),
    CHOKEPOINT_ROW(History, z, HistoryKind::kNormal, "value", nullptr),
};
static_assert(covers(kHistory));

}  // namespace brownian

template <>
struct HistoryOf<Brownian> {
  template <class Real> using Type = brownian::History<Real>;
  static constexpr auto& kRows = brownian::kHistory;

  template <class Real>
  static CHOKEPOINT_HD Type<Real> read(const brownian::Parameters<Real>&, const brownian::Month<Real>& m, const brownian::Levers<Real>&,
                                       const brownian::State<Real>&, const brownian::Events<Real>& events) {
    const auto flag = [&](brownian::Event event) { return as_flag(events.first[static_cast<int>(event)] < events.never); };
    return {flag(brownian::Event::kBarrier), flag(brownian::Event::kHazard), m.z};
  }
};

}  // namespace chokepoint
