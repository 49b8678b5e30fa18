// Moments of outputs and of their paired differences.
// SPDX-License-Identifier: Apache-2.0
#include "output_series.h"

#include "estimate.h"
#include "moments.h"
#include "sensitivity.h"

namespace chokepoint {

namespace {

// The worlds of a difference are not tallied: their variance is that of the probe.
double probed_world_variance(const OutputSeries& series, const Probe& probe) {
  const int n = probe.worlds;
  if (n < kFewestProbed) return kNaN;
  std::vector<double> means(n), squares(n);
  standardise(series, probe, 1, means.data(), squares.data());
  double sum = 0, square = 0;
  for (const double x : means) sum += x, square += x * x;
  return series.variance * (square - sum * sum / n) / (n - 1);
}

void measure(OutputSeries& s, const Scenario& scenario, const Tallies& tallies, const Probe& probe) {
  const Shape& shape = tallies.shape;
  const std::size_t cell = shape.cell(s.policy, s.metric, scenario.sensitivity_records[s.time]);
  const std::size_t reference = shape.cell(scenario.reference, s.metric, scenario.sensitivity_records[s.time]);
  const auto n = static_cast<std::int64_t>(tallies.trajectories);
  s.unit = std::ldexp(1.0, scenario.model->metrics[s.metric].log2_unit);
  const auto bounded = [&](std::size_t c) {
    const CellSums& sums = tallies.sums[c];
    return tallies.slots[c * kSlots + kNonFinite] == 0 &&
           std::max(std::abs(static_cast<double>(sums.least)), std::abs(static_cast<double>(sums.greatest))) <
               s.unit * double{kDriverUnitLimit};
  };
  if (n < 2 * shape.replicates || !bounded(cell) || (s.difference && (cell == reference || !bounded(reference)))) return;
  const CellSums& sums = s.difference ? tallies.difference_sums[cell] : tallies.sums[cell];
  s.mean = Centre(sums.units, n).mean();
  s.variance = s.world_variance = moments(sums.units, sums.squares, n).variance;
  s.from_probe = shape.replicates > 1 && s.difference;
  if (shape.replicates > 1 && s.difference) s.world_variance = probed_world_variance(s, probe);
  if (shape.replicates > 1 && !s.difference) {
    const CellSums& of_worlds = tallies.world_sums[s.output];
    s.world_variance = moments(of_worlds.units, of_worlds.squares, n / shape.replicates).variance;
  }
  // Below one unit a variance would be that of the rounding to units.
  s.known = s.variance > 1 && std::isfinite(s.world_variance);
}

}  // namespace

OutputSeries series_of(const Scenario& scenario, const Tallies& tallies, const Probe& probe, int policy, int time, int metric,
                       bool difference) {
  const Shape& shape = tallies.shape;
  OutputSeries series{policy, time, metric, difference, shape.output(policy, time, metric), shape.output(scenario.reference, time, metric)};
  measure(series, scenario, tallies, probe);
  return series;
}

std::vector<OutputSeries> all_series(const Scenario& scenario, const Tallies& tallies, const Probe& probe) {
  const Shape& shape = tallies.shape;
  std::vector<OutputSeries> series;
  for (const bool difference : {false, true})
    for (int p = 0; p < shape.policies; ++p)
      for (int t = 0; t < shape.times; ++t)
        for (int m = 0; m < shape.metrics; ++m) series.push_back(series_of(scenario, tallies, probe, p, t, m, difference));
  return series;
}

BinnedSums binned_sums(const OutputSeries& s, const Tallies& tallies, int driver, bool ordered) {
  const Shape& shape = tallies.shape;
  const auto n = static_cast<std::int64_t>(tallies.trajectories);
  const auto sums_of = [&](std::size_t output) { return &tallies.bin_sums[(output * shape.drivers + driver) * kDriverBins]; };
  const Wide *own = sums_of(s.output), *reference = sums_of(s.reference);
  const std::int64_t* counts = &tallies.bin_counts[std::size_t(driver) * kDriverBins];
  std::array<Wide, kDriverBins> sums;
  Wide all = 0;
  for (int b = 0; b < kDriverBins; ++b) all += sums[b] = s.difference ? own[b] - reference[b] : own[b];
  const Centre centre(all, n);
  BinnedSums binned{};
  for (int b = 0; b < kDriverBins; ++b) {
    binned.count[b] = static_cast<double>(counts[b]);
    binned.about_mean[b] = centre.about(sums[b], counts[b]);
  }
  binned.replicates = shape.replicates;
  binned.worlds = static_cast<double>(n / shape.replicates);
  binned.variance = s.variance;
  binned.world_variance = s.world_variance;
  binned.ordered = ordered;
  return binned;
}

void standardise(const OutputSeries& s, const Probe& probe, int stride, double* means, double* squares) {
  const float *own = probe.values(s.output), *reference = probe.values(s.reference);
  const double mean = s.mean * s.unit, sd = std::sqrt(s.variance) * s.unit, replicates = probe.replicates;
  for (int w = 0, i = 0; w < probe.worlds; ++w) {
    double sum = 0, square = 0;
    for (int r = 0; r < probe.replicates; ++r, ++i) {
      const double x = s.difference ? static_cast<double>(own[i] - reference[i]) : static_cast<double>(own[i]), z = (x - mean) / sd;
      sum += z;
      square += z * z;
    }
    means[static_cast<std::size_t>(w) * stride] = sum / replicates;
    squares[static_cast<std::size_t>(w) * stride] = square / replicates;
  }
}

}  // namespace chokepoint
