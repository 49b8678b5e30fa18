// A run's tallies and sample, read back from its result file, exactly as they were when the statistics in it were derived.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../scenario.h"
#include "hdf5.h"

namespace chokepoint {

// `scenario`: what the file's configuration says. Both throw Hdf5Error for a file that does not fit it.
Tallies read_tallies(const Hdf5Reader& file, const Scenario& scenario);

// The trajectories that are stored whole. Their probe is not in the file, and left empty.
Sample read_sample(const Hdf5Reader& file, const Scenario& scenario);

// How many these are.
std::uint64_t stored_trajectories(const Hdf5Reader& file);

}  // namespace chokepoint
