// Expected error: no match for operator* (a double literal would be rounded differently on each lane width).
// SPDX-License-Identifier: Apache-2.0
#include "../../kernels/pack.h"

namespace chokepoint {

Pack<8> double_literal(Pack<8> x) { return x * 0.9 + 1; }

}  // namespace chokepoint
