// What the tables of `summary` and `compare` are made of.
// SPDX-License-Identifier: Apache-2.0
#include "report_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../errors.h"
#include "report.h"

namespace chokepoint {

namespace {

constexpr const char* kDefaultMetrics[] = {"capability_lag", "compute_ratio", "row_adoption", "revenue"};
constexpr std::size_t kMostMetrics = 6;  // of a model that has none of those
constexpr int kWidestProse = 100;
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

namespace {

// Numbers of the policies from the least to the greatest; what cannot be had is last.
std::vector<std::size_t> ordered(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {},
                           [&](std::size_t p) { return std::pair(std::isnan(values[p]), std::isnan(values[p]) ? 0 : values[p]); });
  return order;
}

void sort_policies(const std::string& by, View& v) {
  const StoredResult& r = v.result;
  std::vector<double> values;
  if (const auto metric = std::ranges::find(r.metrics, by, &StoredMetric::name); metric != r.metrics.end()) {
    const double sign = metric->direction == "lower" ? 1 : -1;
    for (std::size_t p = 0; p < v.policies(); ++p) values.push_back(sign * metric->mean[v.last(p)]);
    v.order_text = fmt::format(" Policies by their mean {}, the {} first.", by, metric->direction == "none" ? "greatest" : "best");
  } else if (const auto event = std::ranges::find(r.events, by); event != r.events.end()) {
    const auto number = static_cast<std::size_t>(event - r.events.begin());
    for (std::size_t p = 0; p < v.policies(); ++p) values.push_back(r.event_probability[p * r.events.size() + number]);
    v.order_text = fmt::format(" Policies by the probability of {}, the lowest first.", by);
  } else {
    std::vector<std::string> metrics;
    for (const StoredMetric& m : r.metrics) metrics.push_back(m.name);
    throw UserError(fmt::format("--sort {}: neither a metric nor an event of this result. Metrics: {}. Events: {}.", by,
                                fmt::join(metrics, ", "), fmt::join(r.events, ", ")));
  }
  v.order = ordered(values);
}

}  // namespace

View make_view(const StoredResult& result, const SummaryOptions& options) {
  if (result.policies.empty() || result.years.empty() || result.quantiles.empty())
    throw UserError("the result has no policies, times or quantiles: there is nothing to show");
  View view{result, std::max(options.width, kNarrowest), options.unicode, options.colour, symbols_of(options), {}, {}, ""};
  view.metrics = chosen_metrics(result, options.metrics);
  view.order.resize(result.policies.size());
  std::iota(view.order.begin(), view.order.end(), 0);
  if (!options.sort.empty()) sort_policies(options.sort, view);
  return view;
}

std::string unit_text(const StoredMetric& metric) { return metric.units == "1" ? "" : fmt::format(" ({})", metric.units); }

std::string heading(const std::string& text, int width, bool colour) {
  return styled(wrap_text(text, width, "  "), colour ? Style::kBold : Style::kPlain);
}

std::string metric_heading(const View& v, const StoredMetric& m, const std::string& more) {
  const std::string end = end_text(v.result.years.back());
  return heading(fmt::format("{} {} {}{}, {}{}", m.name, v.symbols.dash, m.long_name, unit_text(m), end, more), v.width, v.colour);
}

int name_width(const View& v) {
  int widest = 0;
  for (const std::string& name : v.result.policies) widest = std::max(widest, 2 + text_width(printable(name)));
  return name_room(widest, v.width);
}

std::string policy_tables(const View& v, const std::vector<ColumnGroup>& groups, int best) {
  TableColumn names{{"policy"}, {}, true};
  for (const std::size_t p : v.order) {
    names.cells.push_back("  " + printable(v.result.policies[p]));
    if (v.colour) names.styles.push_back(static_cast<int>(p) == best ? Style::kBold : Style::kPlain);
  }
  return format_named(names, groups, v.width, v.symbols.cut);
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
  std::string text = heading(v.result.title, v.width, v.colour);
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

int prose_width(const View& v) { return std::min(v.width, kWidestProse); }

std::string reading_text(const View& v, const std::string& text) { return "\n" + wrap_text(text + v.order_text, prose_width(v), ""); }

namespace {

std::vector<int> chosen_numbers(const std::vector<std::string>& names, const std::vector<std::string>& wanted, std::string_view of) {
  std::vector<int> chosen;
  std::vector<std::string> problems;
  const auto add = [&](const std::string& name) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) chosen.push_back(static_cast<int>(found - names.begin()));
    return found != names.end();
  };
  for (const std::string& name : wanted)
    if (!add(name)) problems.push_back(fmt::format("'{}' is no metric of {}. It has: {}.", name, of, fmt::join(names, ", ")));
  if (!problems.empty()) throw UserError(problems);
  if (!wanted.empty()) return chosen;
  for (const char* name : kDefaultMetrics) add(name);
  if (chosen.empty())
    for (std::size_t i = 0; i < std::min(kMostMetrics, names.size()); ++i) chosen.push_back(static_cast<int>(i));
  return chosen;
}

}  // namespace

std::vector<const StoredMetric*> chosen_metrics(const StoredResult& result, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const StoredMetric& metric : result.metrics) names.push_back(metric.name);
  std::vector<const StoredMetric*> chosen;
  for (const int number : chosen_numbers(names, wanted, "this result")) chosen.push_back(&result.metrics[static_cast<std::size_t>(number)]);
  return chosen;
}

std::vector<int> chosen_metrics(const ModelInfo& model, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const MetricRow& row : model.metrics) names.emplace_back(row.key);
  return chosen_numbers(names, wanted, "this model");
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
