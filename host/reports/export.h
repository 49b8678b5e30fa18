// Datasets of a result as CSV, for tools that read no HDF5, and the list of all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chokepoint {

struct ExportOptions {
  std::vector<std::string> datasets;  // as "capability_lag_mean" or "paired/capability_lag_mean_difference"
  bool wide = false;                  // the last axis goes into columns
};

// One line for each point of the axes that all datasets share: the coordinates, then the datasets. Numbers in their shortest form that
// reads back the same, times as ISO dates beside a decimal year, what is missing as nothing. `write` gets parts of the text, so
// that memory is bounded. Throws UserError, and as read_result().
void export_csv(const std::string& path, const ExportOptions& options, const std::function<void(std::string_view)>& write);

// A line for each dataset: name, axes, unit and meaning.
std::string list_datasets(const std::string& path);

}  // namespace chokepoint
