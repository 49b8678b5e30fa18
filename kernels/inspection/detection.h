// The probability that testing some chips of a cluster notices that chips have been diverted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../math.h"

namespace chokepoint::inspection {

// Of two independent chances, that at least one comes true; 1 - (1 - a) (1 - b) without its cancellation.
template <int W>
CHOKEPOINT_HD Pack<W> either(Pack<W> a, Pack<W> b) { return fma(b, 1 - a, a); }

// 1 - miss^count.
template <int W>
CHOKEPOINT_HD Pack<W> noticed(int count, Pack<W> miss) {
  Pack<W> result = 0, power = 1 - miss;  // of 1, 2, 4, ... chips
  for (; count > 0; count >>= 1) {
    if (count & 1) result = either(result, power);
    power = either(power, power);
  }
  return result;
}

// Of `chips` chips `diverted` are not where they should be; `tested` are drawn without replacement, and the test of a diverted chip
// overlooks it with probability `miss`. The probability that the tests notice at least one:
//   P = 1 - sum_x h(x) miss^x,   h(x) = C(diverted, x) C(chips - diverted, tested - x) / C(chips, tested)
// Computed as sum_x h(x) (1 - miss^x) / sum_x h(x), whose terms are all positive. There h may be known up to a factor: it is followed by
// the ratio of neighbours, without a factorial, from its greatest term down to where it adds nothing, and up again until it adds nothing.
// Relative error at most 2e-6 if no more than 1,500 are tested, or no more are diverted; at most 1e-4 for any of up to 2^20 chips.
template <int W>
CHOKEPOINT_HD Pack<W> detection_probability(int chips, int diverted, int tested, Pack<W> miss) {
  using One = Pack<1>;  // the same in all lanes
  const auto number = [](int n) { return One(static_cast<float>(n)); };
  const int in_place = chips - diverted;
  const int least = tested > in_place ? tested - in_place : 0, most = tested < diverted ? tested : diverted;
  // h(x + 1) / h(x)
  const auto rise = [&](int x) { return number(diverted - x) * number(tested - x) / (number(x + 1) * number(in_place - tested + x + 1)); };

  int x = static_cast<int>((std::int64_t{tested} + 1) * (std::int64_t{diverted} + 1) / (std::int64_t{chips} + 2));  // the greatest term
  One weight = 1, none = 0, some = 0;  // h(x), h(0) and the sum of the others, up to a factor
  for (; x > least && any(weight > 1e-10f); --x) weight = weight / rise(x - 1);
  Pack<W> seen = noticed(x, miss), sum = 0;
  for (;; ++x) {
    (x == 0 ? none : some) += weight;
    sum = fma(Pack<W>(weight.lane(0)), seen, sum);
    if (x == most) break;
    weight *= rise(x);
    if (x > 0 && !any(weight > 1e-9f * some)) break;
    seen = fma(seen, miss, 1 - miss);
  }
  return sum / (none + some).lane(0);
}

}  // namespace chokepoint::inspection
