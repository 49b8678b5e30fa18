// chokepoint score: how good were the forecasts, now that it is known what happened?
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <optional>

#include "../errors.h"
#include "../reports/score_report.h"
#include "../run/progress.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr auto kFiles = {"csv", "json", "html"};
constexpr int kMostMonths = 1200;

std::vector<int> horizons_of(const po::variables_map& options) {
  std::vector<int> horizons;
  for (const std::string& word : list_of(options, "horizons")) {
    int months = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), months);
    const bool is_whole = error == std::errc{} && end == word.data() + word.size() && months >= 1 && months <= kMostMonths;
    if (!is_whole || (!horizons.empty() && months <= horizons.back()))
      throw UserError(
          fmt::format("--horizons {}: whole numbers of months from 1 to {} are needed, rising", text_of(options, "horizons"), kMostMonths));
    horizons.push_back(months);
  }
  if (horizons.empty()) usage("--horizons: no month is given");
  return horizons;
}

}  // namespace

void score_options(po::options_description& o) {
  configuration_options(o);
  auto add = o.add_options();
  add("horizons", po::value<std::string>()->default_value("6,12,24")->value_name("A,B,..."),
      "months since the start of the scenario, when every forecast is made: scores are means over the observations up to the first, from "
      "there to the next, and so on");
  add("from", po::value<std::string>()->value_name("DATE"),
      "leave out observations before it; forecasts are made at the start all the same");
  add("until", po::value<std::string>()->value_name("DATE"), "leave out observations after it");
  add("csv", po::value<std::string>()->value_name("OUT.csv"), "write a row for each observation and forecast; -: to standard output");
  add("json", po::value<std::string>()->value_name("OUT.json"), "the same by series, with the means over horizons");
  add("html", po::value<std::string>()->value_name("OUT.html"), "one self-contained page: fans, observations, scores");
  add("force", po::bool_switch(), "overwrite existing files");
  terminal_options(o);
  device_options(o);
}

int verb_score(const po::variables_map& options, const Words& files) {
  const HindcastOptions how{horizons_of(options), date_of(options, "from"), date_of(options, "until")};
  const SummaryOptions terminal = terminal_of(options);
  check_outputs(options, kFiles, 4'000'000);
  const Scenario scenario = scenario_of(options, files);
  std::optional<Progress> progress;
  const auto show = [&](std::uint64_t done, std::uint64_t all) {
    if (!progress) progress.emplace(static_cast<double>(all), false);
    progress->update(static_cast<double>(done));
  };
  const Hindcast scored = hindcast(scenario, how, options.count("html") > 0, execute_options(options), show);
  progress.reset();
  if (!has_standard_output(options, kFiles)) std::fputs(score_text(scored, scenario, terminal).c_str(), stdout);
  if (options.count("csv")) write_output(text_of(options, "csv"), score_csv(scored, scenario));
  if (options.count("json")) write_output(text_of(options, "json"), score_json(scored, scenario));
  if (options.count("html")) write_output(text_of(options, "html"), score_page(scored, scenario));
  return 0;
}

}  // namespace chokepoint
