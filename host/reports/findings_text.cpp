// Findings for scripts: as CSV and as JSON, no digit lost.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "csv.h"
#include "findings.h"
#include "json.h"

namespace chokepoint {

namespace {

using json::exact, json::Members, json::object, json::quoted;

// A number of each policy.
struct Column {
  std::string name;
  std::vector<double> values;
};

// A finding without its form: the numbers, then their errors or bounds.
std::vector<Column> columns_of(const View& v, const Subject& subject) {
  std::vector<Column> columns;
  for (const Finding& f : subject.findings) {
    columns.push_back({f.name, f.values});
    if (!f.errors.empty()) columns.push_back({f.name + "_se", f.errors});
    if (f.bounds.empty()) continue;
    columns.push_back({f.name + "_low", pick(v, f.bounds, {0, 2})});
    columns.push_back({f.name + "_high", pick(v, f.bounds, {1, 2})});
  }
  return columns;
}

std::string numbers_json(const double* first, std::size_t count) {
  const std::vector<double> numbers(first, first + count);
  return json::array(numbers, exact, ", ");
}

std::string subject_json(const View& v, const Subject& subject) {
  const std::vector<Column> columns = columns_of(v, subject);
  const auto policy_json = [&](std::size_t p) {
    Members members = {{"policy", quoted(v.result.policies[p])}};
    for (const Column& column : columns) members.emplace_back(column.name, exact(column.values[p]));
    for (const Series& series : subject.series) {
      const std::size_t each = series.values.size() / v.policies();
      members.emplace_back(series.name, numbers_json(series.values.data() + p * each, each));
    }
    return object(members);
  };
  Members members = {{"name", quoted(subject.name)}, {"units", quoted(subject.units)}};
  if (!subject.meaning.empty()) members.emplace_back("long_name", quoted(subject.meaning));
  if (!subject.direction.empty()) members.emplace_back("direction", quoted(subject.direction));
  if (!subject.histogram_edges.empty())
    members.emplace_back("histogram_edges", numbers_json(subject.histogram_edges.data(), subject.histogram_edges.size()));
  members.emplace_back("policies", json::array(v.order, policy_json, ",\n      "));
  return object(members, ",\n     ");
}

}  // namespace

std::string findings_csv(const View& v, const std::vector<Subject>& subjects) {
  std::vector<std::string> header = {"kind", "name", "units", "policy"}, names;
  for (const Subject& subject : subjects)
    for (const Column& column : columns_of(v, subject))
      if (std::ranges::find(names, column.name) == names.end()) names.push_back(column.name);
  for (const std::string& name : names) header.push_back(csv::field(name));
  std::string text = csv::row(header);
  for (const Subject& subject : subjects) {
    std::map<std::string, std::vector<double>> values;
    for (Column& column : columns_of(v, subject)) values[column.name] = std::move(column.values);
    for (const std::size_t p : v.order) {
      std::vector<std::string> fields = {subject.kind, csv::field(subject.name), csv::field(subject.units),
                                         csv::field(v.result.policies[p])};
      for (const std::string& name : names) fields.push_back(values.contains(name) ? csv::field(values[name][p]) : "");
      text += csv::row(fields);
    }
  }
  return text;
}

std::string findings_json(const View& v, const std::string& command, const std::vector<Subject>& subjects) {
  const StoredResult& r = v.result;
  const auto policy_json = [&](std::size_t p) { return object({{"name", quoted(r.policies[p])}, {"title", quoted(r.policy_titles[p])}}); };
  const std::string trajectories = r.entry("trajectories");
  const bool counted = !trajectories.empty() && trajectories.find_first_not_of("0123456789") == trajectories.npos;
  Members members = {{"chokepoint_" + command, "1"},
                     {"title", quoted(r.title)},
                     {"model", quoted(r.model)},
                     {"version", quoted(r.entry("version"))},
                     {"result_hash", quoted(r.result_hash)},
                     {"trajectories", counted ? trajectories : "null"},
                     {"ended_early", quoted(r.entry("ended_early"))},
                     {"missing", quoted(r.entry("missing"))},
                     {"reference", quoted(r.policies[static_cast<std::size_t>(r.reference)])},
                     {"years", numbers_json(r.years.data(), r.years.size())},
                     {"policies", json::array(v.order, policy_json)}};
  for (const char* kind : {"metric", "event", "threshold", "worldview", "regret_across_worldview"}) {
    std::vector<Subject> of_kind;
    std::ranges::copy_if(subjects, std::back_inserter(of_kind), [&](const Subject& s) { return s.kind == kind; });
    if (of_kind.empty() && std::string_view(kind).ends_with("worldview")) continue;  // most results have none
    members.emplace_back(fmt::format("{}s", kind), json::array(of_kind, [&](const Subject& s) { return subject_json(v, s); }));
  }
  return object(members, ",\n  ") + "\n";
}

}  // namespace chokepoint
