// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "utf8.h"

namespace chokepoint {

namespace {

constexpr int kShortestName = 10;
constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr const char* kAsciiBlocks[] = {"_", ".", "-", "=", "+", "*", "#"};

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::string blanks(int count) { return std::string(static_cast<std::size_t>(std::max(0, count)), ' '); }

std::string pad(const std::string& text, int width, bool left) {
  const std::string space = blanks(width - text_width(text));
  return left ? text + space : space + text;
}

bool is_control(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  return byte(0) < 0x20 || byte(0) == 0x7F || (byte(0) == 0xC2 && byte(1) < 0xA0);  // the last: U+0080 to U+009F
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
    for (const TableColumn* column : columns) line += (line.empty() ? "" : blanks(kColumnGap)) + cell_of(*column);
    add_line(text, std::move(line));
  };
  for (std::size_t i = 0; i < header_lines; ++i)
    add_row([&](const TableColumn& column) {
      const std::size_t missing = header_lines - column.header.size();  // headers stand on the first row
      return pad(i < missing ? "" : printable(column.header[i - missing]), column.width(), column.left);
    });
  for (std::size_t i = 0; i < rows; ++i)
    add_row([&](const TableColumn& column) {
      return styled(pad(printable(column.cells[i]), column.width(), column.left), column.styles.empty() ? Style::kPlain : column.styles[i]);
    });
  return text;
}

}  // namespace

std::string styled(const std::string& lines, Style style) {
  if (style == Style::kPlain) return lines;
  std::string text;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    const std::string line = lines.substr(at, end - at);
    const std::size_t first = line.find_first_not_of(' '), last = line.find_last_not_of(' ') + 1;
    if (first == line.npos)
      text += line;
    else
      text.append(line, 0, first)
          .append(style == Style::kBold ? "\033[1m" : "\033[2m")
          .append(line, first, last - first)
          .append("\033[0m")
          .append(line, last);
    if (end < lines.size()) text += '\n';
    at = end + 1;
  }
  return text;
}

std::string printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    safe.append(length == 0 || is_control(text) ? "?" : text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return safe;
}

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

std::vector<std::string> shorten_all(const std::vector<std::string>& texts, int width, std::string_view mark) {
  std::vector<std::string> cut;
  for (const std::string& text : texts) cut.push_back(shorten(text, width, mark));
  const std::vector<std::string> ends = cut;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (ends[i] == texts[i] || std::ranges::count(ends, ends[i]) == 1) continue;
    const int tail = width / 3;
    std::size_t at = texts[i].size();
    for (int characters = 0; characters < tail; characters += starts_character(texts[i][at])) --at;
    cut[i] = shorten(texts[i], width - tail, mark) + texts[i].substr(at);
  }
  return cut;
}

std::string wrap_text(std::string_view text, int width, std::string_view indent, std::string_view first) {
  std::string lines, line(first);
  bool empty = true;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \n\t", at)) != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(" \n\t", at), text.size());
    const std::string word = printable(text.substr(at, end - at));
    if (!empty && text_width(line) + 1 + text_width(word) > width) {
      add_line(lines, std::move(line));
      line = indent;
      empty = true;
    }
    line.append(empty ? "" : " ").append(word);
    empty = false;
    at = end;
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
  const auto before = [](const std::string& number) { return text_width(number.substr(0, number.find('.'))); };
  int widest_before = 0, widest_after = 0;
  for (const std::string& number : numbers) {
    widest_before = std::max(widest_before, before(number));
    widest_after = std::max(widest_after, text_width(number) - before(number));
  }
  std::vector<std::string> aligned;
  for (const std::string& number : numbers)
    aligned.push_back(pad(blanks(widest_before - before(number)) + number, widest_before + widest_after, true));
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

std::pair<std::string, std::string> sparkline_ends(bool unicode) {
  if (unicode) return {*std::begin(kBlocks), *std::rbegin(kBlocks)};
  return {*std::begin(kAsciiBlocks), *std::rbegin(kAsciiBlocks)};
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
    for (const std::string& text : *texts) widest = std::max(widest, text_width(printable(text)));
  return widest;
}

int width_of(const ColumnGroup& columns) {
  int width = 0;
  for (const TableColumn& column : columns) width += kColumnGap + column.width();
  return width;
}

std::string format_groups(const TableColumn& first, const std::vector<ColumnGroup>& groups, int width) {
  std::vector<std::vector<const TableColumn*>> tables;
  int left = 0;
  const auto begin_table = [&] {
    tables.push_back({&first});
    left = width - first.width();
  };
  begin_table();
  for (const ColumnGroup& group : groups) {
    const int all = width_of(group);
    if (all > left && all <= width - first.width() && tables.back().size() > 1) begin_table();
    for (const TableColumn& column : group) {
      const int one = kColumnGap + column.width();
      if (one > left && tables.back().size() > 1) begin_table();
      tables.back().push_back(&column);
      left -= one;
    }
  }
  std::string text;
  for (const auto& table : tables) text += (text.empty() ? "" : "\n") + format_table(table);
  return text;
}

int name_room(int widest, int width) { return std::min(widest, std::max(width / 3, kShortName)); }

std::string format_named(TableColumn names, const std::vector<ColumnGroup>& groups, int width, std::string_view cut) {
  int room = name_room(names.width(), width), widest = 0;
  for (const ColumnGroup& group : groups) {
    const int beside = width - width_of(group);
    if (beside >= kShortName) room = std::min(room, beside);
    for (const TableColumn& column : group) widest = std::max(widest, column.width());
  }
  room = std::max(std::min(room, width - kColumnGap - widest), kShortestName);
  names.cells = shorten_all(names.cells, room, cut);
  names.header = shorten_all(names.header, room, cut);
  return format_groups(names, groups, width);
}

std::string format_tables(const TableColumn& first, const ColumnGroup& columns, int width) {
  return format_groups(first, {columns}, width);
}

}  // namespace chokepoint
