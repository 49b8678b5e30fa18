// The block functions for AVX-512 (compiled with -march=x86-64-v4).
// SPDX-License-Identifier: Apache-2.0
#include "cpu_block.h"

namespace chokepoint {

CpuFunctions functions_avx512(std::string_view model) { return select_functions<Pack<16>>(model); }

}  // namespace chokepoint
