// Means from exact sums, quantiles from histograms, probabilities from counts, with 95 % intervals.
// SPDX-License-Identifier: Apache-2.0
#include "statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>

#include "moments.h"

namespace chokepoint {

namespace {

using Binomial = boost::math::binomial_distribution<double>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTail = 0.025;                   // outside a 95 % interval, on each side
constexpr double kHalfWidth = 1.959963984540054;  // of a 95 % interval, in standard errors

double backward(const MetricRow& m, double t) {
  switch (m.scale) {
    case Scale::kLog:
      return std::exp(t);
    case Scale::kSignedLog:
      return std::copysign(double(m.knee) * std::expm1(std::abs(t)), t);
    default:
      return t;
  }
}

// The cumulative histogram of one cell; quantiles by straight lines in t(x) within a bin (rows.h), and
// between the range's end and the extreme that was seen outside it.
class CellDistribution {
 public:
  CellDistribution(const MetricRow& metric, const std::int64_t* slots, const CellSums& sums)
      : metric_(metric),
        slots_(slots),
        sums_(sums),
        low_(to_bin_scale(metric, double(metric.low))),
        high_(to_bin_scale(metric, double(metric.high))) {
    std::int64_t total = 0;
    for (int slot = 0; slot <= kAbove; ++slot) cumulative_[slot] = total += slots[slot];
  }

  std::int64_t count() const { return cumulative_[kAbove]; }

  // The value below which `rank` of count() trajectories lie; rank may be fractional.
  double at_rank(double rank) const {
    if (count() == 0) return kNaN;
    const int slot = static_cast<int>(
        std::lower_bound(cumulative_, cumulative_ + kAbove, rank, [](std::int64_t c, double r) { return static_cast<double>(c) < r; }) -
        cumulative_);
    const double before = slot == 0 ? 0 : static_cast<double>(cumulative_[slot - 1]);
    const double share = slots_[slot] == 0 ? 0 : std::clamp((rank - before) / static_cast<double>(slots_[slot]), 0.0, 1.0);
    const double least = double(sums_.least), greatest = double(sums_.greatest);
    double x;
    if (slot == kBelow)
      x = std::lerp(least, double(metric_.low), share);
    else if (slot == kAbove)
      x = std::lerp(double(metric_.high), greatest, share);
    else
      x = backward(metric_, low_ + (high_ - low_) * (slot - 1 + share) / kBins);
    return std::clamp(x, least, greatest);
  }

