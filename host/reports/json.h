// JSON as text, put together from parts that are JSON already.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace chokepoint::json {

std::string number(double value);             // nine digits; null if it is not finite
std::string exact(double value);              // reads back as the same number
std::string quoted(const std::string& text);  // in valid UTF-8, whatever it holds

using Members = std::vector<std::pair<std::string, std::string>>;  // name and JSON
std::string object(const Members& members, const char* separator = ", ");

template <class Row, class Function>
std::string array(const std::vector<Row>& rows, Function&& json_of, const char* separator = ",\n    ") {
  std::string json;
  for (const Row& row : rows) json += (json.empty() ? "" : separator) + json_of(row);
  return "[" + json + "]";
}

}  // namespace chokepoint::json
