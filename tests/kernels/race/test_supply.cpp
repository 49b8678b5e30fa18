// Chip supply (MODEL.md, 5.2).
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <random>

#include "fixture.h"

namespace chokepoint::race {
namespace {

// Where the chips of a step went, M H100e/yr, worked back from the stocks.
struct Flows {
  double output, licensed, smuggled, row, us, domestic, china;
};
Flows flows_of(Scene& scene) {
  const Supply<One> before = scene.s.supply;
  scene.m.january = true;
  scene.supply();
  const Supply<One>& after = scene.s.supply;
  const double survival = std::exp(-kDt / value(scene.w.supply.chip_lifetime));
  double output = value(after.allied_output);
  if (value(scene.s.regimes.taiwan_left) > 0) output *= 1 - value(scene.w.regimes.taiwan_loss);
  if (value(scene.s.regimes.counter_left) > 0) output *= 1 - value(scene.w.regimes.counter_loss);
  return {output, value(after.licensed), value(after.smuggled), (value(after.row_stock) - value(before.row_stock) * survival) / kDt,
          value(after.us_added) / kDt, value(after.domestic), value(after.china_added) / kDt};
}

// --- allied output ---

TEST(AlliedOutput, GrowsAtItsStartingRateAtFirst) {
  // 18 e^((0.75 - 0.1^2/2)/12) = 18 e^0.0620833 = 18 * 1.0640510 = 19.152918.
  expect_close(Scene().supply().s.supply.allied_output, 19.152918);
}

TEST(AlliedOutput, ApproachesItsLongRunRate) {
  // After 5 years, one decay time: 0.25 + 0.5/e = 0.4339397; 18 e^((0.4339397 - 0.005)/12) = 18.655047.
  Scene scene;
  scene.m = calm_month(scene.w, 60);
  expect_close(scene.supply().s.supply.allied_output, 18.655047);
}

TEST(AlliedOutput, GrowsFasterWithDataCentres) {
  // Growth times 1.15 = 0.8625 and times 0.85 = 0.6375: 18 e^(0.8575/12) = 19.333321, 18 e^(0.6325/12) = 18.974199.
  Scene eased, blocked;
  eased.levers.datacenter_buildout = 1;
  blocked.levers.datacenter_buildout = -1;
  expect_close(eased.supply().s.supply.allied_output, 19.333321);
  expect_close(blocked.supply().s.supply.allied_output, 18.974199);
}

TEST(AlliedOutput, ShrinksByTheDepthOfABustWhateverTheBuildout) {
  // 18 e^((-0.4 - 0.005)/12) = 17.402637.
  for (const float buildout : {-1.0f, 0.0f, 1.0f}) {
    Scene scene;
    scene.s.regimes.bust_left = 0.5f;
    scene.levers.datacenter_buildout = buildout;
    expect_close(scene.supply().s.supply.allied_output, 17.402637);
  }
}

TEST(AlliedOutput, FollowsItsShock) {
  // z = 1: 18 e^(0.0620833 + 0.1 * 0.2886751) = 19.713873.
  Scene scene;
  scene.m.z_output = 1;
  expect_close(scene.supply().s.supply.allied_output, 19.713873);
}

TEST(AlliedOutput, KeepsItsPathThroughACrisisWhichOnlyCutsWhatIsDelivered) {
  // Taiwan leaves 0.2, counter-controls 0.96, both 0.192. The licence binds: X = 0.02 F_eff.
  for (const auto& [taiwan, counter, left] : {std::tuple{1.0f, 0.0f, 0.2}, {0.0f, 0.1f, 0.96}, {1.0f, 0.1f, 0.192}}) {
    Scene scene;
    scene.s.regimes.taiwan_left = taiwan;
    scene.s.regimes.counter_left = counter;
    scene.supply();
    expect_close(scene.s.supply.allied_output, 19.152918);
    expect_close(scene.s.supply.licensed, 0.02 * left * 19.152918);
  }
}

TEST(AlliedOutput, IsWholeAgainWhenATimerHasRunOut) {
  Scene scene;
  scene.s.regimes.taiwan_left = -0.05f;
  scene.s.regimes.counter_left = 0;
  expect_close(scene.supply().s.supply.licensed, 0.02 * 19.152918);
}

// --- who gets it ---

TEST(Allocation, MatchesTheStatusQuoByHand) {
  // F = 19.152918. Wanted 0.2 * 0.45 F = 0.09 F, licence 0.02 F: X = 0.02 F = 0.3830584.
  // M = 0.02 F (1 - 0.7*0.3)/(1 - 0.7*0.3) (1 - 0.02/0.2) = 0.018 F = 0.3447525.
  // Y = (1 - 0.02 - 0.018) F * 0.2 = 0.1924 F = 3.6850215; Z = 0.962 F - Y = 0.7696 F = 14.7400859.
  // D = L = 0.6301716 (see below), so China adds 0.3830584 + 0.3447525 + 0.6301716 = 1.3579825.
  // Survival e^(-1/60) = 0.9834715.
  Scene scene;
  scene.supply();
  const Supply<One>& c = scene.s.supply;
  expect_close(c.licensed, 0.3830584);
  expect_close(c.smuggled, 0.3447525);
  expect_close(c.us_stock, 16.963884);     // 16 * 0.9834715 + 14.7400859/12
  expect_close(c.row_stock, 3.4541938);    // 3.2 * 0.9834715 + 3.6850215/12
  expect_close(c.china_stock, 2.0801081);  // 2 * 0.9834715 + 1.3579825/12
  expect_close(c.us_compute, 16.963884);
  expect_close(c.china_compute, 2.5982372);  // 2.0801081 + 0.15 * 3.4541938
  expect_close(c.us_added, 1.2283405);       // 14.7400859/12
  expect_close(c.china_added, 0.1131652);    // 1.3579825/12
}

struct Case {
  std::function<void(Scene&)> change;
  double licensed, smuggled;  // shares of effective output
};

TEST(Allocation, LicencesAndSmugglesByTheFormula) {
  const Case cases[] = {
      // No licence: nothing licensed, smuggling undisplaced.
      {[](Scene& s) { s.levers.chip_licence_share = 0; }, 0, 0.02},
      // Chips of no quality: nobody wants them.
      {[](Scene& s) { s.levers.licensed_chip_quality = 0, s.levers.chip_licence_share = 1; }, 0, 0.02},
      // Wanted 0.2 * 0.45 = 0.09 binds; smuggled 0.02 (1 - 0.09/0.2) = 0.011.
      {[](Scene& s) { s.levers.chip_licence_share = 0.3f; }, 0.09, 0.011},
      // The same while refused, half as much wanted: 0.045; 0.02 (1 - 0.225) = 0.0155.
      {[](Scene& s) { s.levers.chip_licence_share = 0.3f, s.s.regimes.refused = 1; }, 0.045, 0.0155},
      // Refused wholly.
      {[](Scene& s) { s.levers.china_import_refusal = 1, s.s.regimes.refused = 1; }, 0, 0.02},
      // A refusal lever without the regime does nothing.
      {[](Scene& s) { s.levers.china_import_refusal = 1; }, 0.02, 0.018},
      // Refusal at status quo halves 0.09, but the licence of 0.02 binds all the same.
      {[](Scene& s) { s.s.regimes.refused = 1; }, 0.02, 0.018},
      // The best chip without limit: all demand is met and nothing is left to smuggle.
      {[](Scene& s) { s.levers.chip_licence_share = 1, s.levers.licensed_chip_quality = 1; }, 0.2, 0},
      // Demand falls with quality to the power 2: 0.2 * 0.25 = 0.05; 0.02 * 0.75 = 0.015.
      {[](Scene& s) { s.levers.chip_licence_share = 1, s.levers.licensed_chip_quality = 0.5f, s.w.supply.quality_demand_exponent = 2; },
       0.05, 0.015},
      // Full enforcement: 0.018 * 0.3/0.79 = 0.00683544.
      {[](Scene& s) { s.levers.enforcement = 1; }, 0.02, 0.00683544},
      // None: 0.018/0.79 = 0.02278481.
      {[](Scene& s) { s.levers.enforcement = 0; }, 0.02, 0.02278481},
  };
  for (const Case& c : cases) {
    Scene scene;
    c.change(scene);
    const Flows f = flows_of(scene);
    const auto which = &c - cases;
    EXPECT_NEAR(f.licensed / f.output, c.licensed, 1e-7) << which;
    EXPECT_NEAR(f.smuggled / f.output, c.smuggled, 1e-7) << which;
    const double rest = 1 - c.licensed - c.smuggled;
    EXPECT_NEAR(f.row / f.output, 0.2 * rest, 1e-5) << which;
    EXPECT_NEAR(f.us / f.output, 0.8 * rest, 1e-5) << which;
  }
}

TEST(Smuggling, IsAtMostFifteenPercentOfOutput) {
  // 0.5/0.79 * 0.9 = 0.57 without enforcement.
  auto parameters = plausible_parameters();
  parameters.supply.smuggled_share = 0.5f;
  Scene scene(parameters);
  scene.levers.enforcement = 0;
  const Flows f = flows_of(scene);
  EXPECT_NEAR(f.smuggled / f.output, 0.15, 1e-7);
}

TEST(Smuggling, StopsWhereFullEnforcementWorksFully) {
  auto parameters = plausible_parameters();
  parameters.supply.enforcement_effect = 1;
  Scene scene(parameters);
  scene.levers.enforcement = 1;
  EXPECT_EQ(lane(scene.supply().s.supply.smuggled), 0);
}

TEST(Allocation, GivesThirdCountriesNothingUnderAFullCap) {
  // Y = 0, Z = 0.962 F; they buy domestic_export_share of Chinese output instead: E = 0.1 * 0.6301716 = 0.0630172.
  Scene scene;
  scene.levers.third_country_cap = 1;
  const Flows f = flows_of(scene);
  EXPECT_NEAR(f.us / f.output, 0.962, 1e-5);
  EXPECT_NEAR(f.row, 0.0630172, 1e-5);
  EXPECT_NEAR(f.china, 0.3830584 + 0.3447525 + 0.6301716 - 0.0630172, 1e-5);
}

TEST(Allocation, SharesTheRestUnderAPartialCap) {
  // Cap 0.7: Y = 0.962 * 0.2 * 0.3 F = 0.05772 F, plus E = 0.1 * 0.7 * 0.6301716 = 0.0441120.
  Scene scene;
  scene.levers.third_country_cap = 0.7f;
  const Flows f = flows_of(scene);
  EXPECT_NEAR(f.us / f.output, 0.962 - 0.05772, 1e-5);
  EXPECT_NEAR(f.row, 0.05772 * f.output + 0.0441120, 1e-5);
}

TEST(Allocation, SurvivesTheLossOfAllOutput) {
  for (const bool taiwan : {true, false}) {
    auto parameters = plausible_parameters();
    (taiwan ? parameters.regimes.taiwan_loss : parameters.regimes.counter_loss) = 1;
    Scene scene(parameters);
    (taiwan ? scene.s.regimes.taiwan_left : scene.s.regimes.counter_left) = 1;
    scene.supply();
    EXPECT_EQ(lane(scene.s.supply.licensed), 0);
    EXPECT_EQ(lane(scene.s.supply.smuggled), 0);
    expect_close(scene.s.supply.us_stock, 16 * 0.98347145);
    expect_close(scene.s.supply.china_stock, 2 * 0.98347145 + 0.6301716 / 12);
  }
}

// --- what China makes ---

TEST(ChineseLogic, MatchesTheFormulaByHand) {
  // 0.6 e^((0.6 - 0.15^2/2)/12) = 0.6 e^0.0490625 = 0.6301716.
  expect_close(Scene().supply().s.supply.logic, 0.6301716);
  // Full, fully aligned controls: control = 1 - 0.48 = 0.52, growth 0.6 (1 - 0.5*0.52) = 0.444: 0.6220324.
  Scene tight;
  tight.levers.equipment_control = tight.levers.allied_alignment = 1;
  expect_close(tight.supply().s.supply.logic, 0.6220324);
  // None, or none that allies mirror: control = -0.48, growth 0.744: 0.6377792.
  Scene open, alone;
  open.levers.equipment_control = 0;
  alone.levers.allied_alignment = 0;
  expect_close(open.supply().s.supply.logic, 0.6377792);
  expect_close(alone.supply().s.supply.logic, 0.6377792);
  // Subsidy 1: growth 0.6 (1 + 0.25*0.5) = 0.675: 0.6341225. Subsidy 0: 0.525: 0.6262453.
  Scene paid, unpaid;
  paid.levers.china_chip_subsidy = 1;
  unpaid.levers.china_chip_subsidy = 0;
  expect_close(paid.supply().s.supply.logic, 0.6341225);
  expect_close(unpaid.supply().s.supply.logic, 0.6262453);
  // After ten years growth is 0.6/e = 0.2207277: 0.6105658.
  Scene late;
  late.m = calm_month(late.w, 120);
  expect_close(late.supply().s.supply.logic, 0.6105658);
  // z = 1 adds 0.15 * 0.2886751 to the logarithm: 0.6580582.
  Scene lucky;
  lucky.m.z_logic = 1;
  expect_close(lucky.supply().s.supply.logic, 0.6580582);
}

TEST(ChineseMemory, MatchesTheFormulaByHand) {
  // 0.2 e^((0.9 - 0.1^2/2)/12) = 0.2154870; controls count half: growth 0.9 (1 - 0.25*0.52) = 0.783: 0.2133962.
  expect_close(Scene().supply().s.supply.memory, 0.2154870);
  Scene tight;
  tight.levers.equipment_control = tight.levers.allied_alignment = 1;
  expect_close(tight.supply().s.supply.memory, 0.2133962);
  // The subsidy is for logic only. z = -1: 0.2154870 e^(-0.02886751) = 0.2093554.
  Scene paid;
  paid.levers.china_chip_subsidy = 1;
  paid.m.z_memory = -1;
  expect_close(paid.supply().s.supply.memory, 0.2093554);
}

TEST(ChineseOutput, IsLimitedByLogicWhileMemoryIsInStock) {
  // fed = 0.2154870 + 0.1 * 0.3/0.3 = 0.3154870; with the stock 0.6 memory feeds 0.9154870, logic makes 0.6301716.
  // The stock falls by (0.6301716 - 0.3154870)/12 = 0.0262237 to 0.5737763.
  Scene scene;
  scene.supply();
  expect_close(scene.s.supply.domestic, 0.6301716);
  expect_close(scene.s.supply.memory_stock, 0.5737763);
}

TEST(ChineseOutput, IsLimitedByMemoryWhenTheStockIsShort) {
  // Stock 0.12: D = 0.3154870 + 0.12 = 0.4354870 and the stock falls by a twelfth to 0.11.
  Scene scene;
  scene.s.supply.memory_stock = 0.12f;
  scene.supply();
  expect_close(scene.s.supply.domestic, 0.4354870);
  expect_close(scene.s.supply.memory_stock, 0.11);
}

TEST(ChineseOutput, LeavesTheStockAloneWhenMemoryFlowsSuffice) {
  Scene scene;
  scene.s.supply.memory = 5;
  scene.supply();
  expect_close(scene.s.supply.domestic, 0.6301716);
  EXPECT_EQ(lane(scene.s.supply.memory_stock), 0.6f);
}

TEST(ChineseOutput, LosesImportedMemoryUnderFullControl) {
  // No stock: D = H = 0.2154870. Without control three and a third times the status quo: 0.2154870 + 0.1/0.3 = 0.5488204.
  for (const auto& [control, domestic] : {std::pair{1.0f, 0.2154870}, {0.0f, 0.5488204}}) {
    Scene scene;
    scene.s.supply.memory_stock = 0;
    scene.levers.memory_control = control;
    scene.supply();
    expect_close(scene.s.supply.domestic, domestic);
    EXPECT_EQ(lane(scene.s.supply.memory_stock), 0);
  }
}

// --- stocks ---

TEST(Stocks, OnlyDecayWhenNothingIsMade) {
  Scene scene;
  scene.s.supply.allied_output = scene.s.supply.logic = 0;
  scene.supply();
  expect_close(scene.s.supply.us_stock, 16 * 0.98347145);  // e^(-1/60)
  expect_close(scene.s.supply.row_stock, 3.2 * 0.98347145);
  expect_close(scene.s.supply.china_stock, 2 * 0.98347145);
}

TEST(Stocks, RentedComputeVanishesWithoutCloudAccessAndIsLargestWithoutControl) {
  // Row stock 3.4541938: 0.15 * (1 - control)/0.9 of it.
  for (const auto& [control, rented] : {std::pair{1.0f, 0.0}, {0.1f, 0.15 * 3.4541938}, {0.0f, 0.15 / 0.9 * 3.4541938}}) {
    Scene scene;
    scene.levers.cloud_access_control = control;
    scene.supply();
    EXPECT_NEAR(value(scene.s.supply.china_compute) - value(scene.s.supply.china_stock), rented, 2e-6);
    EXPECT_EQ(lane(scene.s.supply.us_compute), lane(scene.s.supply.us_stock));
  }
}

TEST(AddedCompute, IsSummedFromJanuary) {
  Scene scene;
  scene.supply();
  const double first = value(scene.s.supply.us_added), first_china = value(scene.s.supply.china_added);
  const double stock = value(scene.s.supply.us_stock), stock_china = value(scene.s.supply.china_stock);
  scene.m = calm_month(scene.w, 1);
  scene.supply();
  EXPECT_NEAR(value(scene.s.supply.us_added), first + value(scene.s.supply.us_stock) - stock * 0.98347145, 1e-5);
  EXPECT_NEAR(value(scene.s.supply.china_added), first_china + value(scene.s.supply.china_stock) - stock_china * 0.98347145, 1e-6);
  const double before = value(scene.s.supply.us_stock);
  scene.m = calm_month(scene.w, 12);
  scene.supply();
  EXPECT_NEAR(value(scene.s.supply.us_added), value(scene.s.supply.us_stock) - before * 0.98347145, 1e-5);
}

// --- for any levers and any state ---

struct Dice {
  std::mt19937 bits{20260101};
  float operator()(float low, float high) { return low + (high - low) * static_cast<float>(bits() >> 8) / 16777216.0f; }
  void levers(Scene& scene) {
    for (int i = 0; i < Race::kLevers; ++i) members(scene.levers)[i] = (*this)(kLevers[i].row.range.low, kLevers[i].row.range.high);
  }
};

TEST(Supply, ConservesChips) {
  // Licensed + smuggled + third countries + US = effective output, and Chinese output stays or is exported.
  Dice dice;
  for (int i = 0; i < 500; ++i) {
    Scene scene;
    dice.levers(scene);
    scene.s.regimes = {dice(-1, 1), dice(-1, 1), dice(-1, 1), 0, dice(0, 1) < 0.5f ? 0.0f : 1.0f};
    scene.s.supply.memory_stock = dice(0, 1);
    scene.w.supply.smuggled_share = dice(0.001f, 0.3f);
    scene.m.z_output = dice(-2, 2);
    const Flows f = flows_of(scene);
    const double exported = 0.1 * value(scene.levers.third_country_cap) * f.domestic;
    EXPECT_NEAR(f.licensed + f.smuggled + (f.row - exported) + f.us, f.output, 2e-5 * f.output + 2e-5);
    EXPECT_NEAR(f.china, f.licensed + f.smuggled + f.domestic - exported, 1e-5 * (1 + f.china));
    for (const double flow : {f.licensed, f.smuggled, f.us, f.domestic, f.china}) EXPECT_GE(flow, 0);
    EXPECT_GE(f.row, -1e-5);
    EXPECT_LE(f.domestic, value(scene.s.supply.logic));
  }
}

// The value of `measure` never moves against `direction` as one lever goes from the bottom to the top of its range.
void expect_monotone(One Levers<One>::*lever, int direction, const std::function<double(const Supply<One>&)>& measure) {
  Dice dice;
  for (int i = 0; i < 40; ++i) {
    Scene start;
    dice.levers(start);
    double last = -direction * std::numeric_limits<double>::infinity();
    for (int k = 0; k <= 10; ++k) {
      Scene scene = start;
      scene.levers.*lever = 0.1f * static_cast<float>(k);
      const double now = measure(scene.supply().s.supply);
      EXPECT_GE(direction * (now - last), -1e-6 * std::abs(now)) << "lever at " << k << "/10";
      last = now;
    }
  }
}

TEST(Supply, MovesWithEachLeverInOneDirection) {
  using L = Levers<One>;
  using S = Supply<One>;
  const auto smuggled = [](const S& c) { return value(c.smuggled); };
  const auto licensed = [](const S& c) { return value(c.licensed); };
  const auto china = [](const S& c) { return value(c.china_stock); };
  const auto us = [](const S& c) { return value(c.us_stock); };
  expect_monotone(&L::enforcement, -1, smuggled);
  expect_monotone(&L::enforcement, -1, china);
  expect_monotone(&L::enforcement, +1, us);
  expect_monotone(&L::chip_licence_share, -1, smuggled);
  expect_monotone(&L::chip_licence_share, +1, licensed);
  expect_monotone(&L::chip_licence_share, +1, china);
  expect_monotone(&L::licensed_chip_quality, +1, licensed);
  expect_monotone(&L::third_country_cap, +1, us);
  expect_monotone(&L::third_country_cap, -1, [](const S& c) { return value(c.row_stock); });
  expect_monotone(&L::equipment_control, -1, [](const S& c) { return value(c.logic); });
  expect_monotone(&L::allied_alignment, -1, [](const S& c) { return value(c.memory); });
  expect_monotone(&L::memory_control, -1, [](const S& c) { return value(c.domestic); });
  expect_monotone(&L::china_chip_subsidy, +1, [](const S& c) { return value(c.logic); });
  expect_monotone(&L::cloud_access_control, -1, [](const S& c) { return value(c.china_compute); });
  expect_monotone(&L::datacenter_buildout, +1, us);
}

}  // namespace
}  // namespace chokepoint::race
