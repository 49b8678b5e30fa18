// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace chokepoint {

namespace {

constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr const char* kAsciiBlocks[] = {"_", ".", "-", "=", "+", "*", "#"};

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::string blanks(int count) { return std::string(static_cast<std::size_t>(std::max(0, count)), ' '); }

std::string pad(const std::string& text, int width, bool left) {
  const std::string space = blanks(width - text_width(text));
  return left ? text + space : space + text;
}

void add_line(std::string& text, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
}

std::string format_table(const std::vector<const TableColumn*>& columns) {
  std::size_t header_lines = 0, rows = 0;
  for (const TableColumn* column : columns) {
    header_lines = std::max(header_lines, column->header.size());
    rows = std::max(rows, column->cells.size());
  }
  std::string text;
  const auto add_row = [&](auto&& cell_of) {
    std::string line;
    for (const TableColumn* column : columns)
      line += (line.empty() ? "" : blanks(kColumnGap)) + pad(cell_of(*column), column->width(), column->left);
    add_line(text, std::move(line));
  };
  for (std::size_t i = 0; i < header_lines; ++i)
    add_row([&](const TableColumn& column) {
      const std::size_t missing = header_lines - column.header.size();  // headers stand on the first row
      return i < missing ? std::string() : column.header[i - missing];
    });
  for (std::size_t i = 0; i < rows; ++i) add_row([&](const TableColumn& column) { return column.cells[i]; });
  return text;
}

}  // namespace

int text_width(std::string_view utf8) { return static_cast<int>(std::ranges::count_if(utf8, starts_character)); }

std::string shorten(const std::string& text, int width, std::string_view mark) {
  if (text_width(text) <= width) return text;
  std::string kept;
  int characters = 0;
  for (const char byte : text) {
    characters += starts_character(byte);
    if (characters > width - text_width(mark)) break;
    kept += byte;
  }
  return kept.append(mark);
}

std::string wrap_text(std::string_view text, int width, std::string_view indent, std::string_view first) {
  std::string lines, line(first);
  bool empty = true;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \n\t", at)) != text.npos;) {
    const std::string_view word = text.substr(at, text.find_first_of(" \n\t", at) - at);
    if (!empty && text_width(line) + 1 + text_width(word) > width) {
      add_line(lines, std::move(line));
      line = indent;
      empty = true;
    }
    line.append(empty ? "" : " ").append(word);
    empty = false;
    at += word.size();
  }
  add_line(lines, std::move(line));
  return lines;
}

std::vector<std::string> break_name(const std::string& name, int width) {
  std::vector<std::string> lines = {""};
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('_', at), name.size() - 1) + 1;
    if (!lines.back().empty() && text_width(lines.back()) + static_cast<int>(end - at) > width) lines.emplace_back();
    lines.back() += name.substr(at, end - at);
    at = end;
  }
  return lines;
}

std::string group_digits(std::string digits) {
  if (digits.find_first_not_of("0123456789") != digits.npos) return digits;
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), 1, ' ');
  return digits;
}

std::vector<std::string> align_points(const std::vector<std::string>& numbers) {
  // "1.5e-07" and "<0.02" align at the point as well; texts without a point end where it would be.
  const auto before = [](const std::string& number) { return std::min(number.find('.'), number.size()); };
  std::size_t widest_before = 0, widest_after = 0;
  for (const std::string& number : numbers) {
    widest_before = std::max(widest_before, before(number));
    widest_after = std::max(widest_after, number.size() - before(number));
  }
  std::vector<std::string> aligned;
  for (const std::string& number : numbers)
    aligned.push_back(std::string(widest_before - before(number), ' ') + number +
                      std::string(widest_after - (number.size() - before(number)), ' '));
  return aligned;
}

std::vector<std::string> align_errors(const std::vector<NumberAndError>& values, const std::string& plus_minus) {
  std::vector<std::string> numbers;
  int widest = 0;
  for (const NumberAndError& value : values) {
    numbers.push_back(value.number);
    widest = std::max(widest, text_width(value.error));
  }
  std::vector<std::string> cells = align_points(numbers);
  const int blank = widest == 0 ? 0 : text_width(plus_minus) + widest;
  for (std::size_t i = 0; i < cells.size(); ++i)
    cells[i] += values[i].error.empty() ? blanks(blank) : plus_minus + pad(values[i].error, widest, true);
  return cells;
}

std::string sparkline(const std::vector<double>& values, double low, double high, int columns, bool unicode) {
  const int count = static_cast<int>(values.size()), shown = std::min(columns, count);
  const int levels = static_cast<int>(unicode ? std::size(kBlocks) : std::size(kAsciiBlocks));
  std::string line;
  for (int column = 0; column < shown; ++column) {
    const double value = values[static_cast<std::size_t>((column + 1) * count / shown - 1)];
    if (!std::isfinite(value)) {
      line += ' ';
      continue;
    }
    const double height = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0;
    const int level = std::min(levels - 1, static_cast<int>(height * levels));
    line += unicode ? kBlocks[level] : kAsciiBlocks[level];
  }
  return line;
}

int TableColumn::width() const {
  int widest = 0;
  for (const auto* texts : {&header, &cells})
    for (const std::string& text : *texts) widest = std::max(widest, text_width(text));
  return widest;
}

std::string format_tables(const TableColumn& first, const std::vector<TableColumn>& columns, int width) {
  std::string text;
  std::size_t next = 0;
  do {
    std::vector<const TableColumn*> fitting = {&first};
    int used = first.width();
    while (next < columns.size() && (fitting.size() == 1 || used + kColumnGap + columns[next].width() <= width)) {
      used += kColumnGap + columns[next].width();
      fitting.push_back(&columns[next++]);
    }
    text += (text.empty() ? "" : "\n") + format_table(fitting);
  } while (next < columns.size());
  return text;
}

}  // namespace chokepoint
