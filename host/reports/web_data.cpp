// SPDX-License-Identifier: Apache-2.0
#include "web_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "json.h"
#include "page.h"
#include "report_parts.h"
#include "web_answer.h"

namespace chokepoint {

namespace {

constexpr double kFan[] = {0.05, 0.25, 0.5, 0.75, 0.95};
constexpr std::size_t kShownDrivers = 12, kFewTimes = 3;

using json::quoted;

std::string number(double x) { return std::isfinite(x) ? fmt::format("{:.7g}", x) : "null"; }

std::string text(const std::string& value) {
  const bool negative = value.size() > 1 && value[0] == '-' && value[1] >= '0' && value[1] <= '9';
  return json::quoted(negative ? "−" + value.substr(1) : value);
}

std::string joined(const NumberAndError& value) { return value.error.empty() ? value.number : value.number + " ± " + value.error; }

// Rounded to half the width of its interval.
std::string bounded(double value, double low, double high) { return std::isfinite(value) ? round_to_error(value, (high - low) / 2) : "–"; }

std::string share_text(double share, double low, double high) {
  return std::isfinite(share) ? joined(probability_text(share, low, high)) : "–";
}

// The end of each policy's row of (policy, time).
std::vector<std::size_t> ends(const StoredResult& r) {
  std::vector<std::size_t> at;
  for (std::size_t p = 0; p < r.policies.size(); ++p) at.push_back((p + 1) * r.years.size() - 1);
  return at;
}

std::vector<std::size_t> fan_columns(const StoredResult& r) {
  std::vector<std::size_t> columns;
  for (const double share : kFan) columns.push_back(nearest_quantile(r, share));
  return columns;
}

// The times of which texts are given: the ends of years, or all where they are few.
std::vector<std::size_t> text_times(const StoredResult& r) {
  std::vector<std::size_t> all(r.years.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<std::size_t> ends = all;
  std::erase_if(ends, [&](std::size_t t) { return t + 1 < all.size() && std::abs(r.years[t] - std::round(r.years[t])) > 1e-6; });
  return ends.size() < kFewTimes ? all : ends;
}

std::string fan_data(const StoredResult& r, const StoredMetric& m) {
  const std::vector<std::size_t> columns = fan_columns(r);
  std::vector<double> values;
  std::vector<std::string> rounded;
  for (std::size_t row = 0; row < m.mean.size(); ++row)
    for (const std::size_t column : columns) values.push_back(m.quantile[row * r.quantiles.size() + column]);
  for (std::size_t p = 0; p < r.policies.size(); ++p)
    for (const std::size_t t : text_times(r)) {
      const std::size_t row = p * r.years.size() + t;
      for (const std::size_t column : columns) {
        const std::size_t at = row * r.quantiles.size() + column;
        rounded.push_back(bounded(m.quantile[at], m.quantile_bounds[2 * at], m.quantile_bounds[2 * at + 1]));
      }
      rounded.push_back(with_error(m.mean[row], m.mean_se[row]));
    }
  return json::object({{"values", json_numbers(values)}, {"text", json_texts(rounded)}});
}

// Each policy less the reference, at the end.
std::string difference_data(const StoredResult& r, const StoredMetric& m) {
  const std::size_t median = nearest_quantile(r, 0.5);
  std::vector<double> mean, low, high, better, equal;
  std::vector<std::string> mean_text, middle, better_text;
  for (const std::size_t at : ends(r)) {
    const double value = m.paired.mean_difference[at], half = kHalfWidth * m.paired.mean_difference_se[at];
    mean.push_back(value);
    low.push_back(value - half);
    high.push_back(value + half);
    const bool alike = !(std::abs(value) > half), missing = !std::isfinite(value);
    mean_text.push_back(missing ? "–" : with_error(value, m.paired.mean_difference_se[at]) + (alike ? " ≈" : ""));
    const std::size_t q = at * r.quantiles.size() + median;
    middle.push_back(bounded(m.paired.difference_quantile[q], m.paired.difference_quantile_bounds[2 * q],
                             m.paired.difference_quantile_bounds[2 * q + 1]));
    equal.push_back(m.paired.probability_equal[at]);
    if (m.direction == "none") continue;
    better.push_back(m.paired.probability_better[at]);
    better_text.push_back(share_text(m.paired.probability_better[at], m.paired.probability_better_bounds[2 * at],
                                     m.paired.probability_better_bounds[2 * at + 1]));
  }
  return json::object({{"mean", json_numbers(mean)},
                       {"low", json_numbers(low)},
                       {"high", json_numbers(high)},
                       {"text", json_texts(mean_text)},
                       {"median", json_texts(middle)},
                       {"better", json_numbers(better)},
                       {"equal", json_numbers(equal)},
                       {"better_text", json_texts(better_text)}});
}

// Of single trajectories, the first basis.
std::string decision_data(const StoredResult& r, const StoredMetric& m, const MetricDetails& details) {
  if (!m.decision) return "null";
  const DecisionStatistics& d = *m.decision;
  std::vector<double> mean, low, high, ranks;
  std::vector<std::string> text, p95, rank_text;
  std::vector<double> separation;
  for (std::size_t p = 0; p < r.policies.size(); ++p) {
    const double half = kHalfWidth * d.regret_mean_se[p];
    mean.push_back(d.regret_mean[p]);
    low.push_back(std::max(0.0, d.regret_mean[p] - half));
    high.push_back(d.regret_mean[p] + half);
    text.push_back(std::isfinite(mean.back()) ? with_error(d.regret_mean[p], d.regret_mean_se[p]) : "–");
    p95.push_back(bounded(d.regret_p95[p], d.regret_p95_bounds[2 * p], d.regret_p95_bounds[2 * p + 1]));
    separation.push_back(static_cast<double>(d.separation[p]));
  }
  for (std::size_t i = 0; i < r.policies.size() * r.policies.size(); ++i) {
    ranks.push_back(details.rank_probability[i]);
    rank_text.push_back(
        share_text(details.rank_probability[i], details.rank_probability_bounds[2 * i], details.rank_probability_bounds[2 * i + 1]));
  }
  return json::object({{"best", std::to_string(d.best)},
                       {"mean", json_numbers(mean)},
                       {"low", json_numbers(low)},
                       {"high", json_numbers(high)},
                       {"text", json_texts(text)},
                       {"p95", json_texts(p95)},
                       {"rank", json_numbers(ranks)},
                       {"rank_text", json_texts(rank_text)},
                       {"separation", json_numbers(separation)}});
}

// The largest indices of a row of `drivers`, as [driver, index, standard error, text, mean at the low end, at the high end].
std::string driver_rows(const std::vector<Estimate>& indices, std::size_t first, std::size_t drivers, const std::vector<double>& low,
                        const std::vector<double>& high, std::size_t base, bool difference) {
  std::vector<std::size_t> order(drivers);
  std::iota(order.begin(), order.end(), 0);
  const auto size = [&](std::size_t d) { return std::isfinite(indices[first + d].value) ? indices[first + d].value : -1; };
  std::ranges::stable_sort(order, std::greater(), size);
  std::erase_if(order, [&](std::size_t d) { return size(d) <= 0; });
  order.resize(std::min(order.size(), kShownDrivers));
  return json::array(
      order,
      [&](std::size_t d) {
        const Estimate& e = indices[first + d];
        const auto end = [&](const std::vector<double>& means) { return number(means[first + d] - (difference ? means[base + d] : 0)); };
        const Estimate in_percent{100 * e.value, 100 * e.standard_error};
        const std::string rounded = with_error(in_percent.value, in_percent.standard_error) + (is_clear(e) ? "" : " ≈");
        return fmt::format("[{},{},{},{},{},{}]", d, number(e.value), number(e.standard_error), text(rounded), end(low), end(high));
      },
      ",");
}

std::string drivers_data(const StoredResult& r, const MetricDetails& details) {
  if (!details.drivers) return "null";
  const std::size_t drivers = details.drivers->drivers.size(), base = static_cast<std::size_t>(r.reference) * drivers;
  std::vector<std::size_t> firsts;
  for (std::size_t p = 0; p < r.policies.size(); ++p) firsts.push_back(p * drivers);
  const auto rows = [&](const std::vector<Estimate>& indices, bool difference) {
    return json::array(firsts, [&](std::size_t first) {
      return driver_rows(indices, first, drivers, details.mean_low, details.mean_high, base, difference);
    });
  };
  return json::object(
      {{"own", rows(details.drivers->first_order, false)}, {"difference", rows(details.drivers->difference_first_order, true)}});
}

std::string metric_data(const StoredResult& r, const StoredMetric& m, const MetricDetails& details) {
  return json::object({{"name", quoted(m.name)},
                       {"title", quoted(readable(m.name))},
                       {"meaning", quoted(m.long_name)},
                       {"units", quoted(m.units == "1" ? "" : m.units)},
                       {"direction", quoted(m.direction)},
                       {"log", m.scale == "log" ? "true" : "false"},
                       {"fan", fan_data(r, m)},
                       {"difference", difference_data(r, m)},
                       {"decision", decision_data(r, m, details)},
                       {"drivers", drivers_data(r, details)}});
}

std::string event_data(const StoredResult& r, const StoredDetails& details, std::size_t event) {
  const std::size_t events = r.events.size(), times = r.years.size();
  std::vector<double> share, low, high;
  std::vector<std::string> text;
  for (std::size_t p = 0; p < r.policies.size(); ++p)
    for (std::size_t t = 0; t < times; ++t) {
      const std::size_t at = (p * events + event) * times + t;
      share.push_back(r.event_cdf[at]);
      low.push_back(details.event_cdf_bounds[2 * at]);
      high.push_back(details.event_cdf_bounds[2 * at + 1]);
    }
  for (std::size_t p = 0; p < r.policies.size(); ++p)
    for (const std::size_t t : text_times(r)) {
      const std::size_t at = (p * events + event) * times + t;
      text.push_back(share_text(r.event_cdf[at], details.event_cdf_bounds[2 * at], details.event_cdf_bounds[2 * at + 1]));
    }
  return json::object({{"name", quoted(r.events[event])},
                       {"title", quoted(readable(r.events[event]))},
                       {"meaning", quoted(details.event_titles[event])},
                       {"share", json_numbers(share)},
                       {"low", json_numbers(low)},
                       {"high", json_numbers(high)},
                       {"text", json_texts(text)}});
}

template <class Number>
std::string packed(const std::vector<Number>& values) {
  return quoted(page::base64({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number)}));
}

std::string sample_data(const StoredSample& s) {
  if (s.trajectories.empty()) return "null";
  const auto text = [](std::int64_t n) { return std::to_string(n); };
  const bool narrow = std::ranges::all_of(s.event_month, [](std::uint16_t month) { return month < 256; });
  return json::object(
      {{"trajectories", json::array(s.trajectories, text, ",")},
       {"parameters", json_texts(s.parameters)},
       {"units", json_texts(s.units)},
       {"parameter_values", packed(s.parameter_values)},
       {"metric_values", packed(s.metric_values)},
       {"event_month", narrow ? packed(std::vector<std::uint8_t>(s.event_month.begin(), s.event_month.end())) : packed(s.event_month)},
       {"month_bytes", narrow ? "1" : "2"}});
}

}  // namespace

std::string json_numbers(const std::vector<double>& values) { return json::array(values, number, ","); }
std::string json_texts(const std::vector<std::string>& values) { return json::array(values, text, ","); }
std::string with_error(double value, double standard_error) { return joined(number_text(value, standard_error)); }

std::string web_data(const WebResult& shown) {
  const StoredResult& r = shown.result;
  const StoredDetails& details = shown.details;
  std::vector<std::size_t> metrics(shown.metrics.size()), events(r.events.size()), policies(r.policies.size());
  std::iota(metrics.begin(), metrics.end(), 0);
  std::iota(events.begin(), events.end(), 0);
  std::iota(policies.begin(), policies.end(), 0);
  std::vector<std::string> quantiles;
  for (const std::size_t column : fan_columns(r)) quantiles.push_back(quantile_name(r.quantiles[column]));
  const bool driven = !details.metrics.empty() && details.metrics.front().drivers;
  return json::object(
      {{"file", quoted(std::filesystem::path(shown.path).filename().string())},
       {"title", quoted(r.title)},
       {"trajectories", quoted(group_digits(r.entry("trajectories")))},
       {"end", quoted(end_text(r.years.back()))},
       {"reference", std::to_string(r.reference)},
       {"policies", json::array(policies,
                                [&](std::size_t p) {
                                  return json::object({{"name", quoted(r.policies[p])}, {"title", quoted(r.policy_titles[p])}});
                                })},
       {"years", json_numbers(r.years)},
       {"text_times", json::array(
                          text_times(r), [](std::size_t t) { return std::to_string(t); }, ",")},
       {"quantiles", json_texts(quantiles)},
       {"metrics", json::array(metrics, [&](std::size_t i) { return metric_data(r, *shown.metrics[i], details.metrics[i]); })},
       {"events", json::array(events, [&](std::size_t e) { return event_data(r, details, e); })},
       {"drivers", driven ? json_texts(details.metrics.front().drivers->drivers) : "[]"},
       {"sample", sample_data(details.sample)}},
      ",\n");
}

}  // namespace chokepoint
