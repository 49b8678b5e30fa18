// A block of trajectories on the CPU, for any lane width. Trajectories are run pack by pack into a buffer
// of recorded values; then each cell is tallied over the whole block, so that its histogram comes to the cache once.
// Included by one file per instruction set; nothing here may be shared between them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cpu_analysis.h"
#include "models.h"
#include "trajectory.h"

namespace chokepoint {

// Writes what a pack of trajectories yields to its place in the block's buffers.
template <class Model, class Real>
struct BlockRecorder {
  const KernelPlan& plan;
  CpuWorkspace& work;
  int offset;  // of the first lane in the block
  int lanes;   // that hold trajectories of this run

  CHOKEPOINT_HD void drawn(int parameter, typename Real::MaskType clamped, typename Real::BitsType bin) {
    if (plan.first_policy != 0) return;  // each world is counted once, whatever the number of batches
    if (work.tallies && any(clamped))
      for (int i = 0; i < lanes; ++i) work.clamped[parameter] += clamped.lane(i);
    std::uint8_t* to = work.bins + static_cast<std::size_t>(parameter) * kCpuBlock + offset;
    for (int i = 0; i < Real::kLanes; ++i) to[i] = static_cast<std::uint8_t>(bin.lane(i));
  }
  CHOKEPOINT_HD void record(int policy, int record, const Real* metrics) {
    float* to = work.values + value_index(Real::kLanes, plan.records, Model::kMetrics, plan.first_policy + policy, record, 0, offset);
    for (int m = 0; m < Model::kMetrics; ++m) metrics[m].store(to + m * Real::kLanes);
    if (lanes == Real::kLanes) return;
    for (int m = 0; m < Model::kMetrics; ++m)  // what is not finite adds nothing to the sums
      for (int i = lanes; i < Real::kLanes; ++i) to[m * Real::kLanes + i] = std::numeric_limits<float>::quiet_NaN();
  }
  CHOKEPOINT_HD void finish(int policy, const Real* events, const TriggerState<Real>* triggers, int trigger_count) {
    float* row = work.event_steps + static_cast<std::size_t>(plan.first_policy + policy) * plan.events * kCpuBlock + offset;
    for (int e = 0; e < Model::kEvents; ++e) events[e].store(row + e * kCpuBlock);
    for (int k = Model::kEvents; k < plan.events; ++k) {
      const Real never = static_cast<float>(plan.steps);
      (k - Model::kEvents < trigger_count ? triggers[k - Model::kEvents].fired : never).store(row + k * kCpuBlock);
    }
  }
};

namespace detail {

template <int W>
CHOKEPOINT_HD Index<W> lane_numbers(std::uint64_t first, std::uint64_t divisor) {
  Index<W> index;
  for (int i = 0; i < W; ++i) {
    const std::uint64_t number = (first + static_cast<std::uint64_t>(i)) / divisor;
    index.low.set_lane(i, static_cast<std::uint32_t>(number));
    index.high.set_lane(i, static_cast<std::uint32_t>(number >> 32));
  }
  return index;
}

// One metric over a block: its values, a row's packs apart, are added to the cell's sums and their slots noted; the same
// place in the next row is fetched. True if a value is not finite.
template <class Model, class Real>
CHOKEPOINT_HD bool add_values(const Binning& binning, const float* values, int count, std::uint32_t* slot, CellSums& cell, Fetch& fetch,
                              const std::uint32_t* histogram) {
  constexpr int kWidth = Real::kLanes, kStride = Model::kMetrics * kWidth, kRow = Model::kMetrics * kCpuBlock;
  alignas(64) float units[kCpuBlock];
  Extremes<Real> extremes;
  const int packs = (count + kWidth - 1) / kWidth;
  for (int k = 0; k < packs; ++k) {
    const Real x = Real::load(values + k * kStride);
    __builtin_prefetch(values + k * kStride + kRow, 0, 2);
    fetch.some((kSlots / 16 * kWidth + kCpuBlock - 1) / kCpuBlock);
    units_of(binning, x).store(units + k * kWidth);
    slot_of(binning, x).store(slot + k * kWidth);
    extremes.add(x);
  }
  add_units(units, packs * kWidth, cell);
  fetch = {histogram, histogram};
  if (!extremes.give(binning, cell)) [[unlikely]]
    return add_extremes<Real>(values, kStride, units, count, cell);
  fetch = {histogram + slot_of(binning, Pack<1>(extremes.low)).v, histogram + slot_of(binning, Pack<1>(extremes.high)).v + 16};
  return false;
}

CHOKEPOINT_HD void add_joint(const KernelPlan& plan, const std::uint32_t (*slot)[kCpuBlock], int count, std::size_t cell, std::size_t cells,
                             std::uint32_t* joint) {
  alignas(64) std::uint32_t bin[kCpuBlock];
  for (int j = 0; j < plan.joints; ++j) {
    const std::uint32_t *first = slot[plan.joint[j].first], *second = slot[plan.joint[j].second];
    for (int i = 0; i < count; ++i) bin[i] = joint_bin(first[i]) * kJointSide + joint_bin(second[i]);
    count_slots(bin, count, joint + (static_cast<std::size_t>(j) * cells + cell) * kJointSide * kJointSide);
  }
}

template <class Model, class Real>
CHOKEPOINT_HD void tally_block(const KernelPlan& plan, CpuWorkspace& work, std::uint64_t first, int count) {
  alignas(64) std::uint32_t slot[Model::kMetrics][kCpuBlock];
  for (int p = 0; p < plan.policies; ++p) {
    const int policy = plan.first_policy + p;
    bool non_finite = false;
    for (int r = 0; r < plan.records; ++r) {
      const float* row = work.values + (static_cast<std::size_t>(policy) * plan.records + r) * Model::kMetrics * kCpuBlock;
      const std::size_t cell = static_cast<std::size_t>(policy) * Model::kMetrics * plan.records + r;
      Fetch fetch{nullptr, nullptr};
      for (int m = 0; m <= Model::kMetrics; ++m) {  // each histogram is counted a metric later, when its lines have arrived
        const std::size_t c = cell + static_cast<std::size_t>(m) * plan.records;
        if (m < Model::kMetrics)
          non_finite |= add_values<Model, Real>(plan.binning[m], row + m * Real::kLanes, count, slot[m], work.sums[c], fetch,
                                                work.slots + c * kSlots);
        else
          fetch.some(kSlots / 16 + 1);
        if (m > 0) count_slots(slot[m - 1], count, work.slots + (c - plan.records) * kSlots);
      }
      add_joint(plan, slot, count, static_cast<std::size_t>(policy) * plan.records + r,
                static_cast<std::size_t>(work.policies) * plan.records, work.joint);
    }
    const float* events = work.event_steps + static_cast<std::size_t>(policy) * plan.events * kCpuBlock;
    for (int e = 0; e < plan.events; ++e) {
      std::uint32_t* steps = work.events + (static_cast<std::size_t>(policy) * plan.events + e) * (plan.steps + 1);
      for (int i = 0; i < count; ++i) ++steps[static_cast<int>(events[e * kCpuBlock + i])];
    }
    if (!non_finite) continue;
    for (int i = count - 1; i >= 0; --i)
      for (int r = 0; r < plan.records; ++r)
        for (int m = 0; m < Model::kMetrics; ++m) {
          const float x = work.values[value_index(Real::kLanes, plan.records, Model::kMetrics, policy, r, m, i)];
          const std::uint64_t number = first + static_cast<std::uint64_t>(i);
          if (!(x - x == 0) && number < work.first_non_finite[policy]) work.first_non_finite[policy] = number;
        }
  }
}

}  // namespace detail

// Runs trajectories first .. first + count - 1, at most kCpuBlock of them, for the policies of a batch.
template <class Model, class Real>
void run_block(const KernelPlan& plan, CpuWorkspace& work, std::uint64_t first, int count) {
  PolicyState<Model, Real>* const states = reinterpret_cast<PolicyState<Model, Real>*>(work.states);
  static_assert(sizeof *states * kMaxBatch <= kCpuStateBytes);
  TriggerStates<Real> triggers[kMaxBatch];
  for (int offset = 0; offset < count; offset += Real::kLanes) {
    const std::uint64_t number = first + static_cast<std::uint64_t>(offset);
    const int left = count - offset;
    BlockRecorder<Model, Real> recorder{plan, work, offset, left < Real::kLanes ? left : Real::kLanes};
    typename Model::template World<Real> world;
    sample_parameters(plan, detail::lane_numbers<Real::kLanes>(number, plan.replicates), parameters_of<Model, Real>(world),
                      [&](int i, auto clamped, auto bin) { recorder.drawn(i, clamped, bin); });
    Model::complete_world(world);
    memcpy(work.parameters + offset * Model::kParameters, &world, sizeof(Real) * Model::kParameters);
    run_policies<Model, Real>(plan, world, detail::lane_numbers<Real::kLanes>(number, 1), states, triggers, recorder);
  }
  if (work.tallies) detail::tally_block<Model, Real>(plan, work, first, count);
}

template <class Real>
CpuFunctions select_functions(std::string_view model) {
  return with_model(model, [](auto chosen) -> CpuFunctions {
    return {run_block<decltype(chosen), Real>, analyse_block<Real>, sum_bins<Real>};
  });
}

}  // namespace chokepoint
