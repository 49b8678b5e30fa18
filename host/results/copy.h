// A result from one file into another.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hdf5.h"

namespace chokepoint {

// A dataset as it is to be written again: its name and its axes without their paths. Throws Hdf5Error if an axis has no coordinate.
Variable variable_of(const StoredDataset& dataset);

// All datasets and attributes of a result, its provenance among them, bit by bit. Results of other world views stay behind.
void copy_result(const Hdf5Reader& from, Hdf5Writer& to);

}  // namespace chokepoint
