// The tallies of a CUDA device: where its kernels count, and how that comes into a run's Tallies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "cuda_memory.h"
#include "device_tile.h"

namespace chokepoint {

class CudaTallies {
 public:
  CudaTallies(const Shape& s, Queue& queue)
      : shape_(s),
        queue_(queue),
        slots_(s.cells() * kSlots),
        event_steps_(std::size_t(s.policies) * s.events * (s.steps + 1)),
        joint_(std::size_t(s.joints) * s.policies * s.records * kJointSide * kJointSide),
        differences_(s.cells() * kDifferenceSlots),
        regret_(s.choices() * kRegretSlots),
        satisfied_(std::size_t(s.policies) * (s.thresholds + 1)),
        bin_counts_(std::size_t(s.drivers) * kDriverBins),
        cells_(s.cells()),
        difference_sums_(s.cells()),
        regret_sums_(s.choices()),
        world_sums_(s.replicates > 1 ? s.outputs() : 0),
        clamped_(s.parameters),
        first_non_finite_(s.policies),
        pair_squares_(2 * std::size_t(s.decisions) * s.pairs()),
        ranks_(s.choices() * (s.policies + 1)),
        bin_sums_(s.outputs() * s.drivers * kDriverBins) {
    for (const auto* counts : {&slots_, &event_steps_, &joint_, &differences_, &regret_, &satisfied_, &bin_counts_})
      queue_.fill(*counts, 0);
    for (const auto* cells : {&cells_, &difference_sums_, &regret_sums_, &world_sums_}) clear(*cells);
    for (const auto* sums : {&clamped_, &pair_squares_, &ranks_, &bin_sums_}) queue_.fill(*sums, 0);
    queue_.fill(first_non_finite_, 0xff);
  }

  DeviceTallies of_batches() const {
    return {slots_.data(),   cells_.data(),            event_steps_.data(), joint_.data(),
            clamped_.data(), first_non_finite_.data(), shape_.policies};
  }
  DeviceAnalysis of_analysis(float* means) const {
    return {differences_.data(), difference_sums_.data(), pair_squares_.data(), regret_.data(),     regret_sums_.data(), ranks_.data(),
            satisfied_.data(),   bin_counts_.data(),      bin_sums_.data(),     world_sums_.data(), means};
  }

  // Adds what was counted since the last call.
  void collect(Tallies& to) {
    take_cells(cells_, to.sums);
    take_counts(slots_, to.slots);
    take_counts(event_steps_, to.event_steps);
    take_counts(joint_, to.joint);
    take_counts(clamped_, to.clamped);
    take_counts(differences_, to.differences);
    take_cells(difference_sums_, to.difference_sums);
    take_counts(regret_, to.regret);
    take_cells(regret_sums_, to.regret_sums);
    take_counts(satisfied_, to.satisfied);
    take_counts(bin_counts_, to.bin_counts);
    take_counts(bin_sums_, to.bin_sums);
    take_cells(world_sums_, to.world_sums);
    take(pair_squares_, [&](const unsigned long long* halves) {
      for (std::size_t i = 0; i < to.pair_squares.size(); ++i)
        to.pair_squares[i] += (static_cast<UnsignedWide>(halves[2 * i + 1]) << 64) + halves[2 * i];
    });
    take(ranks_, [&](const unsigned long long* rises) {
      for (std::size_t choice = 0; choice < shape_.choices(); ++choice, ++rises) {
        unsigned long long count = 0;
        for (int rank = 0; rank < shape_.policies; ++rank) {
          count += *rises++;
          to.ranks[choice * shape_.policies + rank] += static_cast<std::int64_t>(count);
        }
      }
    });
    const auto* lowest = queue_.fetch(first_non_finite_);
    for (std::size_t i = 0; i < first_non_finite_.size(); ++i)
      to.first_non_finite[i] = std::min<std::uint64_t>(to.first_non_finite[i], lowest[i]);
    queue_.wait();
  }

 private:
  template <class T, class Add>
  void take(const DeviceMemory<T>& from, Add&& add) {
    add(queue_.fetch(from));
    queue_.fill(from, 0);
  }
  template <class T, class U>
  void take_counts(const DeviceMemory<T>& from, std::vector<U>& to) {
    take(from, [&](const T* counts) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += static_cast<std::int64_t>(counts[i]);
    });
  }
  void take_cells(const DeviceMemory<DeviceCell>& from, std::vector<CellSums>& to) {
    const DeviceCell* cells = queue_.fetch(from);
    for (std::size_t i = 0; i < to.size(); ++i) merge(sums_of(cells[i]), to[i]);
    clear(from);
  }
  void clear(const DeviceMemory<DeviceCell>& cells) {
    if (cells.size() == 0) return;
    const std::size_t bytes = cells.size() * sizeof(DeviceCell);
    std::byte* empty = queue_.staging(bytes);
    std::fill_n(reinterpret_cast<DeviceCell*>(empty), cells.size(), kEmptyCell);
    CHOKEPOINT_CUDA_CHECK(cudaMemcpyAsync(cells.data(), empty, bytes, cudaMemcpyHostToDevice, queue_.stream));
    queue_.wait();
  }

  const Shape shape_;
  Queue& queue_;
  DeviceMemory<std::uint32_t> slots_, event_steps_, joint_, differences_, regret_, satisfied_, bin_counts_;
  DeviceMemory<DeviceCell> cells_, difference_sums_, regret_sums_, world_sums_;
  DeviceMemory<unsigned long long> clamped_, first_non_finite_, pair_squares_, ranks_, bin_sums_;
};

}  // namespace chokepoint
