// Indices from pure numbers: closed forms, published values, exact zeros and the coverage of 95 % intervals.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/constants/constants.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "../../host/statistics/total_indices.h"

namespace chokepoint {
namespace {

constexpr double kPi = boost::math::constants::pi<double>(), kHalfWidth = 1.959963984540054;

using Point = std::vector<double>;

// A function of uniforms on [0, 1] with its indices.
struct Known {
  int factors;
  std::function<double(const Point&)> value;
  std::vector<double> first_order, total;
};

// Ishigami and Homma 1990 with A = 7, B = 0.1.
Known ishigami() {
  const double a = 7, b = 0.1, v1 = std::pow(1 + b * std::pow(kPi, 4) / 5, 2) / 2, v2 = a * a / 8,
               v13 = b * b * std::pow(kPi, 8) * (1 / 18.0 - 1 / 50.0), v = v1 + v2 + v13;
  const auto value = [=](const Point& u) {
    const auto angle = [&](int k) { return kPi * (2 * u[k] - 1); };
    return std::sin(angle(0)) * (1 + b * std::pow(angle(2), 4)) + a * std::pow(std::sin(angle(1)), 2);
  };
  return {3, value, {v1 / v, v2 / v, 0}, {(v1 + v13) / v, v2 / v, v13 / v}};
}

// Saltelli and Sobol' 1995: V_i = 1 / (3 (1 + a_i)^2), V = prod (1 + V_i) - 1.
Known sobol_g(const std::vector<double>& a = {0, 1, 4.5, 9, 99, 99, 99, 99}) {
  double all = 1;
  for (const double x : a) all *= 1 + 1 / (3 * (1 + x) * (1 + x));
  Known known{static_cast<int>(a.size()), {}, {}, {}};
  known.value = [a](const Point& u) {
    double g = 1;
    for (std::size_t i = 0; i < a.size(); ++i) g *= (std::fabs(4 * u[i] - 2) + a[i]) / (1 + a[i]);
    return g;
  };
  for (const double x : a) {
    const double own = 1 / (3 * (1 + x) * (1 + x));
    known.first_order.push_back(own / (all - 1));
    known.total.push_back(own * all / (1 + own) / (all - 1));
  }
  return known;
}

IndexSums sampled(const Known& known, std::uint64_t seed, int worlds, double shift = 0) {
  std::mt19937_64 random(seed);
  IndexSums sums(known.factors);
  for (int s = 0; s < kSections; ++s) {
    const int count = worlds * (s + 1) / kSections - worlds * s / kSections;
    std::vector<double> a, b;
    std::vector<std::vector<double>> c(known.factors);
    for (int i = 0; i < count; ++i) {
      Point x(known.factors), y(known.factors);
      for (Point* point : {&x, &y})
        for (double& u : *point) u = static_cast<double>(random() >> 11) * 0x1p-53;
      a.push_back(known.value(x) - shift);
      b.push_back(known.value(y) - shift);
      for (int k = 0; k < known.factors; ++k) {
        Point mixed = x;
        mixed[k] = y[k];
        c[k].push_back(known.value(mixed) - shift);
      }
    }
    sums.add_base(a, b);
    for (int k = 0; k < known.factors; ++k) {
      sums.add(k, a, b, c[k]);
      sums.end_section(k);
    }
  }
  return sums;
}

TEST(TotalIndices, KnownFormulasGiveThePublishedValues) {
  const Known known = ishigami();
  EXPECT_NEAR(known.first_order[0], 0.3139, 5e-5);
  EXPECT_NEAR(known.first_order[1], 0.4424, 5e-5);
  EXPECT_NEAR(known.total[0], 0.5576, 5e-5);
  EXPECT_NEAR(known.total[2], 0.2437, 5e-5);
  // The tests of SALib (tests/test_test_functions.py).
  EXPECT_NEAR(sobol_g().value(Point(8)), 4.0583, 1e-4);
  const Known g = sobol_g({78, 12, 0.5, 2, 97, 33});
  const double first[] = {0.000276, 0.010195, 0.765743, 0.191436, 0.000179, 0.001490};
  for (int k = 0; k < 6; ++k) EXPECT_NEAR(g.first_order[k], first[k], 1e-6) << k;
}

TEST(TotalIndices, AreFoundWithinTheirErrors) {
  for (const Known& known : {ishigami(), sobol_g()}) {
    const IndexSums sums = sampled(known, 1, 50'000);
    double sum = 0;
    for (int k = 0; k < known.factors; ++k) {
      const Estimate total = sums.total(k), first = sums.first_order(k);
      EXPECT_NEAR(total.value, known.total[k], 5 * total.standard_error) << k;
      EXPECT_NEAR(first.value, known.first_order[k], 5 * first.standard_error) << k;
      EXPECT_LT(total.standard_error, 0.02 * known.total[k]);
      EXPECT_LT(first.standard_error, 0.01);
      sum += known.first_order[k];
    }
    EXPECT_NEAR(sums.first_order_sum().value, sum, 5 * sums.first_order_sum().standard_error);
  }
}

// Errors by brute force: the formulas written out for single worlds, with every world's influence.
TEST(TotalIndices, StandardErrorsAreThoseOfTheInfluenceFunction) {
  std::mt19937_64 random(3);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  const int n = 1000;
  std::vector<double> a, b, c;
  for (int i = 0; i < n; ++i) {
    const double x1 = uniform(), x2 = uniform(), y1 = uniform(), y2 = uniform();
    const auto f = [](double x, double y) { return std::exp(x) + 2 * x * y; };
    a.push_back(f(x1, x2));
    b.push_back(f(y1, y2));
    c.push_back(f(y1, x2));
  }
  const auto correlation = [&](const std::vector<double>& x, const std::vector<double>& y, std::vector<double>& influence) {
    double mean = 0, variance = 0, product = 0;
    for (int i = 0; i < n; ++i) mean += (x[i] + y[i]) / 2 / n;
    for (int i = 0; i < n; ++i) {
      variance += (std::pow(x[i] - mean, 2) + std::pow(y[i] - mean, 2)) / 2 / n;
      product += (x[i] - mean) * (y[i] - mean) / n;
    }
    const double r = product / variance;
    for (int i = 0; i < n; ++i)
      influence.push_back(((x[i] - mean) * (y[i] - mean) - r * (std::pow(x[i] - mean, 2) + std::pow(y[i] - mean, 2)) / 2) / variance);
    return r;
  };
  std::vector<double> of_total, of_first, of_zero;
  const double total = 1 - correlation(a, c, of_total), weight = 1 - total;
  const double first = correlation(b, c, of_first) - weight * correlation(b, a, of_zero);
  double total_square = 0, first_square = 0;
  for (int i = 0; i < n; ++i) {
    total_square += of_total[i] * of_total[i];
    first_square += std::pow(of_first[i] - weight * of_zero[i], 2);
  }
  IndexSums sums(1);
  sums.add_base(a, b);
  sums.add(0, a, b, c);
  EXPECT_NEAR(sums.total(0).value, total, 1e-12);
  EXPECT_NEAR(sums.first_order(0).value, first, 1e-12);
  EXPECT_NEAR(sums.total(0).standard_error, std::sqrt(total_square / n / (n - 1)), 1e-9);
  EXPECT_NEAR(sums.first_order(0).standard_error, std::sqrt(first_square / n / (n - 1)), 1e-9);
}

TEST(TotalIndices, AFactorWithoutEffectHasExactZeros) {
  const Known known{2, [](const Point& u) { return 1.0 / (1 + u[0]); }, {}, {}};
  const IndexSums sums = sampled(known, 5, 2000, 0.69);
  EXPECT_EQ(sums.total(1).value, 0);
  EXPECT_EQ(sums.total(1).standard_error, 0);
  EXPECT_EQ(sums.first_order(1).value, 0);
  EXPECT_EQ(sums.first_order(1).standard_error, 0);
  EXPECT_NEAR(sums.first_order(0).value, 1, 5 * sums.first_order(0).standard_error);
}

TEST(TotalIndices, AConstantHasNone) {
  const IndexSums sums = sampled({1, [](const Point&) { return 3.0; }, {}, {}}, 5, 1000, 3);
  EXPECT_TRUE(std::isnan(sums.total(0).value));
  EXPECT_TRUE(std::isnan(sums.first_order(0).value));
  EXPECT_EQ(sums.variance().value, 0);
}

TEST(TotalIndices, OneValueThatIsNotFiniteLeavesNone) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const IndexSums sums = sampled({1, [](const Point& u) { return u[0] > 0.999 ? kInfinity : u[0]; }, {}, {}}, 5, 5000);
  EXPECT_TRUE(std::isnan(sums.total(0).value));
  EXPECT_TRUE(std::isnan(sums.total(0).standard_error));
}

TEST(TotalIndices, AShiftChangesNothingButRounding) {
  const Known known = ishigami();
  const IndexSums near = sampled(known, 7, 3000, 3.5), far = sampled(known, 7, 3000, -20);
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(near.total(k).value, far.total(k).value, 1e-10);
    EXPECT_NEAR(near.total(k).standard_error, far.total(k).standard_error, 1e-8);
    EXPECT_NEAR(near.first_order(k).value, far.first_order(k).value, 1e-10);
    EXPECT_NEAR(near.first_order(k).standard_error, far.first_order(k).standard_error, 1e-8);
  }
}

// 2,000 seeds; the share of intervals that cover has a standard error of 0.5 %, so each index is allowed 93.5 to 96.5 %.
TEST(TotalIndices, NinetyFivePercentIntervalsCoverTheTruth) {
  constexpr int kRuns = 2000, kWorlds = 2000;
  const Known known = ishigami();
  std::vector<int> total(3), first(3);
  int sum = 0;
  const double of_sum = known.first_order[0] + known.first_order[1] + known.first_order[2];
  const double few_sections = quantile(boost::math::students_t(kSections - 1), 0.975);
  for (int run = 0; run < kRuns; ++run) {
    const IndexSums sums = sampled(known, static_cast<std::uint64_t>(run) + 100, kWorlds, 3.5);
    const auto covers = [](const Estimate& e, double truth, double width) { return std::abs(e.value - truth) <= width * e.standard_error; };
    for (int k = 0; k < 3; ++k) {
      total[k] += covers(sums.total(k), known.total[k], kHalfWidth);
      first[k] += covers(sums.first_order(k), known.first_order[k], kHalfWidth);
    }
    sum += covers(sums.first_order_sum(), of_sum, few_sections);
  }
  const auto expect_coverage = [](int covered, const std::string& what) {
    const double share = static_cast<double>(covered) / kRuns;
    EXPECT_GE(share, 0.935) << what;
    EXPECT_LE(share, 0.965) << what;
  };
  for (int k = 0; k < 3; ++k) {
    expect_coverage(total[k], "total" + std::to_string(k));
    expect_coverage(first[k], "first_order" + std::to_string(k));
  }
  expect_coverage(sum, "sum");
}

}  // namespace
}  // namespace chokepoint
