// A moment-independent measure of what drives an outcome: PAWN (Pianosi and Wagener, "A simple and efficient method for global
// sensitivity analysis based on cumulative distribution functions", Environmental Modelling & Software 2015; from a generic
// sample: the same, "Distribution-based sensitivity analysis from a generic input-output sample", 2018).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sensitivity.h"

namespace chokepoint {

// Independent values of an outcome, replaced by the number of kPawnPlaces quantiles of theirs that lie below.
inline constexpr int kPawnPlaces = 31, kPawnBins = 8;
std::vector<std::uint8_t> pawn_slots(const std::vector<float>& values);

// The Kolmogorov-Smirnov distance between the distribution within a bin of the driver and the whole, averaged over kPawnBins
// bins of equal probability. Cross-fitted, so that a driver without influence has 0 on average: the place of the largest distance
// is sought without the eighth of the values in which the distance is then measured, for each eighth in turn. `bins`: of
// kDriverBins, merged here. NaN for fewer than ten values for each eighth of each bin.
Estimate pawn(const std::vector<std::uint8_t>& slots, const std::uint8_t* bins);

}  // namespace chokepoint
