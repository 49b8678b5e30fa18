// Days as they are written in files of data and on command lines: "2024-12-31".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace chokepoint {

// Nothing if the text is anything else, or no day of the calendar.
std::optional<std::chrono::year_month_day> parse_date(std::string_view text);

}  // namespace chokepoint
