// SPDX-License-Identifier: Apache-2.0
#include "reference_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "terminal.h"

namespace chokepoint {

namespace {

std::string escaped_markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&') {
      out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;";
    } else {
      if (std::string_view("\\`*_[]|#").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

// A bar ends a cell even within backticks in some Markdowns, and a backtick the code: these are written as HTML.
std::string code_span(std::string_view text) {
  if (text.empty() || text == "-") return std::string(text);
  if (text.find_first_of("|`") == std::string_view::npos) return fmt::format("`{}`", text);
  std::string out = "<code>";
  for (const char c : text)
    out += c == '|' ? "&#124;" : c == '`' ? "&#96;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out + "</code>";
}

// Text in which `what somebody types` stays as it is.
std::string markdown_text(std::string_view text) {
  std::string out;
  for (bool code = false; !text.empty(); code = !code) {
    const std::string_view part = text.substr(0, text.find('`'));
    out += code ? code_span(part) : escaped_markdown(part);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return out;
}

std::string markdown_table(const ReferenceTable& table) {
  std::string out = "|", rule = "|";
  for (const ReferenceColumn& column : table.columns) {
    out += fmt::format(" {} |", escaped_markdown(column.header));
    rule += " --- |";
  }
  out += "\n" + rule + "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (std::size_t i = 0; i < row.size(); ++i)
      out += fmt::format(" {} |", table.columns[i].code ? code_span(row[i]) : markdown_text(row[i]));
    out += "\n";
  }
  return out;
}

std::string text_table(const ReferenceTable& table) {
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    columns.push_back({{table.columns[i].header}, {}, true});
    for (const auto& row : table.rows) columns.back().cells.push_back(row[i]);
  }
  return format_tables(columns.front(), {columns.begin() + 1, columns.end()}, std::numeric_limits<int>::max());
}

}  // namespace

ReferencePage::ReferencePage(PageFormat format, std::string_view title) : format_(format) {
  if (format_ == PageFormat::kMarkdown) add(fmt::format("# {}\n", escaped_markdown(title)));
}

void ReferencePage::heading(std::string_view what, bool code) {
  if (format_ == PageFormat::kText) return add(fmt::format("{}\n", what));
  add(fmt::format("## {}\n", code ? code_span(what) : escaped_markdown(what)));
}

void ReferencePage::paragraph(std::string_view text) {
  add(fmt::format("{}\n", format_ == PageFormat::kText ? std::string(text) : markdown_text(text)));
}

void ReferencePage::code(std::string_view text, std::string_view language) {
  add(format_ == PageFormat::kText ? fmt::format("{}\n", text) : fmt::format("```{}\n{}\n```\n", language, text));
}

void ReferencePage::table(const ReferenceTable& table) { add(format_ == PageFormat::kText ? text_table(table) : markdown_table(table)); }

void ReferencePage::add(std::string_view block) {
  if (!text_.empty()) text_ += "\n";
  text_ += block;
}

}  // namespace chokepoint
