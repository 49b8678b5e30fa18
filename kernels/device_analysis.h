// The last steps of the GPU back end, when a tile has run under all policies: what is tallied across policies, a block for
// each row or part of it as in device_tally.h; and the sums over the bins of each parameter's own uniform.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "device_tally.h"

namespace chokepoint {

// Rows of analyse_tile, in this order, and of choose_in_tile, which comes after it.
struct AnalysisRows {
  int differences, pairs, policies, drivers, worlds, choices;

  CHOKEPOINT_HD explicit AnalysisRows(const AnalysisPlan& plan)
      : differences((plan.policies - 1) * plan.metrics * plan.records),
        pairs(plan.decisions * (plan.policies * (plan.policies - 1) / 2)),
        policies(plan.policies),
        drivers(plan.drivers),
        worlds(plan.replicates > 1 ? plan.policies * plan.times * plan.metrics : 0),
        choices((plan.replicates > 1 ? 2 : 1) * plan.decisions * plan.policies) {}
  CHOKEPOINT_HD int before_choices() const { return differences + pairs + policies + drivers + worlds; }
};

// Words of shared memory that a block of each needs.
inline std::size_t analysis_words(const AnalysisPlan& plan) {
  return static_cast<std::size_t>(std::max({kDifferenceSlots, plan.thresholds + 1, kDriverBins}));
}
inline std::size_t choice_words(const AnalysisPlan& plan) { return static_cast<std::size_t>(kRegretSlots + 2 * (plan.policies + 1)); }

// Outputs that a warp sums at a time, a lane each, and trajectories that a block fetches at a time.
inline constexpr int kOutputLanes = kWarp, kBinChunk = 192;

// Shared memory of a block of sum_bins: each warp's sums (bin; output); units of the chunk (trajectory; output) in odd rows;
// where each bin ends in each warp's order; and the orders, of the chunk's trajectories by the bin of the warp's driver.
inline constexpr int kUnitRow = kOutputLanes + 1, kBinTable = kDriverBins * kOutputLanes;
inline constexpr std::size_t bin_bytes(int warps) {
  return warps * (kBinTable * sizeof(unsigned long long) + kDriverBins * sizeof(std::uint32_t) + kBinChunk * sizeof(std::uint16_t)) +
         kBinChunk * kUnitRow * sizeof(float);
}
static_assert(bin_bytes(8) <= 99 * 1024, "a block of 8 warps must fit every GPU that can be used");

// Blocks of sum_bins for each part of the trajectories.
CHOKEPOINT_HD int driver_sets(const AnalysisPlan& plan, int warps) { return (plan.drivers + warps - 1) / warps; }
CHOKEPOINT_HD int output_groups(const AnalysisPlan& plan) {
  return (plan.policies * plan.times * plan.metrics + kOutputLanes - 1) / kOutputLanes;
}

namespace detail {

// Row (policy but the reference, metric, record).
template <class Team>
CHOKEPOINT_HD void tally_difference(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int row,
                                    Part part, std::uint32_t* histogram) {
  const int record = row % plan.records, metric = row / plan.records % plan.metrics, other = row / plan.records / plan.metrics;
  const int policy = other + (other >= plan.reference);
  const std::size_t cell = (static_cast<std::size_t>(policy) * plan.metrics + metric) * plan.records + record;
  const float* values = values_of(tile, plan, policy, record, metric);
  const float* reference = values_of(tile, plan, plan.reference, record, metric);
  const std::uint32_t least = plan.least_difference[metric];
  clear_histogram(team, histogram, kDifferenceSlots);
  const auto difference = [&](int i) { return Pack<1>::of(values[i]) - Pack<1>::of(reference[i]); };
  const auto count = [&](int i) {
    const Pack<1> d = difference(i);
    team.add(histogram + difference_slot(least, d).v, 1u);
    return d;
  };
  tally_sums(team, plan.binning[metric], part.begin, part.end, out.difference_sums[cell], count, difference);
  hand_over(team, histogram, kDifferenceSlots, out.differences + cell * kDifferenceSlots);
}

// Row (decision, pair).
template <class Team>
CHOKEPOINT_HD void tally_pair(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int row, Part part) {
  const int pairs = plan.policies * (plan.policies - 1) / 2, metric = plan.decided[row / pairs];
  int first = row % pairs, second = 1;
  while (first >= second) first -= second++;
  const float* a = values_of(tile, plan, second, plan.records - 1, metric);
  const float* b = values_of(tile, plan, first, plan.records - 1, metric);
  const Binning binning = plan.binning[metric];
  ThreadSums sums;
  CHOKEPOINT_UNROLL(4)
  for (int i = part.begin + team.thread(); i < part.end; i += team.threads()) {
    const Pack<1> d = Pack<1>::of(a[i]) - Pack<1>::of(b[i]);
    sums.add(units_of(binning, d).v, d.v);
  }
  const UnsignedWide squares = warp_squares(team, sums);
  if (team.thread() % kWarp == 0) add_wide(team, out.pair_squares + 2 * static_cast<std::size_t>(row), squares);
}

// A policy's thresholds, and all of them.
template <class Team>
CHOKEPOINT_HD void tally_satisfied(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int policy,
                                   Part part, std::uint32_t* counts) {
  const int size = plan.thresholds + 1;
  const float* values = values_of(tile, plan, policy, plan.records - 1, 0);
  const std::uint16_t* events = tile.events + static_cast<std::size_t>(policy) * plan.events * tile.stride;
  clear_histogram(team, counts, size);
  for (int i = part.begin + team.thread(); i < part.end; i += team.threads()) {
    bool all = true;
    for (int t = 0; t < plan.thresholds; ++t) {
      const Threshold& threshold = plan.threshold[t];
      const bool met = threshold.metric < 0
                           ? satisfies_event(threshold, events[static_cast<std::size_t>(threshold.event) * tile.stride + i], plan.steps)
                           : satisfies(threshold, values[static_cast<std::size_t>(threshold.metric) * tile.stride + i]);
      if (met) team.add(counts + t, 1u);
      all = all && met;
    }
    if (all) team.add(counts + plan.thresholds, 1u);
  }
  hand_over(team, counts, size, out.satisfied + static_cast<std::size_t>(policy) * size);
}

template <class Team>
CHOKEPOINT_HD void count_bins(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int driver,
                              Part part, std::uint32_t* histogram) {
  const std::uint8_t* bins = tile.bins + static_cast<std::size_t>(plan.driver[driver]) * tile.stride;
  clear_histogram(team, histogram, kDriverBins);
  for (int i = part.begin + team.thread(); i < part.end; i += team.threads()) team.add(histogram + bins[i], 1u);
  hand_over(team, histogram, kDriverBins, out.bin_counts + static_cast<std::size_t>(driver) * kDriverBins);
}

// The values of one output in a tile; outputs are (policy, time, metric).
struct OutputRow {
  int policy, time, metric;
  const float* values;

