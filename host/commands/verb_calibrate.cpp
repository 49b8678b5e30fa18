// `chokepoint calibrate`: worlds weighed by how well they match what was observed.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "../config/config.h"
#include "../config/date.h"
#include "../errors.h"
#include "../reports/calibrate_report.h"
#include "../run/plan.h"
#include "../run/progress.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr auto kFiles = {"output", "csv", "json"};
constexpr std::uint64_t kMostWorlds = 100'000'000'000;

CalibrateOptions calibrate_options_of(const po::variables_map& options, const HistorySetting& history) {
  CalibrateOptions how;
  how.until = text_of(options, "until");
  how.series = list_of(options, "series");
  how.worlds = whole_number(options, "worlds", 1, kMostWorlds);
  how.distance = options["distance"].as<double>();
  how.temper = options.count("temper") ? options["temper"].as<double>() : history.temper;
  how.widen = options["widen"].as<double>();
  how.device = execute_options(options);
  const std::string method = text_of(options, "method");
  how.abc = method == "abc";
  std::vector<std::string> problems;
  if (!how.until.empty() && !parse_date(how.until)) problems.push_back(fmt::format("--until {}: not a date, such as 2024-12-31", how.until));
  if (!how.abc && method != "likelihood") problems.push_back(fmt::format("--method {}: not one of likelihood and abc", method));
  if (!how.abc && !options["distance"].defaulted()) problems.push_back("--distance: only --method abc has one");
  if (!(how.distance > 0)) problems.push_back(fmt::format("--distance {}: not above 0", how.distance));
  if (!(how.widen > 0)) problems.push_back(fmt::format("--widen {}: not above 0", how.widen));
  if (!(how.temper >= 0 && how.temper <= 1)) problems.push_back(fmt::format("--temper {}: outside 0 to 1", how.temper));
  if (!problems.empty()) throw UserError(problems);
  return how;
}

const HistorySetting& history_of(const Scenario& scenario, const Words& files) {
  if (scenario.history) return *scenario.history;
  throw UserError(
      fmt::format("{}: it has no section [history], which names the observations (`chokepoint describe configuration`)", files.back()));
}

struct Calibrated {
  Scenario scenario;
  Calibration calibration;
  PredictionScores predictions;
};

Calibrated run_calibration(Scenario scenario, const CalibrateOptions& how, bool quiet) {
  Progress progress(static_cast<double>(how.worlds), quiet);
  Calibration calibration = calibrate(scenario, how, [&](std::uint64_t done) { progress.update(static_cast<double>(done)); });
  PredictionScores predictions = score_predictions(calibration);
  return {std::move(scenario), std::move(calibration), std::move(predictions)};
}

}  // namespace

void calibrate_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
  auto add = o.add_options();
  add("until", po::value<std::string>()->value_name("DATE"),
      "fit observations up to this date, and hold later ones out to score the posterior; default: fit all");
  add("series", po::value<std::string>()->value_name("A,B,..."),
      "fit only these series of [history]; of others only what comes after --until is scored");
  add("worlds", po::value<std::string>()->default_value("1_000_000")->value_name("N"), "worlds to weigh, each with one course of chance");
  add("method", po::value<std::string>()->default_value("likelihood")->value_name("M"),
      "likelihood: weight by the density of the measurements; abc: take the worlds that are near enough, all alike");
  add("distance", po::value<double>()->default_value(kDistance)->value_name("D"),
      "of abc: how near, as the root mean square of deviations in standard errors");
  add("temper", po::value<double>()->value_name("R"),
      "correlation of the errors of a series, 0 to 1: k observations count as k / (1 + (k - 1) R); default: history.temper");
  add("widen", po::value<double>()->default_value(1)->value_name("F"),
      "take errors F times as large in the fit, which leaves room for what the model cannot reproduce; scores keep the errors as they are");
  add("worldviews", po::value<std::string>()->value_name("all|NAME,..."),
      "the same under each world view, with stacking weights by the held-out observations; all, names or paths, as "
      "`chokepoint run` takes them");
  add("output,o", po::value<std::string>()->value_name("POSTERIOR.toml"), "write the posterior as priors that override those of FILE");
  add("csv", po::value<std::string>()->value_name("OUT.csv"), "write all figures to this file; -: to standard output, without tables");
  add("json", po::value<std::string>()->value_name("OUT.json"), "the same as JSON");
  add("force", po::bool_switch(), "overwrite existing files");
  add("quiet", po::bool_switch(), "no progress");
  terminal_options(o);
}

int verb_calibrate(const po::variables_map& options, const Words& files) {
  Scenario scenario = scenario_of(options, files);
  const CalibrateOptions how = calibrate_options_of(options, history_of(scenario, files));
  const bool quiet = options["quiet"].as<bool>();
  check_outputs(options, kFiles, 1'000'000);
  std::vector<NamedScenario> views = scenarios_of(options, files);  // the first is the scenario as given

  const Calibrated given = run_calibration(std::move(scenario), how, quiet);
  const Posterior posterior = posterior_of(given.scenario, given.calibration);
  CalibrationView view{given.scenario, given.calibration, posterior, given.predictions};
  CampComparison camps;
  if (!views.empty()) {
    std::vector<CampScore> scores = {camp_score(views.front().name, given.calibration, given.predictions)};
    for (std::size_t k = 1; k < views.size(); ++k) {
      Calibrated camp = run_calibration(std::move(views[k].scenario), how, quiet);
      scores.push_back(camp_score(views[k].name, camp.calibration, std::move(camp.predictions)));
    }
    camps = compare_camps(std::move(scores), given.calibration);
    view.camps = &camps;
  }

  for (const std::string& warning : calibration_warnings(view)) fmt::print(stderr, "warning: {}.\n", warning);
  if (!has_standard_output(options, kFiles)) std::fputs(calibration_text(view, terminal_of(options)).c_str(), stdout);
  if (options.count("output"))
    write_output(text_of(options, "output"), posterior_configuration(given.scenario, given.calibration, posterior));
  if (options.count("csv")) write_output(text_of(options, "csv"), calibration_csv(view));
  if (options.count("json")) write_output(text_of(options, "json"), calibration_json(view));
  return 0;
}

}  // namespace chokepoint
