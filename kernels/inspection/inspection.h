// What finds diverted chips at the least cost: visits on site that test some chips, or pings that locate every chip?
// A closed form over an enumeration of scenarios, after the location-verification study of CSET (Georgetown University,
// github.com/georgetown-cset/location-verification-calculations; written anew from its description):
//   found = sum over sizes of clusters that divert x diverted chips of each x probability that its tests notice it (detection.h)
//   cost of inspections = visits (clusters x cost of a visit + tests x cost of a test), between its low and its high end
//   value = found x what a find is worth / cost, so that the low end of value belongs to the high end of cost
// The number of a trajectory is that of its scenario (scenarios.h): 2,656,000 trajectories are the published enumeration. Nothing is
// drawn, and nothing changes over time as long as the levers do not.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../events.h"
#include "../random.h"
#include "../rows.h"
#include "detection.h"
#include "scenarios.h"

namespace chokepoint {

namespace inspection {

template <class Real>
struct Parameters {
  Real visits, visit_cost_low, visit_cost_high, test_cost_low, test_cost_high, miss_on_site, miss_by_ping, ping_worth, diverting_clusters;
};
inline constexpr Field<Parameters<float>, ParameterRow> kParameterFields[] = {
    CHOKEPOINT_ROW(Parameters, visits, "1/yr", kPositive, "visits to every cluster"),
    CHOKEPOINT_ROW(Parameters, visit_cost_low, "$", kPositive, "cost of a visit, low end"),
    CHOKEPOINT_ROW(Parameters, visit_cost_high, "$", kPositive, "cost of a visit, high end"),
    CHOKEPOINT_ROW(Parameters, test_cost_low, "$", kPositive, "cost of testing a chip on site, low end"),
    CHOKEPOINT_ROW(Parameters, test_cost_high, "$", kPositive, "cost of testing a chip on site, high end"),
    CHOKEPOINT_ROW(Parameters, miss_on_site, "1", kFraction, "probability that a test on site overlooks a diverted chip"),
    CHOKEPOINT_ROW(Parameters, miss_by_ping, "1", kFraction, "probability that a ping overlooks a diverted chip"),
    CHOKEPOINT_ROW(Parameters, ping_worth, "1", kFraction, "worth of a find by ping beside one on site"),
    CHOKEPOINT_ROW(Parameters, diverting_clusters, "1", kFraction, "share of the clusters of each size that divert; rounded, at least one"),
};
static_assert(covers(kParameterFields));
inline constexpr auto kParameters = join_rows(kParameterFields);

template <class Real>
struct Levers {
  Real pings, ping_cost_low, ping_cost_high;
};
inline constexpr Field<Levers<float>, LeverRow> kLevers[] = {
    CHOKEPOINT_ROW(Levers, pings, {0, 1}, 0, false, "1: every chip is located by pings; 0: inspections on site"),
    CHOKEPOINT_ROW(Levers, ping_cost_low, {1, 1e12f}, 2251688, false, "cost of pings a year for all chips, low end ($)"),
    CHOKEPOINT_ROW(Levers, ping_cost_high, {1, 1e12f}, 72427200, false, "cost of pings a year for all chips, high end ($)"),
};
static_assert(covers(kLevers));

template <class Real>
struct Metrics {
  Real value_low, value_high, cost_low, cost_high, found, found_share;
};
inline constexpr Field<Metrics<float>, MetricRow> kMetrics[] = {
    CHOKEPOINT_ROW(Metrics, value_low, "chips per thousand $", Direction::kHigher, Scale::kSignedLog, 0, 1000, 0.01f, -20,
                   "worth of the finds per cost, at the high end of cost"),
    CHOKEPOINT_ROW(Metrics, value_high, "chips per thousand $", Direction::kHigher, Scale::kSignedLog, 0, 1000, 0.01f, -20,
                   "worth of the finds per cost, at the low end of cost"),
    CHOKEPOINT_ROW(Metrics, cost_low, "M$/yr", Direction::kLower, Scale::kLog, 0.1f, 1e5f, 0, -20, "cost of the policy's method, low end"),
    CHOKEPOINT_ROW(Metrics, cost_high, "M$/yr", Direction::kLower, Scale::kLog, 0.1f, 1e5f, 0, -20,
                   "cost of the policy's method, high end"),
    CHOKEPOINT_ROW(Metrics, found, "thousand chips", Direction::kHigher, Scale::kLinear, 0, 1000, 0, -20,
                   "expected diverted chips in clusters where a diversion is noticed"),
    CHOKEPOINT_ROW(Metrics, found_share, "1", Direction::kHigher, Scale::kLinear, 0, 1, 0, -20,
                   "the same as a share of all diverted chips"),
};
static_assert(covers(kMetrics));

// How the range of value of inspections on site, from low to high, lies to that of the policy's method: one of them happens.
enum class Event { kMethodBetter, kOverlapBelow, kInside, kOverlapAbove, kInspectionBetter, kSpans, kCount };
inline constexpr EventRow kEvents[] = {
    {"method_better", "inspections, at their best, are worth less per cost than the policy's method at its worst"},
    {"overlap_below", "inspections are worth less at their worst, and lie in the method's range at their best"},
    {"inside", "the range of inspections lies in that of the policy's method; always where that is inspections"},
    {"overlap_above", "inspections lie in the method's range at their worst, and are worth more at their best"},
    {"inspection_better", "inspections, at their worst, are worth more per cost than the policy's method at its best"},
    {"spans", "the range of the policy's method lies within that of inspections"},
};

// A year of a scenario.
template <class Real>
struct Year {
  Real clusters, tests, diverted, found_on_site, found_by_ping;  // tests: of one visit to every cluster
};

template <class Real>
struct State {
  Levers<Real> levers;
  Year<Real> year;
};

// The parameters, and the probabilities that they give: (size, a tenth or all diverted[, test option from the second on]).
template <class Real>
struct World : Parameters<Real> {
  Real on_site[kSizes][2][kTestOptions - 1], by_ping[kSizes][2];
};

template <class Real>
using Events = EventLog<Real, static_cast<int>(Event::kCount)>;

template <class Real>
struct Bounds {
  Real low, high;
};

template <class Real>
CHOKEPOINT_HD Bounds<Real> inspection_cost(const World<Real>& w, const Year<Real>& y) {
  return {w.visits * (y.clusters * w.visit_cost_low + y.tests * w.test_cost_low),
          w.visits * (y.clusters * w.visit_cost_high + y.tests * w.test_cost_high)};
}

// What is found for a dollar.
template <class Real>
CHOKEPOINT_HD Bounds<Real> value(Real found, Bounds<Real> cost) { return {found / cost.high, found / cost.low}; }

// Of the policy's method.
template <class Real>
CHOKEPOINT_HD Bounds<Real> method_cost(const World<Real>& w, const State<Real>& s) {
  const Bounds<Real> inspections = inspection_cost(w, s.year);
  const auto pings = holds(s.levers.pings);
  return {select(pings, s.levers.ping_cost_low, inspections.low), select(pings, s.levers.ping_cost_high, inspections.high)};
}

template <class Real>
CHOKEPOINT_HD Bounds<Real> method_value(const World<Real>& w, const State<Real>& s) {
  return value(select(holds(s.levers.pings), w.ping_worth * s.year.found_by_ping, s.year.found_on_site), method_cost(w, s));
}

// A year of the scenario of each lane.
template <class Real>
CHOKEPOINT_HD Year<Real> year_of(const World<Real>& w, Index<Real::kLanes> trajectory) {
  Scenario scenario[Real::kLanes];
  for (int i = 0; i < Real::kLanes; ++i)
    scenario[i] = scenario_of(static_cast<std::uint64_t>(trajectory.high.lane(i)) << 32 | trajectory.low.lane(i));
  Year<Real> year = {0, 0, 0, 0, 0};
  for (int size = 0; size < kSizes; ++size) {
    Real clusters, tests, diverted_each, on_site, by_ping;
    for (int i = 0; i < Real::kLanes; ++i) {
      const int option = scenario[i].option[size], all = scenario[i].all[size];
      clusters.set_lane(i, static_cast<float>(scenario[i].shares[size] * (kChipsPerShare / chips_of(size))));
      tests.set_lane(i, static_cast<float>(tests_of(option)));
      diverted_each.set_lane(i, static_cast<float>(diverted_of(size, all)));
      on_site.set_lane(i, option == 0 ? 0.0f : w.on_site[size][all][option - 1].lane(i));
      by_ping.set_lane(i, w.by_ping[size][all].lane(i));
    }
    const Real diverting = min(clusters, max(1, Real::from_small(truncate(clusters * w.diverting_clusters + 0.5f))));
    const Real diverted = diverting * diverted_each;
    year.clusters += clusters;
    year.tests += clusters * tests;
    year.diverted += diverted;
    year.found_on_site += diverted * on_site;
    year.found_by_ping += diverted * by_ping;
  }
  return year;
}

}  // namespace inspection

struct Inspection {
  static constexpr const char* kName = "inspection";
  static constexpr const char* kTitle = "inspections or pings to find diverted chips (closed form, an enumeration of scenarios)";
  static constexpr int kParameters = static_cast<int>(inspection::kParameters.size());
  static constexpr int kLevers = static_cast<int>(kMembers<inspection::Levers<float>>);
  static constexpr int kMetrics = static_cast<int>(kMembers<inspection::Metrics<float>>);
  static constexpr int kEvents = static_cast<int>(inspection::Event::kCount);

