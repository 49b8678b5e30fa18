// Regimes and levers (MODEL.md, 2 and 5.1).
// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "fixture.h"

namespace chokepoint::race {
namespace {

// --- levers ---

struct StatusQuo {
  const char* key;
  double low, high, value;
  bool undone;  // by a reversal
};

// The table of MODEL.md, 2. A reversal undoes the rows from chip_licence_share to model_access_control.
constexpr StatusQuo kTable[] = {
    {"chip_licence_share", 0, 1, 0.02, true},      {"licensed_chip_quality", 0, 1, 0.45, true},
    {"equipment_control", 0, 1, 0.6, true},        {"allied_alignment", 0, 1, 0.8, true},
    {"memory_control", 0, 1, 0.7, true},           {"enforcement", 0, 1, 0.3, true},
    {"third_country_cap", 0, 1, 0, true},          {"cloud_access_control", 0, 1, 0.1, true},
    {"model_access_control", 0, 1, 0.1, true},     {"durability", 0, 1, 0, false},
    {"datacenter_buildout", -1, 1, 0, false},      {"china_chip_subsidy", 0, 1, 0.5, false},
    {"china_import_refusal", 0, 1, 0.5, false},    {"us_open_share", 0, 1, 0.15, false},
    {"china_open_share", 0, 1, 0.75, false},       {"us_release_holdback", 0, 3, 0, false},
    {"research_openness", 0, 1, 0.6, false},       {"talent_inflow", -1, 1, 0, false},
    {"public_adoption", 0, 1, 0, false},           {"race_coordination", 0, 1, 0, false},
};

TEST(Levers, HaveTheKeysRangesAndStatusQuoOfTheModel) {
  ASSERT_EQ(std::size(kLevers), std::size(kTable));
  for (std::size_t i = 0; i < std::size(kTable); ++i) {
    const LeverRow& row = kLevers[i].row;
    EXPECT_EQ(std::string_view(row.key), kTable[i].key);
    EXPECT_EQ(row.range.low, static_cast<float>(kTable[i].low)) << row.key;
    EXPECT_EQ(row.range.high, static_cast<float>(kTable[i].high)) << row.key;
    EXPECT_EQ(row.status_quo, static_cast<float>(kTable[i].value)) << row.key;
    EXPECT_EQ(row.export_control, kTable[i].undone) << row.key;
  }
}

// Every lever at a value that is nobody's status quo.
Levers<One> odd_levers() {
  Levers<One> levers;
  for (int i = 0; i < Race::kLevers; ++i) members(levers)[i] = 0.31f + 0.01f * static_cast<float>(i);
  return levers;
}

TEST(Reversal, PutsExactlyTheNineExportControlsToStatusQuo) {
  Scene scene;
  scene.levers = odd_levers();
  scene.m.wait_reversal = kNow;
  scene.regimes();
  const Levers<One> before = odd_levers();
  int changed = 0;
  for (int i = 0; i < Race::kLevers; ++i) {
    const float now = lane(members(scene.levers)[i]), given = lane(members(before)[i]);
    EXPECT_EQ(now, kTable[i].undone ? static_cast<float>(kTable[i].value) : given) << kTable[i].key;
    changed += now != given;
  }
  EXPECT_EQ(changed, 9);
}

TEST(Reversal, LeavesLeversAloneWhileItIsOff) {
  Scene scene;
  scene.levers = odd_levers();
  scene.regimes();
  const Levers<One> before = odd_levers();
  for (int i = 0; i < Race::kLevers; ++i)
    EXPECT_EQ(lane(members(scene.levers)[i]), lane(members(before)[i])) << kTable[i].key;
}

TEST(Reversal, LastsUntilRestoredAndUndoesTheLeversEveryMonth) {
  Scene scene;
  scene.m.wait_reversal = kNow;
  scene.regimes();
  scene.m.wait_reversal = kNever;
  for (int month = 0; month < 3; ++month) {
    scene.levers.enforcement = 0.9f;
    scene.regimes();
    EXPECT_EQ(lane(scene.levers.enforcement), 0.3f);
  }
  scene.m.wait_reversal = kNow;  // restored: the levers of this very month hold again
  scene.levers.enforcement = 0.9f;
  scene.regimes();
  EXPECT_EQ(lane(scene.levers.enforcement), 0.9f);
  EXPECT_EQ(lane(scene.s.regimes.reversed), 0);
}

bool reverses(float durability, float wait, bool already = false) {
  Scene scene;
  scene.s.regimes.reversed = already ? 1 : 0;
  scene.levers.durability = durability;
  scene.m.wait_reversal = wait;
  return lane(scene.regimes().s.regimes.reversed) > 0.5f;
}

TEST(Reversal, StrikesWithAHazardThatDurabilityLowers) {
  // reversal_rate 1: 1/12 = 0.083333 a month at durability 0; half of it, 0.041667, at 0.5.
  EXPECT_TRUE(reverses(0, 0.0833f));
  EXPECT_FALSE(reverses(0, 0.0834f));
  EXPECT_TRUE(reverses(0.5f, 0.0416f));
  EXPECT_FALSE(reverses(0.5f, 0.0417f));
}

TEST(Reversal, NeverStrikesAStatute) { EXPECT_FALSE(reverses(1, kNow)); }

TEST(Reversal, EndsWithTheRestorationRateWhateverTheDurability) {
  // restoration_rate 2: 2/12 = 0.166667.
  for (const float durability : {0.0f, 1.0f}) {
    EXPECT_FALSE(reverses(durability, 0.1666f, true));
    EXPECT_TRUE(reverses(durability, 0.1667f, true));
  }
}

TEST(Reversal, IsAnEventWhenItStartsNotWhenItEnds) {
  Scene starts;
  starts.m.wait_reversal = kNow;
  starts.events.step = 7;
  EXPECT_EQ(starts.regimes().first(Event::kPolicyReversal), 7);
  Scene ends;
  ends.s.regimes.reversed = 1;
  ends.m.wait_reversal = kNow;
  EXPECT_FALSE(ends.regimes().happened(Event::kPolicyReversal));
}

// --- a calm month ---

TEST(Regimes, StayOffInACalmMonth) {
  Scene scene;
  scene.regimes();
  const Regimes<One>& r = scene.s.regimes;
  for (const One off : {r.taiwan_left, r.counter_left, r.bust_left, r.reversed, r.refused}) EXPECT_EQ(lane(off), 0);
  for (int e = 0; e < Race::kEvents; ++e) EXPECT_FALSE(scene.happened(static_cast<Event>(e)));
}

// --- Taiwan ---

TEST(TaiwanCrisis, StartsWhenItsHazardBeatsTheWait) {
  // taiwan_rate 0.06: 0.06/12 = 0.005, that is u < 1 - e^-0.005 = 0.00498752.
  for (const bool starts : {true, false}) {
    Scene scene;
    scene.m.wait_taiwan = waiting_time(One(starts ? 0.004987f : 0.004988f));
    scene.regimes();
    EXPECT_EQ(lane(scene.s.regimes.taiwan_left), starts ? 2.5f : 0);
    EXPECT_EQ(scene.happened(Event::kTaiwanCrisis), starts);
  }
}

TEST(TaiwanCrisis, RunsItsCourseBeforeAnotherCanStart) {
  auto parameters = plausible_parameters();
  parameters.regimes.taiwan_duration = 0.2f;
  Scene scene(parameters);
  scene.m.wait_taiwan = kNow;  // strikes whenever it can
  for (const double left : {0.2, 0.2 - kDt, 0.2 - 2 * kDt, 0.2 - 3 * kDt, 0.2}) {  // 0.2, 0.117, 0.033, -0.05 (over), 0.2 again
    scene.regimes();
    expect_close(scene.s.regimes.taiwan_left, left);
  }
  EXPECT_EQ(scene.first(Event::kTaiwanCrisis), 0);
}

// --- refusal ---

TEST(Refusal, SwitchesWithItsTwoRates) {
  // On: 1.1/12 = 0.091667. Off: 1.3/12 = 0.108333.
  const auto after = [](float refused, float wait) {
    Scene scene;
    scene.s.regimes.refused = refused;
    scene.m.wait_refusal = wait;
    return lane(scene.regimes().s.regimes.refused);
  };
  EXPECT_EQ(after(0, 0.0916f), 1);
  EXPECT_EQ(after(0, 0.0917f), 0);
  EXPECT_EQ(after(1, 0.1083f), 0);
  EXPECT_EQ(after(1, 0.1084f), 1);
}

TEST(Refusal, IsAnEventOfTheFirstMonthInWhichItIsInForce) {
  auto parameters = plausible_parameters();
  parameters.regimes.refusal_at_start = 1;
  EXPECT_EQ(Scene(parameters).regimes().first(Event::kImportRefusal), 0);
  Scene dropped(parameters);  // at once
  dropped.m.wait_refusal = kNow;
  EXPECT_FALSE(dropped.regimes().happened(Event::kImportRefusal));
  Scene adopted;
  adopted.events.step = 3;
  adopted.m.wait_refusal = kNow;
  EXPECT_EQ(adopted.regimes().first(Event::kImportRefusal), 3);
}

TEST(Refusal, DoesNotMoveWithTheReversal) {
  Scene scene;
  scene.m.wait_reversal = kNow;
  EXPECT_EQ(lane(scene.regimes().s.regimes.refused), 0);
}

// --- counter-controls ---

bool countered(float equipment, float memory, float licence, float wait) {
  Scene scene;
  scene.levers.equipment_control = equipment;
  scene.levers.memory_control = memory;
  scene.levers.chip_licence_share = licence;
  scene.m.wait_counter = wait;
  return lane(scene.regimes().s.regimes.counter_left) > 0;
}

TEST(CounterControls, StrikeInProportionToTheIntensityOfControls) {
  // Status quo: (0.6 + 0.7 + 1 - 0.02/0.3)/3 = 2.233333/3 = 0.744444; times 1.44/12 = 0.12: 0.0893333.
  EXPECT_TRUE(countered(0.6f, 0.7f, 0.02f, 0.08933f));
  EXPECT_FALSE(countered(0.6f, 0.7f, 0.02f, 0.08934f));
  // Full: (1 + 1 + 1)/3 = 1, so 0.12.
  EXPECT_TRUE(countered(1, 1, 0, 0.11999f));
  EXPECT_FALSE(countered(1, 1, 0, 0.12001f));
}

TEST(CounterControls, NeverAnswerAnOpenDoor) {
  // A licence share of 0.3 counts as no control, and more as no less than none.
  EXPECT_FALSE(countered(0, 0, 0.31f, kNow));
  EXPECT_FALSE(countered(0, 0, 1, kNow));
  EXPECT_TRUE(countered(0, 0, 0.29f, kNow));
}

TEST(CounterControls, SeeTheLeversAfterAReversal) {
  // Full controls undone: the hazard is the status quo's 0.0893333, not 0.12.
  Scene scene;
  scene.levers.equipment_control = scene.levers.memory_control = 1;
  scene.levers.chip_licence_share = 0;
  scene.m.wait_reversal = kNow;
  scene.m.wait_counter = 0.1f;
  EXPECT_EQ(lane(scene.regimes().s.regimes.counter_left), 0);
}

TEST(CounterControls, RunTheirCourseBeforeTheyCanReturn) {
  Scene scene;
  scene.m.wait_counter = kNow;
  for (const double left : {0.3, 0.3 - kDt, 0.3 - 2 * kDt, 0.3 - 3 * kDt, 0.3 - 4 * kDt, 0.3}) {  // 0.3 ... 0.05, -0.033, again
    scene.regimes();
    expect_close(scene.s.regimes.counter_left, left);
  }
}

// --- bust ---

TEST(Bust, RunsDownToZeroAndNotBelow) {
  Scene scene;
  scene.s.regimes.bust_left = 0.1f;
  expect_close(scene.regimes().s.regimes.bust_left, 0.1 - kDt);
  EXPECT_EQ(lane(scene.regimes().s.regimes.bust_left), 0);
  EXPECT_EQ(lane(scene.regimes().s.regimes.bust_left), 0);
}

// --- the test of a hazard ---

TEST(Hazard, IsTheSameAsComparingTheUniformWithTheProbability) {
  // Twelve per year: p = 1 - e^-1 = 0.632121.
  EXPECT_TRUE(happens(waiting_time(One(0.63212f)), One(12)).lane(0));
  EXPECT_FALSE(happens(waiting_time(One(0.63213f)), One(12)).lane(0));
  EXPECT_FALSE(happens(waiting_time(One(5.9604645e-8f)), One(0)).lane(0));  // the smallest uniform
}

}  // namespace
}  // namespace chokepoint::race
