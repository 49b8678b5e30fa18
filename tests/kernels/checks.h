// What the kernel tests share: a function of packs evaluated on any lane width and compared bit by bit,
// and samples compared with the law they should follow.
// Every statistical test has a fixed seed, so it always gives the same answer; the bounds are those that a
// right generator would break for one seed in a million (kFalseAlarm).
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sixteen lanes without AVX-512: the compilers warn that functions pass such vectors in memory. All are inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../../kernels/pack.h"

namespace chokepoint {

inline constexpr double kFalseAlarm = 1e-6;
inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Without optimisation the large grids are thinned, so that the suite stays below 20 s there too.
#if defined(__OPTIMIZE__)
inline constexpr int kThinning = 1;
#else
inline constexpr int kThinning = 16;
#endif

inline std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
inline float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline std::uint32_t next_word(std::mt19937& random) { return static_cast<std::uint32_t>(random()); }

// A result's lanes as words: NaNs are all alike (their payload is not promised), masks are 0 or 1.
template <int W>
std::uint32_t word(Pack<W> x, int lane) { return std::isnan(x.lane(lane)) ? 0x7fc00000u : bits_of(x.lane(lane)); }
template <int W>
std::uint32_t word(Bits<W> x, int lane) { return x.lane(lane); }
template <int W>
std::uint32_t word(Mask<W> x, int lane) { return x.lane(lane); }

// f(Pack<W>...) over equally long inputs, whose length is a multiple of W.
template <int W, class F, class... Inputs>
std::vector<std::uint32_t> on_lanes(const F& f, const std::vector<float>& first, const Inputs&... rest) {
  std::vector<std::uint32_t> words(first.size());
  for (std::size_t i = 0; i < words.size(); i += W) {
    const auto result = f(Pack<W>::load(&first[i]), Pack<W>::load(&rest[i])...);
    for (int l = 0; l < W; ++l) words[i + l] = word(result, l);
  }
  return words;
}

// One lane against 4 (vector code without intrinsics), 8 and 16. The first lane that differs is named.
template <class F, class... Inputs>
void expect_same_bits(const char* what, const F& f, const std::vector<float>& first, const Inputs&... rest) {
  ASSERT_EQ(first.size() % 16, 0u);
  const auto one = on_lanes<1>(f, first, rest...);
  const auto compare = [&](int width, const std::vector<std::uint32_t>& many) {
    const auto [a, b] = std::mismatch(one.begin(), one.end(), many.begin());
    if (a != one.end())
      ADD_FAILURE() << what << ": one lane gives " << std::hex << *a << ", " << std::dec << width << " lanes give " << std::hex << *b
                    << " for first operand " << std::hexfloat << first[static_cast<std::size_t>(a - one.begin())];
  };
  compare(4, on_lanes<4>(f, first, rest...));
  compare(8, on_lanes<8>(f, first, rest...));
  compare(16, on_lanes<16>(f, first, rest...));
}

// Floats of every kind: edges, random bit patterns (1 in 128 of them infinite or NaN) and numbers of ordinary size.
inline std::vector<float> all_kinds_of_floats(std::uint32_t seed, std::size_t count) {
  constexpr float kMin = std::numeric_limits<float>::min(), kMax = std::numeric_limits<float>::max();
  const float edges[] = {0.0f, -0.0f, 1, -1, kInf, -kInf, kNaN, kMin, -kMin, kMax, -kMax, float_of(1), float_of(0x80000001u), float_of(0x007fffffu)};
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (auto& x : values) {
    const std::uint32_t kind = next_word(random) % 4, word = next_word(random);
    if (kind == 0) x = edges[word % std::size(edges)];
    else if (kind == 1) x = (static_cast<float>(word >> 8) - 8388608.0f) * 0x1p-20f;
    else x = float_of(word);
  }
  return values;
}

// The largest distance between the distribution function of a sample and a continuous law.
template <class Cdf>
double kolmogorov_distance(std::vector<float> sample, const Cdf& cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = static_cast<double>(sample.size());
  double worst = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double p = cdf(static_cast<double>(sample[i]));
    worst = std::max({worst, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return worst;
}

// The distance that n draws exceed with probability at most kFalseAlarm (Massart's bound, exact for large n).
inline double kolmogorov_limit(std::size_t n) { return std::sqrt(std::log(2 / kFalseAlarm) / (2 * static_cast<double>(n))); }

template <class Cdf>
void expect_law(const std::string& what, const std::vector<float>& sample, const Cdf& cdf) {
  EXPECT_LT(kolmogorov_distance(sample, cdf), kolmogorov_limit(sample.size())) << what;
}

// The chi-square statistic that right frequencies exceed with probability kFalseAlarm.
inline double chi_square_limit(int categories) {
  return boost::math::quantile(boost::math::complement(boost::math::chi_squared(categories - 1), kFalseAlarm));
}

// How many standard errors off zero a normal statistic gets with probability kFalseAlarm: 4.89.
inline double normal_limit() { return boost::math::quantile(boost::math::complement(boost::math::normal(), kFalseAlarm / 2)); }

inline double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double n = static_cast<double>(x.size());
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sx += x[i];
    sy += y[i];
    sxx += x[i] * x[i];
    syy += y[i] * y[i];
    sxy += x[i] * y[i];
  }
  return (sxy - sx * sy / n) / std::sqrt((sxx - sx * sx / n) * (syy - sy * sy / n));
}

// The place of each value in the sorted sample.
inline std::vector<double> ranks(const std::vector<float>& sample) {
  std::vector<std::size_t> order(sample.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sample[a] < sample[b]; });
  std::vector<double> rank(sample.size());
  for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<double>(i);
  return rank;
}

}  // namespace chokepoint
