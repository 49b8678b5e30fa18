// Comma-separated values as RFC 4180 has them, with a line feed at the end of each row.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chokepoint::csv {

std::string field(std::string_view text);  // quoted where it must be, and in valid UTF-8
std::string field(double value);           // reads back as the same number; empty if it is none
std::string row(const std::vector<std::string>& fields);

}  // namespace chokepoint::csv
