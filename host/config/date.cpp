// SPDX-License-Identifier: Apache-2.0
#include "date.h"

#include <charconv>

namespace chokepoint {

std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = -1;
    const char* const end = text.data() + at + size;
    return std::from_chars(text.data() + at, end, value).ptr == end ? value : -1;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

}  // namespace chokepoint
