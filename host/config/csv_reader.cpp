// SPDX-License-Identifier: Apache-2.0
#include "csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "../errors.h"
#include "text_file.h"
#include "toml_tools.h"

namespace chokepoint {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // some spreadsheets write it

class Scanner {
 public:
  Scanner(const std::string& name, std::string_view text) : name_(name), text_(text) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  bool at_end() const { return at_ == text_.size(); }

  // The next line of the table, which is several lines of the text where a quoted cell has line ends.
  CsvRow row() {
    CsvRow row{line_, {cell()}};
    while (!at_end() && text_[at_] == ',') {
      ++at_;
      row.cells.push_back(cell());
    }
    end_line();
    return row;
  }

 private:
  bool at_line_end() const { return at_end() || text_[at_] == '\n' || text_.substr(at_).starts_with("\r\n"); }

  void end_line() {
    if (at_end()) return;
    if (!at_line_end()) refuse(line_, "text after the closing quote of a cell");
    at_ += text_[at_] == '\r' ? 2 : 1;
    ++line_;
  }

  std::string cell() {
    if (!at_end() && text_[at_] == '"') return quoted_cell();
    const std::size_t start = at_;
    for (; !at_line_end() && text_[at_] != ','; ++at_)
      if (text_[at_] == '"') refuse(line_, "a quote within a cell; quote the whole cell and double the quotes in it");
    return std::string(text_.substr(start, at_ - start));
  }

  std::string quoted_cell() {
    const int opened = line_;
    std::string value;
    for (++at_; !at_end(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_end() || text_[at_] != '"') return value;
      }
      line_ += text_[at_] == '\n';
      value += text_[at_];
    }
    refuse(opened, "a quote is opened and not closed");
  }

  [[noreturn]] void refuse(int line, std::string_view what) const { throw UserError(fmt::format("{}:{}: {}", name_, line, what)); }

  std::string name_;
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

// For each of the wanted columns its number in the file.
std::vector<std::size_t> places_of(const std::string& name, const CsvRow& header, const std::vector<std::string>& columns) {
  std::vector<std::string> problems;
  const auto complain = [&](std::string what) { problems.push_back(fmt::format("{}:{}: {}", name, header.line, what)); };
  for (auto cell = header.cells.begin(); cell != header.cells.end(); ++cell) {
    if (std::ranges::find(columns, *cell) == columns.end())
      complain(fmt::format("unknown column '{}' (nothing reads it).{}", *cell, advice(*cell, columns)));
    if (std::find(header.cells.begin(), cell, *cell) != cell) complain(fmt::format("column '{}' is given twice", *cell));
  }
  std::vector<std::size_t> places;
  for (const std::string& column : columns) {
    const auto found = std::ranges::find(header.cells, column);
    if (found == header.cells.end()) complain(fmt::format("column '{}' is missing", column));
    places.push_back(static_cast<std::size_t>(found - header.cells.begin()));
  }
  if (!problems.empty()) throw UserError(problems);
  return places;
}

}  // namespace

std::vector<CsvRow> parse_csv(const std::string& name, std::string_view text, const std::vector<std::string>& columns) {
  Scanner scanner(name, text);
  if (scanner.at_end()) throw UserError(fmt::format("{}:1: the file is empty; its first line must name the columns", name));
  const CsvRow header = scanner.row();
  const std::vector<std::size_t> places = places_of(name, header, columns);
  std::vector<CsvRow> rows;
  std::vector<std::string> problems;
  while (!scanner.at_end()) {
    CsvRow row = scanner.row();
    if (row.cells.size() == 1 && row.cells[0].empty()) continue;
    if (row.cells.size() != columns.size()) {
      problems.push_back(fmt::format("{}:{}: {} cells; the header names {} columns", name, row.line, row.cells.size(), columns.size()));
      continue;
    }
    CsvRow& sorted = rows.emplace_back(CsvRow{row.line, {}});
    for (const std::size_t place : places) sorted.cells.push_back(std::move(row.cells[place]));
  }
  if (!problems.empty()) throw UserError(problems);
  return rows;
}

std::vector<CsvRow> read_csv(const std::string& path, const std::vector<std::string>& columns) {
  return parse_csv(path, read_text_file(path), columns);
}

std::optional<double> csv_number(std::string_view cell) {
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc{} || end != cell.data() + cell.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace chokepoint
