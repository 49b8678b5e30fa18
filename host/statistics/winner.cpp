// Hybrid inference on winners: a truncated normal law, inverted by bisection.
// SPDX-License-Identifier: Apache-2.0
#include "winner.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numbers>

#include "estimate.h"

namespace chokepoint {

namespace {

constexpr double kLevel = 0.05, kHybrid = kLevel / 10;  // the paper's choice of the share that the simultaneous interval may miss
constexpr int kBisections = 60;
constexpr double kNarrowest = 1e-9;  // range, in standard errors, in which a truncated law still says something

// P(a < Z < b) of a standard normal Z, accurate in both tails.
double between(double a, double b) {
  const auto above = [](double x) { return 0.5 * std::erfc(x / std::numbers::sqrt2); };
  return a > 0 ? above(a) - above(b) : above(-b) - above(-a);
}

// The winning estimate, in its own standard errors, and where it would still have won.
struct Race {
  double at, from, to;  // from <= at <= to
  double reach;         // half width of the simultaneous interval

  // P(estimate < at) if the true value is `mean`, given that it lies where it wins and within `reach` of the mean.
  double probability_below(double mean) const {
    const double low = std::max(from, mean - reach) - mean, high = std::min(to, mean + reach) - mean;
    const double whole = between(low, high);
    return whole > 0 ? std::clamp(between(low, at - mean) / whole, 0.0, 1.0) : 0.5;
  }

  // The true value at which the probability of an estimate below this one is p: it falls from 1 to 0 as the value rises.
  double value_at(double p) const {
    double low = at - reach, high = at + reach;
    for (int i = 0; i < kBisections; ++i) {
      const double middle = low + (high - low) / 2;
      (probability_below(middle) > p ? low : high) = middle;
    }
    return low + (high - low) / 2;
  }
};

}  // namespace

CorrectedWinner correct_winner(double estimate, double variance, std::span<const Rival> rivals) {
  if (variance == 0) return {estimate, estimate, estimate};
  const double sd = std::sqrt(variance), each = std::pow(1 - kHybrid, 1 / static_cast<double>(rivals.size() + 1));
  const boost::math::normal_distribution<double> normal;
  Race race{0, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), quantile(normal, (1 + each) / 2)};
  for (const Rival& rival : rivals) {
    if (!std::isfinite(rival.gap + rival.slack + estimate + variance)) return {kNaN, kNaN, kNaN};
    // With what is independent of the estimate held fixed, moving it by t moves the gap by t * slack / variance.
    const double edge = -std::max(0.0, rival.gap) * sd / rival.slack;
    if (rival.slack > 0) race.from = std::max(race.from, edge);
    if (rival.slack < 0) race.to = std::min(race.to, edge);
  }
  if (!std::isfinite(estimate + variance)) return {kNaN, kNaN, kNaN};
  if (!(race.to - race.from > kNarrowest)) return {estimate, estimate - sd * race.reach, estimate + sd * race.reach};
  constexpr double kTailOfBoth = (kLevel - kHybrid) / (1 - kHybrid) / 2;
  return {estimate + sd * race.value_at(0.5), estimate + sd * race.value_at(1 - kTailOfBoth), estimate + sd * race.value_at(kTailOfBoth)};
}

}  // namespace chokepoint
