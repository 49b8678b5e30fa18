// The peeling of PRIM (prim.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "prim.h"

namespace chokepoint {

// An edge without its place.
struct Side {
  int dimension;
  bool upper;
};

// From the whole space on, the strip along one of `sides` (dimensions rising) whose removal raises the density most, until no
// more may be taken: the trade-off of coverage and density. Friedman and Fisher (1999), section 8.
std::vector<PeelStep> peel_curve(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options,
                                 const std::vector<Side>& sides);

}  // namespace chokepoint
