// Plain text for a terminal: aligned tables that wrap to its width, and sparklines. Widths count code
// points of UTF-8; no colours, so that output can be piped and compared.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chokepoint {

inline constexpr int kColumnGap = 2;  // blanks between two columns of a table

// How many columns the text takes.
int text_width(std::string_view utf8);

// At most `width` columns, the last of them `mark` if something had to go.
std::string shorten(const std::string& text, int width, std::string_view mark);

// Lines of at most `width` columns, broken at white space; the first starts with `first`, others with
// `indent`. A longer word stays whole.
std::string wrap_text(std::string_view text, int width, std::string_view indent, std::string_view first = "");

// A name in lines about as wide as the column below it: "transformative_", "china".
std::vector<std::string> break_name(const std::string& name, int width);

// "1 234 567"; what is not a whole number stays as it is.
std::string group_digits(std::string digits);

// The numbers padded to one width, with their decimal points (or last digits) below each other.
std::vector<std::string> align_points(const std::vector<std::string>& numbers);

struct NumberAndError {
  std::string number, error;  // no error: shown alone
};

// Texts of one width: the numbers aligned, each followed by `plus_minus` and its error.
std::vector<std::string> align_errors(const std::vector<NumberAndError>& values, const std::string& plus_minus);

// One character per column, from the lowest block at `low` to the highest at `high`; blank where no value is
// finite. More values than columns: the value at the end of each column's stretch, so that the last is shown.
std::string sparkline(const std::vector<double>& values, double low, double high, int columns, bool unicode);

struct TableColumn {
  std::vector<std::string> header;  // lines
  std::vector<std::string> cells;
  bool left = false;  // alignment
  int width() const;
};

// `first` and as many columns as fit beside it, with the rest in further tables below: at least one each.
std::string format_tables(const TableColumn& first, const std::vector<TableColumn>& columns, int width);

}  // namespace chokepoint
