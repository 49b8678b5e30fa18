// What drives a stored result, and what it would be worth to know: tables for the terminal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report.h"

namespace chokepoint {

// The largest first-order indices of the chosen metrics at the end, by policy and for differences from the reference, with the
// split of the variance. Throws UserError for an unknown metric or a result without the group /sensitivity.
std::string report_drivers(const std::string& path, const SummaryOptions& options);

struct InformationOptions : SummaryOptions {
  std::string metric;                 // empty: of those that `summary` shows, the first with a direction
  std::vector<std::string> policies;  // empty: all
};

// Parameters by the value of knowing them before a policy is chosen, for some of the policies. Throws as report_drivers.
std::string report_information(const std::string& path, const InformationOptions& options);

}  // namespace chokepoint