 private:
  const MetricRow& metric_;
  const std::int64_t* slots_;
  const CellSums& sums_;
  double low_, high_;
  std::int64_t cumulative_[kAbove + 1];
};

// Numbers of independent draws behind `count` trajectories: worlds, since draws within one are alike.
double independent(const Scenario& s, std::int64_t count) {
  return std::max(1.0, static_cast<double>(count) / static_cast<double>(s.replicates));
}

// Probabilities between which the quantile p of n independent draws lies in the sample, by the binomial
// law of the number of draws below it (David and Nagaraja, Order Statistics, 7.1).
std::pair<double, double> quantile_band(double n, double p) {
  const Binomial below(std::floor(n), p);
  const double lower = quantile(below, kTail), upper = quantile(complement(below, kTail)) + 1;
  return {std::max(0.0, lower / n), std::min(1.0, upper / n)};
}

void put_probability(const Scenario& s, std::int64_t happened, std::int64_t of, std::vector<double>& probability,
                     std::vector<double>& bounds) {
  if (of == 0) {
    probability.push_back(kNaN);
    bounds.insert(bounds.end(), {kNaN, kNaN});
    return;
  }
  const double share = static_cast<double>(happened) / static_cast<double>(of), n = independent(s, of);
  probability.push_back(share);
  bounds.push_back(happened == 0 ? 0 : Binomial::find_lower_bound_on_p(n, share * n, kTail));
  bounds.push_back(happened == of ? 1 : Binomial::find_upper_bound_on_p(n, share * n, kTail));
}

}  // namespace

double to_bin_scale(const MetricRow& m, double x) {
  switch (m.scale) {
    case Scale::kLog:
      return std::log(x);
    case Scale::kSignedLog:
      return std::copysign(std::log1p(std::abs(x) / double(m.knee)), x);
    default:
      return x;
  }
}

std::vector<double> bin_edges(const MetricRow& metric) {
  std::vector<double> edges(kBins + 1);
  const double low = to_bin_scale(metric, double(metric.low)), high = to_bin_scale(metric, double(metric.high));
  for (int i = 0; i <= kBins; ++i) edges[i] = backward(metric, low + (high - low) * i / kBins);
  edges.front() = double(metric.low);
  edges.back() = double(metric.high);
  return edges;
}

MeanError mean_error(const Scenario& s, const Tallies& tallies, int policy, int metric, int record) {
  const std::size_t cell = tallies.shape.cell(policy, metric, record);
  const CellSums& sums = tallies.sums[cell];
  const std::int64_t n = static_cast<std::int64_t>(tallies.trajectories) - tallies.slots[cell * kSlots + kNonFinite];
  if (n <= 0) return {kNaN, kNaN, kNaN, 0};
  const double unit = std::ldexp(1.0, s.model->metrics[metric].log2_unit), count = static_cast<double>(n);
  const double mean = static_cast<double>(sums.units) / count;
  const double variance = n > 1 ? squared_deviations(sums, n) / (count - 1) : kNaN;
  const double sd = std::sqrt(variance) * unit;
  return {mean * unit, sd / std::sqrt(independent(s, n)), sd, n};
}

Statistics derive_statistics(const Scenario& s, const Tallies& tallies, const Sample& sample) {
  const Shape& shape = tallies.shape;
  Statistics result;
  std::vector<std::pair<double, double>> bands(s.quantiles.size());
  std::int64_t bands_for = -1;
  for (int m = 0; m < shape.metrics; ++m) {
    MetricStatistics& out = result.metrics.emplace_back();
    for (int p = 0; p < shape.policies; ++p)
      for (int r = 0; r < shape.records; ++r) {
        const MeanError mean = mean_error(s, tallies, p, m, r);
        out.mean.push_back(mean.mean);
        out.mean_se.push_back(mean.standard_error);
        out.sd.push_back(mean.sd);
        out.mean_bounds.insert(out.mean_bounds.end(),
                               {mean.mean - kHalfWidth * mean.standard_error, mean.mean + kHalfWidth * mean.standard_error});
        const std::size_t cell = shape.cell(p, m, r);
        const CellDistribution values(s.model->metrics[m], &tallies.slots[cell * kSlots], tallies.sums[cell]);
        const double count = static_cast<double>(values.count());
        if (values.count() != bands_for && values.count() > 0) {
          for (std::size_t q = 0; q < s.quantiles.size(); ++q) bands[q] = quantile_band(independent(s, values.count()), s.quantiles[q]);
          bands_for = values.count();
        }
        for (std::size_t q = 0; q < s.quantiles.size(); ++q) {
          out.quantile.push_back(values.at_rank(s.quantiles[q] * count));
          out.quantile_bounds.push_back(values.at_rank(bands[q].first * count));
          out.quantile_bounds.push_back(values.at_rank(bands[q].second * count));
        }
      }
  }
  for (int p = 0; p < shape.policies; ++p)
    for (int e = 0; e < shape.events; ++e) {
      // Triggers that a policy does not have are missing, not impossible.
      const bool exists = e < static_cast<int>(s.model->events.size() + s.policies[p].triggers.size());
      const auto of = exists ? static_cast<std::int64_t>(tallies.trajectories) : 0;
      const std::int64_t* steps = &tallies.event_steps[(std::size_t(p) * shape.events + e) * (shape.steps + 1)];
      std::int64_t happened = 0;
      for (int step = 0; step < shape.steps; ++step) {
        happened += steps[step];
        if ((step + 1) % s.record_every_months == 0) put_probability(s, happened, of, result.event_cdf, result.event_cdf_bounds);
      }
      put_probability(s, happened, of, result.event_probability, result.event_probability_bounds);
    }
  result.sensitivity = derive_sensitivity(s, tallies, sample);
  result.information = derive_information(s, tallies, sample);
  return result;
}

}  // namespace chokepoint
