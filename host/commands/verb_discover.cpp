// chokepoint discover: for which parameters is a trajectory interesting?
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "../errors.h"
#include "../reports/discover_report.h"
#include "../run/progress.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kMostTrajectories = 100'000'000;

DiscoverOptions discover_options_of(const po::variables_map& options) {
  DiscoverOptions d;
  if (!options.count("when")) usage("discover: --when is missing; say what is interesting, such as --when 'capability_lag < 0'");
  d.when = options["when"].as<std::string>();
  if (options.count("policy")) d.policy = options["policy"].as<std::string>();
  if (options.count("against")) d.against = options["against"].as<std::string>();
  d.trajectories = whole_number(options, "trajectories", 0, kMostTrajectories);
  d.boxes = options["boxes"].as<int>();
  d.resamples = options["resamples"].as<int>();
  d.prim.peel = options["peel"].as<double>();
  d.tree.depth = options["depth"].as<int>();
  if (options.count("coverage")) d.prim.coverage = options["coverage"].as<double>();
  if (options.count("density")) d.prim.density = options["density"].as<double>();
  std::vector<std::string> problems;
  const auto check = [&](bool good, const std::string& problem) {
    if (!good) problems.push_back(problem);
  };
  const auto share = [&](const char* name, double x) { check(x > 0 && x <= 1, fmt::format("--{} {}: not above 0 and up to 1", name, x)); };
  check(d.boxes >= 1 && d.boxes <= 10, fmt::format("--boxes {}: outside 1 to 10", d.boxes));
  check(d.resamples >= 40 && d.resamples <= 10000,
        fmt::format("--resamples {}: outside 40 to 10000; fewer have no 2.5 % tails", d.resamples));
  check(d.prim.peel >= 0.001 && d.prim.peel <= 0.5, fmt::format("--peel {}: outside 0.001 to 0.5", d.prim.peel));
  check(d.tree.depth >= 0 && d.tree.depth <= 6, fmt::format("--depth {}: outside 0 to 6", d.tree.depth));
  if (options.count("coverage")) share("coverage", d.prim.coverage);
  if (options.count("density")) share("density", d.prim.density);
  check(!options.count("coverage") || !options.count("density"), "--coverage and --density: give one of them; the other follows");
  if (!problems.empty()) throw UserError(problems);
  return d;
}

}  // namespace

void discover_options(po::options_description& o) {
  auto add = o.add_options();
  add("when", po::value<std::string>()->value_name("CONDITION"),
      "what is interesting: 'capability_lag < 0' at the end, 'catastrophe', 'catastrophe == 0', 'bust before 2029', joined by ' and '");
  add("policy", po::value<std::string>()->value_name("P"), "under which policy; default: the reference");
  add("against", po::value<std::string>()->value_name("Q"),
      "bounds are on the difference P - Q in the same trajectory; an event happens under P and not under Q");
  add("trajectories", po::value<std::string>()->default_value("0")->value_name("N"),
      "trajectories to run again, up to 10^8: one half to learn from, one half to count; 0: halves of the stored sample");
  add("boxes", po::value<int>()->default_value(2)->value_name("K"), "boxes at most, each of what earlier ones left");
  add("coverage", po::value<double>()->value_name("SHARE"), "take the densest box with at least this coverage");
  add("density", po::value<double>()->value_name("SHARE"), "take the box of greatest coverage with at least this density");
  add("peel", po::value<double>()->default_value(0.05, "0.05")->value_name("SHARE"), "of the box that one peel takes");
  add("depth", po::value<int>()->default_value(3)->value_name("N"), "of the tree, at most");
  add("resamples", po::value<int>()->default_value(100)->value_name("N"), "half-samples for the bounds of edges");
  add("json", po::value<std::string>()->value_name("OUT.json"), "write everything to this file; -: to standard output, without tables");
  add("csv", po::value<std::string>()->value_name("OUT.csv"), "write the boxes to this file, or -, a line for each restriction");
  add("force", po::bool_switch(), "overwrite existing files");
  device_options(o);
}

int verb_discover(const po::variables_map& options, const Words& arguments) {
  const DiscoverOptions how = discover_options_of(options);
  check_outputs(options, {"json", "csv"}, 1'000'000);
  const StoredRun stored(only_argument(arguments, "result file"));
  std::optional<Progress> progress;
  const auto show = [&](std::uint64_t done, std::uint64_t all) {
    if (!progress) progress.emplace(static_cast<double>(all), false);
    progress->update(static_cast<double>(done));
  };
  const Discovery found = discover(stored, how, execute_options(options), show);
  progress.reset();
  const SummaryOptions terminal = default_summary();
  if (!has_standard_output(options, {"json", "csv"}))
    std::fputs(discovery_tables(found, stored, how, terminal.width, terminal.unicode).c_str(), stdout);
  if (options.count("json")) write_output(text_of(options, "json"), discovery_json(found, stored, how));
  if (options.count("csv")) write_output(text_of(options, "csv"), discovery_csv(found, stored));
  return 0;
}

}  // namespace chokepoint
