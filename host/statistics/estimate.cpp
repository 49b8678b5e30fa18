// Moments and intervals.
// SPDX-License-Identifier: Apache-2.0
#include "estimate.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

#include "moments.h"

namespace chokepoint {

double independent(const Scenario& s, std::int64_t count) {
  return std::max(1.0, static_cast<double>(count) / static_cast<double>(s.replicates));
}

Moments moments(Wide units, UnsignedWide squares, std::int64_t n) {
  const double count = static_cast<double>(n), mean = static_cast<double>(units) / count;
  if (n < 2) return {mean, kNaN};
  return {mean, squared_deviations(units, squares, n) / (count - 1)};
}

MeanError mean_error(const CellSums& sums, std::int64_t count, double independent, int log2_unit) {
  if (count <= 0) return {kNaN, kNaN, kNaN, 0};
  const double unit = std::ldexp(1.0, log2_unit);
  const Moments m = moments(sums.units, sums.squares, count);
  const double sd = std::sqrt(m.variance) * unit;
  return {m.mean * unit, sd / std::sqrt(independent), sd, count};
}

Interval mean_interval(double mean, double standard_error) {
  return {mean - kHalfWidth * standard_error, mean + kHalfWidth * standard_error};
}

Interval share_interval(double share, double n) {
  if (!(n > 0)) return {kNaN, kNaN};
  const double z2 = kHalfWidth * kHalfWidth, centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kHalfWidth / (1 + z2 / n) * std::sqrt(share * (1 - share) / n + z2 / (4 * n * n));
  // What rounding leaves must not exclude a share of exactly 0 or 1.
  return {share == 0 ? 0 : std::max(0.0, centre - half), share == 1 ? 1 : std::min(1.0, centre + half)};
}

namespace {

// Share of n draws below which lies, in 2.5 % of samples, more than a share p of the law: between two order statistics.
double lower_share(double n, double p) {
  const boost::math::binomial_distribution<double> below(n, p);
  const auto at_most = [&](double k) { return k < 0 ? 0 : k >= n ? 1 : cdf(below, k); };
  double k = std::max(0.0, std::floor(quantile(below, kTail)));
  while (k > 0 && at_most(k - 1) > kTail) --k;
  while (at_most(k) <= kTail) ++k;
  const double rank = k + (kTail - at_most(k - 1)) / (at_most(k) - at_most(k - 1));
  return std::max(0.0, (rank - 0.5) / n);  // straight lines within a bin put the r-th draw at r - 1/2
}

}  // namespace

std::pair<double, double> quantile_band(double n, double p) {
  n = std::floor(n);
  return {lower_share(n, p), 1 - lower_share(n, 1 - p)};
}

const std::pair<double, double>& QuantileBands::band(std::size_t i, double n) {
  if (n != n_)
    for (std::size_t q = 0; q < quantiles_.size(); ++q) bands_[q] = quantile_band(n, quantiles_[q]);
  n_ = n;
  return bands_[i];
}

}  // namespace chokepoint
