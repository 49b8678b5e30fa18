// SPDX-License-Identifier: Apache-2.0
#include "csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "utf8.h"

namespace chokepoint::csv {

std::string field(std::string_view text) {
  std::string valid = repair_utf8(text);
  if (valid.find_first_of(",\"\r\n") == valid.npos) return valid;
  for (std::size_t at = 0; (at = valid.find('"', at)) != valid.npos; at += 2) valid.insert(at, 1, '"');
  return '"' + valid + '"';
}

std::string field(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string row(const std::vector<std::string>& fields) { return fmt::format("{}\n", fmt::join(fields, ",")); }

}  // namespace chokepoint::csv
