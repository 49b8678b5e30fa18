// What drives a stored result, and what it would be worth to know: tables for the terminal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/read_sensitivity.h"
#include "report.h"

namespace chokepoint {

// The largest first-order indices of the chosen metrics at the end, by policy and for differences from the reference, with the
// split of the variance. Throws UserError for an unknown metric or a result without the group /sensitivity.
std::string report_drivers(const std::string& path, const SummaryOptions& options);

// All of them. CSV: a row for each metric, parameter and policy, and one for each metric and source of variance.
std::string drivers_csv(const std::string& path, const SummaryOptions& options);
std::string drivers_json(const std::string& path, const SummaryOptions& options);

struct InformationOptions : SummaryOptions {
  std::string metric;                 // empty: of those that `summary` shows, the first with a direction
  std::vector<std::string> policies;  // empty: all
};

// What it is worth to know a parameter before one of the policies is chosen.
struct InformationAnswer {
  StoredResult result;
  std::size_t metric_number;
  std::vector<std::size_t> policies;
  StoredDrivers stored;
  Information information;

  const StoredMetric& metric() const { return result.metrics[metric_number]; }
};
InformationAnswer ask_information(const std::string& path, const InformationOptions& options);  // throws as report_drivers

std::string information_tables(const InformationAnswer& answer, const SummaryOptions& options);
std::string information_csv(const InformationAnswer& answer);
std::string information_json(const InformationAnswer& answer);

}  // namespace chokepoint
