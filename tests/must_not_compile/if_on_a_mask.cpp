// Expected error: could not convert Mask<1> to bool (lanes may differ, even where there is only one).
// SPDX-License-Identifier: Apache-2.0
#include "../../kernels/pack.h"

namespace chokepoint {

Pack<1> if_on_a_mask(Mask<1> reversed, Pack<1> x) {
  if (reversed) return 0;
  return x;
}

}  // namespace chokepoint
