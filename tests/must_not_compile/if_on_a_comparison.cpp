// Expected error: could not convert Mask<1> to bool.
// SPDX-License-Identifier: Apache-2.0
#include "../../kernels/pack.h"

namespace chokepoint {

Pack<1> if_on_a_comparison(Pack<1> x) {
  if (x > 0) return x;
  return -x;
}

}  // namespace chokepoint
