// chokepoint replay: the whole history of one trajectory.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <optional>

#include "../errors.h"
#include "../reports/replay_report.h"
#include "../reports/report_parts.h"
#include "../run/plan.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr auto kFiles = {"csv", "json", "html"};

// What was run: a result file, or configuration files.
struct Source {
  std::optional<StoredRun> stored;
  Scenario scenario;
  std::uint64_t trajectories = 0;
};

Source source_of(const po::variables_map& options, const Words& files) {
  Source source;
  if (files.size() == 1 && is_hdf5(files[0])) {
    for (const char* option : {"set", "trajectories", "seed-worlds", "seed-chance"})
      if (options.count(option))
        usage(fmt::format("--{}: {} is a result and keeps its own configuration; give configuration files to change something", option,
                          files[0]));
    source.stored.emplace(files[0]);
    source.scenario = source.stored->scenario();
    source.trajectories = source.stored->trajectories();
  } else {
    source.scenario = scenario_of(options, files);
    source.trajectories = source.scenario.stop ? source.scenario.stop->max_trajectories : source.scenario.trajectories;
  }
  return source;
}

}  // namespace

void replay_options(po::options_description& o) {
  auto add = o.add_options();
  add("trajectory,n", po::value<std::string>()->value_name("N"), "number of the trajectory, from 0; `chokepoint find` suggests some");
  add("policy,p", po::value<std::string>()->value_name("A,B,..."),
      "policies side by side; default: the reference and, in a result, the one with the best mean of the first metric");
  add("metrics,m", po::value<std::string>()->value_name("A,B,..."), "metrics in the table; default: those that `summary` shows");
  add("brief", po::bool_switch(), "only months of which there is something to tell, and Decembers");
  add("csv", po::value<std::string>()->value_name("OUT.csv"),
      "write every month, metric, lever and shock to this file; -: to standard output");
  add("json", po::value<std::string>()->value_name("OUT.json"), "the same as JSON, with the parameters; -: to standard output");
  add("html", po::value<std::string>()->value_name("OUT.html"), "write a page with charts to this file; -: to standard output");
  add("force", po::bool_switch(), "overwrite existing files");
  width_option(o);
  configuration_options(o);
}

int verb_replay(const po::variables_map& options, const Words& files) {
  if (!options.count("trajectory")) usage("replay: --trajectory is missing; `chokepoint find OUT.h5` suggests some");
  const std::uint64_t trajectory = whole_number(options, "trajectory", 0, kMaxTrajectories - 1);
  check_outputs(options, kFiles, 5'000'000);
  const Source source = source_of(options, files);
  const Scenario& s = source.scenario;
  const SummaryOptions terminal = terminal_of(options);
  const ReplayView view{chosen_metrics(*s.model, list_of(options, "metrics")), terminal.width, terminal.unicode,
                        options["brief"].as<bool>()};
  std::vector<int> policies;
  for (const std::string& name : list_of(options, "policy")) policies.push_back(policy_number(s, name, "--policy"));
  if (policies.empty()) policies = default_policies(s, source.stored ? &source.stored->result() : nullptr, view.metrics);
  Replay told = replay(s, policies, trajectory, source.trajectories);
  told.files = files;
  if (source.stored) {
    told.result_hash = source.stored->result().result_hash;
    check_replay(*source.stored, policies, told);
  }
  if (!has_standard_output(options, kFiles)) std::fputs(replay_tables(told, view).c_str(), stdout);
  if (options.count("csv")) write_output(text_of(options, "csv"), replay_csv(told));
  if (options.count("json")) write_output(text_of(options, "json"), replay_json(told, view.metrics));
  if (options.count("html")) write_output(text_of(options, "html"), replay_page(told, view.metrics));
  return 0;
}

}  // namespace chokepoint
