// What is told of a month of the race model: regimes in force, events, releases and shocks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "../history.h"
#include "race.h"

namespace chokepoint {

namespace race {

template <class Real>
struct History {
  // In force at the end of the month.
  Real taiwan_crisis, counter_controls, policy_reversal, import_refusal, bust, china_overtakes, open_near_frontier, price_collapse;
  // Happened in the month.
  Real paradigm_change, paradigm_us, paradigm_china, incident, transformative, transformative_us, transformative_china, decisive_lead,
      catastrophe, us_release, us_open_release, china_release, china_open_release;
  // Chance; the noise of a release is 0 in months without one.
  Real z_output, z_logic, z_memory, z_algo_us, z_algo_cn, z_release_us, z_release_cn, z_revenue;
};

inline constexpr auto kLasting = HistoryKind::kLasting, kStriking = HistoryKind::kStriking, kRoutine = HistoryKind::kRoutine,
                      kNormal = HistoryKind::kNormal;

inline constexpr Field<History<float>, HistoryRow> kHistory[] = {
    CHOKEPOINT_ROW(History, taiwan_crisis, kLasting, "Taiwan crisis begins", "Taiwan crisis ends"),
    CHOKEPOINT_ROW(History, counter_controls, kLasting, "Chinese counter-controls begin", "Chinese counter-controls end"),
    CHOKEPOINT_ROW(History, policy_reversal, kLasting, "export controls fall back to the status quo", "export controls restored"),
    CHOKEPOINT_ROW(History, import_refusal, kLasting, "Beijing refuses licensed chips", "Beijing takes licensed chips again"),
    CHOKEPOINT_ROW(History, bust, kLasting, "investment bust begins", "investment bust ends"),
    CHOKEPOINT_ROW(History, china_overtakes, kLasting, "Chinese frontier ahead", "US frontier ahead again"),
    CHOKEPOINT_ROW(History, open_near_frontier, kLasting, "open models near the frontier", "open models fall behind"),
    CHOKEPOINT_ROW(History, price_collapse, kLasting, "model margin below half of its start", "model margin recovers"),
    CHOKEPOINT_ROW(History, paradigm_change, kStriking, "change of AI paradigm", nullptr),
    CHOKEPOINT_ROW(History, paradigm_us, kStriking, "found in the US", nullptr),
    CHOKEPOINT_ROW(History, paradigm_china, kStriking, "found in China", nullptr),
    CHOKEPOINT_ROW(History, incident, kStriking, "security incident with Chinese software", nullptr),
    CHOKEPOINT_ROW(History, transformative, kStriking, "frontier crosses the transformative threshold", nullptr),
    CHOKEPOINT_ROW(History, transformative_us, kStriking, "the US first", nullptr),
    CHOKEPOINT_ROW(History, transformative_china, kStriking, "China first", nullptr),
    CHOKEPOINT_ROW(History, decisive_lead, kStriking, "with a decisive lead", nullptr),
    CHOKEPOINT_ROW(History, catastrophe, kStriking, "catastrophe", nullptr),
    CHOKEPOINT_ROW(History, us_release, kRoutine, "US frontier release", nullptr),
    CHOKEPOINT_ROW(History, us_open_release, kRoutine, "with open weights in the US", nullptr),
    CHOKEPOINT_ROW(History, china_release, kRoutine, "Chinese frontier release", nullptr),
    CHOKEPOINT_ROW(History, china_open_release, kRoutine, "with open weights in China", nullptr),
    CHOKEPOINT_ROW(History, z_output, kNormal, "allied chip output", nullptr),
    CHOKEPOINT_ROW(History, z_logic, kNormal, "Chinese logic chips", nullptr),
    CHOKEPOINT_ROW(History, z_memory, kNormal, "Chinese memory chips", nullptr),
    CHOKEPOINT_ROW(History, z_algo_us, kNormal, "US algorithms", nullptr),
    CHOKEPOINT_ROW(History, z_algo_cn, kNormal, "Chinese algorithms", nullptr),
    CHOKEPOINT_ROW(History, z_release_us, kNormal, "US release", nullptr),
    CHOKEPOINT_ROW(History, z_release_cn, kNormal, "Chinese release", nullptr),
    CHOKEPOINT_ROW(History, z_revenue, kNormal, "revenue", nullptr),
};
static_assert(covers(kHistory), "every member of a history needs exactly one row, in the order of declaration");

constexpr bool tells_every_event() {
  for (const EventRow& event : kEvents) {
    bool told = false;
    for (const auto& field : kHistory) told = told || std::string_view(field.row.key) == event.key;
    if (!told) return false;
  }
  return true;
}
static_assert(tells_every_event(), "every event needs a row of the history with its key");

template <class Real>
CHOKEPOINT_HD History<Real> read_history(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, const State<Real>& s,
                                         const Events<Real>& events) {
  const Regimes<Real>& r = s.regimes;
  const auto marked = [&](Event event) { return events.first[static_cast<int>(event)] < events.never; };
  const auto flag = [&](Event event) { return as_flag(marked(event)); };
  const auto paradigm = marked(Event::kParadigmChange), us_finds_it = us_finds_paradigm(m, s);
  const auto us_releases = happens(m.wait_release_us, w.frontier.us_release_rate);
  const auto china_releases = happens(m.wait_release_cn, w.frontier.china_release_rate);
  return {as_flag(r.taiwan_left > 0),
          as_flag(r.counter_left > 0),
          r.reversed,
          r.refused,
          as_flag(r.bust_left > 0),
          flag(Event::kChinaOvertakes),
          flag(Event::kOpenNearFrontier),
          flag(Event::kPriceCollapse),
          as_flag(paradigm),
          as_flag(paradigm & us_finds_it),
          as_flag(paradigm & (!us_finds_it)),
          as_flag(happens(m.wait_incident, w.adoption.incident_rate)),
          flag(Event::kTransformative),
          flag(Event::kTransformativeUs),
          flag(Event::kTransformativeChina),
          flag(Event::kDecisiveLead),
          flag(Event::kCatastrophe),
          as_flag(us_releases),
          as_flag(us_releases & (m.u_open_us < levers.us_open_share)),
          as_flag(china_releases),
          as_flag(china_releases & (m.u_open_cn < levers.china_open_share)),
          m.z_output,
          m.z_logic,
          m.z_memory,
          m.z_algo_us,
          m.z_algo_cn,
          select(us_releases, m.z_release_us, 0),
          select(china_releases, m.z_release_cn, 0),
          m.z_revenue};
}

}  // namespace race

template <>
struct HistoryOf<Race> {
  template <class Real> using Type = race::History<Real>;
  static constexpr auto& kRows = race::kHistory;

  template <class Real>
  static CHOKEPOINT_HD Type<Real> read(const race::World<Real>& w, const race::Month<Real>& m, const race::Levers<Real>& levers,
                                       const race::State<Real>& s, const race::Events<Real>& events) {
    return race::read_history(w, m, levers, s, events);
  }
};

}  // namespace chokepoint
