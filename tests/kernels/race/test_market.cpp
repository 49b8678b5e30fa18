// Market (MODEL.md, 5.5).
// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace chokepoint::race {
namespace {

// Frontier 1.2 nats above the best open model, that is one openness_reach; growth 2.5 nats/yr.
struct Shop : Scene {
  explicit Shop(const Parameters<One>& parameters = plausible_parameters()) : Scene(parameters) { s.frontier = {1.2f, 0, 0, 2.5f, 0, 0, 0}; }
};

// --- providers and margin ---

TEST(Competitors, EnterAndLeaveByTheFormula) {
  // Entry 0.25 e^-1 (14 - 5) = 0.8277287, exit 0.09 * 4 = 0.36: 5 + 0.4677287/12 = 5.0389774.
  // Margin 0.6/(1 + 0.15 * 4.0389774) = 0.6/1.6058466 = 0.3736347.
  Shop shop;
  shop.market();
  expect_close(shop.s.market.competitors, 5.0389774);
  expect_close(shop.s.market.margin, 0.3736347);
}

TEST(Competitors, EnterFastestWhenOpenModelsAreAtTheFrontierOrBeyond) {
  // 0.25 * 9 = 2.25, less 0.36: 5 + 1.89/12 = 5.1575.
  for (const float open : {1.2f, 3.0f}) {
    Shop shop;
    shop.s.frontier.open = open;
    expect_close(shop.market().s.market.competitors, 5.1575);
  }
}

TEST(Competitors, OnlyLeaveWhenOpenModelsAreFarBehind) {
  // e^-500 = 0: 5 - 0.36/12 = 4.97.
  Shop shop;
  shop.s.frontier.open = -600;
  expect_close(shop.market().s.market.competitors, 4.97);
}

TEST(Competitors, MeasureTheGapFromTheBestOfBothBlocs) {
  // China at 2.4, two reaches above: 0.25 e^-2 * 9 = 0.3045044; 5 + (0.3045044 - 0.36)/12 = 4.9953754.
  Shop shop;
  shop.s.frontier.china = 2.4f;
  expect_close(shop.market().s.market.competitors, 4.9953754);
}

TEST(Competitors, NeverFallBelowOne) {
  auto parameters = plausible_parameters();
  parameters.market.exit_rate = 24;  // two in a month for every one there
  Shop shop(parameters);
  shop.s.frontier.open = -600;
  EXPECT_EQ(lane(shop.market().s.market.competitors), 1);
  EXPECT_EQ(lane(shop.s.market.margin), 0.6f);  // the monopolist's
}

TEST(Margin, StartsFromTheProvidersAtStart) {
  expect_close(Scene().w.initial_margin, 0.375);  // 0.6/(1 + 0.15 * 4)
  expect_close(Scene().s.market.margin, 0.375);
}

TEST(Margin, FallsWithEveryProvider) {
  float last = 1;
  for (const float n : {1.0f, 2.0f, 5.0f, 20.0f, 60.0f}) {
    const float margin = lane(margin_of(Shop().w.market, One(n)));
    EXPECT_LT(margin, last);
    EXPECT_GT(margin, 0);
    last = margin;
  }
}

TEST(PriceCollapse, IsAMarginBelowHalfOfItsStart) {
  // Half of 0.375 is 0.6/3.2: 1 + 0.15 (n - 1) = 3.2 at n = 15.6667. No entry or exit.
  auto parameters = plausible_parameters();
  parameters.market.entry_rate = parameters.market.exit_rate = 1e-30f;
  for (const bool collapses : {true, false}) {
    Shop shop(parameters);
    shop.s.market.competitors = collapses ? 15.667f : 15.666f;
    EXPECT_EQ(shop.market().happened(Event::kPriceCollapse), collapses);
  }
}

// --- costs ---

TEST(Costs, FallByHardwareAndByFadingSoftware) {
  // c: -(0.28 + 1.5)/12 = -0.1483333; after six years, one decay time: -(0.28 + 1.5/e)/12 = -0.0693183.
  // q: (0.35 - 0.28)/12 = 0.0058333; after two and a half years: (0.35/e - 0.28)/12 = -0.0126035.
  Shop now, in_six, later;
  now.market();
  in_six.m = calm_month(in_six.w, 72);
  later.m = calm_month(later.w, 30);
  expect_close(now.s.market.log_cost, -0.1483333);
  expect_close(now.s.market.log_query_cost, 0.0058333);
  expect_close(in_six.market().s.market.log_cost, -0.0693183);
  expect_close(later.market().s.market.log_query_cost, -0.0126035);
}

// --- revenue ---

TEST(Revenue, FollowsCapabilityUntilItSaturates) {
  // 0.27 * 2.5 (1 - 42/2000) - 0.2^2/2 = 0.675 * 0.979 - 0.02 = 0.640825; 42 e^(0.640825/12) = 44.303855.
  Shop shop;
  expect_close(shop.market().s.market.revenue, 44.303855);
}

TEST(Revenue, GrowsFasterWithPublicAdoption) {
  // 0.675 * 1.3 * 0.979 - 0.02 = 0.8390725; 42 e^(0.0699227) = 45.041862.
  Shop shop;
  shop.levers.public_adoption = 1;
  expect_close(shop.market().s.market.revenue, 45.041862);
}

TEST(Revenue, FollowsItsShock) {
  // z = 1: 44.303855 e^(0.2 * 0.2886751) = 46.937021.
  Shop shop;
  shop.m.z_revenue = 1;
  expect_close(shop.market().s.market.revenue, 46.937021);
}

TEST(Revenue, NeverPassesItsCeiling) {
  Shop shop;
  shop.m.z_revenue = 100;
  EXPECT_EQ(lane(shop.market().s.market.revenue), 2000);
  shop.m.z_revenue = 1;
  EXPECT_EQ(lane(shop.market().s.market.revenue), 2000);
  shop.m.z_revenue = 0;  // at the ceiling only the correction -0.02 is left: 2000 e^(-0.02/12) = 1996.6694
  expect_close(shop.market().s.market.revenue, 1996.6694);
}

TEST(Services, TakeAGrowingShareUpToNinetyFivePercent) {
  // 0.45 + 0.08 * 0.5/12 = 0.4533333.
  Shop shop;
  expect_close(shop.market().s.market.service_share, 0.4533333);
  shop.s.market.service_share = 0.95f;
  expect_close(shop.market().s.market.service_share, 0.95);
}

// --- investment ---

TEST(Capex, GrowsOnTrendWhileTheBurdenFalls) {
  // Revenue has risen by 0.0534021 in logarithm, so burden = -0.0534021 and min(0, -burden) = 0:
  // 500 e^((0.45 + 0.05)/12) = 521.273453. Sums: 521.273453/12 = 43.4394544; 44.303855 * 0.3736347/12 = 1.3794548.
  Shop shop;
  shop.market();
  expect_close(shop.s.market.capex, 521.273453);
  expect_close(shop.s.market.capex_spent, 43.4394544);
  expect_close(shop.s.market.profit_made, 1.3794548);
}

TEST(Capex, SlowsUnderABurden) {
  // Revenue 21: grows to 21 e^((0.675 (1 - 21/2000) - 0.02)/12) = 22.165015; burden = ln(500/22.165015) - ln(500/42) = 0.6391545.
  // Growth 0.5 - 0.3 * 0.6391545 = 0.3082537: 513.010290.
  Shop shop;
  shop.s.market.revenue = 21;
  expect_close(shop.market().s.market.capex, 513.010290);
}

TEST(Capex, LosesItsTrendWithTime) {
  // After two years, one decay time: 0.45/e + 0.05 = 0.2155457: 509.062218.
  Shop shop;
  shop.m = calm_month(shop.w, 24);
  expect_close(shop.market().s.market.capex, 509.062218);
}

TEST(Bust, StartsWithTheBurdensHazard) {
  // At the start: 0.06/12 e^(0.7 * -0.0534021) = 0.0048165. With revenue 21: 0.005 e^(0.7 * 0.6391545) = 0.0078213.
  for (const auto& [revenue, hazard] : {std::pair{42.0f, 0.0048165f}, {21.0f, 0.0078213f}}) {
    for (const bool starts : {true, false}) {
      Shop shop;
      shop.s.market.revenue = revenue;
      shop.m.wait_bust = hazard * (starts ? 0.9999f : 1.0001f);
      EXPECT_EQ(shop.market().happened(Event::kBust), starts) << revenue;
    }
  }
}

TEST(Bust, HasAHazardBoundedOnBothSides) {
  // Exponent clamped to 3: 0.005 e^3 = 0.1004277; to -5: 0.005 e^-5 = 0.0000336897.
  for (const auto& [capex, hazard] : {std::pair{1e9f, 0.1004277f}, {1e-3f, 3.36897e-5f}}) {
    for (const bool starts : {true, false}) {
      Shop shop;
      shop.s.market.capex = capex;
      shop.m.wait_bust = hazard * (starts ? 0.9999f : 1.0001f);
      EXPECT_EQ(shop.market().happened(Event::kBust), starts) << capex;
    }
  }
}

TEST(Bust, CutsSpendingByItsDepthInsteadOfGrowth) {
  // 500 * 0.6 = 300, and 300/12 = 25 spent.
  Shop shop;
  shop.m.wait_bust = kNow;
  shop.market();
  expect_close(shop.s.market.capex, 300);
  expect_close(shop.s.market.capex_spent, 25);
  EXPECT_EQ(lane(shop.s.regimes.bust_left), 1.5f);
}

TEST(Bust, FreezesSpendingAndAdmitsNoOtherWhileItLasts) {
  Shop shop;
  shop.m.wait_bust = kNow;
  shop.s.regimes.bust_left = 0.5f;
  shop.market();
  EXPECT_EQ(lane(shop.s.market.capex), 500);
  EXPECT_EQ(lane(shop.s.regimes.bust_left), 0.5f);
  EXPECT_FALSE(shop.happened(Event::kBust));
}

TEST(Bust, OfFullDepthEndsSpendingWithoutBreakingTheArithmetic) {
  auto parameters = plausible_parameters();
  parameters.market.bust_depth = 1;
  Shop shop(parameters);
  shop.market();
  shop.m.wait_bust = kNow;
  shop.market();
  EXPECT_EQ(lane(shop.s.market.capex), 0);
  shop.s.regimes.bust_left = 0;
  shop.m.wait_bust = kNever;
  shop.market();
  EXPECT_EQ(lane(shop.s.market.capex), 0);
  EXPECT_TRUE(is_finite(measure(shop.w, shop.s).payback).lane(0));
}

}  // namespace
}  // namespace chokepoint::race
