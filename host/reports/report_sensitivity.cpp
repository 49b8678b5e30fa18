// Drivers and the value of information, each number with its error and a mark where it cannot be told from zero.
// SPDX-License-Identifier: Apache-2.0
#include "report_sensitivity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../errors.h"
#include "../results/read_sensitivity.h"
#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

namespace {

constexpr std::size_t kShownDrivers = 8, kShownInformation = 20;

// Estimates of some drivers as a column, those that cannot be told from zero marked.
TableColumn column(const std::string& header, const std::vector<Estimate>& estimates, double scale, const SummaryOptions& options) {
  const Symbols& symbols = symbols_of(options);
  std::vector<NumberAndError> values;
  for (const Estimate& e : estimates) values.push_back(estimate_text(symbols, e, scale));
  std::vector<std::string> cells = align_errors(values, spaced_plus_minus(symbols));
  std::vector<Style> styles;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool alike = !is_clear(estimates[i]) && std::isfinite(estimates[i].value);
    cells[i] += alike ? symbols.alike : " ";
    if (options.colour) styles.push_back(alike ? Style::kDim : Style::kPlain);
  }
  return {break_name(header, text_width(cells.front())), cells, false, styles};
}

// The drivers with the largest index under any policy, the largest first.
std::vector<std::size_t> largest(const std::vector<Estimate>& indices, std::size_t drivers) {
  std::vector<double> most(drivers, 0);
  for (std::size_t i = 0; i < indices.size(); ++i)
    if (is_clear(indices[i])) most[i % drivers] = std::max(most[i % drivers], indices[i].value);
  std::vector<std::size_t> order(drivers);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t d) { return most[d]; });
  std::erase_if(order, [&](std::size_t d) { return most[d] == 0; });
  order.resize(std::min(order.size(), kShownDrivers));
  return order;
}

std::string index_table(const View& v, const StoredDrivers& stored, const std::vector<Estimate>& indices, const char* heading,
                        const SummaryOptions& options) {
  const std::size_t drivers = stored.drivers.size();
  const std::vector<std::size_t> shown = largest(indices, drivers);
  if (shown.empty()) return wrap_text(fmt::format("{}: none can be told from zero", heading), options.width, "  ", "  ");
  TableColumn names{{"  parameter"}, {}, true};
  for (const std::size_t d : shown) names.cells.push_back("  " + stored.drivers[d]);
  std::vector<TableColumn> columns;
  for (const std::size_t p : v.order) {
    std::vector<Estimate> of_policy;
    for (const std::size_t d : shown) of_policy.push_back(indices[p * drivers + d]);
    const bool known = std::ranges::any_of(of_policy, [](const Estimate& e) { return std::isfinite(e.value); });
    if (known) columns.push_back(column(v.result.policies[p], of_policy, 100, options));
  }
  return wrap_text(heading, options.width, "  ", "  ") + format_named(names, {columns}, options.width, symbols_of(options).cut);
}

std::string in_line(const Estimate& estimate, double scale, const SummaryOptions& options) {
  const NumberAndError text = estimate_text(symbols_of(options), estimate, scale);
  return text.error.empty() ? text.number : text.number + spaced_plus_minus(symbols_of(options)) + text.error;
}

std::string split_text(const StoredDrivers& stored, const SummaryOptions& options) {
  const auto part = [&](int source, const char* name) {
    return fmt::format("{} {} %", name, in_line(stored.variance_share[source], 100, options));
  };
  std::string text = "Variance from the " + part(kFromPolicy, "policy");
  if (std::isfinite(stored.variance_share[kFromChance].value))
    text += fmt::format(", {}, {}.", part(kFromParameters, "parameters"), part(kFromChance, "chance within worlds"));
  else
    text += "; the rest from parameters and chance, which one trajectory of each world does not tell apart: run.replicates = 2 would.";
  return wrap_text(text, options.width, "  ", "  ");
}

// The one wanted; or of those that `summary` shows, then of all, the first of which more or less is better.
const StoredMetric& decided_metric(const StoredResult& result, const std::string& wanted) {
  std::vector<std::string> names;
  if (wanted.empty())
    for (const StoredMetric* metric : chosen_metrics(result, {}))
      if (metric->direction != "none") return *metric;
  for (const StoredMetric& metric : result.metrics) {
    if (metric.direction == "none") continue;
    if (wanted.empty() || metric.name == wanted) return metric;
    names.push_back(metric.name);
  }
  throw UserError(fmt::format("--metric {}: not a metric of this result of which more or less is better. There are: {}.", wanted,
                              fmt::join(names, ", ")));
}

