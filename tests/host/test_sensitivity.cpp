// First-order indices, PAWN and the split of variance: closed forms, published values, and how often 95 % intervals hold the truth.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "../../host/statistics/output_series.h"
#include "../../host/statistics/pawn.h"
#include "../../host/statistics/sensitivity.h"
#include "small_run.h"

namespace chokepoint {
namespace {

constexpr double kPi = std::numbers::pi;

double normal_cdf_at(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }
double normal_quantile_at(double u) {
  double low = -9, high = 9;
  for (int i = 0; i < 60; ++i) (normal_cdf_at((low + high) / 2) < u ? low : high) = (low + high) / 2;
  return low;
}

SensitivityStatistics derive(const SmallRun& run) { return derive_sensitivity(run.s, *run.tallies, *run.sample); }
Estimate first_order(const SmallRun& run, const SensitivityStatistics& s, int policy, int driver) {
  return s.first_order[run.shape.output(policy, 0, SmallRun::kMetric) * run.shape.drivers + driver];
}
Estimate difference(const SmallRun& run, const SensitivityStatistics& s, int policy, int driver) {
  return s.difference_first_order[run.shape.output(policy, 0, SmallRun::kMetric) * run.shape.drivers + driver];
}

void add(Coverage& coverage, const Estimate& e, double truth) { coverage.add(e.value, e.standard_error, truth); }
void expect_nominal(const Coverage& c, const char* what) {
  EXPECT_GE(c.share(), 0.935) << what << ": bias " << c.bias() << " spread " << c.spread() << " error " << c.mean_error();
  EXPECT_LE(c.share(), 0.965) << what << ": bias " << c.bias() << " spread " << c.spread() << " error " << c.mean_error();
}

// ---- the index from sums

// Without noise: the sums of a function of a uniform over an endless run.
template <class F>
BinnedIndex index_of(F f, bool ordered = true) {
  constexpr int kPoints = 1 << 12;  // of a bin
  BinnedSums sums{};
  double mean = 0, square = 0;
  for (int i = 0; i < kDriverBins * kPoints; ++i) {
    const double y = f((i + 0.5) / (kDriverBins * kPoints));
    mean += y / (kDriverBins * kPoints);
    square += y * y / (kDriverBins * kPoints);
  }
  sums.worlds = 1e12;
  sums.replicates = 1;
  sums.variance = sums.world_variance = square - mean * mean;
  sums.ordered = ordered;
  for (int i = 0; i < kDriverBins * kPoints; ++i)
    sums.about_mean[i / kPoints] += (f((i + 0.5) / (kDriverBins * kPoints)) - mean) * sums.worlds / (kDriverBins * kPoints);
  sums.count.fill(sums.worlds / kDriverBins);
  return binned_index(sums, 1);
}

TEST(FirstOrder, ExtrapolatesWhatBinsLose) {
  const auto lognormal = [](double sd) { return [sd](double u) { return std::exp(sd * normal_quantile_at(u)); }; };
  const auto expect = [](const BinnedIndex& index, double lost, double left) {
    EXPECT_NEAR(1 - index.index, lost, 0.02 * lost);  // lost in 32 bins
    EXPECT_LT(std::abs(1 - index.index - index.correction), left);
    EXPECT_LE(std::abs(1 - index.index - index.correction), 0.2 * index.correction);
  };
  expect(index_of(normal_quantile_at), 0.0092, 0.001);
  expect(index_of(lognormal(0.3)), 0.0181, 0.002);
  expect(index_of(lognormal(0.7)), 0.0740, 0.002);
  expect(index_of([](double u) { return u; }), 1.0 / 1024, 1e-6);
  expect(index_of([](double u) { return std::pow(std::sin(kPi * (2 * u - 1)), 2); }), 0.0128, 0.0015);
}

TEST(FirstOrder, BinsOfAMixtureHaveNoOrder) {
  const BinnedIndex index = index_of([](double u) { return u; }, false);
  EXPECT_EQ(index.correction, 0);
  EXPECT_NEAR(index.index, 1 - 1.0 / 1024, 1e-6);
}

// Epsilon squared by its textbook formula, from the values themselves.
TEST(FirstOrder, IsEpsilonSquared) {
  SmallRun run(1, 1);
  std::vector<double> values;
  std::vector<int> bins;
  run.s.parameters[0].prior.kind = Prior::Kind::kMixture;
  run.run(7, 500, [&](int, const double* world, const double* chance) {
    values.push_back(std::floor(world[0] * 3) + chance[0]);
    bins.push_back(static_cast<int>(world[0] * kDriverBins));
    return values.back();
  });
  double mean = 0, ssb = 0, sst = 0, used = 0;
  for (const double y : values) mean += y / 500;
  for (const double y : values) sst += (y - mean) * (y - mean);
  for (int b = 0; b < kDriverBins; ++b) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (bins[i] == b) sum += values[i] - mean, ++count;
    if (count > 0) ssb += sum * sum / count, ++used;
  }
  const double expected = (ssb - (used - 1) * (sst - ssb) / (500 - used)) / sst;
  EXPECT_NEAR(first_order(run, derive(run), 0, 0).value, expected, 1e-5);
}

TEST(FirstOrder, IsMissingWhereItCannotBeHad) {
  SmallRun run(1, 1);
  const auto linear = [](int, const double* world, const double* chance) { return world[0] + chance[0]; };
  run.run(1, 319, linear);  // fewer than ten a bin
  EXPECT_TRUE(std::isnan(first_order(run, derive(run), 0, 0).value));
  run.run(1, 320, linear);
  EXPECT_TRUE(std::isfinite(first_order(run, derive(run), 0, 0).value));
  EXPECT_TRUE(std::isfinite(first_order(run, derive(run), 0, 0).standard_error));
  ++run.tallies->slots[run.shape.cell(0, SmallRun::kMetric, 0) * kSlots + kNonFinite];
  EXPECT_TRUE(std::isnan(first_order(run, derive(run), 0, 0).value));
  run.run(1, 1000, [](int, const double*, const double*) { return 3.0; });  // no variance
  EXPECT_TRUE(std::isnan(first_order(run, derive(run), 0, 0).value));
  run.run(1, 1000, [](int, const double* world, const double*) { return world[0] * 0x1p23; });  // beyond the limit of the sums
  EXPECT_TRUE(std::isnan(first_order(run, derive(run), 0, 0).value));
}

// ---- published values

struct Ishigami {
  static constexpr double a = 7, b = 0.1;
  static double at(const double* u) {
    const double x = kPi * (2 * u[0] - 1), y = kPi * (2 * u[1] - 1), z = kPi * (2 * u[2] - 1);
    return std::sin(x) + a * std::sin(y) * std::sin(y) + b * z * z * z * z * std::sin(x);
  }
  static constexpr double kFirstOrder[] = {0.313905, 0.442411, 0};  // Ishigami and Homma, 1990; Saltelli et al., 2008, 4.7
};

TEST(FirstOrder, OfTheIshigamiFunction) {
  SmallRun run(1, 3);
  run.run(11, 200'000, [](int, const double* world, const double*) { return Ishigami::at(world); });
  const SensitivityStatistics s = derive(run);
  for (int d = 0; d < 3; ++d) {
    const Estimate e = first_order(run, s, 0, d);
    EXPECT_NEAR(e.value, Ishigami::kFirstOrder[d], 3 * e.standard_error) << d;
    EXPECT_LT(e.standard_error, 0.003);
  }
}

TEST(FirstOrder, OfTheSobolFunction) {
  constexpr double a[] = {0, 1, 4.5, 9, 99, 99, 99, 99};
  SmallRun run(1, 8);
  run.run(12, 200'000, [&](int, const double* world, const double*) {
    double product = 1;
    for (int d = 0; d < 8; ++d) product *= (std::abs(4 * world[d] - 2) + a[d]) / (1 + a[d]);
    return product;
  });
  const SensitivityStatistics s = derive(run);
  double variance = 1;
  for (const double x : a) variance *= 1 + 1 / (3 * (1 + x) * (1 + x));
  for (int d = 0; d < 8; ++d) {
    const Estimate e = first_order(run, s, 0, d);
    EXPECT_NEAR(e.value, 1 / (3 * (1 + a[d]) * (1 + a[d])) / (variance - 1), 3 * e.standard_error) << d;  // Saltelli and Sobol', 1995
  }
  EXPECT_NEAR(first_order(run, s, 0, 0).value, 0.716, 0.01);  // as printed there
}

// ---- coverage, over 1,000 runs

constexpr int kRuns = 1000, kWorlds = 4096;

// The distance of the law of a z + noise within eighths of z from the whole, without sampling.
double pawn_of_normal(double a, double noise) {
  constexpr int kPoints = 200;
  const double total = std::hypot(a, noise);
  double sum = 0;
  for (int b = 0; b < kPawnBins; ++b) {
    std::vector<double> z;
    for (int i = 0; i < kPoints; ++i) z.push_back(normal_quantile_at((b + (i + 0.5) / kPoints) / kPawnBins));
    double most = 0;
    for (double t = -3 * total; t < 3 * total; t += total / 50) {
      double below = 0;
      for (const double x : z) below += normal_cdf_at((t - a * x) / noise) / kPoints;
      most = std::max(most, std::abs(below - normal_cdf_at(t / total)));
    }
    sum += most / kPawnBins;
  }
  return sum;
}

TEST(Coverage, OfAdditiveNormals) {
  constexpr double a[] = {0, 0.3, 1, 2}, variance = 1 + 0.09 + 1 + 4;
  SmallRun run(2, 4);
  Coverage index[4], differences, no_difference, pawns[4], policy;
  double pawn_truth[4];
  for (int d = 0; d < 4; ++d) pawn_truth[d] = pawn_of_normal(a[d], std::sqrt(variance - a[d] * a[d]));
  for (int i = 0; i < kRuns; ++i) {
    run.run(static_cast<unsigned>(i), kWorlds, [&](int p, const double* world, const double* chance) {
      double y = normal_at(chance[0]);
      for (int d = 1; d < 4; ++d) y += a[d] * normal_at(world[d]);
      return p == 0 ? y : y + 0.5 + 0.5 * normal_at(world[1]) + normal_at(chance[1]);
    });
    const SensitivityStatistics s = derive(run);
    for (int d = 0; d < 4; ++d) {
      add(index[d], first_order(run, s, 0, d), a[d] * a[d] / variance);
      add(pawns[d], s.pawn[static_cast<std::size_t>(SmallRun::kMetric * 4 + d)], pawn_truth[d]);
    }
    add(differences, difference(run, s, 1, 1), 0.2);
    add(no_difference, difference(run, s, 1, 3), 0);
    const double within = (variance + variance - 0.09 + 0.64 + 1) / 2;
    add(policy, s.variance_share[kFromPolicy + SmallRun::kMetric * kVarianceSources], 0.0625 / (0.0625 + within));
  }
  expect_nominal(index[0], "index 0");
  expect_nominal(index[1], "index 0.015");
  expect_nominal(index[2], "index 0.16");
  expect_nominal(index[3], "index 0.66");
  EXPECT_LT(std::abs(index[0].bias()), 3 * index[0].spread() / std::sqrt(kRuns));  // no bias at zero
  expect_nominal(differences, "difference 0.2");
  expect_nominal(no_difference, "difference 0");
  expect_nominal(pawns[0], "PAWN 0");
  expect_nominal(pawns[2], "PAWN 0.14");
  expect_nominal(pawns[3], "PAWN 0.35");
  EXPECT_GE(pawns[1].share(), 0.89) << "PAWN 0.04";  // a few standard errors from zero its places are often missed
  expect_nominal(policy, "policy's share of the variance");
}

TEST(Coverage, OfTheIshigamiFunction) {
  SmallRun run(1, 3);
  Coverage index[3];
  for (int i = 0; i < kRuns; ++i) {
    run.run(static_cast<unsigned>(i), 2 * kWorlds, [](int, const double* world, const double*) { return Ishigami::at(world); });
    const SensitivityStatistics s = derive(run);
    for (int d = 0; d < 3; ++d) add(index[d], first_order(run, s, 0, d), Ishigami::kFirstOrder[d]);
  }
  expect_nominal(index[0], "first");
  expect_nominal(index[1], "second");
  // Nearly all of its variance lies in the outermost bins: skewed, so that intervals hold the truth more often.
  EXPECT_GE(index[2].share(), 0.935);
  EXPECT_LT(std::abs(index[2].bias()), 3 * index[2].spread() / std::sqrt(kRuns));
}

TEST(Coverage, OfReplicatedWorlds) {
  SmallRun run(2, 2, 4);
  Coverage index[2], differences[2], shares[kVarianceSources];
  for (int i = 0; i < kRuns; ++i) {
    run.run(static_cast<unsigned>(i), 2048, [](int p, const double* world, const double* chance) {
      const double x = normal_at(world[0]), y = normal_at(world[1]), base = 0.5 * x + y + normal_at(chance[0]);
      return p == 0 ? base : base + 1 + 0.5 * x + normal_at(chance[1]);
    });
    const SensitivityStatistics s = derive(run);
    add(index[0], first_order(run, s, 0, 0), 0.25 / 2.25);
    add(index[1], first_order(run, s, 0, 1), 1 / 2.25);
    add(differences[0], difference(run, s, 1, 0), 0.2);
    add(differences[1], difference(run, s, 1, 1), 0);
    const double parts[] = {0.25, (1.25 + 2) / 2, (1 + 2) / 2.0}, total = parts[0] + parts[1] + parts[2];
    for (int k = 0; k < kVarianceSources; ++k) add(shares[k], s.variance_share[static_cast<std::size_t>(k)], parts[k] / total);
  }
  expect_nominal(index[0], "index 0.11");
  expect_nominal(index[1], "index 0.44");
  expect_nominal(differences[0], "difference 0.2");
  EXPECT_GE(differences[1].share(), 0.935) << "difference 0";
  expect_nominal(shares[kFromPolicy], "policy");
  expect_nominal(shares[kFromParameters], "parameters");
  expect_nominal(shares[kFromChance], "chance");
}

// ---- the rest

TEST(Variance, PartsAddUpToTheWhole) {
  SmallRun run(3, 2, 2);
  run.run(3, 500, [](int p, const double* world, const double* chance) { return p + world[0] * (1 + p) + 0.3 * chance[0]; });
  const SensitivityStatistics s = derive(run);
  double sum = 0;
  for (int k = 0; k < kVarianceSources; ++k) sum += s.variance_share[static_cast<std::size_t>(k)].value;
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(Variance, OneReplicateDoesNotTellParametersFromChance) {
  SmallRun run(2, 1);
  run.run(3, 500, [](int p, const double* world, const double* chance) { return p + world[0] + chance[0]; });
  const SensitivityStatistics s = derive(run);
  EXPECT_NEAR(s.variance_share[kFromPolicy].value, 0.25 / (0.25 + 1.0 / 6), 0.03);
  EXPECT_TRUE(std::isnan(s.variance_share[kFromParameters].value));
  EXPECT_TRUE(std::isnan(s.variance_share[kFromChance].value));
}

TEST(Pawn, OfAnOutcomeThatSaysWhichHalf) {
  SmallRun run(1, 2);
  run.run(5, kWorlds, [](int, const double* world, const double*) { return world[0] < 0.5 ? 0.0 : 1.0; });
  const SensitivityStatistics s = derive(run);
  EXPECT_NEAR(s.pawn[0].value, 0.5, 3 * s.pawn[0].standard_error + 1e-9);  // every bin lies wholly on one side of the whole
  EXPECT_NEAR(s.pawn[1].value, 0, 3 * s.pawn[1].standard_error);
}

TEST(Pawn, NeedsEnoughOfEachWorld) {
  const std::vector<float> values(639, 1.0f);
  const std::vector<std::uint8_t> bins(639, 0);
  EXPECT_TRUE(std::isnan(pawn(pawn_slots(values), bins.data()).value));
}

}  // namespace
}  // namespace chokepoint
