// exp, log, logistic, power and the normal law: the error bounds promised in math.h, against double
// precision, their edges, and the same bits on every lane width.
// The bounds were found over all floats; here every 61st bit pattern is tried.
// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include "../../kernels/math.h"

namespace chokepoint {
namespace {

constexpr std::uint32_t kStride = kThinning == 1 ? 61 : 977;

const auto kExp = [](auto x) { return exp(x); };
const auto kLog = [](auto x) { return log(x); };
const auto kLogistic = [](auto x) { return logistic(x); };
const auto kQuantile = [](auto u) { return normal_quantile(u); };
const auto kCdf = [](auto z) { return normal_cdf(z); };

template <class F>
float at(const F& f, float x) { return f(Pack<1>(x)).v; }

// The distance of neighbouring floats at x.
double ulp(double x) {
  const double power_of_two = std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & 0x7ff0000000000000u);
  return std::max(power_of_two, 0x1p-126) * 0x1p-23;
}

double error_in_ulps(float got, double truth) { return std::fabs(static_cast<double>(got) - truth) / ulp(truth); }
double absolute_error(float got, double truth) { return std::fabs(static_cast<double>(got) - truth); }
double relative_error(float got, double truth) { return std::fabs(static_cast<double>(got) - truth) / truth; }

// The largest error of f over every 61st float from `from` away from zero to `to`, both included.
template <class F, class Truth, class Error>
void expect_error_below(double bound, float from, float to, const F& f, const Truth& truth, const Error& error) {
  double worst = 0;
  float where = 0;
  const std::uint64_t last = bits_of(to);
  for (std::uint64_t bits = bits_of(from); bits < last + 8 * kStride; bits += 8 * kStride) {
    float x[8], y[8];
    for (unsigned i = 0; i < 8; ++i) x[i] = float_of(static_cast<std::uint32_t>(std::min(bits + i * kStride, last)));
    f(Pack<8>::load(x)).store(y);
    for (int i = 0; i < 8; ++i) {
      const double e = error(y[i], truth(static_cast<double>(x[i])));
      if (e <= worst) continue;
      worst = e;
      where = x[i];
      if (std::isnan(e)) break;
    }
    if (std::isnan(worst)) break;
  }
  EXPECT_LE(worst, bound) << "at " << where << ", between " << from << " and " << to;
  EXPECT_GT(worst, bound / 2) << "the promise is far too loose";
}

// A thinner sample of the same kind, for the comparison of widths.
std::vector<float> floats_of_every_size() {
  std::vector<float> values;
  for (std::uint64_t bits = 0; bits < 1ull << 32; bits += 16411 * kThinning) values.push_back(float_of(static_cast<std::uint32_t>(bits)));
  while (values.size() % 16) values.push_back(kNaN);
  return values;
}

std::vector<float> every_uniform(std::uint32_t step) {
  std::vector<float> values;
  for (std::uint32_t k = 0; k < 1u << 23; k += step) values.push_back((static_cast<float>(k) + 0.5f) * 0x1p-23f);
  while (values.size() % 16) values.push_back(0.5f - 0x1p-24f);
  return values;
}

TEST(Exp, ErrorIsWithinItsPromise) {
  const auto truth = [](double x) { return std::exp(x); };
  expect_error_below(1.03, 0.0f, 88.7228f, kExp, truth, error_in_ulps);
  expect_error_below(1.03, -0.0f, -86.6f, kExp, truth, error_in_ulps);
}

TEST(Exp, StaysAtItsSmallestValueBelowItsRangeAndIsInfiniteAbove) {
  EXPECT_EQ(at(kExp, 0), 1);
  EXPECT_EQ(at(kExp, -0.0f), 1);
  EXPECT_EQ(at(kExp, 0x1p-149f), 1);
  const float smallest = at(kExp, -86.6f);
  EXPECT_GT(smallest, std::numeric_limits<float>::min());
  EXPECT_LT(smallest, 2.5e-38f);
  for (const float x : {std::nextafter(-86.6f, -kInf), -1000.0f, -std::numeric_limits<float>::max(), -kInf}) EXPECT_EQ(at(kExp, x), smallest) << x;
  for (const float x : {88.73f, 89.0f, 1000.0f, std::numeric_limits<float>::max(), kInf}) EXPECT_EQ(at(kExp, x), kInf) << x;
  EXPECT_TRUE(std::isnan(at(kExp, kNaN)));
}

TEST(Log, ErrorIsWithinItsPromise) {
  const auto truth = [](double x) { return std::log(x); };
  expect_error_below(0.83, std::numeric_limits<float>::min(), 0.5f, kLog, truth, error_in_ulps);
  expect_error_below(0.83, 2, std::numeric_limits<float>::max(), kLog, truth, error_in_ulps);
  // Near 1 the result is small and needs every bit of the mantissa.
  expect_error_below(0.83, 0.5f, 2, kLog, truth, error_in_ulps);
}

TEST(Log, IsMinusInfinityBelowTheNormalNumbersAndNaNForNegativeAndInfiniteOnes) {
  constexpr float kMin = std::numeric_limits<float>::min();
  EXPECT_EQ(at(kLog, 1), 0);
  EXPECT_FALSE(std::signbit(at(kLog, 1)));
  EXPECT_TRUE(std::isfinite(at(kLog, kMin)));
  for (const float x : {0.0f, -0.0f, 0x1p-149f, std::nextafter(kMin, 0.0f)}) EXPECT_EQ(at(kLog, x), -kInf) << x;
  for (const float x : {-0x1p-149f, -kMin, -1.0f, -kInf, kInf, kNaN}) EXPECT_TRUE(std::isnan(at(kLog, x))) << x;
}

TEST(Logistic, ErrorIsWithinItsPromise) {
  const auto truth = [](double x) { return 1 / (1 + std::exp(-x)); };
  expect_error_below(1.5e-7, 0.0f, 100, kLogistic, truth, relative_error);
  expect_error_below(1.5e-7, -0.0f, -86.6f, kLogistic, truth, relative_error);
}

TEST(Logistic, GoesToZeroAndOne) {
  EXPECT_EQ(at(kLogistic, 0), 0.5f);
  EXPECT_EQ(at(kLogistic, kInf), 1);
  EXPECT_EQ(at(kLogistic, 1000), 1);
  EXPECT_EQ(at(kLogistic, -1000), 0);
  EXPECT_EQ(at(kLogistic, -kInf), 0);
  EXPECT_TRUE(std::isnan(at(kLogistic, kNaN)));
}

TEST(Power, ErrorGrowsWithTheExponentOfE) {
  double worst = 0;
  for (double b = 1e-30; b < 1e30; b *= 1.0137 * kThinning)
    for (double e = -4; e <= 4; e += 0.0371) {
      const float base = static_cast<float>(b), exponent = static_cast<float>(e);
      const double size = static_cast<double>(exponent) * std::log(static_cast<double>(base)), truth = std::exp(size);
      if (truth < 1e-37 || truth > 1e38) continue;
      const float got = power(Pack<1>(base), Pack<1>(exponent)).v;
      worst = std::max(worst, relative_error(got, truth) / (1 + std::fabs(size)));
    }
  EXPECT_LE(worst, 1.5e-7);
  EXPECT_GT(worst, 0.75e-7) << "the promise is far too loose";
}

TEST(Power, OfZeroAndOneIsExact) {
  const auto power_of = [](float base, float exponent) { return power(Pack<1>(base), Pack<1>(exponent)).v; };
  EXPECT_EQ(power_of(0, 0.5f), 0);
  EXPECT_EQ(power_of(0, 3), 0);
  EXPECT_EQ(power_of(1, -7.5f), 1);
  EXPECT_EQ(power_of(3, 0), 1);
}

TEST(NormalQuantile, ErrorIsWithinItsPromise) {
  const boost::math::normal normal;
  double worst = 0, worst_relative = 0;
  const auto compare = [&](std::uint32_t k) {
    const float u = (static_cast<float>(k) + 0.5f) * 0x1p-23f;
    const double truth = boost::math::quantile(normal, static_cast<double>(u)), error = absolute_error(at(kQuantile, u), truth);
    worst = std::max(worst, error);
    worst_relative = std::max(worst_relative, error / std::fabs(truth));
  };
  for (std::uint32_t k = 0; k < 1u << 23; k += 7 * kThinning) compare(k);
  for (std::uint32_t k = 0; k < 1000; ++k) compare(k), compare((1u << 23) - 1 - k);  // both tails, whole
  EXPECT_LE(worst, 1e-6);
  EXPECT_GT(worst, 0.5e-6) << "the promise is far too loose";
  EXPECT_LE(worst_relative, 3.1e-7);  // no draw near zero is lost in the absolute error
}

TEST(NormalQuantile, IsStrictlyIncreasingAndOddOverAllUniforms) {
  const auto u = every_uniform(kThinning);
  const auto z = on_lanes<8>(kQuantile, u), mirrored = on_lanes<8>([](auto v) { return -normal_quantile(1 - v); }, u);
  int falls = 0;
  for (std::size_t k = 1; k < z.size(); ++k) falls += float_of(z[k]) <= float_of(z[k - 1]);
  EXPECT_EQ(falls, 0);
  EXPECT_EQ(z, mirrored);
}

TEST(NormalCdf, ErrorIsWithinItsPromise) {
  const auto truth = [](double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); };
  expect_error_below(2.3e-7, 0.0f, 40, kCdf, truth, absolute_error);
  expect_error_below(2.3e-7, -0.0f, -40, kCdf, truth, absolute_error);
}

