// The second step of the GPU back end: a block counts one row of a tile, or a part of it, in a histogram on chip
// and hands that over once. No value meets another thread's on its way but in that histogram.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "device_tile.h"
#include "tally.h"

namespace chokepoint {

// Words of shared memory that a block needs.
inline std::size_t tally_words(const KernelPlan& plan) {
  const int joint = plan.joints > 0 ? kJointSide * kJointSide : 0;
  return static_cast<std::size_t>(std::max({kSlots, plan.steps + 1, joint}));
}

namespace detail {

// Of a batch's values in the tile.
CHOKEPOINT_HD std::size_t first_row(const KernelPlan& plan) {
  return static_cast<std::size_t>(plan.first_policy) * plan.records * plan.metrics;
}

struct Part {
  int begin, end;
};

// What a block takes of a row whose length is `count`, if each row has `parts` blocks.
template <class Team>
CHOKEPOINT_HD Part part_of(const Team& team, int count, int parts) {
  const int length = (count + parts - 1) / parts, begin = team.block() % parts * length, end = begin + length;
  return {begin < count ? begin : count, end < count ? end : count};
}

template <class Team>
CHOKEPOINT_HD void clear_histogram(const Team& team, std::uint32_t* histogram, int size) {
  for (int i = team.thread(); i < size; i += team.threads()) histogram[i] = 0;
  team.sync();
}

template <class Team>
CHOKEPOINT_HD void hand_over(const Team& team, const std::uint32_t* histogram, int size, std::uint32_t* to) {
  team.sync();
  for (int i = team.thread(); i < size; i += team.threads())
    if (histogram[i] != 0) team.add(to + i, histogram[i]);
}

// 128 bits in two words: whoever makes the lower one overflow carries.
template <class Team>
CHOKEPOINT_HD void add_wide(const Team& team, unsigned long long* to, UnsignedWide x) {
  const auto low = static_cast<unsigned long long>(x);
  const unsigned long long before = team.add(to, low);
  const unsigned long long high = static_cast<unsigned long long>(x >> 64) + (before + low < before);
  if (high != 0) team.add(to + 1, high);
}

template <class Team, class T>
CHOKEPOINT_HD T warp_sum(const Team& team, T x) {
  return team.reduce(x, [](T a, T b) { return a + b; });
}
template <class Team>
CHOKEPOINT_HD std::uint32_t warp_least(const Team& team, std::uint32_t x) {
  return team.reduce(x, [](std::uint32_t a, std::uint32_t b) { return a < b ? a : b; });
}

// Of at most 2^14 values.
template <class Team>
CHOKEPOINT_HD UnsignedWide warp_squares(const Team& team, const ThreadSums& s) {
  return squares_of(warp_sum(team, s.high_high), warp_sum(team, s.high_low), warp_sum(team, s.low_low));
}

template <class Team>
CHOKEPOINT_HD void add_to_cell(const Team& team, const ThreadSums& s, std::uint32_t saturated, DeviceCell& cell) {
  const std::int64_t units = warp_sum(team, s.units());  // 2^57 in size
  const UnsignedWide squares = warp_squares(team, s);
  saturated = warp_sum(team, saturated);
  const std::uint32_t least = warp_least(team, ordered_word(s.least)), greatest = ~warp_least(team, ~ordered_word(s.greatest));
  if (team.thread() % kWarp != 0) return;
  add_wide(team, cell.units, static_cast<UnsignedWide>(static_cast<Wide>(units)));
  add_wide(team, cell.squares, squares);
  if (saturated != 0) team.add(&cell.saturated, static_cast<unsigned long long>(saturated));
  team.min(&cell.least, least);
  team.max(&cell.greatest, greatest);
}

// The sums of values begin .. end - 1. value(i) is called once for each, and may count it; again(i) is called a second
// time for the few rows that hold what is not finite, or beyond the sums' range.
template <class Team, class Value, class Again>
CHOKEPOINT_HD void tally_sums(const Team& team, const Binning& binning, int begin, int end, DeviceCell& cell, Value&& value,
                              Again&& again) {
  ThreadSums sums;
  bool all_finite = true;
  CHOKEPOINT_UNROLL(4)
  for (int i = begin + team.thread(); i < end; i += team.threads()) {
    const Pack<1> x = value(i);
    sums.add(units_of(binning, x).v, x.v);
    all_finite = all_finite & is_finite(x).v;
  }
  const auto beyond = [&](float x) { return abs(units_of(binning, Pack<1>::of(x))).v == kUnitLimit; };
  std::uint32_t saturated = 0;
  if (!all_finite || beyond(sums.least) || beyond(sums.greatest)) {
    sums.least = CellSums{}.least, sums.greatest = CellSums{}.greatest;
    for (int i = begin + team.thread(); i < end; i += team.threads()) {
      const Pack<1> x = again(i);
      saturated += beyond(x.v);
      if (is_finite(x).v) sums.least = fminf(x.v, sums.least), sums.greatest = fmaxf(x.v, sums.greatest);
    }
  }
  add_to_cell(team, sums, saturated, cell);
}

// Trajectories begin .. end - 1 of a row of values.
template <class Team>
CHOKEPOINT_HD void tally_cell(const Team& team, const KernelPlan& plan, const Tile& tile, const DeviceTallies& out, int row, int begin,
                              int end, std::uint32_t* histogram) {
  const int metric = row % plan.metrics, record = row / plan.metrics % plan.records;
  const int policy = plan.first_policy + row / plan.metrics / plan.records;
  const std::size_t cell = (static_cast<std::size_t>(policy) * plan.metrics + metric) * plan.records + record;
  const Binning binning = plan.binning[metric];
  const float* values = tile.values + (first_row(plan) + row) * tile.stride;
  clear_histogram(team, histogram, kSlots);
  const auto count = [&](int i) {
    const Pack<1> x = Pack<1>::of(values[i]);
    team.add(histogram + slot_of(binning, x).v, 1u);
    return x;
  };
  const auto report = [&](int i) {
    const Pack<1> x = Pack<1>::of(values[i]);
    if (!is_finite(x).v) team.min(out.first_non_finite + policy, static_cast<unsigned long long>(tile.first + i));
    return x;
  };
  tally_sums(team, binning, begin, end, out.cells[cell], count, report);
  hand_over(team, histogram, kSlots, out.slots + cell * kSlots);
}

template <class Team>
CHOKEPOINT_HD void tally_joint(const Team& team, const KernelPlan& plan, const Tile& tile, const DeviceTallies& out, int row, int begin,
                               int end, std::uint32_t* histogram) {
  const int joint = row % plan.joints, record = row / plan.joints % plan.records, p = row / plan.joints / plan.records;
  const std::size_t table = (static_cast<std::size_t>(joint) * out.policies + plan.first_policy + p) * plan.records + record;
  const int first = plan.joint[joint].first, second = plan.joint[joint].second;
  const Binning first_binning = plan.binning[first], second_binning = plan.binning[second];
  const float* values = tile.values + (first_row(plan) + static_cast<std::size_t>(p * plan.records + record) * plan.metrics) * tile.stride;
  constexpr int kCells = kJointSide * kJointSide;
  clear_histogram(team, histogram, kCells);
  const auto bin = [&](const Binning& binning, int metric, int i) {
    const float x = values[static_cast<std::size_t>(metric) * tile.stride + i];
    return joint_bin(slot_of(binning, Pack<1>::of(x)).v);
  };
  for (int i = begin + team.thread(); i < end; i += team.threads())
    team.add(histogram + bin(first_binning, first, i) * kJointSide + bin(second_binning, second, i), 1u);
  hand_over(team, histogram, kCells, out.joint + table * kCells);
}

template <class Team>
CHOKEPOINT_HD void tally_event(const Team& team, const KernelPlan& plan, const Tile& tile, const DeviceTallies& out, int row, int begin,
                               int end, std::uint32_t* histogram) {
  const int size = plan.steps + 1;
  const std::size_t event = static_cast<std::size_t>(plan.first_policy) * plan.events + row;
  const std::uint16_t* steps = tile.events + event * tile.stride;
  clear_histogram(team, histogram, size);
  for (int i = begin + team.thread(); i < end; i += team.threads()) team.add(histogram + steps[i], 1u);
  hand_over(team, histogram, size, out.event_steps + event * size);
}

}  // namespace detail

// What is counted of the policies of a batch. Blocks 0 .. rows * parts - 1 take a part of a row each: rows of values first,
// then pairs of them, then events.
template <class Team>
CHOKEPOINT_HD void tally_tile(const Team& team, const KernelPlan& plan, const Tile& tile, const DeviceTallies& out, int parts,
                              std::uint32_t* histogram) {
  int row = team.block() / parts;
  const auto [begin, end] = detail::part_of(team, tile.count, parts);
  const int cells = plan.policies * plan.records * plan.metrics, joints = plan.policies * plan.records * plan.joints;
  if (row < cells) return detail::tally_cell(team, plan, tile, out, row, begin, end, histogram);
  row -= cells;
  if (row < joints) return detail::tally_joint(team, plan, tile, out, row, begin, end, histogram);
  detail::tally_event(team, plan, tile, out, row - joints, begin, end, histogram);
}

}  // namespace chokepoint
