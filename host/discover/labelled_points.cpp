// SPDX-License-Identifier: Apache-2.0
#include "labelled_points.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace chokepoint {

namespace {

double log_likelihood(double weight, double interesting) {
  const auto term = [&](double part) { return part > 0 ? part * std::log(part / weight) : 0; };
  return term(interesting) + term(weight - interesting);
}

}  // namespace

SortedPoints::SortedPoints(const LabelledPoints& points) : points_(points), order_(points.dimensions * points.size()) {
  for (int d = 0; d < points.dimensions; ++d) {
    const auto first = order_.begin() + static_cast<std::ptrdiff_t>(d * points.size()),
               last = first + static_cast<std::ptrdiff_t>(points.size());
    std::iota(first, last, 0u);
    std::stable_sort(first, last, [&](std::uint32_t a, std::uint32_t b) { return points.value(d, a) < points.value(d, b); });
  }
}

void Region::add(const LabelledPoints& from, std::span<const double> weights, std::size_t point) {
  const double w = weights[point];
  if (w == 0) return;
  weight += w;
  ++points;
  if (!from.interesting[point]) return;
  interesting += w;
  ++cases;
}

void Region::add(const Region& part) {
  weight += part.weight;
  interesting += part.interesting;
  points += part.points;
  cases += part.cases;
}

void Region::remove(const Region& part) {
  weight -= part.weight;
  interesting -= part.interesting;
  points -= part.points;
  cases -= part.cases;
  if (cases == 0) interesting = 0;
  if (cases == points) interesting = weight;
}

Region whole(const LabelledPoints& points, std::span<const double> weights) {
  Region region;
  for (std::size_t i = 0; i < points.size(); ++i) region.add(points, weights, i);
  return region;
}

double split_gain(const Region& part, const Region& all) {
  const double weight = all.weight - part.weight, interesting = all.interesting - part.interesting;
  if (part.points == 0 || part.points == all.points || part.interesting * weight <= interesting * part.weight) return 0;
  return log_likelihood(part.weight, part.interesting) + log_likelihood(weight, std::max(0.0, interesting)) -
         log_likelihood(all.weight, all.interesting);
}

double p_of_gain(double gain) { return std::erfc(std::sqrt(std::max(0.0, gain))) / 2; }

std::uint64_t hashed(std::uint64_t seed, std::uint64_t stream, std::uint64_t number) {
  std::uint64_t x = seed;
  for (const std::uint64_t word : {stream, number}) {
    x = (x ^ word) + 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    x ^= x >> 31;
  }
  return x;
}

}  // namespace chokepoint