  template <class Real> using Parameters = inspection::Parameters<Real>;
  template <class Real> using World = inspection::World<Real>;
  template <class Real> using Month = inspection::Year<Real>;
  template <class Real> using Levers = inspection::Levers<Real>;
  template <class Real> using State = inspection::State<Real>;

  template <class Real>
  static CHOKEPOINT_HD void complete_world(World<Real>& w) {
    for (int size = 0; size < inspection::kSizes; ++size)
      for (int all = 0; all < 2; ++all) {
        const int chips = inspection::chips_of(size), diverted = inspection::diverted_of(size, all);
        for (int option = 1; option < inspection::kTestOptions; ++option) {
          const int tests = option < inspection::test_options(size) ? inspection::tests_of(option) : 0;
          w.on_site[size][all][option - 1] = inspection::detection_probability(chips, diverted, tests, w.miss_on_site);
        }
        w.by_ping[size][all] = inspection::noticed(diverted, w.miss_by_ping);
      }
  }

  template <class Real>
  static CHOKEPOINT_HD State<Real> start(const World<Real>&) { return {}; }

  // A scenario stays what it is: only its first month is looked up.
  template <class Real>
  static CHOKEPOINT_HD Month<Real> draw_month(const World<Real>& w, std::uint64_t, Index<Real::kLanes> trajectory, int step, int) {
    return step == 0 ? inspection::year_of(w, trajectory) : Month<Real>{0, 0, 0, 0, 0};
  }

