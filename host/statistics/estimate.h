// What all statistics are made of: moments of exact sums, and 95 % intervals of means, shares and quantiles.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <utility>
#include <vector>

#include "../../kernels/engine.h"
#include "../scenario.h"

namespace chokepoint {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kTail = 0.025;                   // outside a 95 % interval, on each side
inline constexpr double kHalfWidth = 1.959963984540054;  // of a 95 % interval, in standard errors

// Numbers of independent draws behind `count` trajectories: worlds, since draws within one are alike.
double independent(const Scenario& scenario, std::int64_t count);

// Mean and variance (over n - 1; NaN if n = 1) of n values from their sums, in units and squared units.
struct Moments {
  double mean, variance;
};
Moments moments(Wide units, UnsignedWide squares, std::int64_t n);

struct MeanError {
  double mean, standard_error, sd;
  std::int64_t count;  // finite values
};
// Of `count` values in units of 2^log2_unit, among which `independent` draws. All NaN if there is none.
MeanError mean_error(const CellSums& sums, std::int64_t count, double independent, int log2_unit);

// A number and its standard error.
struct Estimate {
  double value, standard_error;
};

struct Interval {
  double low, high;
};
// 95 % interval of a mean by the normal law.
Interval mean_interval(double mean, double standard_error);

// 95 % interval of a share that was found in n independent draws (Wilson, 1927, Probable inference, the law of succession,
// and statistical inference, JASA 22; Brown, Cai and DasGupta, 2001, Statistical Science 16, on its coverage). Also of the
// mean of draws between 0 and 1: none varies more than a yes or no of the same mean (Bhatia and Davis, 2000).
Interval share_interval(double share, double n);

// Shares of the sample between which the quantile p of n independent draws lies in 95 % of samples, by the binomial law of
// the number of draws below it (David and Nagaraja, Order Statistics, 7.1), interpolated between neighbouring order statistics
// (Beran and Hall, 1993, Journal of the Royal Statistical Society B 55). Never beyond the extremes of the sample.
std::pair<double, double> quantile_band(double n, double p);

// The bands of several quantiles, worked out anew only when n changes.
class QuantileBands {
 public:
  explicit QuantileBands(std::vector<double> quantiles) : quantiles_(std::move(quantiles)), bands_(quantiles_.size()) {}
  std::size_t size() const { return quantiles_.size(); }
  double quantile(std::size_t i) const { return quantiles_[i]; }
  const std::pair<double, double>& band(std::size_t i, double n);

 private:
  std::vector<double> quantiles_;
  std::vector<std::pair<double, double>> bands_;
  double n_ = -1;
};

}  // namespace chokepoint