TEST(NormalCdf, StaysInsideZeroAndOne) {
  for (const float z : {5.0f, 6.0f, 30.0f, 1e10f, std::numeric_limits<float>::max(), kInf}) {
    EXPECT_LT(at(kCdf, z), 1) << z;
    EXPECT_GT(at(kCdf, -z), 0) << z;
    EXPECT_TRUE(std::isfinite(at(kQuantile, at(kCdf, z)))) << z;
    EXPECT_TRUE(std::isfinite(at(kQuantile, at(kCdf, -z)))) << z;
  }
}

TEST(NormalCdf, NeverFalls) {
  int falls = 0;
  float before = 0;
  for (int i = -600000; i <= 600000; ++i) {
    const float p = at(kCdf, static_cast<float>(i) * 1e-5f);
    falls += p < before;
    before = p;
  }
  EXPECT_EQ(falls, 0);
}

TEST(Math, GivesTheSameBitsOnEveryWidth) {
  const auto floats = floats_of_every_size(), uniforms = every_uniform(31 * kThinning);
  const auto others = all_kinds_of_floats(6, floats.size());
  expect_same_bits("exp", kExp, floats);
  expect_same_bits("log", kLog, floats);
  expect_same_bits("logistic", kLogistic, floats);
  expect_same_bits("normal_cdf", kCdf, floats);
  expect_same_bits("normal_quantile", kQuantile, uniforms);
  expect_same_bits("power", [](auto base, auto exponent) { return power(abs(base), exponent); }, floats, others);
}

}  // namespace
}  // namespace chokepoint
