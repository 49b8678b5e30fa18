// What needs all policies of a block of trajectories at once: differences from the reference policy, regret and ranks,
// satisficing; and what drives the outcomes, by sums over the bins of each parameter's own uniform.
// Included by one file per instruction set; nothing here may be shared between them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cpu_sums.h"

namespace chokepoint {

namespace detail {

// `count` values in a row, filled up with NaN to whole packs: their units to the cell, their slots by slot(x).
template <class Real, class Slot>
CHOKEPOINT_HD Extremes<Real> add_row(const Binning& binning, float* values, int count, CellSums& cell, std::uint32_t* slots, Slot slot) {
  alignas(64) float units[kCpuBlock];
  Extremes<Real> extremes;
  constexpr int kWidth = Real::kLanes;
  const int packs = (count + kWidth - 1) / kWidth;
  for (int i = count; i < packs * kWidth; ++i) values[i] = std::numeric_limits<float>::quiet_NaN();
  for (int k = 0; k < packs; ++k) {
    const Real x = Real::load(values + k * kWidth);
    slot(x).store(slots + k * kWidth);
    units_of(binning, x).store(units + k * kWidth);
    extremes.add(x);
  }
  add_units(units, packs * kWidth, cell);
  if (!extremes.give(binning, cell)) [[unlikely]]
    add_extremes<Real>(values, kWidth, units, count, cell);
  return extremes;
}

// A policy less the reference, at a record. The same place of the next policy is fetched.
template <class Real>
CHOKEPOINT_HD void add_differences(const AnalysisPlan& plan, CpuWorkspace& work, int policy, int record, int count) {
  alignas(64) float difference[kCpuBlock];
  alignas(64) std::uint32_t slots[2][kCpuBlock];
  constexpr int kWidth = Real::kLanes;
  const int stride = plan.metrics * kWidth;
  const std::size_t next = value_index(kWidth, plan.records, plan.metrics, 1, 0, 0, 0);
  std::uint32_t* last = nullptr;
  for (int m = 0; m < plan.metrics; ++m) {
    const float* a = work.values + value_index(kWidth, plan.records, plan.metrics, policy, record, m, 0);
    const float* b = work.values + value_index(kWidth, plan.records, plan.metrics, plan.reference, record, m, 0);
    for (int k = 0; k * kWidth < count; ++k) {
      __builtin_prefetch(a + k * stride + next, 0, 2);
      (Real::load(a + k * stride) - Real::load(b + k * stride)).store(difference + k * kWidth);
    }
    const std::size_t cell = (static_cast<std::size_t>(policy) * plan.metrics + m) * plan.records + record;
    std::uint32_t* const histogram = work.differences + cell * kDifferenceSlots;
    const auto slot = [&](auto d) { return difference_slot(plan.least_difference[m], d); };
    const auto extremes = add_row<Real>(plan.binning[m], difference, count, work.difference_sums[cell], slots[m % 2], slot);
    Fetch{histogram + slot(Pack<1>::of(extremes.low)).v, histogram + slot(Pack<1>::of(extremes.high)).v + 16}.some(kDifferenceSlots);
    if (last) count_slots(slots[(m - 1) % 2], count, last);  // a metric later, when its lines have arrived
    last = histogram;
  }
  count_slots(slots[(plan.metrics - 1) % 2], count, last);
}

// Regret and rank of a policy in each of `count` trajectories or worlds, whose values of one metric stand in work.rows.
template <class Real>
CHOKEPOINT_HD void add_choice(const AnalysisPlan& plan, CpuWorkspace& work, int basis, int decision, int policy, int count) {
  alignas(64) float regret[kCpuBlock], better[kCpuBlock], equal[kCpuBlock];
  const bool higher = plan.higher[decision] != 0;
  const float* own = work.rows + static_cast<std::size_t>(policy) * kCpuBlock;
  for (int k = 0; k < count; k += Real::kLanes) {
    const auto standing = standing_of(Real::load(own + k), higher, plan.policies,
                                      [&](int q) { return Real::load(work.rows + static_cast<std::size_t>(q) * kCpuBlock + k); });
    standing.regret.store(regret + k);
    standing.better.store(better + k);
    standing.equal.store(equal + k);
  }
  const std::size_t choice = (static_cast<std::size_t>(basis) * plan.decisions + decision) * plan.policies + policy;
  const int metric = plan.decided[decision];
  std::uint64_t* ranks = work.ranks + choice * plan.policies;
  for (int i = 0; i < count; ++i) {
    const int ties = static_cast<int>(equal[i]), rank = static_cast<int>(better[i]);
    for (int t = 0; t < ties; ++t) ranks[rank + t] += static_cast<std::uint64_t>(kRankParts / ties);
  }
  alignas(64) std::uint32_t slots[kCpuBlock];
  add_row<Real>(plan.binning[metric], regret, count, work.regret_sums[choice], slots,
                [&](Real d) { return regret_slot(plan.least_difference[metric], d); });
  count_slots(slots, count, work.regret + choice * kRegretSlots);
}

// Squares of the differences between all policies.
template <class Real>
CHOKEPOINT_HD void add_pairs(const AnalysisPlan& plan, CpuWorkspace& work, int decision, int count) {
  alignas(64) float units[kCpuBlock];
  const int pairs = plan.policies * (plan.policies - 1) / 2;
  int pair = decision * pairs;
  for (int second = 1; second < plan.policies; ++second)
    for (int first = 0; first < second; ++first, ++pair) {
      const float *a = work.rows + static_cast<std::size_t>(second) * kCpuBlock,
                  *b = work.rows + static_cast<std::size_t>(first) * kCpuBlock;
      for (int k = 0; k < count; k += Real::kLanes)
        units_of(plan.binning[plan.decided[decision]], Real::load(a + k) - Real::load(b + k)).store(units + k);
      CellSums cell;
      add_units(units, count, cell);
      work.pair_squares[pair] += cell.squares;
    }
}

// The values of a metric at the end, a row for each policy.
template <class Real>
CHOKEPOINT_HD void gather_rows(const AnalysisPlan& plan, CpuWorkspace& work, int metric, int count) {
  for (int p = 0; p < plan.policies; ++p) {
    const float* from = work.values + value_index(Real::kLanes, plan.records, plan.metrics, p, plan.records - 1, metric, 0);
    for (int k = 0; k * Real::kLanes < count; ++k)
      Real::load(from + k * plan.metrics * Real::kLanes).store(work.rows + static_cast<std::size_t>(p) * kCpuBlock + k * Real::kLanes);
  }
}

// The mean of each world in a row of trajectories, in place: sums of whole units, which no order changes.
CHOKEPOINT_HD void average_worlds(const Binning& binning, float* row, int worlds, int replicates) {
  for (int w = 0; w < worlds; ++w) row[w] = world_mean(binning, row + w * replicates, 1, replicates);
}

CHOKEPOINT_HD bool meets(const AnalysisPlan& plan, const CpuWorkspace& work, int lanes, int policy, const Threshold& t, int i) {
  if (t.metric < 0)
    return satisfies_event(t, work.event_steps[(static_cast<std::size_t>(policy) * plan.events + t.event) * kCpuBlock + i], plan.steps);
  return satisfies(t, work.values[value_index(lanes, plan.records, plan.metrics, policy, plan.records - 1, t.metric, i)]);
}

template <class Real>
CHOKEPOINT_HD void add_satisfied(const AnalysisPlan& plan, CpuWorkspace& work, int policy, int count) {
  std::uint64_t* satisfied = work.satisfied + static_cast<std::size_t>(policy) * (plan.thresholds + 1);
  for (int i = 0; i < count; ++i) {
    bool all = true;
    for (int t = 0; t < plan.thresholds; ++t) {
      const bool met = meets(plan, work, Real::kLanes, policy, plan.threshold[t], i);
      satisfied[t] += met;
      all = all && met;
    }
    satisfied[plan.thresholds] += all;
  }
}

// The outputs of the block, in units, to those of the blocks before it; and of its worlds.
template <class Real>
CHOKEPOINT_HD void gather_outputs(const AnalysisPlan& plan, CpuWorkspace& work, int count) {
  alignas(64) float row[kCpuBlock];
  alignas(64) std::uint32_t unused[kCpuBlock];
  std::size_t output = 0;
  for (int p = 0; p < plan.policies; ++p)
    for (int t = 0; t < plan.times; ++t)
      for (int m = 0; m < plan.metrics; ++m, ++output) {
        const float* from = work.values + value_index(Real::kLanes, plan.records, plan.metrics, p, plan.time[t], m, 0);
        float* to = work.outputs + (output / kOutputGroup * kCpuGathered + work.gathered) * kOutputGroup + output % kOutputGroup;
        for (int k = 0; k < count; k += Real::kLanes) {
          const Real x = Real::load(from + k * plan.metrics);
          x.store(row + k);
          const Real units = driver_units(plan.binning[m], x);
          for (int i = 0; i < Real::kLanes && k + i < count; ++i) to[(k + i) * kOutputGroup] = units.lane(i);
        }
        if (plan.replicates == 1) continue;
        const int worlds = count / plan.replicates;
        average_worlds(plan.binning[m], row, worlds, plan.replicates);
        add_row<Real>(plan.binning[m], row, worlds, work.world_sums[output], unused, [](Real) { return Bits<Real::kLanes>(0u); });
      }
  for (int d = 0; d < plan.drivers; ++d)
    memcpy(work.output_bins + static_cast<std::size_t>(d) * kCpuGathered + work.gathered,
           work.bins + static_cast<std::size_t>(plan.driver[d]) * kCpuBlock, count);
  work.gathered += count;
}

}  // namespace detail

template <class Real>
void analyse_block(const AnalysisPlan& plan, CpuWorkspace& work, int count) {
  for (int r = 0; r < plan.records; ++r)  // in this order the reference stays in the cache
    for (int p = 0; p < plan.policies; ++p)
      if (p != plan.reference) detail::add_differences<Real>(plan, work, p, r, count);
  for (int p = 0; p < plan.policies; ++p) detail::add_satisfied<Real>(plan, work, p, count);
  for (int d = 0; d < plan.decisions; ++d) {
    detail::gather_rows<Real>(plan, work, plan.decided[d], count);
    detail::add_pairs<Real>(plan, work, d, count);
    for (int p = 0; p < plan.policies; ++p) detail::add_choice<Real>(plan, work, 0, d, p, count);
    if (plan.replicates == 1) continue;
    const int worlds = count / plan.replicates;
    for (int p = 0; p < plan.policies; ++p)
      detail::average_worlds(plan.binning[plan.decided[d]], work.rows + static_cast<std::size_t>(p) * kCpuBlock, worlds, plan.replicates);
    for (int p = 0; p < plan.policies; ++p) detail::add_choice<Real>(plan, work, 1, d, p, worlds);
  }
  detail::gather_outputs<Real>(plan, work, count);
}

// Whole numbers below 2^53 in double: any order adds up to the same.
template <class Real>
void sum_bins(const AnalysisPlan& plan, const CpuWorkspace& work, int group, std::int64_t* sums) {
  const float* values = work.outputs + static_cast<std::size_t>(group) * kCpuGathered * kOutputGroup;
  for (int d = 0; d < plan.drivers; ++d, sums += kDriverBins * kOutputGroup) {
    const std::uint8_t* bins = work.output_bins + static_cast<std::size_t>(d) * kCpuGathered;
    alignas(64) double of_bin[kDriverBins][kOutputGroup] = {};
    for (int i = 0; i < work.gathered; ++i) {
      double* to = of_bin[bins[i]];
      const float* from = values + static_cast<std::size_t>(i) * kOutputGroup;
      for (int o = 0; o < kOutputGroup; ++o) to[o] += static_cast<double>(from[o]);
    }
    for (int b = 0; b < kDriverBins; ++b)
      for (int o = 0; o < kOutputGroup; ++o) sums[b * kOutputGroup + o] += static_cast<std::int64_t>(of_bin[b][o]);
  }
}

}  // namespace chokepoint