  CHOKEPOINT_HD OutputRow(const AnalysisPlan& plan, const Tile& tile, int output)
      : policy(output / plan.metrics / plan.times), time(output / plan.metrics % plan.times), metric(output % plan.metrics),
        values(values_of(tile, plan, policy, plan.time[time], metric)) {}
};

// Means of worlds; those at the end are kept in the tile, to choose between them.
template <class Team>
CHOKEPOINT_HD void tally_worlds(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int output,
                                Part part) {
  const OutputRow row(plan, tile, output);
  const Binning binning = plan.binning[row.metric];
  float* const kept = row.time == plan.times - 1 ? out.means + (row.policy * plan.metrics + row.metric) * mean_stride(plan, tile) : nullptr;
  const auto mean = [&](int i) {
    return Pack<1>::of(world_mean(binning, row.values + static_cast<std::size_t>(i) * plan.replicates, 1, plan.replicates));
  };
  const auto keep = [&](int i) {
    const Pack<1> x = mean(i);
    if (kept) kept[i] = x.v;
    return x;
  };
  tally_sums(team, binning, part.begin, part.end, out.world_sums[output], keep, mean);
}

// 64 bits in two words on chip, the lower one first.
template <class Team>
CHOKEPOINT_HD void add_halves(const Team& team, std::uint32_t* to, std::uint64_t x) {
  const auto low = static_cast<std::uint32_t>(x);
  const std::uint32_t before = team.add(to, low), high = static_cast<std::uint32_t>(x >> 32) + (before + low < before);
  if (high != 0) team.add(to + 1, high);
}

// A policy among all; policy q's values are at values + q * stride. Ranks that are shared are counted where they begin and
// where they end: two additions, however many policies are equally good.
template <class Team>
CHOKEPOINT_HD void tally_choice(const Team& team, const AnalysisPlan& plan, const DeviceAnalysis& out, std::size_t choice,
                                const float* values, std::size_t stride, Part part, std::uint32_t* histogram) {
  const int decision = static_cast<int>(choice) / plan.policies % plan.decisions, policy = static_cast<int>(choice) % plan.policies;
  const int metric = plan.decided[decision], ranks = plan.policies + 1;
  const bool higher = plan.higher[decision] != 0;
  const std::uint32_t least = plan.least_difference[metric];
  std::uint32_t* const rises = histogram + kRegretSlots;
  clear_histogram(team, histogram, kRegretSlots + 2 * ranks);
  const auto standing = [&](int i) {
    return standing_of(Pack<1>::of(values[policy * stride + i]), higher, plan.policies,
                       [&](int q) { return Pack<1>::of(values[q * stride + i]); });
  };
  const auto count = [&](int i) {
    const Standing<1> s = standing(i);
    team.add(histogram + regret_slot(least, s.regret).v, 1u);
    const int ties = static_cast<int>(s.equal.v), rank = static_cast<int>(s.better.v);
    if (ties > 0) {
      const std::uint64_t share = static_cast<std::uint64_t>(kRankParts / ties);
      add_halves(team, rises + 2 * rank, share);
      add_halves(team, rises + 2 * (rank + ties), 0 - share);
    }
    return s.regret;
  };
  const auto regret = [&](int i) { return standing(i).regret; };
  tally_sums(team, plan.binning[metric], part.begin, part.end, out.regret_sums[choice], count, regret);
  hand_over(team, histogram, kRegretSlots, out.regret + choice * kRegretSlots);
  for (int r = team.thread(); r < ranks; r += team.threads()) {
    const unsigned long long rise = static_cast<unsigned long long>(rises[2 * r + 1]) << 32 | rises[2 * r];
    if (rise != 0) team.add(out.ranks + choice * ranks + r, rise);
  }
}

// Trajectories begin .. end - 1 of a group of outputs, to memory on chip. The group's last outputs may be missing.
template <class Team>
CHOKEPOINT_HD void fetch_units(const Team& team, const AnalysisPlan& plan, const Tile& tile, int first_output, int begin, int end,
                               float* units) {
  const int outputs = plan.policies * plan.times * plan.metrics;
  for (int o = team.warp(); o < kOutputLanes; o += team.threads() / kWarp) {
    const OutputRow row(plan, tile, first_output + o < outputs ? first_output + o : first_output);
    const Binning binning = plan.binning[row.metric];
    for (int i = team.thread() % kWarp; begin + i < end; i += kWarp)
      units[i * kUnitRow + o] = driver_units(binning, Pack<1>::of(row.values[begin + i])).v;
  }
}

// Puts the numbers 0 .. count - 1 in the order of their bins, in any order within one; ends[b]: where bin b ends. A warp does
// its own, but all warps of a block come here together.
template <class Team>
CHOKEPOINT_HD void order_by_bin(const Team& team, const std::uint8_t* bins, int count, std::uint32_t* ends, std::uint16_t* order) {
  static_assert(kDriverBins == kWarp);
  const int lane = team.thread() % kWarp;
  ends[lane] = 0;
  team.sync();
  for (int i = lane; i < count; i += kWarp) team.add(ends + bins[i], 1u);
  team.sync();
  std::uint32_t begin = 0;
  for (int b = 0; b < lane; ++b) begin += ends[b];
  team.sync();
  ends[lane] = begin;
  team.sync();
  for (int i = lane; i < count; i += kWarp) order[team.add(ends + bins[i], 1u)] = static_cast<std::uint16_t>(i);
  team.sync();
}

}  // namespace detail

// What is tallied across the policies of a tile, but for choices and sums over bins. Blocks 0 .. rows * parts - 1 take a
// part of a row each.
template <class Team>
CHOKEPOINT_HD void analyse_tile(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int parts,
                                std::uint32_t* memory) {
  const AnalysisRows rows(plan);
  const detail::Part part = detail::part_of(team, tile.count, parts);
  int row = team.block() / parts;
  if (row < rows.differences) return detail::tally_difference(team, plan, tile, out, row, part, memory);
  row -= rows.differences;
  if (row < rows.pairs) return detail::tally_pair(team, plan, tile, out, row, part);
  row -= rows.pairs;
  if (row < rows.policies) return detail::tally_satisfied(team, plan, tile, out, row, part, memory);
  row -= rows.policies;
  if (row < rows.drivers) return detail::count_bins(team, plan, tile, out, row, part, memory);
  detail::tally_worlds(team, plan, tile, out, row - rows.drivers, detail::part_of(team, tile.count / plan.replicates, parts));
}

// Choices between the policies: by the values at the end, then by the means of worlds that analyse_tile has left. Rows (basis,
// decision, policy).
template <class Team>
CHOKEPOINT_HD void choose_in_tile(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int parts,
                                  std::uint32_t* memory) {
  const int row = team.block() / parts, metric = plan.decided[row / plan.policies % plan.decisions];
  const bool by_means = row >= plan.decisions * plan.policies;
  const std::size_t length = by_means ? mean_stride(plan, tile) : static_cast<std::size_t>(tile.stride);
  const float* values = by_means ? out.means + metric * length : values_of(tile, plan, 0, plan.records - 1, metric);
  const std::size_t stride = length * plan.metrics * (by_means ? 1 : plan.records);
  const detail::Part part = detail::part_of(team, by_means ? tile.count / plan.replicates : tile.count, parts);
  detail::tally_choice(team, plan, out, static_cast<std::size_t>(row), values, stride, part, memory);
}

// Sums of the outputs over the bins of each driver. A block takes a group of outputs, a lane each, and as many drivers as it
// has warps. A warp goes through the trajectories bin by bin, so that its sums stay in registers within a bin, and each lane
// has its own column of the warp's table: nothing is added to by two threads. Blocks 0 .. groups * sets * parts - 1.
template <class Team>
CHOKEPOINT_HD void sum_bins(const Team& team, const AnalysisPlan& plan, const Tile& tile, const DeviceAnalysis& out, int parts,
                            unsigned long long* memory) {
  const int warps = team.threads() / kWarp, warp = team.warp(), lane = team.thread() % kWarp, sets = driver_sets(plan, warps);
  const int group = team.block() / parts / sets, driver = team.block() / parts % sets * warps + warp, output = group * kOutputLanes + lane;
  const bool wanted = driver < plan.drivers && output < plan.policies * plan.times * plan.metrics;  // the rest goes along
  const detail::Part part = detail::part_of(team, tile.count, parts);
  const std::uint8_t* bins = tile.bins + static_cast<std::size_t>(plan.driver[driver < plan.drivers ? driver : 0]) * tile.stride;
  unsigned long long* const sums = memory + warp * kBinTable + lane;
  float* const units = reinterpret_cast<float*>(memory + warps * kBinTable);
  auto* const ends = reinterpret_cast<std::uint32_t*>(units + kBinChunk * kUnitRow) + warp * kDriverBins;
  auto* const order = reinterpret_cast<std::uint16_t*>(ends + (warps - warp) * kDriverBins) + warp * kBinChunk;
  for (int b = 0; b < kDriverBins; ++b) sums[b * kOutputLanes] = 0;
  for (int begin = part.begin; begin < part.end; begin += kBinChunk) {
    const int end = begin + kBinChunk < part.end ? begin + kBinChunk : part.end;
    team.sync();  // before the last chunk is overwritten
    detail::fetch_units(team, plan, tile, group * kOutputLanes, begin, end, units);
    detail::order_by_bin(team, bins + begin, end - begin, ends, order);
    std::uint32_t k = 0;
    for (int b = 0; b < kDriverBins; ++b) {
      unsigned long long sum = 0;
      CHOKEPOINT_UNROLL(4)
      for (const std::uint32_t stop = ends[b]; k < stop; ++k)
        sum += static_cast<unsigned long long>(static_cast<long long>(units[order[k] * kUnitRow + lane]));
      sums[b * kOutputLanes] += sum;
    }
  }
  unsigned long long* to = out.bin_sums + (static_cast<std::size_t>(output) * plan.drivers + driver) * kDriverBins;
  for (int b = 0; wanted && b < kDriverBins; ++b)
    if (sums[b * kOutputLanes] != 0) team.add(to + b, sums[b * kOutputLanes]);
}

}  // namespace chokepoint
