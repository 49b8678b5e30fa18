// chokepoint run: a scenario to a result file.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <limits>

#include "../errors.h"
#include "../results/result.h"
#include "../run/plan.h"
#include "../run/ranks.h"
#include "../run/signals.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

Provenance provenance_of(const Scenario& s, const RunState& state, const Engine& engine, const Outcome& outcome, const std::string& started) {
  const Tallies& tallies = state.tallies;
  Provenance entries = build_provenance();
  const auto add = [&](const char* name, const std::string& value) { entries.emplace_back(name, value); };
  add("device", engine.describe());
  add("started", started);
  add("seconds", fmt::format("{:.2f}", state.seconds));
  add("trajectory_months_per_second", fmt::format("{:.4g}", static_cast<double>(tallies.trajectories) * s.steps() *
                                                                static_cast<double>(s.policies.size()) / state.seconds));
  add("trajectories", fmt::format("{}", tallies.trajectories));
  add("trajectories_wanted", fmt::format("{}", s.trajectories));
  add("ended_early", outcome.reason);
  if (outcome.error) add("stop_standard_error", fmt::format("{}", *outcome.error));
  add("replicates", fmt::format("{}", s.replicates));
  add("seed_worlds", fmt::format("{}", s.seed_worlds));
  add("seed_chance", fmt::format("{}", s.seed_chance));
  std::int64_t clamped = 0, non_finite = 0;
  for (const std::int64_t count : tallies.clamped) clamped += count;
  for (const std::uint64_t first : tallies.first_non_finite) non_finite += first != std::numeric_limits<std::uint64_t>::max();
  add("clamped_draws", fmt::format("{}", clamped));
  add("policies_with_non_finite_values", fmt::format("{}", non_finite));
  add_configuration(s, entries);
  return entries;
}

// What the user must know before trusting the numbers; to standard error.
void warn(const Scenario& s, const Tallies& tallies) {
  for (std::size_t p = 0; p < s.policies.size(); ++p)
    if (const std::uint64_t first = tallies.first_non_finite[p]; first != std::numeric_limits<std::uint64_t>::max())
      fmt::print(stderr,
                 "warning: policy {}: values that are not finite, first in trajectory {}. They are counted (histogram/*_non_finite) and "
                 "left out of every statistic. Are the priors too wide?\n",
                 s.policies[p].name, first);
  for (std::size_t i = 0; i < s.parameters.size(); ++i)
    if (static_cast<double>(tallies.clamped[i]) > 0.01 * static_cast<double>(tallies.trajectories))
      fmt::print(stderr, "warning: parameters.{}: {:.1f} % of the draws were outside the valid range and were clamped to it.\n",
                 s.model->parameters[i].key, 100.0 * static_cast<double>(tallies.clamped[i]) / static_cast<double>(tallies.trajectories));
}

std::string output_path(const po::variables_map& options, const Words& files) {
  if (options.count("output")) return text_of(options, "output");
  return (std::filesystem::path("outputs") / std::filesystem::path(files.back()).stem()).string() + ".h5";
}

}  // namespace

void run_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
  auto add = o.add_options();
  add("output,o", po::value<std::string>()->value_name("OUT.h5"), "result file; default: outputs/NAME.h5 after the last FILE");
  add("time-limit", po::value<double>()->default_value(0)->value_name("SECONDS"), "stop then and write what is done; 0: none");
  add("force", po::bool_switch(), "overwrite an existing result");
  add("quiet", po::bool_switch(), "no progress and no summary");
}

int verb_run(const po::variables_map& options, const Words& files) {
  Ranks ranks(options.count("shard") > 0);
  if (ranks.rank() > 0) return ranks.serve();
  const Scenario scenario = scenario_of(options, files);
  const ExecuteOptions how = execute_options(options);
  const std::string path = output_path(options, files);
  if (!options.count("output")) std::filesystem::create_directories("outputs");
  check_output(path, options["force"].as<bool>(), estimate_file_size(scenario));
  const Job job = make_job(scenario);
  RunState state(job, {0, scenario.trajectories});
  const std::string started = now_text();
  const SignalWatch watch;
  const std::unique_ptr<Engine> engine = ranks.make_engine(scenario, job, how, how.quiet);
  const Outcome outcome = execute(scenario, *engine, how, state);
  const Tallies& tallies = state.tallies;
  const Statistics statistics = derive_statistics(scenario, tallies, state.sample);
  const std::string hash =
      write_result(path, {scenario, tallies, state.sample, statistics, provenance_of(scenario, state, *engine, outcome, started)});
  warn(scenario, tallies);
  if (!how.quiet) {
    std::fputs(summarise(read_result(path), default_summary()).c_str(), stdout);
    fmt::print("\n{}: {} in {}, result_hash {}\n", path, format_bytes(static_cast<double>(std::filesystem::file_size(path))),
               format_duration(state.seconds), hash);
  }
  if (outcome.ending == Ending::kInterrupted) {
    fmt::print(stderr, "{}: stopped after {} of {} trajectories; {} holds those.\n", outcome.reason, tallies.trajectories,
               scenario.trajectories, path);
    return kExitInterrupted;
  }
  if (outcome.ending == Ending::kTargetMissed) {
    fmt::print(stderr, "{}\n", outcome.reason);
    return kExitTarget;
  }
  return 0;
}

}  // namespace chokepoint
