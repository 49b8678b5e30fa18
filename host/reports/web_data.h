// The numbers and texts that the charts of a page are drawn from, as JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/read_details.h"

namespace chokepoint {

// A result as a page shows it: all of its metrics that are wanted, in order.
struct WebResult {
  std::string path;
  StoredResult result;
  StoredDetails details;
  std::vector<const StoredMetric*> metrics;
};

// Arrays of JSON. Numbers have seven digits, enough for any chart; negative numbers as texts have the sign of minus, not a hyphen.
std::string json_numbers(const std::vector<double>& values);
std::string json_texts(const std::vector<std::string>& values);

std::string with_error(double value, double standard_error);  // "12.35 ± 0.02"

// Texts are rounded to their error here and nowhere else.
std::string web_data(const WebResult& shown);

}  // namespace chokepoint
