// Means from exact sums, quantiles from histograms, probabilities from counts, with 95 % intervals.
// SPDX-License-Identifier: Apache-2.0
#include "statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "../run/plan.h"
#include "moments.h"

namespace chokepoint {

namespace {

using Binomial = boost::math::binomial_distribution<double>;

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

// Trajectories that count for an event: triggers that a policy does not have are missing, not impossible.
std::int64_t observed(const Scenario& s, const Tallies& tallies, int policy, int event) {
  return has_event(s, policy, event) ? static_cast<std::int64_t>(tallies.trajectories) : 0;
}

const std::int64_t* event_steps(const Tallies& tallies, int policy, int event) {
  return &tallies.event_steps[(std::size_t(policy) * tallies.shape.events + event) * (tallies.shape.steps + 1)];
}

// The 95 % interval of Clopper and Pearson.
Interval probability_bounds(const Scenario& s, std::int64_t happened, std::int64_t of) {
  if (of == 0) return {kNaN, kNaN};
  const double n = independent(s, of), expected = static_cast<double>(happened) / static_cast<double>(of) * n;
  return {happened == 0 ? 0 : Binomial::find_lower_bound_on_p(n, expected, kTail),
          happened == of ? 1 : Binomial::find_upper_bound_on_p(n, expected, kTail)};
}

void put_probability(const Scenario& s, std::int64_t happened, std::int64_t of, std::vector<double>& probability,
                     std::vector<double>& bounds) {
  probability.push_back(of == 0 ? kNaN : static_cast<double>(happened) / static_cast<double>(of));
  const Interval interval = probability_bounds(s, happened, of);
  bounds.insert(bounds.end(), {interval.low, interval.high});
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
  const std::int64_t n = static_cast<std::int64_t>(tallies.trajectories) - tallies.slots[cell * kSlots + kNonFinite];
  return mean_error(tallies.sums[cell], n, independent(s, n), s.model->metrics[metric].log2_unit);
}

Interval quantile_bounds(const Scenario& s, const Tallies& tallies, int policy, int metric, int record, double p) {
  const std::size_t cell = tallies.shape.cell(policy, metric, record);
  const CellDistribution values(s.model->metrics[metric], &tallies.slots[cell * kSlots], tallies.sums[cell]);
  const auto count = static_cast<double>(values.count());
  const auto [lower, upper] = quantile_band(independent(s, values.count()), p);
  return {values.at_rank(lower * count), values.at_rank(upper * count)};
}

Interval event_bounds(const Scenario& s, const Tallies& tallies, int policy, int event, int record) {
  const std::int64_t* steps = event_steps(tallies, policy, event);
  const std::int64_t happened = std::accumulate(steps, steps + (record + 1) * s.record_every_months, std::int64_t{0});
  return probability_bounds(s, happened, observed(s, tallies, policy, event));
}

Statistics derive_statistics(const Scenario& s, const Tallies& tallies, const Sample& sample) {
  const Shape& shape = tallies.shape;
  Statistics result;
  QuantileBands bands(s.quantiles);
  for (int m = 0; m < shape.metrics; ++m) {
    MetricStatistics& out = result.metrics.emplace_back();
    for (int p = 0; p < shape.policies; ++p)
      for (int r = 0; r < shape.records; ++r) {
        const MeanError mean = mean_error(s, tallies, p, m, r);
        out.mean.push_back(mean.mean);
        out.mean_se.push_back(mean.standard_error);
        out.sd.push_back(mean.sd);
        const Interval bounds = mean_interval(mean.mean, mean.standard_error);
        out.mean_bounds.insert(out.mean_bounds.end(), {bounds.low, bounds.high});
        const std::size_t cell = shape.cell(p, m, r);
        const CellDistribution values(s.model->metrics[m], &tallies.slots[cell * kSlots], tallies.sums[cell]);
        const double count = static_cast<double>(values.count());
        for (std::size_t q = 0; q < s.quantiles.size(); ++q) {
          const auto [lower, upper] = bands.band(q, independent(s, values.count()));
          out.quantile.push_back(values.at_rank(s.quantiles[q] * count));
          out.quantile_bounds.insert(out.quantile_bounds.end(), {values.at_rank(lower * count), values.at_rank(upper * count)});
        }
      }
  }
  for (int p = 0; p < shape.policies; ++p)
    for (int e = 0; e < shape.events; ++e) {
      const std::int64_t *steps = event_steps(tallies, p, e), of = observed(s, tallies, p, e);
      std::int64_t happened = 0;
      for (int step = 0; step < shape.steps; ++step) {
        happened += steps[step];
        if ((step + 1) % s.record_every_months == 0) put_probability(s, happened, of, result.event_cdf, result.event_cdf_bounds);
      }
      put_probability(s, happened, of, result.event_probability, result.event_probability_bounds);
    }
  result.sensitivity = derive_sensitivity(s, tallies, sample);
  result.paired = derive_paired(s, tallies);
  result.decisions = derive_decisions(s, tallies);
  result.satisficing = derive_satisficing(s, tallies);
  result.information = derive_information(s, tallies, sample);
  return result;
}

}  // namespace chokepoint
