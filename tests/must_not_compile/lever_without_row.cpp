// Expected error: the static assertion, because `subsidy` has no row.
// SPDX-License-Identifier: Apache-2.0
#include "../../kernels/rows.h"

namespace chokepoint {

template <class Real>
struct Levers {
  Real tariff, subsidy;
};
constexpr Field<Levers<float>, LeverRow> kLevers[] = {
    CHOKEPOINT_ROW(Levers, tariff, {0, 1}, 0.1f, false, "tariff"),
};
static_assert(covers(kLevers), "every lever needs exactly one row, in the order of declaration");

}  // namespace chokepoint
