// Sums of squares about a mean, and sums about it, without cancellation: from the exact sums of tallies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "../../kernels/engine.h"

namespace chokepoint {

// The mean of `count` > 0 values, in units, as a whole number and the rest.
struct Centre {
  Wide pivot;
  double rest;
  double mean() const { return static_cast<double>(pivot) + rest; }

  Centre(Wide sum, std::int64_t count) : pivot(sum / count), rest(static_cast<double>(sum - pivot * count) / static_cast<double>(count)) {}

  // The sum of `of` values about this mean.
  double about(Wide sum, std::int64_t of) const { return static_cast<double>(sum - pivot * of) - rest * static_cast<double>(of); }
};

// The sum of squared deviations from the mean, in squared units, from the sum and the sum of squares.
inline double squared_deviations(Wide sum, UnsignedWide squares, std::int64_t count) {
  const Centre centre(sum, count);
  const auto wrap = [](Wide x) { return static_cast<UnsignedWide>(x); };  // intermediate terms may pass 2^127
  const auto about_pivot =
      static_cast<Wide>(squares - 2 * wrap(centre.pivot) * wrap(sum) + wrap(centre.pivot) * wrap(centre.pivot) * wrap(count));
  return std::max(0.0, static_cast<double>(about_pivot) - static_cast<double>(count) * centre.rest * centre.rest);
}

}  // namespace chokepoint
