// Points in a space of parameters, each interesting or not: what PRIM (prim.h) and CART (cart.h) learn from.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace chokepoint {

struct LabelledPoints {
  int dimensions = 0;
  std::vector<float> values;              // (dimension, point)
  std::vector<std::uint8_t> interesting;  // (point) 0 or 1
  std::vector<double> weights;            // (point) how many trajectories it stands for, in any unit
  std::vector<std::uint64_t> worlds;      // (point) points of one world are drawn together when the data are resampled
  double replicates = 1;                  // points of a world, at most: they count as one where points must be independent

  std::size_t size() const { return interesting.size(); }
  float value(int dimension, std::size_t point) const { return values[dimension * size() + point]; }
};

// The points of each dimension by rising value, then by number: sorted once for every resample.
class SortedPoints {
 public:
  explicit SortedPoints(const LabelledPoints& points);
  const LabelledPoints& points() const { return points_; }
  std::span<const std::uint32_t> order(int dimension) const {
    return std::span(order_).subspan(dimension * points_.size(), points_.size());
  }

 private:
  const LabelledPoints& points_;
  std::vector<std::uint32_t> order_;  // (dimension, rank)
};

// Weights of all points in some region, and of the interesting ones among them.
struct Region {
  double weight = 0, interesting = 0;
  std::size_t points = 0, cases = 0;  // counted, if their weight is above 0

  double density() const { return weight > 0 ? interesting / weight : 0; }
  void add(const LabelledPoints& points, std::span<const double> weights, std::size_t point);
  void add(const Region& part);
  void remove(const Region& part);
};

Region whole(const LabelledPoints& points, std::span<const double> weights);

// How much better two rates explain a region than one: the logarithm of the likelihood ratio of independent Bernoulli
// draws, the statistic of Kulldorff, "A spatial scan statistic", Communications in Statistics 26 (1997), section 3.
// 0 unless `part` is denser than the rest of `all`.
double split_gain(const Region& part, const Region& all);

// P(the gain or more) if both rates are equal and points independent: one-sided, by the normal limit of the root of twice
// the gain (Wilks, Annals of Mathematical Statistics 9, 1938).
double p_of_gain(double gain);

// A word that depends on the three numbers alone (the finaliser of SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
std::uint64_t hashed(std::uint64_t seed, std::uint64_t stream, std::uint64_t number);

}  // namespace chokepoint
