// First-order indices by analysis of variance over bins of equal probability, and their standard errors.
// SPDX-License-Identifier: Apache-2.0
#include "sensitivity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../run/plan.h"
#include "output_series.h"
#include "pawn.h"
#include "variance_split.h"

namespace chokepoint {

namespace {


// The variance between bins when `merged` neighbours make one, less what chance within bins adds to it; and the mean square within.
struct Level {
  double between, within;
};
Level level_of(const BinnedSums& s, int merged) {
  double squares = 0, bins = 0;
  for (int b = 0; b < kDriverBins; b += merged) {
    double count = 0, sum = 0;
    for (int i = b; i < b + merged; ++i) count += s.count[i], sum += s.about_mean[i];
    if (count == 0) continue;
    squares += sum * sum / count;
    ++bins;
  }
  // A world's replicates share a bin: it is the worlds that are independent.
  const double ssb = squares / s.replicates, sst = s.world_variance * (s.worlds - 1), within = (sst - ssb) / (s.worlds - bins);
  return {(ssb - (bins - 1) * within) / (s.worlds - 1), within};
}

// What is lost within the finest bins falls by a ratio from level to level, which is that of the last two gains (Aitken, "On
// Bernoulli's numerical solution of algebraic equations", 1926): 1/4 for a straight line, more where most of it is in a tail.
void extrapolate(const BinnedSums& s, double uneven, const Level& finest, BinnedIndex& index) {
  constexpr double kLeast = 0.25, kGreatest = 0.75, kSignificant = 4;
  const double middle = level_of(s, 2).between, coarse = level_of(s, 4).between, gain = finest.between - middle;
  if (!s.ordered || gain <= kSignificant * std::sqrt(kDriverBins * uneven) * finest.within / s.worlds) return;
  const double estimate = gain / (middle - coarse), ratio = std::clamp(estimate, kLeast, kGreatest), rest = 1 - ratio;
  index.correction = gain * ratio / rest / s.variance;
  index.last_gain = ratio / rest;
  if (ratio != estimate) return;
  index.last_gain = ratio * (2 - ratio) / (rest * rest);
  index.gain_before = -ratio * ratio / (rest * rest);
}

using BinMeans = std::array<double, kDriverBins>;

// Each bin's mean replaced by that of the `bins` neighbours that it is merged with.
BinMeans merged(const BinMeans& means, int bins) {
  BinMeans result;
  for (int b = 0; b < kDriverBins; ++b) {
    double sum = 0;
    for (int i = 0; i < bins; ++i) sum += means[b / bins * bins + i];
    result[b] = sum / bins;
  }
  return result;
}

constexpr std::size_t kWorthThreads = 4096;  // indices
constexpr int kGroup = 4;                    // series whose powers are summed together, so that vector instructions can be used

// Of standardised worlds: a is the mean over replicates, q the mean of squares.
struct PowerSums {
  double a[kGroup] = {}, aa[kGroup] = {}, q[kGroup] = {}, aq[kGroup] = {}, qq[kGroup] = {};
};

PowerSums power_sums(const double* a, const double* q, const std::uint16_t* worlds, int count) {
  PowerSums sums;
  for (int i = 0; i < count; ++i) {
    const double *x = a + std::size_t(worlds[i]) * kGroup, *y = q + std::size_t(worlds[i]) * kGroup;
    for (int k = 0; k < kGroup; ++k) {
      sums.a[k] += x[k];
      sums.aa[k] += x[k] * x[k];
      sums.q[k] += y[k];
      sums.aq[k] += x[k] * y[k];
      sums.qq[k] += y[k] * y[k];
    }
  }
  return sums;
}

// How much more than their mean the squares of the bins' variances are: 1 where all bins have the same. Four bins are taken together.
double unevenness(const BinMeans& g, const std::vector<PowerSums>& powers, const int* starts, int k) {
  constexpr int kTogether = 4;
  double sum = 0, squares = 0, parts = 0;
  for (int b = 0; b < kDriverBins; b += kTogether) {
    double within = 0;
    const int count = starts[b + kTogether] - starts[b];
    if (count == 0) continue;
    for (int i = b; i < b + kTogether; ++i)
      within += powers[i].aa[k] - 2 * g[i] * powers[i].a[k] + (starts[i + 1] - starts[i]) * g[i] * g[i];
    within /= count;
    sum += within;
    squares += within * within;
    ++parts;
  }
  return sum > 0 ? squares * parts / (sum * sum) : 1;
}

// The variance of an index S = N / V by its influence function psi = 2 a G - H - S q, in standardised units. With 32 bins alone, G
// is the mean g of the world's bin, known from the whole run, and H its square; extrapolation adds its derivatives by the gains
// from 8 to 16 and from 16 to 32 bins. Bin means carry noise of their own: with n worlds, the mean square m within bins and
// f = 31 of them free, it adds 4 f m^2 / n to Var(psi), which is taken off again, and 2 f m^2 / n^2 to Var(S), which is all that
// is left when nothing depends on the driver. Where the variance differs between bins, m^2 is the mean of its squares.
double index_variance(const BinnedIndex& index, const BinMeans& g, double uneven, double worlds, const std::vector<PowerSums>& powers,
                      const int* starts, int k) {
  // At zero both the index and Var(psi) rise with a chi-squared variable of f degrees; with this floor under what is left after 4 - 2
  // parts are taken off, 95 % intervals then hold 0 in 95 % of runs.
  constexpr double kFloor = 1.25;
  const double share = index.index + index.correction, last = index.last_gain, before = index.gain_before;
  const BinMeans middle = merged(g, 2), coarse = merged(g, 4);
  double count = 0, sum = 0, squares = 0;
  for (int b = 0; b < kDriverBins; ++b) {
    const PowerSums& s = powers[b];
    const double n = starts[b + 1] - starts[b], x = g[b], y = middle[b], z = coarse[b];
    const double G = x + last * (x - y) + before * (y - z), H = x * x + last * (x * x - y * y) + before * (y * y - z * z);
    count += n;
    sum += 2 * G * s.a[k] - n * H - share * s.q[k];
    squares +=
        4 * G * G * s.aa[k] + n * H * H + share * share * s.qq[k] - 4 * G * H * s.a[k] - 4 * G * share * s.aq[k] + 2 * H * share * s.q[k];
  }
  const double linear = (squares - sum * sum / count) / (count - 1) / worlds;
  const double free = 7 + 8 * (1 + before) * (1 + before) + 16 * (1 + last) * (1 + last);
  const double degenerate = free * index.noise * index.noise * uneven / (worlds * worlds);
  return std::max(kFloor * degenerate, linear - 2 * degenerate);
}

class FirstOrder {
 public:
  FirstOrder(const Scenario& scenario, const Tallies& tallies, const Probe& probe) : tallies_(tallies), probe_(probe) {
    for (const int parameter : drivers(scenario)) ordered_.push_back(scenario.parameters[parameter].prior.kind != Prior::Kind::kMixture);
  }

