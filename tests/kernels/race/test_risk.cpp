// Threshold and risk (MODEL.md, 5.7): threshold 14 nats, decisive lead 7 months, catastrophe 0.012 a year.
// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace chokepoint::race {
namespace {

struct Duel : Scene {
  Duel(float us, float china, float lag) { s.frontier = {us, china, 0, 2.5f, lag, 0, 0}; }
  bool us_flag() const { return lane(s.risk.us_crossed) == 1; }
  bool china_flag() const { return lane(s.risk.china_crossed) == 1; }
};

TEST(Threshold, IsCrossedOnlyFromAbove) {
  for (const auto& [us, crosses] : {std::pair{13.999999f, false}, {14.0f, false}, {14.000001f, true}}) {
    Duel race(us, 3, 5);
    race.risk();
    EXPECT_EQ(race.happened(Event::kTransformative), crosses) << us;
    EXPECT_EQ(race.us_flag(), crosses) << us;
  }
}

TEST(Threshold, BelongsToTheBlocInFront) {
  Duel us(15, 14.5f, 3), china(14.5f, 15, -3), tie(15, 15, 0);
  us.risk(), china.risk(), tie.risk();
  EXPECT_TRUE(us.us_flag() && us.happened(Event::kTransformativeUs));
  EXPECT_FALSE(us.china_flag() || us.happened(Event::kTransformativeChina));
  EXPECT_TRUE(china.china_flag() && china.happened(Event::kTransformativeChina));
  EXPECT_FALSE(china.us_flag() || china.happened(Event::kTransformativeUs));
  EXPECT_TRUE(tie.us_flag() && tie.happened(Event::kTransformativeUs));  // Q_us >= Q_cn
  EXPECT_FALSE(tie.china_flag() || tie.happened(Event::kTransformativeChina));
}

TEST(Threshold, IsCrossedOnce) {
  Duel race(15, 3, 5);
  race.risk();
  race.events.step = 1;
  race.s.frontier = {15, 20, 0, 2.5f, -24, 0, 0};  // China passes later, with a decisive lead
  race.risk();
  EXPECT_TRUE(race.us_flag());
  EXPECT_FALSE(race.china_flag());
  EXPECT_EQ(race.first(Event::kTransformative), 0);
  EXPECT_FALSE(race.happened(Event::kTransformativeChina));
  EXPECT_FALSE(race.happened(Event::kDecisiveLead));
}

TEST(DecisiveLead, IsALeadAtCrossingBeyondSevenMonthsOnEitherSide) {
  for (const auto& [us, china, lag, decisive] :
       {std::tuple{15.0f, 3.0f, 7.0f, false}, {15.0f, 3.0f, 7.00001f, true}, {3.0f, 15.0f, -7.0f, false}, {3.0f, 15.0f, -7.00001f, true}}) {
    Duel race(us, china, lag);
    race.risk();
    EXPECT_EQ(race.happened(Event::kDecisiveLead), decisive) << lag;
  }
}

TEST(DecisiveLead, NeedsACrossing) {
  Duel race(13, 3, 40);
  race.risk();
  EXPECT_FALSE(race.happened(Event::kDecisiveLead));
}

bool catastrophe(float us, float china, float lag, float coordination, float wait) {
  Duel race(us, china, lag);
  race.levers.race_coordination = coordination;
  race.m.wait_catastrophe = wait;
  race.risk();
  return race.happened(Event::kCatastrophe);
}

TEST(Catastrophe, HasAHazardThatFallsWithTheLeadAndWithCoordination) {
  // Lead 0: 0.012 (0.2 + 1)/12 = 0.0012. Lead 7: 0.001 (0.2 + 1/e) = 0.000567879, on either side.
  // Full coordination: a fifth, 0.000113576. A lead without end leaves 0.2: 0.0002.
  struct {
    float lag, coordination, hazard;
  } const cases[] = {{0, 0, 0.0012f},        {7, 0, 0.000567879f},           {-7, 0, 0.000567879f},
                     {7, 1, 0.000113576f}, {7, 0.5f, 0.6f * 0.000567879f}, {1e6f, 0, 0.0002f}};
  for (const auto& c : cases) {
    EXPECT_TRUE(catastrophe(13, 12, c.lag, c.coordination, c.hazard * 0.9999f)) << c.lag << ' ' << c.coordination;
    EXPECT_FALSE(catastrophe(13, 12, c.lag, c.coordination, c.hazard * 1.0001f)) << c.lag << ' ' << c.coordination;
  }
}

TEST(Catastrophe, ThreatensOnlyWithinTwoNatsOfTheThresholdAndBeyond) {
  EXPECT_FALSE(catastrophe(11, 12, 5, 0, kNow));
  EXPECT_TRUE(catastrophe(11, 12.0001f, 5, 0, kNow));  // whoever is in front
  EXPECT_TRUE(catastrophe(12.0001f, 3, 5, 0, kNow));
  EXPECT_TRUE(catastrophe(30, 3, 5, 0, kNow));
}

TEST(Catastrophe, DoesNotStopTheTrajectory) {
  Duel race(13, 12, 5);
  race.m.wait_catastrophe = kNow;
  race.risk();
  race.events.step = 1;
  race.s.frontier.us = 15;
  race.risk();
  EXPECT_EQ(race.first(Event::kCatastrophe), 0);
  EXPECT_EQ(race.first(Event::kTransformative), 1);
}

TEST(Risk, MovesNothingButItsOwnFlags) {
  Duel race(13, 12, 5);
  const State<One> before = race.s;
  race.risk();
  EXPECT_EQ(memcmp(&before, &race.s, sizeof before), 0);
}

}  // namespace
}  // namespace chokepoint::race
