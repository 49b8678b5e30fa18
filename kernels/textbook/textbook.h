// Functions whose variances, sensitivity indices and decisions are known in closed form, to test statistics with.
// They do not change over time as long as the levers do not.
//   ishigami = sin x1 + ishigami_a sin^2 x2 + ishigami_b x3^4 sin x1      T. Ishigami and T. Homma, "An importance quantification
//              technique in uncertainty analysis for computer models", ISUMA '90; its indices are known for uniforms on [-pi, pi]
//   sobol_g  = prod_i (|4 x_i - 2| + a_i) / (1 + a_i)                     A. Saltelli and I. M. Sobol', "About the use of rank
//              transformation in sensitivity analysis of model output", 1995; known for uniforms on [0, 1]
//   payoff   = fixed + slope x1 + noise z                                 z standard normal: the chance of a trajectory
//   linear   = payoff + x2 + ... + x8
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../events.h"
#include "../random.h"
#include "../rows.h"

namespace chokepoint {

namespace textbook {

template <class Real>
struct Parameters {
  Real x1, x2, x3, x4, x5, x6, x7, x8;
};
inline constexpr Field<Parameters<float>, ParameterRow> kParameterFields[] = {
    CHOKEPOINT_ROW(Parameters, x1, "1", kUnbounded, "first input: also an angle in radians, and what a payoff depends on"),
    CHOKEPOINT_ROW(Parameters, x2, "1", kUnbounded, "second input: also an angle in radians"),
    CHOKEPOINT_ROW(Parameters, x3, "1", kUnbounded, "third input: acts in ishigami only together with x1"),
    CHOKEPOINT_ROW(Parameters, x4, "1", kUnbounded, "fourth input"),
    CHOKEPOINT_ROW(Parameters, x5, "1", kUnbounded, "fifth input"),
    CHOKEPOINT_ROW(Parameters, x6, "1", kUnbounded, "sixth input"),
    CHOKEPOINT_ROW(Parameters, x7, "1", kUnbounded, "seventh input"),
    CHOKEPOINT_ROW(Parameters, x8, "1", kUnbounded, "eighth input"),
};
static_assert(covers(kParameterFields));
inline constexpr auto kParameters = join_rows(kParameterFields);

template <class Real>
struct Levers {
  Real ishigami_a, ishigami_b, fixed, slope, noise;
};
inline constexpr Field<Levers<float>, LeverRow> kLevers[] = {
    CHOKEPOINT_ROW(Levers, ishigami_a, {-100, 100}, 7, false, "weight of sin^2 x2 in ishigami"),
    CHOKEPOINT_ROW(Levers, ishigami_b, {-1, 1}, 0.1f, false, "weight of x3^4 sin x1 in ishigami"),
    CHOKEPOINT_ROW(Levers, fixed, {-1000, 1000}, 0, false, "part of payoff and linear that is certain"),
    CHOKEPOINT_ROW(Levers, slope, {-1000, 1000}, 1, false, "weight of x1 in payoff and linear"),
    CHOKEPOINT_ROW(Levers, noise, {0, 1000}, 0, false, "standard deviation of what chance adds to payoff and linear"),
};
static_assert(covers(kLevers));

template <class Real>
struct Metrics {
  Real ishigami, sobol_g, linear, payoff;
};
inline constexpr Field<Metrics<float>, MetricRow> kMetrics[] = {
    CHOKEPOINT_ROW(Metrics, ishigami, "1", Direction::kNone, Scale::kLinear, -50, 50, 0, -20,
                   "Ishigami's function of x1, x2 and x3; beyond [-pi, pi] as at its ends"),
    CHOKEPOINT_ROW(Metrics, sobol_g, "1", Direction::kNone, Scale::kLinear, 0, 20, 0, -20,
                   "Sobol's g function of x1 to x8 with a = 0, 1, 4.5, 9, 99, 99, 99, 99"),
    CHOKEPOINT_ROW(Metrics, linear, "1", Direction::kHigher, Scale::kLinear, -50, 50, 0, -20, "payoff and the sum of x2 to x8"),
    CHOKEPOINT_ROW(Metrics, payoff, "1", Direction::kHigher, Scale::kLinear, -50, 50, 0, -20,
                   "what a policy yields: fixed, slope times x1, and noise"),
};
static_assert(covers(kMetrics));

enum class Event { kLoss, kCount };
inline constexpr EventRow kEvents[] = {
    {"loss", "the payoff is negative"},
};

template <class Real>
struct State {
  Levers<Real> levers;
  Real z;
};

template <class Real>
struct Month {
  Real z;
};

template <class Real>
using Events = EventLog<Real, static_cast<int>(Event::kCount)>;

// sin x for |x| <= pi, with an error of at most 2 ulp; beyond, as at the nearer end.
// The polynomial has the least relative error on [0, pi/2], 2.4e-11 before its coefficients are rounded.
template <class Real>
CHOKEPOINT_HD Real sine(Real x) {
  constexpr float kPi = 3.14159274f, kPiLess = -8.74227766e-8f;  // pi = kPi + kPiLess
  const Real size = min(abs(x), kPi);
  const Real r = select(size > 1.57079633f, (kPi - size) + kPiLess, size);
  const Real square = r * r;
  Real p = -2.38889086e-8f;
  p = fma(p, square, 2.75253842e-6f);
  p = fma(p, square, -1.98408685e-4f);
  p = fma(p, square, 8.33333097e-3f);
  p = fma(p, square, -1.66666672e-1f);
  const Real result = min(fma(p * square, r, r), 1);
  return select(x < 0, -result, result);
}

template <class Real>
CHOKEPOINT_HD Real payoff(const Parameters<Real>& w, const State<Real>& s) {
  return s.levers.fixed + s.levers.slope * w.x1 + s.levers.noise * s.z;
}

template <class Real>
CHOKEPOINT_HD Real ishigami(const Parameters<Real>& w, const Levers<Real>& levers) {
  const Real sine2 = sine(w.x2), x3 = clamp(w.x3, -3.14159274f, 3.14159274f), square3 = x3 * x3;
  return sine(w.x1) * (1 + levers.ishigami_b * (square3 * square3)) + levers.ishigami_a * (sine2 * sine2);
}

template <class Real>
CHOKEPOINT_HD Real sobol_g(const Parameters<Real>& w) {
  constexpr float kA[] = {0, 1, 4.5f, 9, 99, 99, 99, 99};
  const Real x[] = {w.x1, w.x2, w.x3, w.x4, w.x5, w.x6, w.x7, w.x8};
  Real product = 1;
  CHOKEPOINT_UNROLL(8)
  for (int i = 0; i < 8; ++i) product *= (abs(4 * x[i] - 2) + kA[i]) / (1 + kA[i]);
  return product;
}

}  // namespace textbook

struct Textbook {
  static constexpr const char* kName = "textbook";
  static constexpr const char* kTitle = "functions with known variances, sensitivity indices and decisions (closed forms, for tests)";
  static constexpr int kParameters = static_cast<int>(textbook::kParameters.size());
  static constexpr int kLevers = static_cast<int>(kMembers<textbook::Levers<float>>);
  static constexpr int kMetrics = static_cast<int>(kMembers<textbook::Metrics<float>>);
  static constexpr int kEvents = static_cast<int>(textbook::Event::kCount);

