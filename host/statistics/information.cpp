// EVPPI from means within bins, corrected for the optimism of choosing the best of noisy means.
// SPDX-License-Identifier: Apache-2.0
#include "information.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <random>

#include "../run/plan.h"
#include "estimate.h"
#include "probe.h"

namespace chokepoint {

namespace {

constexpr int kWorthThreads = 64;  // drivers of all decisions
constexpr int kDraws = 64;         // for each bin, and as many with the opposite sign

// Standard normals, always the same, rounded to float: (bin, draw, policy).
std::vector<double> standard_normals(int policies) {
  std::mt19937_64 words;
  const boost::math::normal_distribution<double> normal;
  std::vector<double> z(std::size_t(kDriverBins) * kDraws * policies);
  for (double& x : z) x = static_cast<float>(quantile(normal, (static_cast<double>(words() >> 12) + 0.5) * 0x1p-52));
  return z;
}

// The gains of every policy over the one that is best knowing nothing: all that a choice depends on.
class Choice {
 public:
  explicit Choice(const InformationInput& input) : in_(input), normals_(standard_normals(input.policies)) {
    for (int p = 1; p < in_.policies; ++p)
      if (in_.sign * in_.mean[p] > in_.sign * in_.mean[best_]) best_ = p;
    for (int p = 0; p < in_.policies; ++p)
      for (int w = 0; w < in_.probed; ++w) gains_.push_back(in_.sign * (value(p, w) - value(best_, w)));
  }

  int best() const { return best_; }

  Estimate perfect() const {
    double sum = 0, squares = 0;
    for (int w = 0; w < in_.probed; ++w) {
      double most = 0;
      for (int p = 0; p < in_.policies; ++p) most = std::max(most, gain(p, w));
      sum += most;
      squares += most * most;
    }
    const double n = in_.probed;
    return {sum / n, std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1) / n)};
  }

  Estimate partial(int driver) const {
    const int policies = in_.policies;
    std::vector<double> mean(std::size_t(policies) * kDriverBins);  // (policy, bin) gains
    const double* share = in_.bin_share.data() + std::size_t(driver) * kDriverBins;
    for (int p = 0; p < policies; ++p)
      for (int b = 0; b < kDriverBins; ++b)
        mean[p * kDriverBins + b] = share[b] > 0 ? in_.sign * (bin_mean(p, driver, b) - bin_mean(best_, driver, b)) : 0;
    std::array<int, kDriverBins> chosen{};
    double value = 0;
    for (int b = 0; b < kDriverBins; ++b) {
      chosen[b] = best_;
      for (int p = 0; p < policies; ++p)
        if (mean[p * kDriverBins + b] > mean[chosen[b] * kDriverBins + b]) chosen[b] = p;
      value += share[b] * mean[chosen[b] * kDriverBins + b];
    }
    const std::vector<double> noise = covariance(driver, mean);
    return {value - optimism(mean, share, noise), std::sqrt(variance_of_gain(driver, chosen) / in_.worlds)};
  }

 private:
  double value(int policy, int world) const { return in_.values[std::size_t(policy) * in_.probed + world]; }
  double gain(int policy, int world) const { return gains_[std::size_t(policy) * in_.probed + world]; }
  double bin_mean(int policy, int driver, int bin) const {
    return in_.bin_mean[(std::size_t(policy) * in_.drivers + driver) * kDriverBins + bin];
  }
  const std::uint8_t* bins(int driver) const { return in_.bins.data() + std::size_t(driver) * in_.probed; }

  // With the choices fixed, EVPPI is the mean of what they gain over the best.
  double variance_of_gain(int driver, const std::array<int, kDriverBins>& chosen) const {
    double sum = 0, squares = 0;
    for (int w = 0; w < in_.probed; ++w) {
      const double z = gain(chosen[bins(driver)[w]], w);
      sum += z;
      squares += z * z;
    }
    return std::max(0.0, squares - sum * sum / in_.probed) / (in_.probed - 1);
  }

