// The group of a result that has the world view as its first dimension.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/hdf5.h"
#include "../results/recorder.h"

namespace chokepoint {

// A result, as the world view of this name gives it.
struct NamedView {
  std::string name;
  const Hdf5Reader& result;
};

// Puts the group into the recorder's file: what the results say, stacked, and what follows across them. The first one is the scenario as
// given, which the file's root holds; the others agree with it in all axes (join.h). Throws Hdf5Error.
void put_worldviews(const std::vector<NamedView>& views, Recorder& out);

}  // namespace chokepoint
