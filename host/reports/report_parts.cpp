// What the tables of `summary` and `compare` are made of.
// SPDX-License-Identifier: Apache-2.0
#include "report_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "../errors.h"
#include "report.h"

namespace chokepoint {

namespace {

constexpr const char* kDefaultMetrics[] = {"capability_lag", "compute_ratio", "row_adoption", "revenue"};
constexpr std::size_t kMostMetrics = 6;  // of a model that has none of those
constexpr int kNarrowest = 60, kShortestName = 10;
constexpr Symbols kUnicodeSymbols = {"—", "±", "…", "≈"}, kAsciiSymbols = {"-", "+/-", "~", "~"};

std::string without_negative_zero(std::string text) {
  if (text.starts_with('-') && text.find_first_of("123456789in") == text.npos) text.erase(0, 1);
  return text;
}

double decimal_place(double x) { return std::floor(std::log10(x)); }

// One digit, not below x.
std::string round_up(double x) {
  const double unit = std::pow(10.0, decimal_place(x));
  return round_to_error(std::ceil(x / unit - 1e-9) * unit, unit);
}

}  // namespace

const Symbols& symbols_of(const SummaryOptions& options) { return options.unicode ? kUnicodeSymbols : kAsciiSymbols; }

std::string spaced_plus_minus(const Symbols& symbols) { return fmt::format(" {} ", symbols.plus_minus); }

std::string error_text(const Symbols& symbols) {
  return fmt::format("{} is one standard error; {} marks what cannot be told from zero at 95 %.", symbols.plus_minus, symbols.alike);
}

bool is_clear(const Estimate& e) { return e.value > kHalfWidth * e.standard_error; }

NumberAndError number_text(double value, double error) {
  return {round_to_error(value, error), std::isfinite(value) && std::isfinite(error) ? round_to_error(error, error) : ""};
}

NumberAndError estimate_text(const Symbols& symbols, const Estimate& e, double scale) {
  if (!std::isfinite(e.value) || !std::isfinite(e.standard_error)) return {symbols.dash, ""};
  if (e.standard_error == 0) return {round_to_error(scale * e.value, 0), ""};
  return number_text(scale * e.value, scale * e.standard_error);
}

// In percent. What happened never or always is bounded by its 95 % interval instead: rounding must not make it certain.
NumberAndError probability_text(double share, double low, double high) {
  if (share == 0 && high > 0) return {"<" + round_up(100 * high), ""};
  if (share == 1 && low < 1) {
    const double short_of = 100 * (1 - low), unit = std::pow(10.0, decimal_place(short_of));
    return {">" + round_to_error(100 - std::ceil(short_of / unit - 1e-9) * unit, unit), ""};
  }
  if (!std::isfinite(share)) return {"nan", ""};
  const double half = 100 * (high - low) / 2;
  return {round_to_error(100 * share, half), round_to_error(half, half)};
}

View make_view(const StoredResult& result, const SummaryOptions& options) {
  if (result.policies.empty() || result.years.empty() || result.quantiles.empty())
    throw UserError("the result has no policies, times or quantiles: there is nothing to show");
  return {result, std::max(options.width, kNarrowest), options.unicode, symbols_of(options)};
}

std::string unit_text(const StoredMetric& metric) { return metric.units == "1" ? "" : fmt::format(" ({})", metric.units); }

TableColumn policy_column(const View& v, int room) {
  TableColumn column{{"policy"}, {}, true};
  for (const std::string& name : v.result.policies)
    column.cells.push_back(shorten("  " + name, std::max(room, kShortestName), v.symbols.cut));
  return column;
}

std::string quantile_name(double share) { return share == 0.5 ? "median" : fmt::format("{:g} %", 100 * share); }

std::size_t nearest_quantile(const StoredResult& result, double share) {
  const auto distance = [&](double quantile) { return std::abs(quantile - share); };
  return static_cast<std::size_t>(std::ranges::min_element(result.quantiles, {}, distance) - result.quantiles.begin());
}

// The end of the last month before a decimal year: 2036.25 is the end of March 2036.
std::string end_text(double year) {
  constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
  const long last_month = std::lround(12 * year) - 1;
  return fmt::format("end of {}{}", last_month % 12 == 11 ? "" : fmt::format("{} ", kMonths[last_month % 12]), last_month / 12);
}

std::string provenance_text(const View& v) {
  const auto entry = [&](const char* key) { return v.result.entry(key); };
  std::string text = wrap_text(v.result.title, v.width, "");
  const auto add = [&](const char* label, const std::string& value, const char* unit = "") {
    if (!value.empty()) text += wrap_text(value + unit, v.width, fmt::format("{:13}", ""), fmt::format("{:<13}", label));
  };
  add("model", v.result.model);
  add("trajectories", group_digits(entry("trajectories")), fmt::format(" for each of {} policies", v.policies()).c_str());
  add("device", entry("device"));
  add("run time", entry("seconds"), " s");
  add("ended early", entry("ended_early"));
  add("MISSING", entry("missing"));
  add("version", entry("version"));
  add("result hash", v.result.result_hash);
  return text;
}

std::vector<const StoredMetric*> chosen_metrics(const StoredResult& result, const std::vector<std::string>& wanted) {
  std::vector<const StoredMetric*> chosen;
  std::vector<std::string> names, problems;
  for (const StoredMetric& metric : result.metrics) names.push_back(metric.name);
  const auto add = [&](const std::string& name) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) chosen.push_back(&result.metrics[static_cast<std::size_t>(found - names.begin())]);
    return found != names.end();
  };
  for (const std::string& name : wanted)
    if (!add(name)) problems.push_back(fmt::format("'{}' is no metric of this result. It has: {}.", name, fmt::join(names, ", ")));
  if (!problems.empty()) throw UserError(problems);
  if (!wanted.empty()) return chosen;
  for (const char* name : kDefaultMetrics) add(name);
  if (chosen.empty())
    for (std::size_t i = 0; i < std::min(kMostMetrics, names.size()); ++i) chosen.push_back(&result.metrics[i]);
  return chosen;
}

// Texts come from a file: nothing in them may steer the terminal.
std::string printable(std::string text) {
  for (char& byte : text)
    if ((static_cast<unsigned char>(byte) < 0x20 && byte != '\n') || byte == 0x7F) byte = '?';
  return text;
}

std::string round_to_error(double x, double error) {
  // An error below the precision of x is noise of the arithmetic, not of the sampling.
  if (!std::isfinite(x) || !std::isfinite(error) || error <= 1e-15 * std::abs(x)) return without_negative_zero(fmt::format("{:.6g}", x));
  const double place = decimal_place(error), unit = std::pow(10.0, place);
  const double rounded = std::abs(x) < unit / 4 ? 0 : std::round(x / unit) * unit;
  if (place >= -9 && std::abs(rounded) < 1e9)
    return without_negative_zero(fmt::format("{:.{}f}", place > 0 ? rounded : x, std::max(0, -static_cast<int>(place))));
  if (rounded == 0) return "0";
  return fmt::format("{:.{}e}", rounded, std::max(0, static_cast<int>(decimal_place(std::abs(rounded)) - place)));
}

}  // namespace chokepoint
