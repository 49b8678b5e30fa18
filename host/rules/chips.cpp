// SPDX-License-Identifier: Apache-2.0
#include "chips.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "../config/csv_reader.h"
#include "../errors.h"

namespace chokepoint {

namespace {

const std::vector<std::string> kColumns = {"chip",         "vendor", "on_sale", "date_known_to", "tpp", "density", "memory_bandwidth",
                                           "interconnect", "h100e",  "source",  "confidence"};
const std::vector<std::string> kDates = {"month", "quarter", "year"}, kConfidences = {"read", "estimate"};

// Every limit on a number of a chip: far outside of what was ever built, to catch slips of the pen and of units.
struct Limits {
  double low, high;
};
constexpr Limits kTppLimits = {1, 1e7}, kDensityLimits = {0.01, 1e4}, kBandwidthLimits = {1, 1e6}, kH100eLimits = {0.001, 1000};

class ChipReader {
 public:
  explicit ChipReader(const std::string& path) : path_(path) {}

  std::vector<Chip> read() {
    std::vector<Chip> chips;
    std::map<std::string, int> line_of;
    for (const CsvRow& row : read_csv(path_, kColumns)) {
      line_ = row.line;
      chips.push_back(chip(row.cells));
      const auto [earlier, is_new] = line_of.emplace(chips.back().name, line_);
      if (!is_new) complain(fmt::format("chip '{}' is given twice, first in line {}", chips.back().name, earlier->second));
    }
    if (chips.empty() && problems_.empty()) problems_.push_back(path_ + ": there is no chip in it");
    if (!problems_.empty()) throw UserError(problems_);
    return chips;
  }

 private:
  void complain(const std::string& what) { problems_.push_back(fmt::format("{}:{}: {}", path_, line_, what)); }

  Chip chip(const std::vector<std::string>& cells) {
    Chip chip;
    chip.name = text(0, cells[0]);
    chip.vendor = text(1, cells[1]);
    chip.on_sale = month(cells[2]);
    if (chip.on_sale) chip.date_known_to = one_of(kDates, 3, cells[3]);
    chip.tpp = needed(4, cells[4], kTppLimits);
    chip.density = number(5, cells[5], kDensityLimits);
    chip.memory_bandwidth = number(6, cells[6], kBandwidthLimits);
    chip.interconnect = number(7, cells[7], kBandwidthLimits);
    chip.h100e = needed(8, cells[8], kH100eLimits);
    chip.source = text(9, cells[9]);
    chip.confidence = one_of(kConfidences, 10, cells[10]);
    return chip;
  }

  std::string text(int column, const std::string& cell) {
    if (cell.empty()) complain(kColumns[column] + " is missing");
    return cell;
  }

  std::string one_of(const std::vector<std::string>& legal, int column, const std::string& cell) {
    if (std::ranges::find(legal, cell) == legal.end())
      complain(fmt::format("{} = '{}' is not one of {}", kColumns[column], cell, fmt::join(legal, ", ")));
    return cell;
  }

  std::optional<double> number(int column, const std::string& cell, Limits limits) {
    if (cell.empty()) return std::nullopt;
    const auto value = csv_number(cell);
    if (!value)
      complain(fmt::format("{} = '{}' is not a number", kColumns[column], cell));
    else if (*value < limits.low || *value > limits.high)
      complain(fmt::format("{} = {} is outside [{}, {}]", kColumns[column], cell, limits.low, limits.high));
    return value;
  }

  double needed(int column, const std::string& cell, Limits limits) {
    if (cell.empty()) complain(kColumns[column] + " is missing");
    return number(column, cell, limits).value_or(0);
  }

  std::optional<std::chrono::year_month> month(const std::string& cell) {
    if (cell.empty()) return std::nullopt;
    int year = 0;
    unsigned month = 0;
    const char* const end = cell.data() + cell.size();
    const bool form = cell.size() == 7 && cell[4] == '-' && std::from_chars(cell.data(), cell.data() + 4, year).ptr == cell.data() + 4 &&
                      std::from_chars(cell.data() + 5, end, month).ptr == end;
    const std::chrono::year_month date{std::chrono::year(year), std::chrono::month(month)};
    if (form && date.ok()) return date;
    complain(fmt::format("on_sale = '{}' is not a month such as 2024-03; it is empty for a chip that was never sold", cell));
    return std::nullopt;
  }

  std::string path_;
  int line_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace

std::optional<double> Chip::value(Quantity quantity) const {
  switch (quantity) {
    case Quantity::kTpp:
      return tpp;
    case Quantity::kDensity:
      return density;
    case Quantity::kMemoryBandwidth:
      return memory_bandwidth;
    case Quantity::kInterconnect:
      return interconnect;
    case Quantity::kBandwidthSum:
      if (!memory_bandwidth || !interconnect) return std::nullopt;
      return *memory_bandwidth + *interconnect;
  }
  return std::nullopt;
}

std::vector<Chip> read_chips(const std::string& path) { return ChipReader(path).read(); }

const Chip* best_of(const std::vector<const Chip*>& chips) {
  const auto best = std::ranges::max_element(chips, {}, &Chip::h100e);
  return best == chips.end() ? nullptr : *best;
}

}  // namespace chokepoint
