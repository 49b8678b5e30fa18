// The block functions for AVX2 + FMA (compiled with -march=x86-64-v3), and the one-lane form to compare with.
// SPDX-License-Identifier: Apache-2.0
#include "cpu_block.h"

namespace chokepoint {

CpuFunctions functions_avx2(std::string_view model) { return select_functions<Pack<8>>(model); }
CpuFunctions functions_one_lane(std::string_view model) { return select_functions<Pack<1>>(model); }

}  // namespace chokepoint
