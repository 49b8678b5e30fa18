// What `chokepoint discover` found, as tables, as JSON and as CSV.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "../discover/discover.h"

namespace chokepoint {

// `width`: columns. `unicode`: dashes and plus-minus signs; otherwise ASCII.
std::string discovery_tables(const Discovery& found, const StoredRun& stored, const DiscoverOptions& options, int width, bool unicode);

// Everything, with the whole trade-off curve.
std::string discovery_json(const Discovery& found, const StoredRun& stored, const DiscoverOptions& options);

// One line for each restriction of each box.
std::string discovery_csv(const Discovery& found, const StoredRun& stored);

}  // namespace chokepoint
