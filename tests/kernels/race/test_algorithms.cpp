// Algorithms (MODEL.md, 5.3).
// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace chokepoint::race {
namespace {

// Compute 16 against 4: ln 4 = 1.386, below the scarcity reference of 2.1. Both algorithms at 0.
struct Labs : Scene {
  Labs() {
    s.supply.us_compute = 16;
    s.supply.china_compute = 4;
    s.algorithms.us = s.algorithms.china = 0;
  }
  double us() const { return value(s.algorithms.us); }
  double china() const { return value(s.algorithms.china); }
};

TEST(Algorithms, GrowAlikeWithoutAGapInComputeOrAlgorithms) {
  // 1.7/12 = 0.1416667.
  Labs labs;
  labs.algorithms();
  expect_close(labs.s.algorithms.us, 0.1416667);
  expect_close(labs.s.algorithms.china, 0.1416667);
}

TEST(Algorithms, KeepTheLogarithmsOfThisMonthsCompute) {
  Labs labs;
  labs.algorithms();
  expect_close(labs.s.algorithms.log_us_compute, 2.7725887);     // ln 16
  expect_close(labs.s.algorithms.log_china_compute, 1.3862944);  // ln 4
}

TEST(Scarcity, SpeedsUpChinaBeyondTheReference) {
  // 16 over 0.8: ln 20 = 2.9957323, 0.8957323 beyond 2.1: 1.7 (1 + 0.12 * 0.8957323) = 1.8827294; /12 = 0.1568941.
  Labs labs;
  labs.s.supply.china_compute = 0.8f;
  labs.algorithms();
  expect_close(labs.s.algorithms.china, 0.1568941);
  expect_close(labs.s.algorithms.us, 0.1416667);
}

TEST(Scarcity, NeverSlowsChinaDown) {
  Labs labs;
  labs.s.supply.china_compute = 40;  // China ahead
  labs.algorithms();
  expect_close(labs.s.algorithms.china, 0.1416667);
  expect_close(labs.s.algorithms.us, 0.1416667);
}

TEST(Diffusion, ClosesTheGapOfWhoeverIsBehindFromTheValuesAtTheStart) {
  // k = ln 2 * 12/15 = 0.5545177 a year at openness 0.6. Gap 1: 0.1416667 + 0.5545177/12 = 0.1878765.
  // (A gap taken after the leader's own step would be 1.1416667.)
  Labs behind;
  behind.s.algorithms.us = 1;
  behind.algorithms();
  expect_close(behind.s.algorithms.us, 1.1416667);
  expect_close(behind.s.algorithms.china, 0.1878765);
  Labs ahead;
  ahead.s.algorithms.china = 1;
  ahead.algorithms();
  expect_close(ahead.s.algorithms.china, 1.1416667);
  expect_close(ahead.s.algorithms.us, 0.1878765);
}

TEST(Diffusion, ScalesWithOpennessAndStopsWithoutIt) {
  // Openness 0.9: one and a half times 0.0462098.
  for (const auto& [openness, gain] : {std::pair{0.0f, 0.0}, {0.6f, 0.0462098}, {0.9f, 0.0693147}}) {
    Labs labs;
    labs.s.algorithms.us = 1;
    labs.levers.research_openness = openness;
    labs.algorithms();
    expect_close(labs.s.algorithms.china, 0.1416667 + gain);
  }
}

TEST(Diffusion, HalvesTheGapInItsHalfLifeUpToTheStep) {
  // Fifteen monthly steps of (1 - 0.0462098): 0.9537902^15 = 0.4918, near a half.
  Labs labs;
  labs.s.algorithms.us = 1;
  for (int month = 0; month < 15; ++month) labs.algorithms();
  EXPECT_NEAR(labs.us() - labs.china(), 0.4918, 1e-4);
}

TEST(Talent, SpeedsUpTheUsAlone) {
  // Full inflow: 1.7 * 1.1/12 = 0.1558333; full outflow: 1.7 * 0.9/12 = 0.1275.
  for (const auto& [inflow, growth] : {std::pair{1.0f, 0.1558333}, {-1.0f, 0.1275}}) {
    Labs labs;
    labs.levers.talent_inflow = inflow;
    labs.algorithms();
    expect_close(labs.s.algorithms.us, growth);
    expect_close(labs.s.algorithms.china, 0.1416667);
  }
}

TEST(Takeoff, MultipliesTheOwnGrowthOfTheBlocThatCrossed) {
  // 1.7 * 2.2/12 = 0.3116667. Diffusion is not multiplied: with a gap of 1, China gains 0.3116667 + 0.0462098.
  Labs us;
  us.s.risk.us_crossed = 1;
  us.algorithms();
  expect_close(us.s.algorithms.us, 0.3116667);
  expect_close(us.s.algorithms.china, 0.1416667);
  Labs china;
  china.s.risk.china_crossed = 1;
  china.s.algorithms.us = 1;
  china.algorithms();
  expect_close(china.s.algorithms.us, 1.1416667);
  expect_close(china.s.algorithms.china, 0.3578765);
}

TEST(Algorithms, FollowTheirOwnShocks) {
  // 0.12 * 0.2886751 = 0.0346410.
  Labs labs;
  labs.m.z_algo_us = 1;
  labs.m.z_algo_cn = -2;
  labs.algorithms();
  expect_close(labs.s.algorithms.us, 0.1416667 + 0.0346410);
  expect_close(labs.s.algorithms.china, 0.1416667 - 0.0692820);
}

TEST(Paradigm, GoesToTheUsWithItsShareOfTheRootsOfCompute) {
  // sqrt 16/(sqrt 16 + sqrt 4) = 4/6 = 0.666667; the jump is 1.4.
  for (const bool us : {true, false}) {
    Labs labs;
    labs.m.wait_paradigm = kNow;
    labs.m.u_paradigm_side = us ? 0.66666f : 0.66667f;
    labs.algorithms();
    expect_close(labs.s.algorithms.us, us ? 1.5416667 : 0.1416667);
    expect_close(labs.s.algorithms.china, us ? 0.1416667 : 1.5416667);
    EXPECT_TRUE(labs.happened(Event::kParadigmChange));
  }
}

TEST(Paradigm, ChangesWhenItsHazardBeatsTheWait) {
  // 0.06/12 = 0.005.
  for (const bool changes : {true, false}) {
    Labs labs;
    labs.m.wait_paradigm = changes ? 0.00499f : 0.00501f;
    labs.algorithms();
    EXPECT_EQ(labs.happened(Event::kParadigmChange), changes);
    EXPECT_EQ(labs.us() > 1, changes);
  }
}

TEST(Algorithms, FasterGrowthOrLargerGapsNeverHurt) {
  double last = -1;
  for (const float gap : {0.0f, 0.5f, 1.0f, 2.0f, 4.0f}) {
    Labs labs;
    labs.s.algorithms.us = gap;
    labs.algorithms();
    EXPECT_GT(labs.china(), last);
    EXPECT_LT(labs.china(), labs.us() + 1e-6);  // diffusion never overtakes
    last = labs.china();
  }
}

}  // namespace
}  // namespace chokepoint::race