  // Of the gains of a world about the means of its bin: (policy, policy).
  std::vector<double> covariance(int driver, const std::vector<double>& mean) const {
    const int policies = in_.policies;
    std::vector<double> result(std::size_t(policies) * policies), rest(policies);
    for (int w = 0; w < in_.probed; ++w) {
      const int b = bins(driver)[w];
      for (int p = 0; p < policies; ++p) rest[p] = gain(p, w) - mean[p * kDriverBins + b];
      for (int p = 0; p < policies; ++p)
        for (int q = 0; q <= p; ++q) result[p * policies + q] += rest[p] * rest[q];
    }
    for (double& x : result) x /= in_.probed;
    return result;
  }

  // Cholesky, by rows; a policy that never differs from others before it has no noise of its own.
  static void factorise(std::vector<double>& matrix, int n) {
    for (int i = 0; i < n; ++i)
      for (int j = 0; j <= i; ++j) {
        double rest = matrix[i * n + j];
        for (int k = 0; k < j; ++k) rest -= matrix[i * n + k] * matrix[j * n + k];
        if (i == j)
          matrix[i * n + j] = rest > 1e-12 * matrix[i * n + j] ? std::sqrt(std::max(0.0, rest)) : 0;
        else
          matrix[i * n + j] = matrix[j * n + j] > 0 ? rest / matrix[j * n + j] : 0;
      }
  }

  // By how much noise lifts the mean of the maxima: a parametric bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap",
  // 1993, 6.5) about bin means that are first drawn together (James and Stein, 1961): as they are they have been spread by the noise
  // once already, and much of the bias would be missed. A spread of up to kClear times that of noise alone counts as noise: two
  // standard errors of it, so that what is worth nothing is seldom said to be worth something.
  double optimism(const std::vector<double>& mean, const double* share, std::vector<double> noise) const {
    constexpr double kClear = 1.5;
    const int policies = in_.policies;
    std::vector<double> smooth(mean.size()), overall(policies);
    for (int p = 0; p < policies; ++p) {
      double between = 0;
      for (int b = 0; b < kDriverBins; ++b) overall[p] += share[b] * mean[p * kDriverBins + b];
      for (int b = 0; b < kDriverBins; ++b) {
        const double off = mean[p * kDriverBins + b] - overall[p];
        between += share[b] * off * off;
      }
      const double chance = (kDriverBins - 1) * noise[p * policies + p] / in_.worlds;
      const double kept = between > kClear * chance ? 1 - kClear * chance / between : 0;
      for (int b = 0; b < kDriverBins; ++b) smooth[p * kDriverBins + b] = std::lerp(overall[p], mean[p * kDriverBins + b], kept);
    }
    factorise(noise, policies);
    double lifted = 0;
    std::vector<double> draw(policies);
    for (int b = 0; b < kDriverBins; ++b) {
      const double scale = share[b] > 0 ? 1 / std::sqrt(share[b] * in_.worlds) : 0, whole = 1 / std::sqrt(in_.worlds);
      double still = 0, sum = 0;
      for (int p = 0; p < policies; ++p) still = std::max(still, smooth[p * kDriverBins + b]);
      for (int k = 0; k < kDraws; ++k) {
        correlated(noise, normals_.data() + (std::size_t(b) * kDraws + k) * policies, draw);
        double up = 0, down = 0, all_up = 0, all_down = 0;
        for (int p = 0; p < policies; ++p) {
          const double at = smooth[p * kDriverBins + b], step = scale * draw[p], small = whole * draw[p];
          up = std::max(up, at + step);
          down = std::max(down, at - step);
          all_up = std::max(all_up, overall[p] + small);
          all_down = std::max(all_down, overall[p] - small);
        }
        sum += (up + down) / 2 - (all_up + all_down) / 2;
      }
      lifted += share[b] * (sum / kDraws - still);
    }
    return lifted;
  }

  static void correlated(const std::vector<double>& factor, const double* z, std::vector<double>& out) {
    const int n = static_cast<int>(out.size());
    for (int p = 0; p < n; ++p) {
      out[p] = 0;
      for (int q = 0; q <= p; ++q) out[p] += factor[p * n + q] * z[q];
    }
  }

  const InformationInput& in_;
  std::vector<double> normals_, gains_;  // gains: (policy, world)
  int best_ = 0;
};

