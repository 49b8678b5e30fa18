// The block functions for AVX2 + FMA (compiled with -march=x86-64-v3), and the one-lane form to compare with.
// SPDX-License-Identifier: Apache-2.0
#include "cpu_block.h"

namespace chokepoint {

RunBlock block_avx2(std::string_view model) { return select_block<Pack<8>>(model); }
RunBlock block_one_lane(std::string_view model) { return select_block<Pack<1>>(model); }

}  // namespace chokepoint
