// Adaptive policies against tables of months worked by hand: a condition seen at the end of a month acts at
// the start of the next.
// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include "../../kernels/triggers.h"

namespace chokepoint {
namespace {

constexpr int kLevers = 4, kMetrics = 2;
constexpr float kBase = 0;  // of every lever

// Sets lever 1 to 7 once metric 0 has been above 10 for `months`.
Trigger above_ten(int months) {
  Trigger t{};
  t.when = {0, Comparison::kGreater, 10, months};
  t.release = t.when;  // as the host writes it where there is none
  t.sets = 1u << 1;
  t.values[1] = 7;
  return t;
}

Trigger released_below_five(int months, int release_months) {
  Trigger t = above_ten(months);
  t.release = {0, Comparison::kLess, 5, release_months};
  t.releases = 1;
  return t;
}

struct Levers {
  float of[kLevers];
};

// The levers in each month, and the month in which each trigger first acted. metric[m] is metric 0 at the end of month m.
struct History {
  std::vector<Levers> levers;
  std::vector<float> fired;

  std::vector<float> lever(int i) const {
    std::vector<float> months;
    for (const Levers& l : levers) months.push_back(l.of[i]);
    return months;
  }
};

// The last lane sees `metric`, the others one that meets no condition: a lane must follow its own values.
template <int W>
History follow(const std::vector<Trigger>& triggers, const std::vector<float>& metric) {
  const float never = static_cast<float>(metric.size());
  std::vector<TriggerState<Pack<W>>> states(triggers.size(), {0, 0, never});
  History result;
  for (std::size_t month = 0; month < metric.size(); ++month) {
    Pack<W> levers[kLevers] = {kBase, kBase, kBase, kBase};
    for (std::size_t k = 0; k < triggers.size(); ++k) act(triggers[k], static_cast<int>(month), levers, kLevers, states[k]);
    result.levers.push_back({});
    for (int i = 0; i < kLevers; ++i) {
      result.levers.back().of[i] = levers[i].lane(W - 1);
      EXPECT_TRUE(W == 1 || levers[i].lane(0) == kBase);
    }
    Pack<W> metrics[kMetrics] = {7, -metric[month]};
    metrics[0].set_lane(W - 1, metric[month]);
    if (W > 1) metrics[1].set_lane(0, 0);
    for (std::size_t k = 0; k < triggers.size(); ++k) observe(triggers[k], metrics, kMetrics, states[k]);
  }
  for (const auto& state : states) {
    result.fired.push_back(state.fired.lane(W - 1));
    EXPECT_TRUE(W == 1 || state.fired.lane(0) == never);
  }
  return result;
}

History follow(const std::vector<Trigger>& triggers, const std::vector<float>& metric) {
  const History one = follow<1>(triggers, metric), eight = follow<8>(triggers, metric);
  for (int i = 0; i < kLevers; ++i) EXPECT_EQ(one.lever(i), eight.lever(i));
  EXPECT_EQ(one.fired, eight.fired);
  return one;
}

using Months = std::vector<float>;

TEST(Trigger, FiresInTheMonthAfterTheConditionHasHeldLongEnough) {
  const History h = follow({above_ten(3)}, {0, 11, 11, 11, 11, 11});
  EXPECT_EQ(h.lever(1), (Months{0, 0, 0, 0, 7, 7}));
  EXPECT_EQ(h.fired, Months{4});
}

TEST(Trigger, AfterOneMonthIfOneIsAskedFor) {
  const History h = follow({above_ten(1)}, {11, 0, 0});
  EXPECT_EQ(h.lever(1), (Months{0, 7, 7}));
  EXPECT_EQ(h.fired, Months{1});
}

TEST(Trigger, CountsOnlyMonthsInARow) {
  const History h = follow({above_ten(3)}, {11, 11, 10, 11, 11, 11, 0});
  EXPECT_EQ(h.lever(1), (Months{0, 0, 0, 0, 0, 0, 7}));
  EXPECT_EQ(h.fired, Months{6});
}

TEST(Trigger, NeverFiresWithoutItsConditionOrWithTooFewMonths) {
  const History h = follow({above_ten(3)}, {11, 11, 9, 11, 11});
  EXPECT_EQ(h.lever(1), (Months{0, 0, 0, 0, 0}));
  EXPECT_EQ(h.fired, Months{5});  // the number of months: never
}

TEST(Trigger, WithoutAReleaseItStays) {
  const History h = follow({above_ten(1)}, {11, 0, 0, 11, 0, 11});
  EXPECT_EQ(h.lever(1), (Months{0, 7, 7, 7, 7, 7}));
  EXPECT_EQ(h.fired, Months{1});
}

TEST(Trigger, IsReleasedWhenTheOtherConditionHasHeldForItsOwnMonths) {
  const History h = follow({released_below_five(1, 2)}, {11, 4, 8, 4, 4, 4, 0});
  //                    seen at the end of month:  0  1  2  3  4
  EXPECT_EQ(h.lever(1), (Months{0, 7, 7, 7, 7, 0, 0}));
  EXPECT_EQ(h.fired, Months{1});
}

TEST(Trigger, FiresAgainAfterARelease) {
  const History h = follow({released_below_five(2, 1)}, {11, 11, 4, 11, 11, 11, 4, 0});
  EXPECT_EQ(h.lever(1), (Months{0, 0, 7, 0, 0, 7, 7, 0}));
  EXPECT_EQ(h.fired, Months{2});  // the first time
}

TEST(Trigger, MonthsBeforeFiringDoNotCountForTheRelease) {
  // Fires and releases on the same condition, so that each needs months of its own.
  Trigger t = above_ten(2);
  t.releases = 1;
  const History h = follow({t}, {11, 11, 11, 11, 11, 11, 11, 11});
  EXPECT_EQ(h.lever(1), (Months{0, 0, 7, 7, 0, 0, 7, 7}));
}

TEST(Trigger, WithoutAReleaseItIgnoresThatCondition) {
  Trigger t = released_below_five(1, 1);
  t.releases = 0;
  EXPECT_EQ(follow({t}, {11, 0, 0, 0}).lever(1), (Months{0, 7, 7, 7}));
}

TEST(Trigger, SetsOnlyTheLeversOfItsBits) {
  Trigger t = above_ten(1);
  t.sets = 1u << 0 | 1u << 3;
  for (int i = 0; i < kLevers; ++i) t.values[i] = static_cast<float>(i + 1);
  const History h = follow({t}, {11, 0});
  EXPECT_EQ(h.lever(0), (Months{0, 1}));
  EXPECT_EQ(h.lever(1), (Months{0, 0}));
  EXPECT_EQ(h.lever(2), (Months{0, 0}));
  EXPECT_EQ(h.lever(3), (Months{0, 4}));
}

TEST(Trigger, OfTwoTheLaterWrittenWins) {
  Trigger first = above_ten(1), second = above_ten(2);
  second.values[1] = 9;
  const Months metric = {11, 11, 11, 11};
  EXPECT_EQ(follow({first, second}, metric).lever(1), (Months{0, 7, 9, 9}));
  EXPECT_EQ(follow({second, first}, metric).lever(1), (Months{0, 7, 7, 7}));
  EXPECT_EQ(follow({first, second}, metric).fired, (Months{1, 2}));
}

TEST(Trigger, ReadsTheMetricItNames) {
  Trigger t = above_ten(1);
  t.when.metric = 1;  // minus the first
  EXPECT_EQ(follow({t}, {-11, 0, 0}).lever(1), (Months{0, 7, 7}));
  EXPECT_EQ(follow({t}, {11, 0, 0}).lever(1), (Months{0, 0, 0}));
}

TEST(Trigger, ComparesStrictlyOrNotAsWritten) {
  const auto fires = [](Comparison comparison, float metric) {
    Trigger t = above_ten(1);
    t.when.comparison = comparison;
    return follow<1>({t}, {metric, 0}).lever(1)[1] == 7;
  };
  struct Case {
    Comparison comparison;
    bool below, equal, above;
  };
  for (const Case& c : {Case{Comparison::kLess, true, false, false}, {Comparison::kLessEqual, true, true, false},
                        {Comparison::kGreater, false, false, true}, {Comparison::kGreaterEqual, false, true, true}}) {
    EXPECT_EQ(fires(c.comparison, 9.5f), c.below);
    EXPECT_EQ(fires(c.comparison, 10), c.equal);
    EXPECT_EQ(fires(c.comparison, 10.5f), c.above);
    EXPECT_FALSE(fires(c.comparison, kNaN)) << "NaN meets no condition";
  }
}

}  // namespace
}  // namespace chokepoint
