// A block of trajectories on the CPU, for any lane width. Trajectories are run pack by pack into a buffer
// of recorded values; then each cell is tallied over the whole block, while its histogram is in cache.
// Included by one file per instruction set; nothing here may be shared between them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cpu_workspace.h"
#include "models.h"
#include "tally.h"
#include "trajectory.h"

namespace chokepoint {

// Writes what a pack of trajectories yields to its place in the block's buffers.
template <class Model, class Real>
struct BlockRecorder {
  const KernelPlan& plan;
  CpuWorkspace& work;
  int offset;  // of the first lane in the block
  int lanes;   // that hold trajectories of this run

  CHOKEPOINT_HD void clamped(int parameter, typename Real::MaskType mask) {
    if (plan.first_policy != 0) return;  // each world is counted once, whatever the number of batches
    for (int i = 0; i < lanes; ++i) work.clamped[parameter] += mask.lane(i);
  }
  CHOKEPOINT_HD void record(int policy, int record, const Real* metrics) {
    float* row = work.values + (static_cast<std::size_t>(policy) * plan.records + record) * Model::kMetrics * kCpuBlock + offset;
    for (int m = 0; m < Model::kMetrics; ++m) metrics[m].store(row + m * kCpuBlock);
  }
  CHOKEPOINT_HD void finish(int policy, const Real* events, const TriggerState<Real>* triggers, int trigger_count) {
    float* row = work.event_steps + static_cast<std::size_t>(policy) * plan.events * kCpuBlock + offset;
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

// The rare block with a value that is not finite, or beyond the sums' range.
CHOKEPOINT_HD bool add_extremes(const float* values, const float* units, const std::uint32_t* slot, int count, CellSums& cell) {
  bool non_finite = false;
  for (int i = 0; i < count; ++i) {
    cell.saturated += units[i] == kUnitLimit || units[i] == -kUnitLimit;
    non_finite |= slot[i] == kNonFinite;
    if (slot[i] == kNonFinite) continue;
    cell.least = values[i] < cell.least ? values[i] : cell.least;
    cell.greatest = values[i] > cell.greatest ? values[i] : cell.greatest;
  }
  return non_finite;
}

// One cell over a block. Sums are taken in double, where whole numbers below 2^53 add exactly in any
// order; squares (below 2^86) are split at 2^40 for that. True if a value is not finite.
CHOKEPOINT_HD bool add_to_cell(const float* values, const float* units, const std::uint32_t* slot, int count, std::uint32_t* histogram,
                               CellSums& cell) {
  // All histograms together outgrow the cache: fetch the lines while the sums are taken.
  for (int i = 0; i < count; ++i) __builtin_prefetch(histogram + slot[i], 1);
  constexpr double kSplit = 0x1.8p92;
  double sum = 0, high = 0, low = 0;
#pragma omp simd reduction(+ : sum, high, low)
  for (int i = 0; i < count; ++i) {
    const double u = static_cast<double>(units[i]);
    const double square = u * u;
    const double upper = (square + kSplit) - kSplit;
    sum += u;
    high += upper;
    low += square - upper;
  }
  float least = cell.least, greatest = cell.greatest;
  std::uint32_t last = 0;
  float largest = 0;
#pragma omp simd reduction(min : least) reduction(max : greatest, last, largest)
  for (int i = 0; i < count; ++i) {
    least = values[i] < least ? values[i] : least;
    greatest = values[i] > greatest ? values[i] : greatest;
    last = slot[i] > last ? slot[i] : last;
    largest = units[i] * units[i] > largest ? units[i] * units[i] : largest;
  }
  CHOKEPOINT_UNROLL(8)
  for (int i = 0; i < count; ++i) ++histogram[slot[i]];
  cell.units += static_cast<std::int64_t>(sum);
  cell.squares += (static_cast<UnsignedWide>(static_cast<std::int64_t>(high * 0x1p-40)) << 40) +
                  static_cast<UnsignedWide>(static_cast<Wide>(static_cast<std::int64_t>(low)));
  if (last == kNonFinite || largest == kUnitLimit * kUnitLimit) [[unlikely]]
    return add_extremes(values, units, slot, count, cell);
  cell.least = least;
  cell.greatest = greatest;
  return false;
}

CHOKEPOINT_HD void add_joint(const KernelPlan& plan, const std::uint32_t (*slot)[kCpuBlock], int count, std::size_t cell, std::size_t cells,
                             std::uint32_t* joint) {
  for (int j = 0; j < plan.joints; ++j) {
    std::uint32_t* table = joint + (static_cast<std::size_t>(j) * cells + cell) * kJointSide * kJointSide;
    const std::uint32_t *first = slot[plan.joint[j].first], *second = slot[plan.joint[j].second];
    for (int i = 0; i < count; ++i) ++table[joint_bin(first[i]) * kJointSide + joint_bin(second[i])];
  }
}

template <class Model, class Real>
CHOKEPOINT_HD void tally_block(const KernelPlan& plan, CpuWorkspace& work, std::uint64_t first, int count) {
  alignas(64) std::uint32_t slot[Model::kMetrics][kCpuBlock];
  alignas(64) float units[kCpuBlock];
  for (int p = 0; p < plan.policies; ++p) {
    const int policy = plan.first_policy + p;
    bool non_finite = false;
    for (int r = 0; r < plan.records; ++r) {
      const float* row = work.values + (static_cast<std::size_t>(p) * plan.records + r) * Model::kMetrics * kCpuBlock;
      for (int m = 0; m < Model::kMetrics; ++m) {
        const float* values = row + m * kCpuBlock;
        for (int i = 0; i < kCpuBlock; i += Real::kLanes) {
          const Real x = Real::load(values + i);
          units_of(plan.binning[m], x).store(units + i);
          slot_of(plan.binning[m], x).store(slot[m] + i);
        }
        const std::size_t cell = (static_cast<std::size_t>(policy) * Model::kMetrics + m) * plan.records + r;
        non_finite |= add_to_cell(values, units, slot[m], count, work.slots + cell * kSlots, work.sums[cell]);
      }
      add_joint(plan, slot, count, static_cast<std::size_t>(policy) * plan.records + r,
                static_cast<std::size_t>(work.policies) * plan.records, work.joint);
    }
    const float* events = work.event_steps + static_cast<std::size_t>(p) * plan.events * kCpuBlock;
    for (int e = 0; e < plan.events; ++e) {
      std::uint32_t* steps = work.events + (static_cast<std::size_t>(policy) * plan.events + e) * (plan.steps + 1);
      for (int i = 0; i < count; ++i) ++steps[static_cast<int>(events[e * kCpuBlock + i])];
    }
    if (!non_finite) continue;
    for (int i = count - 1; i >= 0; --i)
      for (int c = 0; c < plan.records * Model::kMetrics; ++c) {
        const float x = work.values[(static_cast<std::size_t>(p) * plan.records * Model::kMetrics + c) * kCpuBlock + i];
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
                      [&](int i, auto mask) { recorder.clamped(i, mask); });
    Model::complete_world(world);
    if (number < plan.keep) memcpy(work.parameters + offset * Model::kParameters, &world, sizeof(Real) * Model::kParameters);
    run_policies<Model, Real>(plan, world, detail::lane_numbers<Real::kLanes>(number, 1), states, triggers, recorder);
  }
  detail::tally_block<Model, Real>(plan, work, first, count);
}

template <class Real>
RunBlock select_block(std::string_view model) {
  return with_model(model, [](auto chosen) -> RunBlock { return run_block<decltype(chosen), Real>; });
}

}  // namespace chokepoint
