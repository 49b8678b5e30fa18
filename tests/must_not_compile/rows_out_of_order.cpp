// Expected error: the static assertion, because the rows are not in the order of the members.
// SPDX-License-Identifier: Apache-2.0
#include "../../kernels/rows.h"

namespace chokepoint {

template <class Real>
struct Levers {
  Real tariff, subsidy;
};
constexpr Field<Levers<float>, LeverRow> kLevers[] = {
    CHOKEPOINT_ROW(Levers, subsidy, {0, 1}, 0, false, "subsidy"),
    CHOKEPOINT_ROW(Levers, tariff, {0, 1}, 0.1f, false, "tariff"),
};
static_assert(covers(kLevers), "every lever needs exactly one row, in the order of declaration");

}  // namespace chokepoint
