// The enumeration of scenarios, and a year of each against the same formulas in double.
// SPDX-License-Identifier: Apache-2.0
#include "../checks.h"

#include <array>
#include <numeric>
#include <set>

#include "../../../kernels/inspection/inspection.h"

namespace chokepoint {
namespace {

namespace model = inspection;

constexpr std::uint64_t kStride = 997;  // prime to the numbers of options: a sample of all scenarios

std::array<int, model::kSizes> clusters_of(const model::Scenario& s) {
  std::array<int, model::kSizes> clusters;
  for (int size = 0; size < model::kSizes; ++size) clusters[size] = s.shares[size] * 300'000 / model::chips_of(size);
  return clusters;
}

// Everything that tells a scenario from others, in one number.
std::uint64_t code_of(const model::Scenario& s) {
  std::uint64_t code = 0;
  for (int size = 0; size < model::kSizes; ++size)
    code = ((code * 11 + s.shares[size]) * 2 + s.all[size]) * model::kTestOptions + s.option[size];
  return code;
}

TEST(InspectionScenarios, AreAllDifferent) {
  std::vector<std::uint64_t> codes;
  for (std::uint64_t i = 0; i < model::kScenarios; ++i) codes.push_back(code_of(model::scenario_of(i)));
  std::sort(codes.begin(), codes.end());
  EXPECT_EQ(std::adjacent_find(codes.begin(), codes.end()), codes.end());
}

TEST(InspectionScenarios, HoldThreeMillionChips) {
  for (std::uint64_t i = 0; i < model::kScenarios; i += kStride) {
    const model::Scenario s = model::scenario_of(i);
    EXPECT_EQ(std::accumulate(s.shares, s.shares + model::kSizes, 0), 10) << i;
    for (int size = 0; size < model::kSizes; ++size) {
      EXPECT_GE(s.shares[size], size > 0 ? 1 : 0) << i;
      EXPECT_LE(model::tests_of(s.option[size]), model::chips_of(size)) << i;
    }
  }
}

// 3,000,000 times a tenth, as a step from 0 to 1 in double: the publication asks whether that makes whole clusters.
TEST(InspectionScenarios, PublishedOnesMakeWholeClustersInDouble) {
  std::set<std::array<int, model::kSizes>> published, others;
  for (std::uint64_t i = 0; i < model::kScenarios; i += 400) {
    const model::Scenario s = model::scenario_of(i);
    bool whole = true;
    for (int size = 0; size < model::kSizes; ++size) {
      const double clusters = 3e6 * (s.shares[size] * 0.1) / model::chips_of(size);
      whole = whole && clusters == std::floor(clusters);
    }
    EXPECT_EQ(whole, i < model::kPublishedScenarios) << i;
    (whole ? published : others).insert(clusters_of(s));
  }
  EXPECT_EQ(published.size(), 77u);
  EXPECT_EQ(others.size(), 133u);
}

TEST(InspectionScenarios, BeginWithThoseThatHaveTheKnownClusters) {
  for (std::uint64_t i = 0; i < model::kPublishedScenarios; i += 400) {
    const auto count = clusters_of(model::scenario_of(i));
    const bool known = count[1] >= 214 && count[2] >= 168 && count[3] >= 45 && count[4] >= 7;
    EXPECT_EQ(known, i < model::kKnownScenarios) << i;
  }
}

TEST(InspectionScenarios, BeginAgainAfterTheLast) {
  for (const std::uint64_t i : {std::uint64_t{0}, std::uint64_t{123'456}, std::uint64_t{model::kScenarios} - 1})
    EXPECT_EQ(code_of(model::scenario_of(i)), code_of(model::scenario_of(i + model::kScenarios * (std::uint64_t{1} << 33)))) << i;
}

// What the publication says of its scenarios (output/all/relationship_code_rules.csv).
TEST(InspectionScenarios, HaveThePublishedRanges) {
  std::array<int, 2> clusters = {1 << 30, 0}, tests = clusters, diverted = clusters;  // least, greatest
  const auto extend = [](std::array<int, 2>& range, int x) { range = {std::min(range[0], x), std::max(range[1], x)}; };
  for (std::uint64_t i = 0; i < model::kPublishedScenarios; ++i) {
    const model::Scenario s = model::scenario_of(i);
    const auto count = clusters_of(s);
    int tested = 0, gone = 0;
    for (int size = 0; size < model::kSizes; ++size) {
      tested += count[size] * model::tests_of(s.option[size]);
      gone += (count[size] + 2) / 4 * model::diverted_of(size, s.all[size]);
    }
    extend(clusters, std::accumulate(count.begin(), count.end(), 0));
    extend(tests, tested);
    extend(diverted, gone);
  }
  EXPECT_EQ(clusters, (std::array<int, 2>{3'351, 156'333}));
  EXPECT_EQ(tests, (std::array<int, 2>{0, 2'433'000}));
  EXPECT_EQ(diverted, (std::array<int, 2>{73'000, 805'000}));
}

template <int W>
model::World<Pack<W>> published_world() {
  model::World<Pack<W>> w{};
  static_cast<model::Parameters<Pack<W>>&>(w) = {2, 2590, 6050, 9, 48.8f, 0.05f, 0.1f, 0.5f, 0.25f};
  Inspection::complete_world(w);
  return w;
}

template <int W>
model::Year<Pack<W>> year_of(const model::World<Pack<W>>& w, std::uint64_t first) {
  Index<W> index;
  for (int i = 0; i < W; ++i) {
    index.low.set_lane(i, static_cast<std::uint32_t>(first + i));
    index.high.set_lane(i, static_cast<std::uint32_t>((first + i) >> 32));
  }
  return Inspection::draw_month(w, 0, index, 0, 0);
}

TEST(Inspection, YearsAreSumsOverClusters) {
  const auto w = published_world<1>();
  for (std::uint64_t i = 0; i < model::kScenarios; i += 40 * kStride) {
    const model::Scenario s = model::scenario_of(i);
    const auto count = clusters_of(s);
    double diverted = 0, tests = 0, on_site = 0, by_ping = 0;
    for (int size = 0; size < model::kSizes; ++size) {
      const int chips = model::chips_of(size), each = model::diverted_of(size, s.all[size]), tested = model::tests_of(s.option[size]);
      const double gone = double((count[size] + 2) / 4) * each;
      diverted += gone;
      tests += double(count[size]) * tested;
      on_site += gone * double(model::detection_probability(chips, each, tested, Pack<1>(0.05f)).v);
      by_ping += gone * (1 - std::pow(0.1, each));
    }
    const auto year = year_of<1>(w, i);
    EXPECT_EQ(double(year.clusters.v), std::accumulate(count.begin(), count.end(), 0)) << i;
    EXPECT_EQ(double(year.tests.v), tests) << i;
    EXPECT_EQ(double(year.diverted.v), diverted) << i;
    EXPECT_NEAR(double(year.found_on_site.v), on_site, 3e-7 * on_site) << i;
    EXPECT_NEAR(double(year.found_by_ping.v), by_ping, 3e-7 * by_ping) << i;
  }
}

template <int W>
std::vector<float> outcome(std::uint64_t first, float pings) {
  using Real = Pack<W>;
  const auto w = published_world<W>();
  model::State<Real> state = Inspection::start(w);
  model::Events<Real> events(12);
  events.step = 0;
  Inspection::step(w, year_of<W>(w, first), {pings, 2251688, 72427200}, state, events);
  Real metrics[Inspection::kMetrics];
  Inspection::measure(w, state, metrics);
  std::vector<float> values;
  for (const Real& when : events.first) values.push_back(when.lane(W - 1));
  for (const Real& metric : metrics) values.push_back(metric.lane(W - 1));
  return values;
}

TEST(Inspection, OneRelationHoldsAndBitsAreThoseOfEveryWidth) {
  for (std::uint64_t i = 15; i < model::kPublishedScenarios; i += 100 * kStride)
    for (const float pings : {0.0f, 1.0f}) {
      const std::vector<float> one = outcome<1>(i, pings);
      EXPECT_EQ(std::count(one.begin(), one.begin() + Inspection::kEvents, 0.0f), 1) << i;
      if (pings == 0) {
        EXPECT_EQ(one[static_cast<int>(model::Event::kInside)], 0) << "inspections beside themselves";
      }
      EXPECT_EQ(outcome<8>(i - 7, pings), one) << i;
      EXPECT_EQ(outcome<16>(i - 15, pings), one) << i;
    }
}

// Every order of two ranges, by costs that make it.
TEST(Inspection, NamesTheRelationOfTwoRanges) {
  auto w = published_world<1>();
  w.visits = 1, w.visit_cost_low = 10, w.visit_cost_high = 20, w.test_cost_low = 1, w.test_cost_high = 1, w.ping_worth = 1;
  const model::Year<Pack<1>> year = {1, 0, 100, 100, 100};  // inspections find 5 to 10 a dollar
  const auto relation = [&](float low, float high) {        // so do pings, at 100 / cost
    model::State<Pack<1>> state{};
    model::Events<Pack<1>> events(12);
    events.step = 0;
    Inspection::step(w, year, {1, 100 / high, 100 / low}, state, events);
    int event = 0;
    while (events.first[event].v != 0) ++event;
    return static_cast<model::Event>(event);
  };
  EXPECT_EQ(relation(12.5f, 20), model::Event::kMethodBetter);
  EXPECT_EQ(relation(8, 20), model::Event::kOverlapBelow);
  EXPECT_EQ(relation(4, 20), model::Event::kInside);
  EXPECT_EQ(relation(5, 10), model::Event::kInside);
  EXPECT_EQ(relation(4, 8), model::Event::kOverlapAbove);
  EXPECT_EQ(relation(2, 4), model::Event::kInspectionBetter);
  EXPECT_EQ(relation(6.25f, 8), model::Event::kSpans);
}

}  // namespace
}  // namespace chokepoint
