// exp, log, logistic and the normal law on packs: the same bits on every lane width and device.
// Only correctly rounded operations are used, so the errors stated here, against double precision,
// hold everywhere (tests/kernels/test_math.cpp).
// Polynomials: exp and log from Cephes (S. Moshier, expf.c and logf.c); normal quantile from
// M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2011, table 5 (single precision).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pack.h"

namespace chokepoint {

// e^x. Error at most 1.03 ulp for -86.6 <= x; below that the value there, 2.5e-38; infinity from 88.73 on.
template <int W>
CHOKEPOINT_HD Pack<W> exp(Pack<W> x) {
  using Real = Pack<W>;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const Real bounded = min(89.0f, max(-86.6f, x));  // in this order NaN passes through
  const Real shifted = fma(bounded, 1.44269504f, kRound);
  const Real n = shifted - kRound;
  Real r = fma(n, -0.693359375f, bounded);
  r = fma(n, 2.12194440e-4f, r);
  Real p = 1.9875691500e-4f;
  p = fma(p, r, 1.3981999507e-3f);
  p = fma(p, r, 8.3334519073e-3f);
  p = fma(p, r, 4.1665795894e-2f);
  p = fma(p, r, 1.6666665459e-1f);
  p = fma(p, r, 5.0000001201e-1f);
  p = fma(p * r, r, r) + 1;
  // 2^n as 2^(n - 1) * 2: n may be 128, which no single float holds. 0x4b400000 is the word of kRound.
  const Real half = Real::from_bits((to_bits(shifted) - Bits<W>(0x4b400000u - 126)) << 23);
  return p * half * 2;
}

inline constexpr float kSmallestNormal = 1.17549435e-38f;  // 2^-126

// Natural logarithm of finite x >= kSmallestNormal, with an error of at most 0.83 ulp. Any number for other x.
template <int W>
CHOKEPOINT_HD Pack<W> log_of_normal(Pack<W> x) {
  using Real = Pack<W>;
  // Mantissa m in [sqrt(1/2), sqrt(2)), x = m * 2^e. 0x3f3504f3 is the word of sqrt(1/2).
  const auto offset = to_bits(x) - Bits<W>(0x3f3504f3u);
  const Real m = Real::from_bits((offset & Bits<W>(0x007fffffu)) + Bits<W>(0x3f3504f3u));
  const Real e = Real::from_small(shift_signed(offset, 23));
  const Real f = m - 1;
  const Real square = f * f;
  Real p = 7.0376836292e-2f;
  p = fma(p, f, -1.1514610310e-1f);
  p = fma(p, f, 1.1676998740e-1f);
  p = fma(p, f, -1.2420140846e-1f);
  p = fma(p, f, 1.4249322787e-1f);
  p = fma(p, f, -1.6668057665e-1f);
  p = fma(p, f, 2.0000714765e-1f);
  p = fma(p, f, -2.4999993993e-1f);
  p = fma(p, f, 3.3333331174e-1f);
  Real tail = p * f * square;
  tail = fma(e, -2.12194440e-4f, tail);
  tail = fma(square, -0.5f, tail);
  return fma(e, 0.693359375f, f + tail);
}

// Natural logarithm; -infinity from kSmallestNormal down to 0, NaN for negative and for infinite x.
template <int W>
CHOKEPOINT_HD Pack<W> log(Pack<W> x) {
  using Real = Pack<W>;
  const Real result = log_of_normal(x) + (x - x);  // x - x is NaN for what is not finite
  return select(x >= kSmallestNormal, result, select(x >= 0, Real(-__builtin_inff()), __builtin_nanf("")));
}

// base^exponent for base >= 0; 0 for a base below 2^-126. Relative error at most 1.5e-7 (1 + |exponent ln base|) for
// results between 1e-37 and 1e38.
template <int W>
CHOKEPOINT_HD Pack<W> power(Pack<W> base, Pack<W> exponent) {
  return select(base >= kSmallestNormal, exp(exponent * (log_of_normal(base) + (base - base))), 0);
}

// 1 / (1 + e^-x). Relative error at most 1.5e-7 for x >= -86.6.
template <int W>
CHOKEPOINT_HD Pack<W> logistic(Pack<W> x) { return 1 / (1 + exp(-x)); }

// Standard normal quantile of u in (0, 1). Absolute error at most 1e-6 for 2^-24 <= u <= 1 - 2^-24; over the
// values of uniform() it is strictly increasing, and odd about 1/2.
template <int W>
CHOKEPOINT_HD Pack<W> normal_quantile(Pack<W> u) {
  using Real = Pack<W>;
  const Real x = fma(u, 2, -1);
  const Real w = -log_of_normal(4 * u * (1 - u));
  const Real c = w - 2.5f;
  Real centre = 2.81022636e-08f;
  centre = fma(centre, c, 3.43273939e-07f);
  centre = fma(centre, c, -3.5233877e-06f);
  centre = fma(centre, c, -4.39150654e-06f);
  centre = fma(centre, c, 0.00021858087f);
  centre = fma(centre, c, -0.00125372503f);
  centre = fma(centre, c, -0.00417768164f);
  centre = fma(centre, c, 0.246640727f);
  centre = fma(centre, c, 1.50140941f);
  const auto in_centre = w < 5;
  if (!any(!in_centre)) return centre * x * 1.41421356f;  // 997 of 1000 draws
  const Real t = sqrt(max(w, 0)) - 3;
  Real tail = -0.000200214257f;
  tail = fma(tail, t, 0.000100950558f);
  tail = fma(tail, t, 0.00134934322f);
  tail = fma(tail, t, -0.00367342844f);
  tail = fma(tail, t, 0.00573950773f);
  tail = fma(tail, t, -0.0076224613f);
  tail = fma(tail, t, 0.00943887047f);
  tail = fma(tail, t, 1.00167406f);
  tail = fma(tail, t, 2.83297682f);
  return select(in_centre, centre, tail) * x * 1.41421356f;
}

// Standard normal distribution function, kept inside (0, 1) so that a quantile can follow it.
// Absolute error at most 2.3e-7 (the Chebyshev fit of erfc in Numerical Recipes, 6.2).
template <int W>
CHOKEPOINT_HD Pack<W> normal_cdf(Pack<W> z) {
  using Real = Pack<W>;
  const Real x = abs(z) * 0.70710678f;
  const Real t = 1 / fma(x, 0.5f, 1);
  Real p = 0.17087277f;
  p = fma(p, t, -0.82215223f);
  p = fma(p, t, 1.48851587f);
  p = fma(p, t, -1.13520398f);
  p = fma(p, t, 0.27886807f);
  p = fma(p, t, -0.18628806f);
  p = fma(p, t, 0.09678418f);
  p = fma(p, t, 0.37409196f);
  p = fma(p, t, 1.00002368f);
  p = fma(p, t, -1.26551223f);
  const Real lower = 0.5f * t * exp(fma(-x, x, p));
  return clamp(select(z < 0, lower, 1 - lower), 5.9604645e-8f, 0.99999994f);
}

}  // namespace chokepoint
