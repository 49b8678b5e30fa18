// The right way to write what the other files here get wrong: this must compile with the same flags.
// SPDX-License-Identifier: Apache-2.0
#include "../../kernels/pack.h"
#include "../../kernels/rows.h"

namespace chokepoint {

Pack<8> float_literal(Pack<8> x) { return x * 0.9f + 1; }

Pack<1> select_on_a_mask(Mask<1> reversed, Pack<1> x) { return select(reversed, 0, x); }

Pack<1> select_on_a_comparison(Pack<1> x) { return select(x > 0, x, -x); }

Pack<8> one_width(Pack<8> x, Pack<8> y) { return x + y; }

template <class Real>
struct Levers {
  Real tariff, subsidy;
};
constexpr Field<Levers<float>, LeverRow> kLevers[] = {
    CHOKEPOINT_ROW(Levers, tariff, {0, 1}, 0.1f, false, "tariff"),
    CHOKEPOINT_ROW(Levers, subsidy, {0, 1}, 0, false, "subsidy"),
};
static_assert(covers(kLevers), "every lever needs exactly one row, in the order of declaration");

}  // namespace chokepoint
