// What drives a result and what it would be worth to know, for scripts: all parameters, as CSV and as JSON, no digit lost.
// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "../results/read_sensitivity.h"
#include "csv.h"
#include "json.h"
#include "report_parts.h"
#include "report_sensitivity.h"

namespace chokepoint {

namespace {

using json::exact, json::Members, json::object, json::quoted;

constexpr const char* kSources[kVarianceSources] = {"policy", "parameters", "chance"};

std::vector<std::size_t> count_to(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

void add(std::vector<std::string>& fields, const Estimate& e) {
  fields.push_back(csv::field(e.value));
  fields.push_back(csv::field(e.standard_error));
}

void add(Members& members, const std::string& name, const Estimate& e) {
  members.emplace_back(name, exact(e.value));
  members.emplace_back(name + "_se", exact(e.standard_error));
}

std::string metric_json(const View& v, const StoredMetric& metric, const StoredDrivers& stored) {
  const auto source_json = [&](std::size_t source) {
    Members members = {{"name", quoted(kSources[source])}};
    add(members, "variance_share", stored.variance_share[source]);
    return object(members);
  };
  const auto parameter_json = [&](std::size_t driver) {
    const auto policy_json = [&](std::size_t policy) {
      const std::size_t at = policy * stored.drivers.size() + driver;
      Members members = {{"policy", quoted(v.result.policies[policy])}};
      add(members, "first_order", stored.first_order[at]);
      add(members, "difference_first_order", stored.difference_first_order[at]);
      return object(members);
    };
    return object({{"name", quoted(stored.drivers[driver])},
                   {"units", quoted(stored.units[driver])},
                   {"policies", json::array(v.order, policy_json, ",\n       ")}});
  };
  return object({{"name", quoted(metric.name)},
                 {"units", quoted(metric.units)},
                 {"sources", json::array(count_to(kVarianceSources), source_json, ", ")},
                 {"parameters", json::array(count_to(stored.drivers.size()), parameter_json, ",\n      ")}},
                ",\n     ");
}

}  // namespace

std::string drivers_csv(const std::string& path, const SummaryOptions& options) {
  const StoredResult result = read_result(path);
  const View v = make_view(result, options);
  std::string text =
      "kind,metric,name,policy,first_order,first_order_se,difference_first_order,difference_first_order_se,variance_share,variance_share_"
      "se\n";
  for (const StoredMetric* metric : v.metrics) {
    const StoredDrivers stored = read_drivers(path, result, metric->name);
    for (int source = 0; source < kVarianceSources; ++source) {
      std::vector<std::string> fields = {"source", csv::field(metric->name), kSources[source], "", "", "", "", ""};
      add(fields, stored.variance_share[static_cast<std::size_t>(source)]);
      text += csv::row(fields);
    }
    for (std::size_t driver = 0; driver < stored.drivers.size(); ++driver)
      for (const std::size_t policy : v.order) {
        std::vector<std::string> fields = {"parameter", csv::field(metric->name), csv::field(stored.drivers[driver]),
                                           csv::field(result.policies[policy])};
        add(fields, stored.first_order[policy * stored.drivers.size() + driver]);
        add(fields, stored.difference_first_order[policy * stored.drivers.size() + driver]);
        fields.insert(fields.end(), 2, "");
        text += csv::row(fields);
      }
  }
  return text;
}

std::string drivers_json(const std::string& path, const SummaryOptions& options) {
  const StoredResult result = read_result(path);
  const View v = make_view(result, options);
  const auto json_of = [&](const StoredMetric* metric) { return metric_json(v, *metric, read_drivers(path, result, metric->name)); };
  return object({{"chokepoint_drivers", "1"},
                 {"title", quoted(result.title)},
                 {"result_hash", quoted(result.result_hash)},
                 {"reference", quoted(result.policies[static_cast<std::size_t>(result.reference)])},
                 {"metrics", json::array(v.metrics, json_of)}},
                ",\n  ") +
         "\n";
}

std::string information_csv(const InformationAnswer& answer) {
  std::string text = "metric,units,parameter,parameter_units,evppi,evppi_se\n";
  for (std::size_t driver = 0; driver < answer.stored.drivers.size(); ++driver) {
    std::vector<std::string> fields = {csv::field(answer.metric().name), csv::field(answer.metric().units),
                                       csv::field(answer.stored.drivers[driver]), csv::field(answer.stored.units[driver])};
    add(fields, answer.information.partial[driver]);
    text += csv::row(fields);
  }
  return text;
}

std::string information_json(const InformationAnswer& answer) {
  const auto name = [&](std::size_t policy) { return quoted(answer.result.policies[policy]); };
  const auto parameter_json = [&](std::size_t driver) {
    Members members = {{"name", quoted(answer.stored.drivers[driver])}, {"units", quoted(answer.stored.units[driver])}};
    add(members, "evppi", answer.information.partial[driver]);
    return object(members);
  };
  Members members = {{"chokepoint_voi", "1"},
                     {"title", quoted(answer.result.title)},
                     {"result_hash", quoted(answer.result.result_hash)},
                     {"metric", quoted(answer.metric().name)},
                     {"units", quoted(answer.metric().units)},
                     {"direction", quoted(answer.metric().direction)},
                     {"policies", json::array(answer.policies, name, ", ")},
                     {"best", name(answer.policies[static_cast<std::size_t>(answer.information.best)])}};
  add(members, "evpi", answer.information.perfect);
  members.emplace_back("parameters", json::array(count_to(answer.stored.drivers.size()), parameter_json));
  return object(members, ",\n  ") + "\n";
}

}  // namespace chokepoint
