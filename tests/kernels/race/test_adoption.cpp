// Adoption (MODEL.md, 5.6).
// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace chokepoint::race {
namespace {

// The start: x = 0.19, y = 0.05. With present conditions unchanged the logits are those of the present shares plus
// the drifts: logit 0.19 + 0.5 = -0.9500102, whose logistic is 0.2788828; logit 0.05 + 0.1 = -2.8444390, 0.0549695.
// A step goes 0.45/12 = 0.0375 of the way.

TEST(Intercepts, TieAdoptionToItsPresentShare) {
  // Q_cn - Q_us = -2.5 * 7/12 = -1.4583333.
  // U_x = 0.28 * -1.4583333 + 0.3 ln 4 + 0.3 (0.75 - 0.15) - 0.7 + 0.5 (2 * 0.19 - 1)
  //     = -0.4083333 + 0.4158883 + 0.18 - 0.7 - 0.31 = -0.8224450; a_x = -1.4500102 + 0.8224450 + 0.5 = -0.1275652.
  // U_y = the same with - 2 and 0.5 (0.1 - 1) = -0.45: -2.9624450; a_y = -2.9444390 + 2.9624450 + 0.1 = 0.1180060.
  const Scene scene;
  expect_close(scene.w.row_intercept, -0.1275652);
  expect_close(scene.w.west_intercept, 0.1180060);
}

TEST(Adoption, MovesFromTheStartByTheDrift) {
  // 0.19 + 0.0375 (0.2788828 - 0.19) = 0.1933331; 0.05 + 0.0375 (0.0549695 - 0.05) = 0.0501864.
  Scene scene;
  scene.adoption();
  expect_close(scene.s.adoption.row, 0.1933331);
  expect_close(scene.s.adoption.west, 0.0501864);
  expect_close(scene.s.adoption.distrust, 0.7);
}

TEST(Adoption, IsStationaryWithoutDriftWhenNothingChanges) {
  auto parameters = plausible_parameters();
  parameters.adoption.row_adoption_drift = parameters.adoption.west_adoption_drift = 0;
  for (const double share : {0.02, 0.19, 0.6}) {
    parameters.adoption.row_adoption = parameters.adoption.west_adoption = static_cast<float>(share);
    Scene scene(parameters);
    for (int month = 0; month < 240; ++month) scene.adoption();
    expect_close(scene.s.adoption.row, share);
    expect_close(scene.s.adoption.west, share);
    expect_close(scene.s.adoption.distrust, 0.7);
  }
}

TEST(Adoption, SettlesWhereTheDriftLeadsWithoutLockIn) {
  // No network effect: x ends at 0.2788828.
  auto parameters = plausible_parameters();
  parameters.adoption.lock_in = 1e-20f;
  Scene scene(parameters);
  for (int month = 0; month < 1000; ++month) scene.adoption();
  EXPECT_NEAR(value(scene.s.adoption.row), 0.2788828, 1e-5);
}

TEST(LockIn, PullsTowardsWhatIsInstalled) {
  // x doubled to 0.38 adds 0.5 * 2 * 0.19 = 0.19 to the logit: logistic(-0.7600102) = 0.3186441;
  // 0.38 + 0.0375 (0.3186441 - 0.38) = 0.3776991.
  Scene scene;
  scene.s.adoption.row = 0.38f;
  expect_close(scene.adoption().s.adoption.row, 0.3776991);
}

TEST(Adoption, FollowsQualityAndOpenness) {
  // Q_cn - Q_us = 1 and open shares 0.2 against 0.9: U_x changes by 0.28 (1 + 1.4583333) + 0.3 (-0.7 - 0.6) = 0.2983333;
  // logistic(-0.9500102 + 0.2983333) = 0.3426118; 0.19 + 0.0375 * 0.1526118 = 0.1957229.
  Scene scene;
  scene.s.frontier.us = 3;
  scene.s.frontier.china = 4;
  scene.levers.china_open_share = 0.2f;
  scene.levers.us_open_share = 0.9f;
  expect_close(scene.adoption().s.adoption.row, 0.1957229);
}

TEST(Backlash, PushesThirdCountriesAloneTowardsTheChineseStack) {
  // logistic(-0.9500102 + 0.55) = 0.4013099; 0.19 + 0.0375 * 0.2113099 = 0.1979241.
  Scene scene;
  scene.levers.third_country_cap = 1;
  scene.adoption();
  expect_close(scene.s.adoption.row, 0.1979241);
  expect_close(scene.s.adoption.west, 0.0501864);
}

TEST(Incident, RaisesDistrustInBothPlacesAtOnce) {
  // d = 0.95: logistic(-0.9500102 - 0.25) = 0.2314734, x = 0.19 + 0.0375 * 0.0414734 = 0.1915553;
  // logistic(-2.8444390 - 0.25) = 0.0433372, y = 0.05 - 0.0375 * 0.0066628 = 0.0497501.
  Scene scene;
  scene.m.wait_incident = kNow;
  scene.adoption();
  expect_close(scene.s.adoption.distrust, 0.95);
  expect_close(scene.s.adoption.row, 0.1915553);
  expect_close(scene.s.adoption.west, 0.0497501);
}

TEST(Incident, FadesByHalfAYear) {
  // 0.95 - 0.25 * 0.5/12 = 0.9395833; and another on top: 0.9395833 - 0.2395833/24 + 0.25 = 1.1796007.
  Scene scene;
  scene.s.adoption.distrust = 0.95f;
  expect_close(scene.adoption().s.adoption.distrust, 0.9395833);
  scene.m.wait_incident = kNow;
  expect_close(scene.adoption().s.adoption.distrust, 1.1796007);
}

TEST(Incident, HappensWhenItsHazardBeatsTheWait) {
  // 0.1/12 = 0.0083333.
  for (const bool happens : {true, false}) {
    Scene scene;
    scene.m.wait_incident = happens ? 0.00833f : 0.00834f;
    EXPECT_EQ(lane(scene.adoption().s.adoption.distrust) > 0.8f, happens);
  }
}

TEST(Adoption, StaysWithinItsBounds) {
  auto parameters = plausible_parameters();
  parameters.adoption.adoption_speed = 12;  // all the way in a month
  for (const bool loved : {true, false}) {
    Scene scene(parameters);
    scene.s.frontier.china = loved ? 1000.0f : -1000.0f;
    scene.adoption();
    EXPECT_EQ(lane(scene.s.adoption.row), loved ? 0.999f : 0.001f);
    EXPECT_EQ(lane(scene.s.adoption.west), loved ? 0.999f : 0.001f);
  }
}

TEST(Adoption, RisesWithChineseQualityAndOpenness) {
  float last_quality = 0, last_open = 0;
  for (int k = 0; k <= 10; ++k) {
    Scene quality, open;
    quality.s.frontier.china = -5 + static_cast<float>(k);
    open.levers.china_open_share = 0.1f * static_cast<float>(k);
    EXPECT_GT(lane(quality.adoption().s.adoption.row), last_quality);
    EXPECT_GT(lane(open.adoption().s.adoption.row), last_open);
    last_quality = lane(quality.s.adoption.row);
    last_open = lane(open.s.adoption.row);
  }
}

TEST(Balkanisation, IsTheValueLostToASplit) {
  // s = 0.35 * 0.19 + 0.45 * 0.05 + 0.2 * 0.92 = 0.273; 1 - (0.273^1.4 + 0.727^1.4) = 0.1976313.
  const Scene scene;
  expect_close(balkanisation_loss(scene.w.adoption, scene.s.adoption), 0.1976313);
}

TEST(Balkanisation, IsLargestForAnEvenSplitAndNothingWithoutNetworkEffects) {
  // x = y = 0.395 with 0.92 at home: s = 0.8 * 0.395 + 0.184 = 0.5: 1 - 2 * 0.5^1.4 = 0.2421417.
  Scene scene;
  scene.s.adoption.row = scene.s.adoption.west = 0.395f;
  expect_close(balkanisation_loss(scene.w.adoption, scene.s.adoption), 0.2421417);
  scene.w.adoption.network_exponent = 1;
  expect_close(balkanisation_loss(scene.w.adoption, scene.s.adoption), 0);
}

}  // namespace
}  // namespace chokepoint::race
