// `chokepoint sensitivity`: total and first-order indices by a design of their own.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

#include "../errors.h"
#include "../run/plan.h"
#include "../run/progress.h"
#include "../statistics/index_design.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kMostWorlds = 10'000'000'000;

// "10_000" as in a configuration.
std::uint64_t worlds_of(const std::string& text, std::vector<std::string>& problems) {
  std::string digits = text;
  std::erase(digits, '_');
  std::uint64_t worlds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), worlds);
  if (error != std::errc() || end != digits.data() + digits.size() || worlds < kFewestWorlds || worlds > kMostWorlds)
    problems.push_back(fmt::format("--samples {}: not a whole number from {} to {}", text, kFewestWorlds, kMostWorlds));
  return worlds;
}

// The numbers of the names in the option's list; all if it is empty.
template <class Rows, class NameOf>
std::vector<int> numbers_of(const po::variables_map& options, const char* option, const Rows& rows, NameOf name_of,
                            std::vector<std::string>& problems) {
  std::vector<int> numbers;
  const Words names = list_of(options, option);
  for (std::size_t i = 0; names.empty() && i < rows.size(); ++i) numbers.push_back(static_cast<int>(i));
  for (const std::string& name : names) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return name_of(row) == name; });
    if (found != rows.end()) {
      numbers.push_back(static_cast<int>(found - rows.begin()));
      continue;
    }
    std::string legal;
    for (const auto& row : rows) legal += (legal.empty() ? "" : ", ") + std::string(name_of(row));
    problems.push_back(fmt::format("--{}: there is no '{}'. Legal here: {}.", option, name, legal));
  }
  return numbers;
}

// The policies of these numbers, and the reference.
void keep_policies(Scenario& scenario, const std::vector<int>& kept) {
  std::vector<PolicySetting> policies;
  int reference = 0;
  for (int p = 0; p < static_cast<int>(scenario.policies.size()); ++p) {
    if (p == scenario.reference) reference = static_cast<int>(policies.size());
    if (p == scenario.reference || std::find(kept.begin(), kept.end(), p) != kept.end()) policies.push_back(scenario.policies[p]);
  }
  scenario.policies = policies;
  scenario.reference = reference;
}

Provenance provenance_of(const Scenario& s, const DesignResult& result, const std::string& started, double seconds) {
  Provenance entries = build_provenance();
  const auto add = [&](const char* name, const std::string& value) { entries.emplace_back(name, value); };
  add("device", result.device);
  add("started", started);
  add("seconds", fmt::format("{:.2f}", seconds));
  add("worlds", fmt::format("{}", result.worlds));
  add("trajectories", fmt::format("{}", design_size(s, result.worlds)));
  add("reference", s.policies[s.reference].name);
  add("seed_worlds", fmt::format("{}", s.seed_worlds));
  add("seed_chance", fmt::format("{}", s.seed_chance));
  add_configuration(s, entries);
  return entries;
}

}  // namespace

void sensitivity_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
  auto add = o.add_options();
  add("samples", po::value<std::string>()->default_value("10_000")->value_name("N"),
      "base worlds; for K parameters that vary, (K + 3) N trajectories of each policy are run");
  add("metrics,m", po::value<std::string>()->value_name("A,B"), "metrics; default: all, of which the first are shown");
  add("policies", po::value<std::string>()->value_name("A,B"), "policies to compare with the reference; default: all");
  add("output,o", po::value<std::string>()->value_name("OUT.h5"), "write everything to this file");
  add("csv", po::value<std::string>()->value_name("OUT.csv"), "write everything to this file; -: to standard output, without tables");
  add("force", po::bool_switch(), "overwrite existing files");
  add("quiet", po::bool_switch(), "no progress and no tables");
  terminal_options(o);
}

int verb_sensitivity(const po::variables_map& options, const Words& files) {
  Scenario scenario = scenario_of(options, files);
  const ExecuteOptions how = execute_options(options);
  std::vector<std::string> problems;
  const std::uint64_t worlds = worlds_of(options["samples"].as<std::string>(), problems);
  SummaryOptions shown = terminal_of(options);
  shown.metrics = list_of(options, "metrics");
  const std::vector<int> metrics = numbers_of(
      options, "metrics", scenario.model->metrics, [](const MetricRow& row) { return std::string_view(row.key); }, problems);
  const std::vector<int> policies = numbers_of(
      options, "policies", scenario.policies, [](const PolicySetting& policy) { return std::string_view(policy.name); }, problems);
  if (!problems.empty()) throw UserError(problems);
  keep_policies(scenario, policies);
  const std::string path = text_of(options, "output"), csv = text_of(options, "csv");
  const std::size_t factors = drivers(scenario).size() + 1;
  const std::uint64_t bytes = 256 * metrics.size() * scenario.policies.size() * scenario.sensitivity_records.size() * factors + 100'000;
  if (path == "-") usage("--output: a result is no text for standard output; --csv - is");
  check_outputs(options, {"output", "csv"}, bytes);
  const bool talks = !how.quiet && csv != "-";
  if (talks)
    fmt::print("{} worlds, {} factors ({} parameters and chance): {} trajectories of each of {} policies\n\n", worlds, factors, factors - 1,
               design_size(scenario, worlds), scenario.policies.size());
  std::fflush(stdout);
  const std::string started = now_text();
  const auto start = std::chrono::steady_clock::now();
  DesignResult result;
  {
    Progress progress(1, how.quiet);
    result = run_design(scenario, metrics, worlds, how, [&](double share) { progress.update(share); });
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (talks) std::fputs(index_tables(scenario, result, shown).c_str(), stdout);
  if (!csv.empty()) write_output(csv, index_csv(scenario, result));
  if (path.empty()) return 0;
  const std::string hash = write_indices(path, scenario, result, provenance_of(scenario, result, started, seconds));
  if (talks) fmt::print("\n{}: {} worlds in {}, result_hash {}\n", path, result.worlds, format_duration(seconds), hash);
  return 0;
}

}  // namespace chokepoint