std::vector<std::size_t> chosen_policies(const StoredResult& result, const std::vector<std::string>& wanted) {
  std::vector<std::size_t> chosen;
  std::vector<std::string> problems;
  for (std::size_t p = 0; p < result.policies.size(); ++p)
    if (wanted.empty() || std::ranges::find(wanted, result.policies[p]) != wanted.end()) chosen.push_back(p);
  for (const std::string& name : wanted)
    if (std::ranges::find(result.policies, name) == result.policies.end())
      problems.push_back(fmt::format("--policies: '{}' is no policy of this result. It has: {}.", name, fmt::join(result.policies, ", ")));
  if (problems.empty() && chosen.size() < 2)
    problems.push_back("--policies: information has a value only where there is a choice; name at least two");
  if (!problems.empty()) throw UserError(problems);
  return chosen;
}

std::string information_table(const StoredDrivers& stored, const Information& information, const StoredMetric& metric,
                              const SummaryOptions& options) {
  std::vector<std::size_t> order(stored.drivers.size());
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](std::size_t d) { return std::isfinite(information.partial[d].value) ? information.partial[d].value : 0; };
  std::ranges::stable_sort(order, std::greater(), value);
  std::erase_if(order, [&](std::size_t d) { return value(d) <= 0; });
  order.resize(std::min(order.size(), kShownInformation));
  if (order.empty())
    return wrap_text("No parameter is worth knowing: whatever its value, the same policy is best.", options.width, "  ", "  ");
  TableColumn names{{"  parameter"}, {}, true}, units{{"unit"}, {}, true};
  std::vector<Estimate> values, shares;
  for (const std::size_t d : order) {
    const Estimate& e = information.partial[d];
    names.cells.push_back("  " + stored.drivers[d]);
    units.cells.push_back(stored.units[d] == "1" ? "" : stored.units[d]);
    values.push_back({std::max(e.value, 0.0), e.standard_error});
    shares.push_back({values.back().value / information.perfect.value, e.standard_error / information.perfect.value});
  }
  const std::size_t others = stored.drivers.size() - order.size();
  const std::string rest =
      others == 0 ? "" : wrap_text(fmt::format("The other {} parameters: less, or nothing.", others), options.width, "  ", "  ");
  const ColumnGroup columns = {units, column("EVPPI" + unit_text(metric), values, 1, options), column("% of EVPI", shares, 100, options)};
  return format_named(names, {columns}, options.width, symbols_of(options).cut) + rest;
}

}  // namespace

std::string report_drivers(const std::string& path, const SummaryOptions& options) {
  const StoredResult result = read_result(path);
  const View v = make_view(result, options);
  std::string text;
  for (const StoredMetric* metric : v.metrics) {
    const StoredDrivers stored = read_drivers(path, result, metric->name);
    text += (text.empty() ? "" : "\n") + metric_heading(v, *metric);
    text += split_text(stored, options);
    text += index_table(v, stored, stored.first_order, "Percent of the variance that a parameter explains alone", options);
    if (result.policies.size() > 1)
      text += index_table(v, stored, stored.difference_first_order, "The same of the difference from the reference policy", options);
  }
  return text + reading_text(v, error_text(symbols_of(options)));
}

InformationAnswer ask_information(const std::string& path, const InformationOptions& options) {
  InformationAnswer answer{read_result(path), 0, {}, {}, {}};
  const StoredMetric& metric = decided_metric(answer.result, options.metric);
  answer.metric_number = static_cast<std::size_t>(&metric - answer.result.metrics.data());
  answer.policies = chosen_policies(answer.result, options.policies);
  answer.stored = read_drivers(path, answer.result, metric.name);
  answer.information = value_of_information(read_information(path, answer.result, metric, answer.policies));
  if (answer.policies.size() == answer.result.policies.size()) answer.information.perfect = read_perfect_information(path, metric.name);
  if (!std::isfinite(answer.information.perfect.value))
    throw UserError(fmt::format(
        "{}: too few trajectories, or values that are not finite, to tell what information on {} is worth. At least {} worlds are needed.",
        path, metric.name, kFewestPerBin * kDriverBins));
  return answer;
}

std::string information_tables(const InformationAnswer& answer, const SummaryOptions& options) {
  const StoredMetric& metric = answer.metric();
  const std::size_t replicates = replicates_of(answer.result);
  const std::string everything = replicates == 1 ? "everything, chance included,"
                                                 : fmt::format("everything, of chance the mean of a world's {} replicates,", replicates);
  std::string text =
      heading(fmt::format("What it is worth to know a parameter before choosing among {} policies by {}{}, {} is better, at the end",
                          answer.policies.size(), metric.name, unit_text(metric), metric.direction),
              options.width, options.colour);
  const std::string& best = answer.result.policies[answer.policies[static_cast<std::size_t>(answer.information.best)]];
  text += wrap_text(fmt::format("Best knowing nothing: {}. Knowing {} would gain {} (EVPI).", best, everything,
                                in_line(answer.information.perfect, 1, options)),
                    options.width, "");
  text += "\n" + information_table(answer.stored, answer.information, metric, options);
  return text + "\n" + wrap_text(error_text(symbols_of(options)), options.width, "");
}

}  // namespace chokepoint
