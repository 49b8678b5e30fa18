// SPDX-License-Identifier: Apache-2.0
#include "findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace chokepoint {

namespace {

std::string rank_text(const View& v, double rank, bool alike) {
  return std::isnan(rank) ? v.symbols.dash : fmt::format("{}{:.0f}", alike ? v.symbols.alike : "", rank);
}

NumberAndError text_of(const View& v, const Finding& f, std::size_t policy) {
  const double value = f.values[policy];
  if (std::isnan(value)) return {v.symbols.dash, ""};
  if (f.form == Finding::Form::kShare) return probability_text(value, f.bounds[2 * policy], f.bounds[2 * policy + 1]);
  if (!f.errors.empty()) return number_text(value, f.errors[policy]);
  return {round_to_error(value, f.bounds.empty() ? 0 : (f.bounds[2 * policy + 1] - f.bounds[2 * policy]) / 2), ""};
}

}  // namespace

std::vector<double> pick(const View& v, const std::vector<double>& values, Stride stride, std::size_t each) {
  std::vector<double> picked;
  for (std::size_t p = 0; p < v.policies(); ++p) {
    const auto from = values.begin() + static_cast<std::ptrdiff_t>((stride.first + p * stride.step) * each);
    picked.insert(picked.end(), from, from + static_cast<std::ptrdiff_t>(each));
  }
  return picked;
}

TableColumn table_column(const View& v, const Finding& f) {
  TableColumn column{f.header, {}};
  const auto is_alike = [&](std::size_t p) { return !f.alike.empty() && f.alike[p]; };
  if (f.form == Finding::Form::kRank) {
    for (const std::size_t p : v.order) column.cells.push_back(rank_text(v, f.values[p], is_alike(p)));
  } else {
    std::vector<NumberAndError> texts;
    for (const std::size_t p : v.order) texts.push_back(text_of(v, f, p));
    const bool tight = f.form == Finding::Form::kShare;  // probabilities have a column each, and there are many
    column.cells = align_errors(texts, tight ? fmt::format(" {}", v.symbols.plus_minus) : spaced_plus_minus(v.symbols));
    if (!f.alike.empty())
      for (std::size_t i = 0; i < v.order.size(); ++i) column.cells[i] += is_alike(v.order[i]) ? v.symbols.alike : " ";
  }
  if (v.colour && !f.alike.empty())
    for (const std::size_t p : v.order) column.styles.push_back(is_alike(p) ? Style::kDim : Style::kPlain);
  return column;
}

ColumnGroup table_columns(const View& v, const std::vector<Finding>& findings) {
  ColumnGroup columns;
  for (const Finding& finding : findings)
    if (!finding.header.empty()) columns.push_back(table_column(v, finding));
  return columns;
}

}  // namespace chokepoint
