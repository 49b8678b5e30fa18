// Text for a terminal: aligned tables that wrap to its width, and sparklines. Widths count code points of UTF-8. Texts may come from a
// file: nothing in them steers the terminal. Styles are put around what is aligned already, so that without them the text is the same.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chokepoint {

inline constexpr int kColumnGap = 2;  // blanks between two columns of a table

enum class Style { kPlain, kBold, kDim };

// Each line between escape codes; blanks at its ends stay outside.
std::string styled(const std::string& lines, Style style);

// Without control characters and bytes that are no UTF-8: a question mark for each.
std::string printable(std::string_view text);

// How many columns the text takes.
int text_width(std::string_view utf8);

// At most `width` columns, the last of them `mark` if something had to go.
std::string shorten(const std::string& text, int width, std::string_view mark);

// Several of them; two that would become the same lose their middle instead of their end.
std::vector<std::string> shorten_all(const std::vector<std::string>& texts, int width, std::string_view mark);

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

// The lowest and the highest character of sparklines.
std::pair<std::string, std::string> sparkline_ends(bool unicode);

// One character per column, from the lowest block at `low` to the highest at `high`; blank where no value is
// finite. More values than columns: the value at the end of each column's stretch, so that the last is shown.
std::string sparkline(const std::vector<double>& values, double low, double high, int columns, bool unicode);

struct TableColumn {
  std::vector<std::string> header;  // lines
  std::vector<std::string> cells;
  bool left = false;               // alignment
  std::vector<Style> styles = {};  // of the cells; none: all plain
  int width() const;
};
using ColumnGroup = std::vector<TableColumn>;

int width_of(const ColumnGroup& columns);  // with the gap in front of each

// `first` and as many columns as fit beside it, with the rest in further tables below: at least one each. Groups are kept together
// where a table can hold them.
std::string format_groups(const TableColumn& first, const std::vector<ColumnGroup>& groups, int width);
std::string format_tables(const TableColumn& first, const ColumnGroup& columns, int width);

// The same with names in front, which are cut where they would take much of a line, or where that keeps a group in one piece.
std::string format_named(TableColumn names, const std::vector<ColumnGroup>& groups, int width, std::string_view cut);
inline constexpr int kShortName = 16;  // what is left of them at least to keep a group in one piece
int name_room(int widest, int width);  // what they take otherwise

}  // namespace chokepoint
