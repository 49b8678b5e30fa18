// The scenarios of the study, by number: how 3,000,000 chips are spread over clusters, how many chips of a cluster are diverted, and
// how many are tested. An enumeration: the number of a trajectory is the number of its scenario.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "../pack.h"

namespace chokepoint::inspection {

inline constexpr int kSizes = 5;        // clusters of 10, 100, 1,000, 10,000 and 100,000 chips
inline constexpr int kTestOptions = 5;  // 0, 1, 10, 100 or 1,000 chips of a cluster, but no more than it has
inline constexpr int kShares = 10;      // a mix gives each size so many tenths of the chips
inline constexpr int kChipsPerShare = 300'000;

// 10^power.
CHOKEPOINT_HD constexpr int power_of_ten(int power) {
  int result = 1;
  for (; power > 0; --power) result *= 10;
  return result;
}
CHOKEPOINT_HD constexpr int chips_of(int size) { return power_of_ten(size + 1); }
CHOKEPOINT_HD constexpr int diverted_of(int size, bool all) { return all ? chips_of(size) : chips_of(size) / 10; }
CHOKEPOINT_HD constexpr int tests_of(int option) { return option == 0 ? 0 : power_of_ten(option - 1); }
CHOKEPOINT_HD constexpr int test_options(int size) { return size + 3 < kTestOptions ? size + 3 : kTestOptions; }

struct Scenario {
  int shares[kSizes];  // tenths of the chips that are in clusters of that size
  bool all[kSizes];    // in a cluster that diverts, all chips are diverted; else a tenth
  int option[kSizes];  // of test_options
};

// Clusters outside of the US and China that are known, by size: Epoch AI's GPU clusters as the study counts them.
inline constexpr int kKnownClusters[kSizes] = {0, 214, 168, 45, 7};

// The mixes of tenths in which every size from 100 chips on has a share; clusters of 10 need not have one. In double precision
// 3,000,000 times three or six tenths is no whole number, so that the published enumeration, which asks for one, leaves out mixes with
// such a share. Groups by rank: 0 the published mixes that have all known clusters, 1 the other published ones, 2 what they leave out;
// 2 * rank without clusters of 10, 2 * rank + 1 with them.
struct Mixes {
  static constexpr int kGroups = 6;
  int first[kGroups + 1] = {};
  std::uint8_t shares[210][kSizes] = {};
};

constexpr int rank_of(const int* shares) {
  bool published = true, known = true;
  for (int size = 0; size < kSizes; ++size) {
    published = published && shares[size] != 3 && shares[size] != 6;
    known = known && shares[size] * kChipsPerShare / chips_of(size) >= kKnownClusters[size];
  }
  return !published ? 2 : !known ? 1 : 0;
}

constexpr Mixes list_mixes() {
  Mixes mixes;
  int count = 0;
  for (int group = 0; group < Mixes::kGroups; ++group) {
    mixes.first[group] = count;
    for (int code = 0; code < 7 * 7 * 7 * 7; ++code) {
      int shares[kSizes] = {kShares, 1 + code % 7, 1 + code / 7 % 7, 1 + code / 49 % 7, 1 + code / 343};
      for (int size = 1; size < kSizes; ++size) shares[0] -= shares[size];
      if (shares[0] < 0 || group != 2 * rank_of(shares) + (shares[0] > 0 ? 1 : 0)) continue;
      for (int size = 0; size < kSizes; ++size) mixes.shares[count][size] = static_cast<std::uint8_t>(shares[size]);
      ++count;
    }
  }
  mixes.first[Mixes::kGroups] = count;
  return mixes;
}

// Scenarios of a mix: two ways to divert and the test options of each size that it has.
constexpr std::uint32_t scenarios_of_mix(bool with_tens) {
  std::uint32_t count = 1;
  for (int size = with_tens ? 0 : 1; size < kSizes; ++size) count *= 2 * static_cast<std::uint32_t>(test_options(size));
  return count;
}

constexpr std::uint32_t scenarios_of_groups(int groups) {
  const Mixes mixes = list_mixes();
  std::uint32_t count = 0;
  for (int group = 0; group < groups; ++group)
    count += static_cast<std::uint32_t>(mixes.first[group + 1] - mixes.first[group]) * scenarios_of_mix(group % 2 == 1);
  return count;
}

inline constexpr std::uint32_t kKnownScenarios = scenarios_of_groups(2), kPublishedScenarios = scenarios_of_groups(4),
                               kScenarios = scenarios_of_groups(Mixes::kGroups);
static_assert(kKnownScenarios == 224'000 && kPublishedScenarios == 2'656'000 && kScenarios == 6'720'000);

// Those after the last begin again with the first.
CHOKEPOINT_HD Scenario scenario_of(std::uint64_t number) {
  constexpr Mixes kMixes = list_mixes();
  std::uint32_t rest = static_cast<std::uint32_t>(number % kScenarios);
  int mix = 0;
  for (int group = 0; group < Mixes::kGroups; ++group) {
    const std::uint32_t each = scenarios_of_mix(group % 2 == 1);
    const std::uint32_t mixes = static_cast<std::uint32_t>(kMixes.first[group + 1] - kMixes.first[group]);
    if (rest < mixes * each) {
      mix = kMixes.first[group] + static_cast<int>(rest / each);
      rest %= each;
      break;
    }
    rest -= mixes * each;
  }
  Scenario scenario;
  for (int size = 0; size < kSizes; ++size) {
    scenario.shares[size] = kMixes.shares[mix][size];
    scenario.all[size] = false;
    scenario.option[size] = 0;
    if (scenario.shares[size] == 0) continue;
    const std::uint32_t options = static_cast<std::uint32_t>(test_options(size));
    scenario.option[size] = static_cast<int>(rest % options);
    scenario.all[size] = rest / options % 2 == 1;
    rest /= 2 * options;
  }
  return scenario;
}

}  // namespace chokepoint::inspection
