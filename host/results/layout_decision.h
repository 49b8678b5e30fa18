// The groups of a result file that compare policies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "layout_parts.h"

namespace chokepoint {

void put_paired(Frame& frame);    // group /paired
void put_decision(Frame& frame);  // group /decision

// The integers behind both, into the group that is open, which has the coordinates `policy`, `time` and `limb`.
void put_comparison_tallies(Frame& frame);

}  // namespace chokepoint
