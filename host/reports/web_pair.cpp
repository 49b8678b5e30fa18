// SPDX-License-Identifier: Apache-2.0
#include "web_pair.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "../config/toml_tools.h"
#include "../errors.h"
#include "json.h"
#include "report_parts.h"

namespace chokepoint {

namespace {

const StoredMetric* find_metric(const StoredResult& result, const std::string& name) {
  const auto found = std::ranges::find(result.metrics, name, &StoredMetric::name);
  return found == result.metrics.end() ? nullptr : &*found;
}

// Items that all lists name, in the order of the first; the others are named in `left_out`.
std::vector<SharedItem> in_all(const std::vector<std::vector<std::string>>& lists, const char* what, std::vector<std::string>& left_out) {
  std::vector<SharedItem> items;
  std::vector<std::string> lost;
  for (const std::string& name : lists.front()) {
    SharedItem item{name, {}};
    for (const std::vector<std::string>& list : lists)
      if (const auto found = std::ranges::find(list, name); found != list.end())
        item.at.push_back(static_cast<std::size_t>(found - list.begin()));
    if (item.at.size() == lists.size())
      items.push_back(std::move(item));
    else
      lost.push_back(name);
  }
  for (std::size_t i = 1; i < lists.size(); ++i)
    for (const std::string& name : lists[i])
      if (std::ranges::find(lists.front(), name) == lists.front().end()) lost.push_back(name);
  if (!lost.empty()) left_out.push_back(fmt::format("Left out, being in one of the results only: {} {}.", what, fmt::join(lost, ", ")));
  return items;
}

std::string metric_comparison(const WebResult& a, const WebResult& b, std::size_t metric, const std::vector<SharedItem>& policies) {
  std::vector<double> mean, low, high;
  std::vector<std::string> text_a, text_b, text;
  for (const SharedItem& policy : policies) {
    const auto of = [&](const WebResult& shown, std::size_t number) {
      const std::size_t at = (number + 1) * shown.result.years.size() - 1;
      return Estimate{shown.metrics[metric]->mean[at], shown.metrics[metric]->mean_se[at]};
    };
    const Estimate x = of(a, policy.at[0]), y = of(b, policy.at[1]);
    const double difference = y.value - x.value, error = std::hypot(x.standard_error, y.standard_error), half = kHalfWidth * error;
    mean.push_back(difference);
    low.push_back(difference - half);
    high.push_back(difference + half);
    text_a.push_back(with_error(x.value, x.standard_error));
    text_b.push_back(with_error(y.value, y.standard_error));
    text.push_back(with_error(difference, error) + (std::abs(difference) > half ? "" : " ≈"));
  }
  return json::object({{"mean", json_numbers(mean)},
                       {"low", json_numbers(low)},
                       {"high", json_numbers(high)},
                       {"text_a", json_texts(text_a)},
                       {"text_b", json_texts(text_b)},
                       {"text", json_texts(text)}});
}

void flatten(const TomlValue& value, const std::string& path, std::vector<Setting>& settings) {
  if (!value.is_table()) {
    settings.push_back({path, to_toml(value), value.kind == TomlValue::Kind::kString ? value.text : ""});
    return;
  }
  for (const TomlEntry& entry : value.entries) flatten(entry.value, path.empty() ? entry.key : path + "." + entry.key, settings);
}

}  // namespace

Shared shared_by(const std::vector<StoredResult>& results, const std::vector<std::string>& metrics) {
  Shared shared;
  std::vector<std::vector<std::string>> policies, events, names;
  for (const StoredResult& result : results) {
    policies.push_back(result.policies);
    events.push_back(result.events);
    for (names.emplace_back(); const StoredMetric& metric : result.metrics) names.back().push_back(metric.name);
    if (!metrics.empty()) chosen_metrics(result, metrics);  // throws for an unknown one
  }
  shared.policies = in_all(policies, "policies", shared.left_out);
  shared.events = in_all(events, "events", shared.left_out);
  for (const SharedItem& metric : in_all(names, "metrics", shared.left_out)) shared.metrics.push_back(metric.name);
  std::erase_if(shared.metrics, [&](const std::string& name) {
    const StoredMetric& first = *find_metric(results[0], name);
    const auto differs = [&](const StoredResult& result) {
      const StoredMetric& other = *find_metric(result, name);
      return other.units != first.units || other.direction != first.direction;
    };
    return std::ranges::any_of(results, differs);
  });
  if (!metrics.empty()) shared.metrics = metrics;
  // What the sentences speak of comes first.
  std::size_t first = 0;
  for (const StoredMetric* metric : chosen_metrics(results[0], metrics))
    if (const auto found = std::ranges::find(shared.metrics, metric->name); found != shared.metrics.end()) {
      std::rotate(shared.metrics.begin() + static_cast<std::ptrdiff_t>(first), found, found + 1);
      ++first;
    }
  if (shared.policies.empty() || shared.metrics.empty())
    throw UserError("the results have no policy or no metric in common: there is nothing to lay side by side");
  return shared;
}

std::string comparison_data(const std::vector<WebResult>& results, const Shared& shared) {
  if (results.size() != 2 || std::abs(results[0].result.years.back() - results[1].result.years.back()) > 1e-6) return "null";
  std::vector<std::size_t> numbers(shared.metrics.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  return json::array(numbers, [&](std::size_t i) { return metric_comparison(results[0], results[1], i, shared.policies); });
}

std::string kinship(const StoredResult& a, const StoredResult& b) {
  if (a.result_hash == b.result_hash) return "The two results are the same, bit for bit.";
  const auto same = [&](const char* entry) { return a.entry(entry) == b.entry(entry); };
  if (a.model != b.model || !same("seed_worlds") || !same("seed_chance"))
    return "The two results are independent runs: standard errors of differences between them are those of both, combined.";
  return fmt::format(
      "Both results come from the same seeds ({} for worlds, {} for chance): where their assumptions agree they share worlds and luck. The "
      "errors below are those of independent runs and too large for that; put both variants into one run, as policies, to compare them "
      "history by history.",
      a.entry("seed_worlds"), a.entry("seed_chance"));
}

std::vector<Setting> settings_of(const std::string& resolved) {
  std::vector<Setting> settings;
  try {
    flatten(parse_toml(resolved, 0), "", settings);
  } catch (const TomlSyntaxError&) {
    settings.clear();
  }
  return settings;
}

std::vector<SettingChange> changes(const std::vector<Setting>& a, const std::vector<Setting>& b) {
  const std::string none = "–";
  std::map<std::string, std::string> in_a, in_b;
  for (const Setting& s : a) in_a[s.key] = s.value;
  for (const Setting& s : b) in_b[s.key] = s.value;
  std::vector<SettingChange> found;
  for (const Setting& s : a) {
    const auto other = in_b.find(s.key);
    if (other == in_b.end() || other->second != s.value) found.push_back({s.key, s.value, other == in_b.end() ? none : other->second});
  }
  for (const Setting& s : b)
    if (!in_a.contains(s.key)) found.push_back({s.key, none, s.value});
  return found;
}

}  // namespace chokepoint