  // The indices of up to kGroup series: (series, driver).
  void derive(std::span<const OutputSeries> group, Estimate* out) const {
    const int drivers = tallies_.shape.drivers;
    std::vector<double> a(std::size_t(probe_.worlds) * kGroup), q(a.size());
    for (std::size_t k = 0; k < group.size(); ++k)
      if (group[k].known) standardise(group[k], probe_, kGroup, a.data() + k, q.data() + k);
    std::vector<PowerSums> powers(kDriverBins);
    for (int d = 0; d < drivers; ++d) {
      const int* starts = probe_.starts(d);
      for (int b = 0; b < kDriverBins; ++b)
        powers[b] = power_sums(a.data(), q.data(), probe_.order(d) + starts[b], starts[b + 1] - starts[b]);
      for (std::size_t k = 0; k < group.size(); ++k)
        if (group[k].known) out[k * drivers + d] = estimate(group[k], d, powers, static_cast<int>(k));
    }
  }

 private:
  Estimate estimate(const OutputSeries& series, int driver, const std::vector<PowerSums>& powers, int k) const {
    constexpr double kResidual = 0.2;  // of what is extrapolated; measured for smooth and for heavy-tailed responses
    const BinnedSums sums = binned_sums(series, tallies_, driver, ordered_[driver]);
    const int* starts = probe_.starts(driver);
    BinMeans g;
    for (int b = 0; b < kDriverBins; ++b) g[b] = sums.count[b] > 0 ? sums.about_mean[b] / sums.count[b] / std::sqrt(sums.variance) : 0;
    const double uneven = unevenness(g, powers, starts, k);
    const BinnedIndex index = binned_index(sums, uneven);
    const double value = index.index + index.correction, residual = kResidual * index.correction;
    if (probe_.worlds < kFewestProbed || !std::isfinite(value)) return {value, kNaN};
    double variance = index_variance(index, g, uneven, sums.worlds, powers, starts, k) + residual * residual;
    if (series.from_probe) {
      const double bias = (kDriverBins - 1) * index.noise / sums.worlds;  // taken off, and itself uncertain
      variance += bias * bias * 2 / probe_.worlds;
    }
    return {value, std::sqrt(variance)};
  }

