// The three-way split of variance, with errors by influence functions.
// SPDX-License-Identifier: Apache-2.0
#include "variance_split.h"

#include <array>
#include <cmath>

namespace chokepoint {

namespace {

constexpr int kParts = 3;

using Parts = std::array<double, kParts>;  // by VarianceSource; without replicates all within policies is kFromParameters

double total(const Parts& parts) { return parts[0] + parts[1] + parts[2]; }

// Of one policy, all replicates of a world together.
Parts within(const OutputSeries& s, double worlds, double replicates) {
  if (replicates == 1) return {0, s.variance, 0};
  const double n = worlds * replicates;
  const double chance = (s.variance * (n - 1) - replicates * s.world_variance * (worlds - 1)) / (worlds * (replicates - 1));
  return {0, s.world_variance - chance / replicates, chance};
}

// What each world of the probe adds to the parts.
struct Influence {
  std::vector<Parts> parts;  // (world)
  double mean_noise = 0;     // variance between policies of a world's distance from their means, averaged over worlds
};

Influence influence(std::span<const OutputSeries* const> policies, double grand_mean, const Probe& probe) {
  const double count = static_cast<double>(policies.size()), replicates = probe.replicates;
  const int n = probe.worlds;
  std::vector<double> a(n), q(n), sum(n), squares(n);
  Influence result;
  result.parts.resize(n);
  for (const OutputSeries* s : policies) {
    standardise(*s, probe, 1, a.data(), q.data());
    const double sd = std::sqrt(s->variance);
    for (int w = 0; w < n; ++w) {
      const double x = sd * a[w], square = s->variance * q[w];
      const double chance = replicates > 1 ? (square - x * x) * replicates / (replicates - 1) : 0;
      result.parts[w][kFromPolicy] += 2 * (s->mean - grand_mean) * x / count;
      result.parts[w][kFromParameters] += (replicates > 1 ? x * x - chance / replicates : square) / count;
      result.parts[w][kFromChance] += chance / count;
      sum[w] += x;
      squares[w] += x * x;
    }
  }
  for (int w = 0; w < n; ++w) result.mean_noise += (squares[w] - sum[w] * sum[w] / count) / count / n;
  return result;
}

}  // namespace

VarianceSplit split_variance(std::span<const OutputSeries* const> policies, double worlds, const Probe& probe) {
  constexpr Estimate kMissing = {kNaN, kNaN};
  VarianceSplit split{kNaN, {kMissing, kMissing, kMissing}};
  for (const OutputSeries* s : policies)
    if (!s->known) return split;
  if (probe.worlds < kFewestProbed) return split;
  const double count = static_cast<double>(policies.size());
  Parts parts{};
  double grand_mean = 0;
  for (const OutputSeries* s : policies) grand_mean += s->mean / count;
  const Influence influences = influence(policies, grand_mean, probe);
  const double noise = influences.mean_noise / worlds;  // of the means, which adds to the variance between them
  for (const OutputSeries* s : policies) {
    const Parts own = within(*s, worlds, probe.replicates);
    parts[kFromPolicy] += (s->mean - grand_mean) * (s->mean - grand_mean) / count;
    for (const int source : {kFromParameters, kFromChance}) parts[source] += own[source] / count;
  }
  parts[kFromPolicy] -= noise;
  const double variance = total(parts), unit = policies.front()->unit;
  split.variance = variance * unit * unit;
  for (int source = 0; source < (probe.replicates > 1 ? kParts : 1); ++source) {
    const double share = parts[source] / variance;
    double sum = 0, squares = 0;
    for (const Parts& world : influences.parts) {
      const double psi = (world[source] - share * total(world)) / variance;
      sum += psi;
      squares += psi * psi;
    }
    const double linear = (squares - sum * sum / probe.worlds) / (probe.worlds - 1) / worlds;
    const double degenerate = source == kFromPolicy ? noise / variance : 0;  // at most one degree of freedom
    split.share[source] = {share, std::sqrt(linear + 2 * degenerate * degenerate)};
  }
  return split;
}

}  // namespace chokepoint