InformationInput information_input(const Scenario& scenario, const Tallies& tallies, const Probe& probe, int metric) {
  const Shape& shape = tallies.shape;
  InformationInput in;
  in.policies = shape.policies;
  in.drivers = shape.drivers;
  in.sign = scenario.model->metrics[metric].direction == Direction::kHigher ? 1 : -1;
  const double n = static_cast<double>(tallies.trajectories), unit = std::ldexp(1.0, scenario.model->metrics[metric].log2_unit);
  in.worlds = n / shape.replicates;
  in.probed = probe.worlds;
  for (int p = 0; p < shape.policies; ++p) {
    const std::size_t output = shape.output(p, shape.times - 1, metric), bins = std::size_t(shape.drivers) * kDriverBins;
    in.mean.push_back(static_cast<double>(tallies.sums[shape.cell(p, metric, shape.records - 1)].units) * unit / n);
    for (std::size_t i = 0; i < bins; ++i)
      in.bin_mean.push_back(static_cast<double>(tallies.bin_sums[output * bins + i]) * unit / static_cast<double>(tallies.bin_counts[i]));
    const float* values = probe.values(output);
    for (int w = 0; w < probe.worlds; ++w) {
      double sum = 0;
      for (int r = 0; r < probe.replicates; ++r) sum += static_cast<double>(values[w * probe.replicates + r]);
      in.values.push_back(sum / probe.replicates);
    }
  }
  for (const std::int64_t count : tallies.bin_counts) in.bin_share.push_back(static_cast<double>(count) / n);
  for (int d = 0; d < shape.drivers; ++d) in.bins.insert(in.bins.end(), probe.bins(d), probe.bins(d) + probe.worlds);
  return in;
}

}  // namespace

Information value_of_information(const InformationInput& input) {
  Information result;
  const bool enough = input.worlds >= kFewestPerBin * kDriverBins && input.probed >= kFewestProbed;
  const bool finite = std::ranges::all_of(input.values, [](double x) { return std::isfinite(x); });
  result.partial.assign(input.drivers, Estimate{kNaN, kNaN});
  result.perfect = {kNaN, kNaN};
  if (!enough || !finite) return result;
  const Choice choice(input);
  result.best = choice.best();
  result.perfect = choice.perfect();
  for (int d = 0; d < input.drivers; ++d) result.partial[d] = choice.partial(d);
  return result;
}

namespace {

// The regret of the best policy was tallied in all trajectories, or worlds.
Information of_decision(const Scenario& scenario, const Tallies& tallies, const Probe& probe, int decision) {
  const Shape& shape = tallies.shape;
  const int metric = decided_metrics(*scenario.model)[decision];
  Information result = value_of_information(information_input(scenario, tallies, probe, metric));
  bool finite = true;
  for (int p = 0; p < shape.policies; ++p)
    finite = finite && tallies.slots[shape.cell(p, metric, shape.records - 1) * kSlots + kNonFinite] == 0;
  if (!finite) {
    result.perfect = {kNaN, kNaN};
    result.partial.assign(shape.drivers, Estimate{kNaN, kNaN});
  } else if (std::isfinite(result.perfect.value)) {
    const CellSums& regret = tallies.regret_sums[shape.choice(shape.bases() - 1, decision, result.best)];
    const auto worlds = static_cast<std::int64_t>(tallies.trajectories) / shape.replicates;
    const MeanError mean = mean_error(regret, worlds, static_cast<double>(worlds), scenario.model->metrics[metric].log2_unit);
    result.perfect = {mean.mean, mean.standard_error};
  }
  return result;
}

}  // namespace

std::vector<Information> derive_information(const Scenario& scenario, const Tallies& tallies, const Sample& sample) {
  std::vector<Information> result(tallies.shape.times > 0 ? tallies.shape.decisions : 0);
  const Probe probe(tallies, sample);
#pragma omp parallel for schedule(dynamic) if (tallies.shape.drivers * tallies.shape.decisions > kWorthThreads)
  for (int d = 0; d < static_cast<int>(result.size()); ++d) result[d] = of_decision(scenario, tallies, probe, d);
  return result;
}

Information derive_information(const Scenario& scenario, const Tallies& tallies, const Sample& sample, int decision) {
  return of_decision(scenario, tallies, Probe(tallies, sample), decision);
}

std::array<double, 2> information_bounds(const Estimate& e) {
  const Interval interval = mean_interval(e.value, e.standard_error);
  const auto bound = [](double x) { return x < 0 ? 0 : x; };
  return {bound(interval.low), bound(interval.high)};
}

}  // namespace chokepoint
