// Points with known rates of interesting ones, for the tests of PRIM and CART.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <functional>
#include <random>

#include "../../host/discover/labelled_points.h"

namespace chokepoint {

inline double uniform(std::mt19937_64& words) { return static_cast<double>(words() >> 11) * 0x1p-53; }

// Uniform points; `rate(point)` is the probability that one is interesting.
inline LabelledPoints uniform_points(std::size_t count, int dimensions, std::uint64_t seed,
                                     const std::function<double(const std::vector<double>&)>& rate) {
  std::mt19937_64 words(seed);
  LabelledPoints points;
  points.dimensions = dimensions;
  points.values.resize(static_cast<std::size_t>(dimensions) * count);
  std::vector<double> x(static_cast<std::size_t>(dimensions));
  for (std::size_t i = 0; i < count; ++i) {
    for (int d = 0; d < dimensions; ++d) {
      const float value = static_cast<float>(uniform(words));
      points.values[static_cast<std::size_t>(d) * count + i] = value;
      x[static_cast<std::size_t>(d)] = static_cast<double>(value);
    }
    points.interesting.push_back(uniform(words) < rate(x));
    points.weights.push_back(1);
    points.worlds.push_back(i);
  }
  return points;
}

// The box [0.2, 0.5] x [0.6, 1] of the first two dimensions: 0.12 of the unit square.
inline std::function<double(const std::vector<double>&)> known_box(double inside, double outside) {
  return [=](const std::vector<double>& x) { return x[0] > 0.2 && x[0] < 0.5 && x[1] > 0.6 ? inside : outside; };
}

}  // namespace chokepoint
