// The datasets of a result file, apart from what is done to the file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hdf5.h"
#include "result.h"

namespace chokepoint {

inline constexpr const char* kFileType = "chokepoint-result";

// Puts every dataset of the result but its provenance into `file`, or nowhere if it is null. Returns the
// result_hash.
std::string put_result(const Result& result, Hdf5Writer* file);

}  // namespace chokepoint
