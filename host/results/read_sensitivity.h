// Reads back what drives a result.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../statistics/information.h"
#include "result.h"

namespace chokepoint {

struct StoredDrivers {
  std::vector<std::string> drivers, units;
  // (policy, driver) at the last time
  std::vector<Estimate> first_order, difference_first_order;
  std::vector<Estimate> variance_share;  // (source)
};

// Of one metric of a result. Throws UserError when the result has no group /sensitivity.
StoredDrivers read_drivers(const std::string& path, const StoredResult& result, const std::string& metric);

std::size_t replicates_of(const StoredResult& result);  // trajectories of a world

// Of one metric and some policies, by their numbers.
InformationInput read_information(const std::string& path, const StoredResult& result, const StoredMetric& metric,
                                  const std::vector<std::size_t>& policies);

// Of one metric with a direction and all policies, as the run tallied it in every trajectory.
Estimate read_perfect_information(const std::string& path, const std::string& metric);

}  // namespace chokepoint
