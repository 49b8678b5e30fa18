// `summary` and `compare`: a result file as tables, as CSV and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "../errors.h"
#include "../reports/report_decision.h"
#include "../reports/report_sensitivity.h"
#include "../reports/report_summary.h"
#include "../reports/report_worldviews.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kScriptBytes = 10'000'000;

// What `summary` and `compare` share, but for what they tell.
struct Telling {
  const char* command;
  std::string (*tables)(const View&);
  std::vector<Subject> (*subjects)(const View&);
  std::string (*views)(const View&, const StoredViews&, double tolerance);
};

// A result with the histograms of the metrics that are shown.
StoredResult read_shown(const std::string& path, const SummaryOptions& shown) {
  StoredResult result = read_result(path);
  Words metrics;
  for (const StoredMetric* metric : chosen_metrics(result, shown.metrics)) metrics.push_back(metric->name);
  read_histograms(path, metrics, result);
  return result;
}

double tolerance_of(const po::variables_map& options) {
  const double tolerance = options["tolerance"].as<double>();
  if (!(tolerance >= 0 && tolerance <= 1)) throw UserError(fmt::format("--tolerance {}: outside 0 to 1", tolerance));
  return tolerance;
}

int tell(const Telling& telling, const po::variables_map& options, const std::string& path, const StoredResult& result,
         const SummaryOptions& shown) {
  check_outputs(options, {"csv", "json"}, kScriptBytes);
  const double tolerance = tolerance_of(options);
  const View view = make_view(result, shown);
  const StoredViews views = read_views(path, result, view.metrics, tolerance);
  std::vector<Subject> subjects = telling.subjects(view);
  std::ranges::move(view_subjects(view, views), std::back_inserter(subjects));
  if (!has_standard_output(options, {"csv", "json"}))
    std::fputs((telling.tables(view) + telling.views(view, views, tolerance)).c_str(), stdout);
  if (options.count("csv")) write_output(text_of(options, "csv"), findings_csv(view, subjects));
  if (options.count("json")) write_output(text_of(options, "json"), findings_json(view, telling.command, subjects));
  return 0;
}

SummaryOptions shown_of(const po::variables_map& options) {
  SummaryOptions shown = terminal_of(options);
  shown.metrics = list_of(options, "metrics");
  shown.sort = text_of(options, "sort");
  return shown;
}

}  // namespace

std::string summary_text(const std::string& path) {
  const SummaryOptions shown = default_summary();
  const StoredResult result = read_shown(path, shown);
  const View view = make_view(result, shown);
  return summarise(view) + summarise_views(view, read_views(path, result, view.metrics, kTolerance));
}

void compare_options(po::options_description& o) {
  auto add = o.add_options();
  add("metrics,m", po::value<std::string>()->value_name("A,B"), "metrics to show");
  add("sort", po::value<std::string>()->value_name("NAME"),
      "order the policies by their mean of this metric at the end, the best first, or by the probability of this event, the lowest first");
  add("tolerance", po::value<double>()->default_value(kTolerance)->value_name("T"),
      "of a result with world views: a policy is acceptable in one if it misses the best mean by no more than T times the widest gap "
      "there");
  add("csv", po::value<std::string>()->value_name("OUT.csv"),
      "write what the tables show to this file, no digit rounded: a row for each metric, event or threshold and policy, errors in "
      "NAME_se, bounds of 95 % intervals in NAME_low and NAME_high; -: to standard output, without tables");
  add("json", po::value<std::string>()->value_name("OUT.json"), "the same as JSON, with what tables draw; or -");
  add("force", po::bool_switch(), "overwrite existing files");
  terminal_options(o);
}

void summary_options(po::options_description& o) {
  compare_options(o);
  o.add_options()("drivers", po::bool_switch(), "what drives them: first-order indices of the parameters and the split of the variance");
}

int verb_summary(const po::variables_map& options, const Words& files) {
  const std::string& path = only_argument(files, "result file");
  const SummaryOptions shown = shown_of(options);
  if (!options["drivers"].as<bool>()) {
    const auto views = [](const View& view, const StoredViews& stored, double) { return summarise_views(view, stored); };
    return tell({"summary", summarise, summary_subjects, views}, options, path, read_shown(path, shown), shown);
  }
  check_outputs(options, {"csv", "json"}, kScriptBytes);
  if (!has_standard_output(options, {"csv", "json"})) std::fputs(report_drivers(path, shown).c_str(), stdout);
  if (options.count("csv")) write_output(text_of(options, "csv"), drivers_csv(path, shown));
  if (options.count("json")) write_output(text_of(options, "json"), drivers_json(path, shown));
  return 0;
}

int verb_compare(const po::variables_map& options, const Words& files) {
  const std::string& path = only_argument(files, "result file");
  return tell({"compare", compare_policies, compare_subjects, compare_views}, options, path, read_result(path), shown_of(options));
}

}  // namespace chokepoint
