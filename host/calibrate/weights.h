// Worlds and how much each counts: sums over all of them, and a sample of bounded size that stands for all of them. Both take the
// worlds one by one, in order: neither the number of threads nor the size of a batch changes a bit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../statistics/estimate.h"

namespace chokepoint {

// Sums of weights that are given by their logarithms; -infinity is a weight of zero.
class WeightSums {
 public:
  void add(double log_weight);

  std::uint64_t worlds() const { return worlds_; }
  double effective() const;   // (sum w)^2 / sum w^2: Kish, Survey Sampling (1965); 0 if no world has a weight
  Estimate log_mean() const;  // ln of the mean weight, the evidence; its error to first order

 private:
  std::uint64_t worlds_ = 0;
  double greatest_ = -std::numeric_limits<double>::infinity();  // both sums are in multiples of its exponential
  double sum_ = 0, squares_ = 0;
};

// Worlds with weights that add up to 1, and numbers of each.
struct WeightedSample {
  std::vector<std::uint64_t> worlds;  // rising
  std::vector<double> weights;
  std::vector<float> values;  // (column, world)

  std::size_t size() const { return worlds.size(); }
  std::span<const float> column(std::size_t number) const { return {values.data() + number * size(), size()}; }
  double effective() const;  // of these weights, as WeightSums has it
};

// A sample in proportion to weight, without replacement, from a stream of any length: the worlds with the greatest
// ln weight + Gumbel number (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", Information Processing Letters 97,
// 2006). A world's Gumbel number comes from the seed and its own number, so the sample does not depend on who looks at which world when.
//
// A world heavier than its share is in the sample with near certainty, which would let the lighter ones count too much. Each is
// therefore weighted by w / P(w), where P is the probability to come above the first key left out (Cohen and Kaplan, "Summarizing data
// using bottom-k sketches", PODC 2007): sums over the sample are free of bias, and with n worlds kept their errors are at most those
// of about n draws from the posterior. With no more worlds than room the sample is all of them.
class Reservoir {
 public:
  Reservoir(std::size_t room, std::size_t columns, std::uint64_t seed) : room_(room), columns_(columns), seed_(seed) {}

  // Whether the world is in the sample as it stands; then `values`, one for each column, are kept of it.
  bool wants(std::uint64_t world, double log_weight) const;
  void add(std::uint64_t world, double log_weight, std::span<const float> values);

  WeightedSample sample() const;

 private:
  struct Entry {
    double key, log_weight;
    std::uint64_t world;
    std::size_t slot;  // in rows_
  };
  static bool heavier(const Entry& a, const Entry& b) { return a.key != b.key ? a.key > b.key : a.world < b.world; }
  double key_of(std::uint64_t world, double log_weight) const;

  std::size_t room_, columns_;
  std::uint64_t seed_;
  std::vector<Entry> heap_;  // the lightest first: one more than there is room for, which sets the probabilities
  std::vector<float> rows_;  // (slot, column)
};

}  // namespace chokepoint
