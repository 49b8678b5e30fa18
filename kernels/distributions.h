// Draws by quantile function: one uniform in, one value out, monotone, so that every policy and every
// device sees the same world. Laws are data (plan.h), read by an `if` that all lanes share.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "math.h"
#include "plan.h"
#include "random.h"

namespace chokepoint {

namespace detail {

// The value of the first of `count` pairs (cumulative probability, value) whose probability is not below u.
template <int W>
CHOKEPOINT_HD Pack<W> choice_quantile(const float* pairs, int count, Pack<W> u) {
  Pack<W> value = pairs[1];
  for (int k = 1; k < count; ++k) value = select(u > pairs[2 * k - 2], Pack<W>(pairs[2 * k + 1]), value);
  return value;
}

// Straight lines between (probability, value) pairs.
template <int W>
CHOKEPOINT_HD Pack<W> table_quantile(const float* pairs, int count, Pack<W> u) {
  Pack<W> value = pairs[1];
  for (int k = 1; k < count; ++k) {
    const float p = pairs[2 * k - 2], x = pairs[2 * k - 1], rise = pairs[2 * k + 1] - x, run = pairs[2 * k] - p;
    value = select(u > p, fma((u - p) / run, rise, x), value);
  }
  return min(value, pairs[2 * count - 1]);
}

// Straight lines between values at equally spaced normal quantiles.
template <int W>
CHOKEPOINT_HD Pack<W> normal_table_quantile(const float* values, int count, float low, float high, Pack<W> z) {
  const Pack<W> place = clamp((z - low) * (Pack<W>(count - 1) / (high - low)), 0, static_cast<float>(count - 1) * 0.9999999f);
  const Bits<W> knot = truncate(place);
  Pack<W> left, right;
  for (int i = 0; i < W; ++i) {
    left.set_lane(i, values[knot.lane(i)]);
    right.set_lane(i, values[knot.lane(i) + 1]);
  }
  return fma(place - Pack<W>::from_small(knot), right - left, left);
}

}  // namespace detail

// The quantile of a simple law (not a mixture) at u, with z the normal quantile of u.
template <int W>
CHOKEPOINT_HD Pack<W> quantile(const Distribution& d, const float* knots, Pack<W> u, Pack<W> z) {
  if (d.span != 1) {
    u = clamp(fma(u, d.span, d.from), 5.9604645e-8f, 0.99999994f);
    z = normal_quantile(u);
  }
  switch (d.law) {
    case Law::kNormal: return fma(z, d.b, d.a);
    case Law::kLognormal: return exp(fma(z, d.b, d.a));
    case Law::kUniform: return fma(u, d.b, d.a);
    case Law::kTriangular: {
      const Pack<W> width = Pack<W>(d.c) - d.a, rise = Pack<W>(d.b) - d.a, fall = Pack<W>(d.c) - d.b;
      return select(u * width < rise, d.a + sqrt(u * width * rise), d.c - sqrt((1 - u) * width * fall));
    }
    case Law::kChoice: return detail::choice_quantile(knots + d.first, d.count, u);
    case Law::kTable: return detail::table_quantile(knots + d.first, d.count, u);
    case Law::kNormalTable: return detail::normal_table_quantile(knots + d.first, d.count, d.a, d.b, z);
    default: return d.a;
  }
}

// Which of kDriverBins bins of equal probability a draw comes from. The bins of a mixture divide the choice of its
// component and the place in it: together they say what the value is.
template <int W>
CHOKEPOINT_HD Bits<W> driver_bin(const Distribution& d, Pack<W> u, Pack<W> which) {
  constexpr float kChoices = 4, kPlaces = kDriverBins / 4;
  if (d.law != Law::kMixture) return truncate(min(u * static_cast<float>(kDriverBins), kDriverBins - 1));
  const Bits<W> choice = truncate(min(which * kChoices, kChoices - 1)), place = truncate(min(u * kPlaces, kPlaces - 1));
  return (choice << 3) + place;
}
static_assert(kDriverBins == 32);

// The parameters of a world, in the order of the model's rows; `hear(parameter, clamped, bin)` hears of each that varies
// which draws left its valid range, and their driver_bin. Only every `stride`-th from `first` on, where threads share a world.
template <int W, class Hear>
CHOKEPOINT_HD void sample_parameters(const KernelPlan& plan, Index<W> world, Pack<W>* parameters, Hear&& hear, int first = 0,
                                     int stride = 1) {
  const auto words = [&](int parameter) {
    const bool afresh = parameter == plan.resampled || plan.resampled == kEverything;
    return draw_block(plan.seed_worlds, afresh ? Purpose::kOtherWorlds : Purpose::kWorlds, world, 0, plan.distribution[parameter].address);
  };
  for (int i = first; i < plan.parameters; i += stride) {
    const Distribution& d = plan.distribution[i];
    if (d.law == Law::kConstant) {
      parameters[i] = d.a;
      continue;
    }
    const Block<W> own = words(i);
    Pack<W> u = uniform(own.word[0]);
    Pack<W> z = normal_quantile(u);
    if (d.correlated >= 0) {  // Gaussian copula: a row of the factor times independent normals
      const float* row = plan.correlation_factor + d.correlated * (d.correlated + 1) / 2;
      z = 0;
      for (int k = 0; k <= d.correlated; ++k)
        z = fma(normal_quantile(uniform(words(plan.correlated_parameter[k]).word[0])), row[k], z);
      u = normal_cdf(z);
    }
    const Pack<W> which = uniform(own.word[1]);
    Pack<W> value;
    if (d.law == Law::kMixture) {
      value = quantile(plan.distribution[d.first], plan.knots, u, z);
      for (int k = 1; k < d.count; ++k)
        value = select(which > plan.distribution[d.first + k - 1].weight, quantile(plan.distribution[d.first + k], plan.knots, u, z), value);
    } else {
      value = quantile(d, plan.knots, u, z);
    }
    hear(i, (value < d.low) | (value > d.high), driver_bin(d, u, which));
    parameters[i] = clamp(value, d.low, d.high);
  }
}

}  // namespace chokepoint
