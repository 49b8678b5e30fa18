// SPDX-License-Identifier: Apache-2.0
#include "weights.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace chokepoint {

void WeightSums::add(double log_weight) {
  ++worlds_;
  if (log_weight == -std::numeric_limits<double>::infinity()) return;
  if (log_weight > greatest_) {
    const double shrink = std::exp(greatest_ - log_weight);
    sum_ *= shrink;
    squares_ *= shrink * shrink;
    greatest_ = log_weight;
  }
  const double weight = std::exp(log_weight - greatest_);
  sum_ += weight;
  squares_ += weight * weight;
}

double WeightSums::effective() const { return squares_ > 0 ? sum_ * sum_ / squares_ : 0; }

Estimate WeightSums::log_mean() const {
  if (!(sum_ > 0)) return {-std::numeric_limits<double>::infinity(), kNaN};
  const double n = static_cast<double>(worlds_);
  return {greatest_ + std::log(sum_ / n), std::sqrt(std::max(0.0, 1 / effective() - 1 / n))};
}

double WeightedSample::effective() const {
  const double squares = std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0);
  return squares > 0 ? 1 / squares : 0;
}

double Reservoir::key_of(std::uint64_t world, double log_weight) const {
  const double share = (static_cast<double>(XXH3_64bits_withSeed(&world, sizeof world, seed_) >> 12) + 0.5) * 0x1p-52;
  return log_weight - std::log(-std::log(share));
}

bool Reservoir::wants(std::uint64_t world, double log_weight) const {
  if (log_weight == -std::numeric_limits<double>::infinity()) return false;
  return heap_.size() <= room_ || heavier({key_of(world, log_weight), log_weight, world, 0}, heap_.front());
}

void Reservoir::add(std::uint64_t world, double log_weight, std::span<const float> values) {
  Entry entry{key_of(world, log_weight), log_weight, world, heap_.size()};
  if (heap_.size() <= room_) {
    rows_.resize(rows_.size() + columns_);
  } else {
    std::ranges::pop_heap(heap_, heavier);
    entry.slot = heap_.back().slot;
    heap_.pop_back();
  }
  std::ranges::copy(values, rows_.begin() + static_cast<std::ptrdiff_t>(entry.slot * columns_));
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, heavier);
}

WeightedSample Reservoir::sample() const {
  std::vector<Entry> kept(heap_);
  double first_left_out = -std::numeric_limits<double>::infinity();
  if (kept.size() > room_) {
    first_left_out = kept.front().key;
    kept.erase(kept.begin());
  }
  std::ranges::sort(kept, {}, &Entry::world);

  WeightedSample sample;
  double greatest = -std::numeric_limits<double>::infinity();
  for (const Entry& entry : kept) {
    const double log_probability = std::log(-std::expm1(-std::exp(entry.log_weight - first_left_out)));
    sample.worlds.push_back(entry.world);
    sample.weights.push_back(entry.log_weight - log_probability);
    greatest = std::max(greatest, sample.weights.back());
  }
  for (double& weight : sample.weights) weight = std::exp(weight - greatest);
  const double sum = std::accumulate(sample.weights.begin(), sample.weights.end(), 0.0);
  for (double& weight : sample.weights) weight /= sum;

  sample.values.resize(columns_ * kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i)
    for (std::size_t column = 0; column < columns_; ++column)
      sample.values[column * kept.size() + i] = rows_[kept[i].slot * columns_ + column];
  return sample;
}

}  // namespace chokepoint
