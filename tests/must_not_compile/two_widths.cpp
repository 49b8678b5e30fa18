// Expected error: no match for operator+ (Pack<8> and Pack<16>).
// SPDX-License-Identifier: Apache-2.0
#include "../../kernels/pack.h"

namespace chokepoint {

Pack<8> two_widths(Pack<8> x, Pack<16> y) { return x + y; }

}  // namespace chokepoint