  const Tallies& tallies_;
  const Probe& probe_;
  std::vector<bool> ordered_;
};

std::vector<float> bin_means(const Scenario& scenario, const Tallies& tallies) {
  const Shape& shape = tallies.shape;
  std::vector<float> means;
  for (int p = 0; p < shape.policies; ++p)
    for (int m = 0; m < shape.metrics; ++m) {
      const double unit = std::ldexp(1.0, scenario.model->metrics[m].log2_unit);
      const bool finite = tallies.slots[shape.cell(p, m, shape.records - 1) * kSlots + kNonFinite] == 0;
      const std::size_t from = shape.output(p, shape.times - 1, m) * shape.drivers * kDriverBins;
      for (std::size_t i = 0; i < std::size_t(shape.drivers) * kDriverBins; ++i)
        means.push_back(
            finite ? static_cast<float>(static_cast<double>(tallies.bin_sums[from + i]) * unit / static_cast<double>(tallies.bin_counts[i]))
                   : std::numeric_limits<float>::quiet_NaN());
    }
  return means;
}

}  // namespace

BinnedIndex binned_index(const BinnedSums& s, double uneven) {
  if (s.worlds < kFewestPerBin * kDriverBins) return {kNaN, 0, kNaN};
  const Level finest = level_of(s, 1);
  BinnedIndex index{finest.between / s.variance, 0, finest.within / s.variance};
  extrapolate(s, uneven, finest, index);
  return index;
}

namespace {

void derive_first_order(const FirstOrder& first_order, const std::vector<OutputSeries>& series, std::size_t drivers,
                        SensitivityStatistics& result) {
  const std::size_t half = series.size() / 2 * drivers;
  std::vector<Estimate> indices(2 * half, Estimate{kNaN, kNaN});
  const auto groups = static_cast<std::int64_t>((series.size() + kGroup - 1) / kGroup);
#pragma omp parallel for schedule(dynamic) if (half > kWorthThreads)
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::size_t first = g * kGroup, count = std::min<std::size_t>(kGroup, series.size() - first);
    first_order.derive(std::span(series).subspan(first, count), indices.data() + first * drivers);
  }
  result.first_order.assign(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(half));
  result.difference_first_order.assign(indices.begin() + static_cast<std::ptrdiff_t>(half), indices.end());
}

// One trajectory of each world, so that values are independent.
std::vector<float> one_of_each_world(const OutputSeries& series, const Probe& probe) {
  const float *own = probe.values(series.output), *reference = probe.values(series.reference);
  std::vector<float> values(probe.worlds);
  for (int w = 0, i = 0; w < probe.worlds; ++w, i += probe.replicates) values[w] = series.difference ? own[i] - reference[i] : own[i];
  return values;
}

void derive_pawn(const Shape& shape, const std::vector<OutputSeries>& series, const Probe& probe, SensitivityStatistics& result) {
  const std::size_t drivers = shape.drivers, half = std::size_t(shape.policies) * shape.metrics * drivers;
  result.pawn.assign(half, Estimate{kNaN, kNaN});
  result.difference_pawn = result.pawn;
#pragma omp parallel for schedule(dynamic) if (half > kWorthThreads)
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(series.size()); ++i) {
    const OutputSeries& s = series[i];
    if (s.time != shape.times - 1 || !s.known || probe.worlds == 0) continue;
    const std::vector<std::uint8_t> slots = pawn_slots(one_of_each_world(s, probe));
    auto& out = s.difference ? result.difference_pawn : result.pawn;
    for (std::size_t d = 0; d < drivers; ++d)
      out[(std::size_t(s.policy) * shape.metrics + s.metric) * drivers + d] = pawn(slots, probe.bins(static_cast<int>(d)));
  }
}

void derive_variance_split(const Shape& shape, const std::vector<OutputSeries>& series, double worlds, const Probe& probe,
                           SensitivityStatistics& result) {
  for (int t = 0; t < shape.times; ++t)
    for (int m = 0; m < shape.metrics; ++m) {
      std::vector<const OutputSeries*> policies;
      for (int p = 0; p < shape.policies; ++p) policies.push_back(&series[shape.output(p, t, m)]);
      const VarianceSplit split = split_variance(policies, worlds, probe);
      result.variance.push_back(split.variance);
      result.variance_share.insert(result.variance_share.end(), std::begin(split.share), std::end(split.share));
    }
}

}  // namespace

SensitivityStatistics derive_sensitivity(const Scenario& scenario, const Tallies& tallies, const Sample& sample) {
  const Shape& shape = tallies.shape;
  SensitivityStatistics result;
  if (shape.times == 0) return result;
  const Probe probe(tallies, sample);
  const std::vector<OutputSeries> series = all_series(scenario, tallies, probe);
  derive_first_order(FirstOrder(scenario, tallies, probe), series, shape.drivers, result);
  derive_pawn(shape, series, probe, result);
  derive_variance_split(shape, series, static_cast<double>(tallies.trajectories) / shape.replicates, probe, result);
  result.bin_mean = bin_means(scenario, tallies);
  return result;
}

std::vector<Estimate> derive_first_order(const Scenario& scenario, const Tallies& tallies, const Sample& sample, int policy, int time,
                                         int metric, bool difference) {
  const Probe probe(tallies, sample);
  const OutputSeries series = series_of(scenario, tallies, probe, policy, time, metric, difference);
  std::vector<Estimate> indices(tallies.shape.drivers, Estimate{kNaN, kNaN});
  FirstOrder(scenario, tallies, probe).derive(std::span(&series, 1), indices.data());
  return indices;
}

}  // namespace chokepoint