  template <class Real> using Parameters = textbook::Parameters<Real>;
  template <class Real> using World = textbook::Parameters<Real>;
  template <class Real> using Month = textbook::Month<Real>;
  template <class Real> using Levers = textbook::Levers<Real>;
  template <class Real> using State = textbook::State<Real>;

  template <class Real>
  static CHOKEPOINT_HD void complete_world(World<Real>&) {}

  template <class Real>
  static CHOKEPOINT_HD State<Real> start(const World<Real>&) { return {}; }

  // The same draw in every step.
  template <class Real>
  static CHOKEPOINT_HD Month<Real> draw_month(const World<Real>&, std::uint64_t seed, Index<Real::kLanes> trajectory, int, int) {
    return {normal_quantile(uniform(draw_block(seed, Purpose::kChance, trajectory, 0, 0).word[0]))};
  }

  template <class Real>
  static CHOKEPOINT_HD void step(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s,
                                 textbook::Events<Real>& events) {
    s = {levers, m.z};
    events.mark(textbook::Event::kLoss, textbook::payoff(w, s) < 0);
  }

  template <class Real>
  static CHOKEPOINT_HD void measure(const World<Real>& w, const State<Real>& s, Real* metrics) {
    const Real payoff = textbook::payoff(w, s);
    metrics[0] = textbook::ishigami(w, s.levers);
    metrics[1] = textbook::sobol_g(w);
    metrics[2] = payoff + (w.x2 + w.x3 + w.x4 + w.x5 + w.x6 + w.x7 + w.x8);
    metrics[3] = payoff;
  }
};

}  // namespace chokepoint