  template <class Real>
  static CHOKEPOINT_HD void step(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s,
                                 inspection::Events<Real>& events) {
    using inspection::Event;
    s.levers = levers;
    if (events.step == 0) s.year = m;
    const auto on_site = inspection::value(s.year.found_on_site, inspection::inspection_cost(w, s.year));
    const auto method = inspection::method_value(w, s);
    const auto below = on_site.low < method.low;
    const auto above = on_site.high > method.high;
    const auto apart_below = on_site.high < method.low;
    const auto apart_above = on_site.low > method.high;
    events.mark(Event::kMethodBetter, apart_below);
    events.mark(Event::kOverlapBelow, below & !apart_below & !above);
    events.mark(Event::kInside, !(below | above));
    events.mark(Event::kOverlapAbove, above & !apart_above & !below);
    events.mark(Event::kInspectionBetter, apart_above);
    events.mark(Event::kSpans, below & above);
  }

  template <class Real>
  static CHOKEPOINT_HD void measure(const World<Real>& w, const State<Real>& s, Real* metrics) {
    const auto value = inspection::method_value(w, s), cost = inspection::method_cost(w, s);
    const Real found = select(holds(s.levers.pings), s.year.found_by_ping, s.year.found_on_site);
    metrics[0] = value.low * 1000;
    metrics[1] = value.high * 1000;
    metrics[2] = cost.low * 1e-6f;
    metrics[3] = cost.high * 1e-6f;
    metrics[4] = found * 0.001f;
    metrics[5] = found / s.year.diverted;
  }
};

}  // namespace chokepoint
