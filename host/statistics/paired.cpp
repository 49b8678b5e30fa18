// Differences from the reference policy: from their slots and exact sums to means, probabilities and quantiles.
// SPDX-License-Identifier: Apache-2.0
#include "paired.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "../run/plan.h"
#include "estimate.h"
#include "statistics.h"

namespace chokepoint {

namespace {

// Means, probabilities and quantiles of one metric, cell by cell.
class PairedWriter {
 public:
  PairedWriter(const Scenario& s, const Tallies& tallies, int metric, const std::vector<double>& quantiles)
      : s_(s), tallies_(tallies), metric_(metric), row_(s.model->metrics[metric]), edges_(difference_edges(row_)), bands_(quantiles) {}

  void add(int policy, int record) {
    const std::size_t cell = tallies_.shape.cell(policy, metric_, record);
    const CellSums& sums = tallies_.difference_sums[cell];
    const DifferenceDistribution d(edges_, &tallies_.differences[cell * kDifferenceSlots], 0, sums);
    const double n = independent(s_, d.count());
    const MeanError mean = mean_error(sums, d.count(), n, row_.log2_unit);
    add_mean(mean);
    add_probabilities(d, n);
    out_.variance_reduction.push_back(variance_reduction(policy, record, mean.sd * mean.sd));
    for (std::size_t q = 0; q < bands_.size(); ++q) {
      const double count = static_cast<double>(d.count());
      const auto [lower, upper] = bands_.band(q, n);
      out_.difference_quantile.push_back(d.at_rank(bands_.quantile(q) * count));
      append(out_.difference_quantile_bounds, {d.at_rank(lower * count), d.at_rank(upper * count)});
    }
  }

  void add_reference() {
    add_mean({0, 0, 0, 0});
    add_share(kNaN, kNaN, out_.probability_higher, out_.probability_higher_bounds);
    add_share(kNaN, kNaN, out_.probability_equal, out_.probability_equal_bounds);
    if (row_.direction != Direction::kNone) add_share(kNaN, kNaN, out_.probability_better, out_.probability_better_bounds);
    out_.variance_reduction.push_back(kNaN);
    out_.difference_quantile.insert(out_.difference_quantile.end(), bands_.size(), 0);
    out_.difference_quantile_bounds.insert(out_.difference_quantile_bounds.end(), 2 * bands_.size(), 0);
  }

  PairedStatistics take() { return std::move(out_); }

 private:
  static void append(std::vector<double>& to, const Interval& interval) { to.insert(to.end(), {interval.low, interval.high}); }

  static void add_share(double share, double n, std::vector<double>& to, std::vector<double>& bounds) {
    to.push_back(share);
    append(bounds, share_interval(share, n));
  }

  void add_mean(const MeanError& mean) {
    out_.mean_difference.push_back(mean.mean);
    out_.mean_difference_se.push_back(mean.standard_error);
    out_.difference_sd.push_back(mean.sd);
    append(out_.mean_difference_bounds, mean_interval(mean.mean, mean.standard_error));
  }

  void add_probabilities(const DifferenceDistribution& d, double n) {
    const auto share = [&](std::int64_t of) { return d.count() > 0 ? static_cast<double>(of) / static_cast<double>(d.count()) : kNaN; };
    const std::int64_t equal = d.at(kNoDifference), higher = d.count() - d.below_zero() - equal;
    if (d.count() == 0) n = kNaN;
    add_share(share(higher), n, out_.probability_higher, out_.probability_higher_bounds);
    add_share(share(equal), n, out_.probability_equal, out_.probability_equal_bounds);
    if (row_.direction == Direction::kNone) return;
    const std::int64_t better = row_.direction == Direction::kHigher ? higher : d.below_zero();
    add_share(share(better), n, out_.probability_better, out_.probability_better_bounds);
  }

  double variance_reduction(int policy, int record, double variance) const {
    const double own = mean_error(s_, tallies_, policy, metric_, record).sd;
    const double reference = mean_error(s_, tallies_, s_.reference, metric_, record).sd;
    const double apart = own * own + reference * reference;
    return apart > 0 ? apart / variance : kNaN;
  }

  const Scenario& s_;
  const Tallies& tallies_;
  const int metric_;
  const MetricRow& row_;
  const std::vector<double> edges_;
  QuantileBands bands_;
  PairedStatistics out_;
};

}  // namespace

std::vector<PairedStatistics> derive_paired(const Scenario& s, const Tallies& tallies) {
  std::vector<PairedStatistics> result;
  for (int m = 0; m < tallies.shape.metrics; ++m) {
    PairedWriter writer(s, tallies, m, s.quantiles);
    for (int p = 0; p < tallies.shape.policies; ++p)
      for (int r = 0; r < tallies.shape.records; ++r) p == s.reference ? writer.add_reference() : writer.add(p, r);
    result.push_back(writer.take());
  }
  return result;
}

PairedStatistics derive_pair(const Scenario& s, const Tallies& tallies, int policy, int metric, int record,
                             const std::vector<double>& quantiles) {
  PairedWriter writer(s, tallies, metric, quantiles);
  writer.add(policy, record);
  return writer.take();
}

std::vector<double> difference_edges(const MetricRow& metric) {
  const std::uint32_t least = least_difference(metric);
  constexpr std::uint32_t kStep = (1u << 23) / kOctaveParts;  // between the words of floats that are a part of an octave apart
  std::vector<double> edges(kDifferenceSlots, 0.0);
  for (int part = 1; part < kDifferenceSide; ++part) {
    const double size = static_cast<double>(std::bit_cast<float>(least + static_cast<std::uint32_t>(part - 1) * kStep));
    edges[kNoDifference + 1 + part] = size;
    edges[kNoDifference - 1 - part] = -size;
  }
  edges[kDifferenceNonFinite] = kNaN;
  return edges;
}

DifferenceDistribution::DifferenceDistribution(const std::vector<double>& edges, const std::int64_t* counts, int first_slot,
                                               const CellSums& sums)
    : edges_(edges), sums_(sums), cumulative_{} {
  std::int64_t total = 0;
  for (int slot = first_slot; slot < kDifferenceNonFinite; ++slot) cumulative_[slot] = total += counts[slot - first_slot];
}

double DifferenceDistribution::at_rank(double rank) const {
  if (count() == 0) return kNaN;
  const auto below = [](std::int64_t c, double r) { return static_cast<double>(c) < r; };
  const int slot = static_cast<int>(std::lower_bound(cumulative_, cumulative_ + kDifferenceNonFinite - 1, rank, below) - cumulative_);
  const double least = static_cast<double>(sums_.least), greatest = static_cast<double>(sums_.greatest);
  if (slot == kNoDifference) return 0;
  const double share =
      at(slot) == 0 ? 0 : std::clamp((rank - static_cast<double>(cumulative_[slot] - at(slot))) / static_cast<double>(at(slot)), 0.0, 1.0);
  // A slot reaches from its own end nearest to zero to that of the next one, the outermost to the extreme.
  const double low = slot > kNoDifference ? edges_[slot] : slot == 0 ? least : edges_[slot - 1];
  const double high = slot < kNoDifference ? edges_[slot] : slot == kDifferenceNonFinite - 1 ? greatest : edges_[slot + 1];
  return std::clamp(std::lerp(low, high, share), least, greatest);
}

}  // namespace chokepoint
