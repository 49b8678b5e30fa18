// Frontier and release (MODEL.md, 5.4).
// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace chokepoint::race {
namespace {

// US frontier 2, China 0.5, best open model 0.4; US compute as at the start and China's a quarter of it
// (ln C_us - e0 = 0, ln C_cn - e0 = -ln 4 = -1.3862944); US algorithms 1.5, Chinese 1. Growth 2.4 nats/yr.
// So effective compute is 1.5 for the US and -0.3862944 for China: neither has trained beyond its frontier.
struct Labs : Scene {
  explicit Labs(const Parameters<One>& parameters = plausible_parameters()) : Scene(parameters) {
    s.algorithms = {1.5f, 1, std::log(16.0f), std::log(4.0f)};
    s.frontier = {2, 0.5f, 0.4f, 2.4f, 0, 0, 0};
  }
  Labs& us_releases() { return m.wait_release_us = kNow, *this; }
  Labs& china_releases() { return m.wait_release_cn = kNow, *this; }
};

TEST(Frontier, StaysWithoutRelease) {
  Labs labs;
  labs.frontier();
  EXPECT_EQ(lane(labs.s.frontier.us), 2);
  EXPECT_EQ(lane(labs.s.frontier.china), 0.5f);
  EXPECT_EQ(lane(labs.s.frontier.open), 0.4f);
  expect_close(labs.s.frontier.growth, 2.2);                 // 2.4 (1 - 1/12)
  expect_close(labs.s.frontier.lag, 12 * (2 - 0.5) / 2.2);  // 8.1818182
}

TEST(UsRelease, HappensWhenItsHazardBeatsTheWait) {
  // 6.7/12 = 0.558333.
  for (const bool releases : {true, false}) {
    Labs labs;
    labs.s.algorithms.us = 5;
    labs.m.wait_release_us = releases ? 0.5583f : 0.5584f;
    labs.frontier();
    EXPECT_EQ(lane(labs.s.frontier.us) > 2, releases);
  }
}

TEST(UsRelease, TurnsEffectiveComputeIntoCapability) {
  // E = ln 32 - ln 16 + 2.5 = 3.1931472; noise 0.12 * 0.5 = 0.06; holdback 0.2.
  Labs labs;
  labs.us_releases();
  labs.s.algorithms.log_us_compute = std::log(32.0f);
  labs.s.algorithms.us = 2.5f;
  labs.m.z_release_us = 0.5f;
  labs.levers.us_release_holdback = 0.2f;
  labs.frontier();
  expect_close(labs.s.frontier.us, 3.1931472 + 0.06 - 0.2);
}

TEST(UsRelease, NeverLowersTheFrontier) {
  Labs labs;
  labs.us_releases().levers.us_release_holdback = 3;
  EXPECT_EQ(lane(labs.frontier().s.frontier.us), 2);
}

TEST(UsRelease, CanReplicateTheBestOpenModelWhateverIsHeldBack) {
  Labs labs;
  labs.us_releases().levers.us_release_holdback = 3;
  labs.s.frontier.open = 4;
  expect_close(labs.frontier().s.frontier.us, 3.7);  // 4 - 0.3
}

TEST(ChineseRelease, HappensWhenItsHazardBeatsTheWait) {
  // 6.6/12 = 0.55.
  for (const bool releases : {true, false}) {
    Labs labs;
    labs.s.algorithms.china = 5;
    labs.m.wait_release_cn = releases ? 0.5499f : 0.5501f;
    labs.frontier();
    EXPECT_EQ(lane(labs.s.frontier.china) > 0.5f, releases);
  }
}

TEST(ChineseRelease, TurnsEffectiveComputeIntoCapability) {
  // E = -1.3862944 + 3 + 0.25 (share of the largest run) = 1.8637056; noise 0.12 * -1 = -0.12.
  auto parameters = plausible_parameters();
  parameters.frontier.cn_training_share = 0.25f;
  Labs labs(parameters);
  labs.china_releases();
  labs.s.algorithms.china = 3;
  labs.m.z_release_cn = -1;
  expect_close(labs.frontier().s.frontier.china, 1.7437056);
}

TEST(ChineseRelease, DistilsTheUsFrontierAtADistanceSetByAccess) {
  // 2 - 1.3 (1 + 2 (a - 0.1)): access control 0.1: 0.7; 0: 2 - 1.3*0.8 = 0.96; 0.6: 2 - 2.6 = -0.6, below 0.5.
  for (const auto& [access, capability] : {std::pair{0.1f, 0.7}, {0.0f, 0.96}, {0.6f, 0.5}}) {
    Labs labs;
    labs.china_releases().levers.model_access_control = access;
    expect_close(labs.frontier().s.frontier.china, capability);
  }
}

TEST(ChineseRelease, ReplicatesTheBestOpenModel) {
  Labs labs;
  labs.china_releases().s.frontier.open = 1.8f;
  expect_close(labs.frontier().s.frontier.china, 1.5);  // 1.8 - 0.3
}

TEST(ChineseRelease, SeesTheUsReleaseOfTheSameMonth) {
  Labs labs;
  labs.us_releases().china_releases().s.algorithms.us = 4;
  expect_close(labs.frontier().s.frontier.china, 2.7);  // 4 - 1.3
}

TEST(ChineseRelease, DoesNotReplicateAModelOpenedInTheSameMonth) {
  // US opens 4 - 1 = 3 this month; replicating it would give 2.7. Controls make distillation useless: 4 - 1.3*2.8 = 0.36.
  Labs labs;
  labs.us_releases().china_releases().s.algorithms.us = 4;
  labs.levers.us_open_share = 1;
  labs.levers.model_access_control = 1;
  labs.frontier();
  expect_close(labs.s.frontier.open, 3);
  expect_close(labs.s.frontier.china, 0.5);
  expect_close(labs.frontier().s.frontier.china, 2.7);  // but in the next one
}

TEST(OpenWeights, FollowAReleaseWithTheirShare) {
  // US: 2 - 1 = 1 if u < 0.15; China: 0.7 - 0.1 = 0.6 if u < 0.75.
  const auto open = [](bool us, float u) {
    Labs labs;
    us ? labs.us_releases() : labs.china_releases();
    (us ? labs.m.u_open_us : labs.m.u_open_cn) = u;
    return value(labs.frontier().s.frontier.open);
  };
  EXPECT_NEAR(open(true, 0.149f), 1, 1e-6);
  EXPECT_NEAR(open(true, 0.151f), 0.4, 1e-6);
  EXPECT_NEAR(open(false, 0.749f), 0.6, 1e-6);
  EXPECT_NEAR(open(false, 0.751f), 0.4, 1e-6);
}

TEST(OpenWeights, AreNeverGivenAtShareZeroAndAlwaysAtOne) {
  for (const float u : {5.9604645e-8f, 0.5f, 0.99999994f}) {
    for (const bool always : {false, true}) {
      Labs labs;
      labs.us_releases().china_releases();
      labs.levers.us_open_share = labs.levers.china_open_share = always ? 1 : 0;
      labs.m.u_open_us = labs.m.u_open_cn = u;
      labs.frontier();
      expect_close(labs.s.frontier.open, always ? 1 : 0.4);
    }
  }
}

TEST(OpenWeights, NeedARelease) {
  Labs labs;
  labs.levers.us_open_share = labs.levers.china_open_share = 1;
  EXPECT_EQ(lane(labs.frontier().s.frontier.open), 0.4f);
}

TEST(OpenWeights, NeverGetWorse) {
  Labs labs;
  labs.us_releases().china_releases().levers.us_open_share = 1;
  labs.s.frontier.open = 1.6f;  // better than 2 - 1 and 1.3 - 0.1
  EXPECT_EQ(lane(labs.frontier().s.frontier.open), 1.6f);
}

TEST(TrailingGrowth, IsPulledToThisMonthsGainByATwelfth) {
  // The US gains 1: 2.4 + (12 - 2.4)/12 = 3.2. A Chinese gain leaves it alone: 2.4 - 0.2.
  Labs us, china;
  us.us_releases().s.algorithms.us = 3;
  china.china_releases().s.algorithms.china = 5;
  expect_close(us.frontier().s.frontier.growth, 3.2);
  expect_close(china.frontier().s.frontier.growth, 2.2);
}

TEST(TrailingGrowth, IsAtLeastAHalf) {
  Labs labs;
  labs.s.frontier.growth = 0.51f;
  EXPECT_EQ(lane(labs.frontier().s.frontier.growth), 0.5f);
  expect_close(labs.s.frontier.lag, 36);  // 12 * 1.5/0.5
}

TEST(Lag, IsNegativeWhenChinaLeads) {
  // China 3.6137056: -1.3862944 + 5; lag 12 (2 - 3.6137056)/2.2 = -8.8020305.
  Labs labs;
  labs.china_releases().s.algorithms.china = 5;
  labs.frontier();
  expect_close(labs.s.frontier.lag, -8.8020305);
  EXPECT_TRUE(labs.happened(Event::kChinaOvertakes));
}

TEST(ChinaOvertakes, OnlyWhenStrictlyAhead) {
  for (const auto& [china, overtakes] : {std::pair{1.999999f, false}, {2.0f, false}, {2.000001f, true}}) {
    Labs labs;
    labs.s.frontier.china = china;
    EXPECT_EQ(labs.frontier().happened(Event::kChinaOvertakes), overtakes) << china;
  }
}

TEST(OpenNearFrontier, WithinAndAtHalfANatOfTheBestOfBoth) {
  for (const auto& [china, open, near] :
       {std::tuple{0.5f, 1.5f, true}, {0.5f, 1.4999f, false}, {3.0f, 2.5f, true}, {3.0f, 2.4999f, false}}) {
    Labs labs;
    labs.s.frontier.china = china;
    labs.s.frontier.open = open;
    EXPECT_EQ(labs.frontier().happened(Event::kOpenNearFrontier), near) << china << ' ' << open;
  }
}

TEST(Frontier, StartsTheLagBehindWithEffectiveComputeEqualToCapability) {
  // g = 1.7 + 0.8 = 2.5; Q_cn = -2.5 * 7/12 = -1.4583333 = O. C_cn = 2 + 0.15 * 3.2 = 2.48.
  // A_cn = -1.4583333 - 0.25 - (ln 2.48 - ln 16) = 0.1559970, so that E_cn = Q_cn.
  auto parameters = plausible_parameters();
  parameters.frontier.cn_training_share = 0.25f;
  const Scene scene(parameters);
  expect_close(scene.s.frontier.growth, 2.5);
  EXPECT_EQ(lane(scene.s.frontier.us), 0);
  expect_close(scene.s.frontier.china, -1.4583333);
  expect_close(scene.s.frontier.open, -1.4583333);
  expect_close(scene.s.frontier.lag, 7);
  EXPECT_EQ(lane(scene.s.algorithms.us), 0);
  expect_close(scene.s.algorithms.china, 0.1559970);
}

}  // namespace
}  // namespace chokepoint::race
