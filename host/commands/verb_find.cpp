// chokepoint find: which trajectories are worth a replay?
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <optional>

#include "../errors.h"
#include "../reports/find_report.h"
#include "../reports/report_parts.h"
#include "../run/progress.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr auto kFiles = {"csv", "json"};
constexpr std::uint64_t kMostTrajectories = 100'000'000;

FindOptions find_options_of(const po::variables_map& options) {
  FindOptions how;
  how.when = text_of(options, "when");
  how.policy = text_of(options, "policy");
  how.against = text_of(options, "against");
  how.like = text_of(options, "like");
  how.count = options["count"].as<int>();
  how.trajectories = whole_number(options, "trajectories", 0, kMostTrajectories);
  if (how.count < 1 || how.count > 100) throw UserError(fmt::format("--count {}: outside 1 to 100", how.count));
  return how;
}

}  // namespace

void find_options(po::options_description& o) {
  auto add = o.add_options();
  add("when", po::value<std::string>()->value_name("CONDITION"),
      "only trajectories that meet it: 'china_overtakes before 2029', 'capability_lag < 0', 'catastrophe == 0', joined by ' and '");
  add("policy,p", po::value<std::string>()->value_name("P"), "under which policy; default: the reference");
  add("against", po::value<std::string>()->value_name("Q"),
      "bounds are on the difference P - Q in the same trajectory; an event happens under P and not under Q");
  add("like", po::value<std::string>()->value_name("KIND"),
      "typical: near the medians of all metrics; median, extreme: of --metric; different: where P and Q differ most; default: each of "
      "them");
  add("metric", po::value<std::string>()->value_name("M"), "of median, extreme and different; default: the first of --metrics");
  add("metrics,m", po::value<std::string>()->value_name("A,B,..."), "metrics that typical looks at; default: those that `summary` shows");
  add("count", po::value<int>()->default_value(1)->value_name("K"), "trajectories of each kind");
  add("trajectories", po::value<std::string>()->default_value("0")->value_name("N"),
      "trajectories of the run to look among, run again, up to 10^8; 0: those that are stored");
  add("csv", po::value<std::string>()->value_name("OUT.csv"), "write the suggestions to this file; -: to standard output");
  add("json", po::value<std::string>()->value_name("OUT.json"), "the same as JSON, with the share that met the condition");
  add("force", po::bool_switch(), "overwrite existing files");
  width_option(o);
  device_options(o);
}

int verb_find(const po::variables_map& options, const Words& arguments) {
  FindOptions how = find_options_of(options);
  check_outputs(options, kFiles, 1'000'000);
  const StoredRun stored(only_argument(arguments, "result file"));
  const ModelInfo& model = *stored.scenario().model;
  how.metrics = chosen_metrics(model, list_of(options, "metrics"));
  if (options.count("metric")) how.metric = chosen_metrics(model, {text_of(options, "metric")})[0];
  std::optional<Progress> progress;
  const auto show = [&](std::uint64_t done, std::uint64_t all) {
    if (!progress) progress.emplace(static_cast<double>(all), false);
    progress->update(static_cast<double>(done));
  };
  const Findings found = find(stored, how, execute_options(options), show);
  progress.reset();
  const SummaryOptions terminal = terminal_of(options);
  if (!has_standard_output(options, kFiles)) std::fputs(find_text(found, stored, terminal.width, terminal.unicode).c_str(), stdout);
  if (options.count("csv")) write_output(text_of(options, "csv"), find_csv(found, stored));
  if (options.count("json")) write_output(text_of(options, "json"), find_json(found, stored));
  return 0;
}

}  // namespace chokepoint
