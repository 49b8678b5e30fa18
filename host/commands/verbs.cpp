// Options that several commands have.
// SPDX-License-Identifier: Apache-2.0
#include "verbs.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>

#include "../config/config.h"
#include "../config/date.h"
#include "../errors.h"
#include "../results/temporary_file.h"
#include "../worldviews/find_views.h"
#include "fmt/format.h"

namespace chokepoint {

namespace {

constexpr double kCheckpointShare = 0.01;            // of a run's time, unless it is said how often
constexpr int kWidest = 200, kWidestGiven = 10'000;  // columns

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

void configuration_options(po::options_description& o) {
  auto add = o.add_options();
  add("set", po::value<Words>()->composing()->value_name("KEY=VALUE"),
      "override a value, e.g. parameters.initial_lag.p95=14 (may be repeated)");
  add("trajectories", po::value<std::string>()->value_name("N"), "trajectories per policy: run.trajectories");
  add("seed-worlds", po::value<std::string>()->value_name("N"), "seed of the parameters' draws: run.seed_worlds");
  add("seed-chance", po::value<std::string>()->value_name("N"), "seed of the shocks within worlds: run.seed_chance");
}

void device_options(po::options_description& o) {
  auto add = o.add_options();
  add("device", po::value<std::string>()->default_value("auto")->value_name("D"),
      "auto, cpu, cuda, cuda:N, all (every GPU), or a list such as cuda:0,cuda:1");
  add("threads", po::value<int>()->default_value(0)->value_name("N"), "CPU threads; 0: as many as this process may use");
  add("lanes", po::value<int>()->default_value(0)->value_name("W"),
      "CPU lane width 1, 8 (AVX2) or 16 (AVX-512), to compare; 0: the widest");
  add("block-size", po::value<int>()->default_value(0)->value_name("N"), "CUDA threads per block, to compare; 0: chosen");
}

void worldviews_option(po::options_description& o) {
  o.add_options()("worldviews", po::value<std::string>()->value_name("all|A,B"),
                  "every policy under every world view, too: files worldviews/NAME.toml beside FILE or beside what it extends, which "
                  "override parameters; all, names or paths");
}

void usage(const std::string& problem) {
  throw UserError(problem + ". `chokepoint --help` lists the commands, `chokepoint COMMAND --help` their options.");
}

const std::string& only_argument(const Words& arguments, const char* what) {
  if (arguments.size() != 1) usage(fmt::format("expected one {}, got {}", what, arguments.size()));
  return arguments[0];
}

Scenario scenario_of(const po::variables_map& options, const Words& files) {
  if (files.empty()) usage("no configuration file given");
  Words overrides;
  if (options.count("set")) overrides = options["set"].as<Words>();
  for (const auto& [flag, key] :
       {std::pair{"trajectories", "run.trajectories"}, {"seed-worlds", "run.seed_worlds"}, {"seed-chance", "run.seed_chance"}})
    if (options.count(flag)) overrides.push_back(fmt::format("{}={}", key, options[flag].as<std::string>()));
  return read_scenario(files, overrides);
}

std::vector<NamedScenario> scenarios_of(const po::variables_map& options, const Words& files) {
  if (!options.count("worldviews")) return {};
  std::vector<NamedScenario> all = {{view_name(files.back()), scenario_of(options, files)}};
  std::vector<ViewFile> found = find_views(all.front().scenario, list_of(options, "worldviews"));
  if (found.empty()) usage("--worldviews: no world view is named");
  std::vector<std::string> problems;
  for (const auto& [name, path] : found) try {
      Words with = files;
      with.push_back(path);
      NamedScenario& view = all.emplace_back(name, scenario_of(options, with));
      if (const std::string changes = foreign_changes(view.scenario, all.front().scenario); !changes.empty())
        problems.push_back(fmt::format("{}: a world view changes parameters and their correlations alone, but {}", path, changes));
    } catch (const UserError& error) {
      problems.insert(problems.end(), error.problems.begin(), error.problems.end());
    }
  if (!problems.empty()) throw UserError(problems);
  found.insert(found.begin(), {all.front().name, files.back()});
  check_view_names(found);
  return all;
}

ExecuteOptions execute_options(const po::variables_map& options) {
  ExecuteOptions e;
  e.device = options["device"].as<std::string>();
  e.threads = options["threads"].as<int>();
  e.lanes = options["lanes"].as<int>();
  e.block_size = options["block-size"].as<int>();
  if (options.count("time-limit")) e.time_limit = options["time-limit"].as<double>();
  if (options.count("checkpoint-every")) {
    e.checkpoint_every = options["checkpoint-every"].as<double>();
    if (options["checkpoint-every"].defaulted()) e.checkpoint_share = kCheckpointShare;
  }
  if (options.count("quiet")) e.quiet = options["quiet"].as<bool>();
  std::vector<std::string> problems;
  if (e.threads < 0 || e.threads > 4096) problems.push_back(fmt::format("--threads {}: outside 0 to 4096", e.threads));
  if (e.lanes != 0 && e.lanes != 1 && e.lanes != 8 && e.lanes != 16)
    problems.push_back(fmt::format("--lanes {}: not one of 0, 1, 8 and 16", e.lanes));
  if (e.block_size != 0 && (e.block_size % 32 != 0 || e.block_size < 32 || e.block_size > kMaxCudaBlock))
    problems.push_back(fmt::format("--block-size {}: not a multiple of 32 from 32 to {}", e.block_size, kMaxCudaBlock));
  if (!(e.time_limit >= 0)) problems.push_back(fmt::format("--time-limit {}: negative", e.time_limit));
  if (!(e.checkpoint_every >= 0)) problems.push_back(fmt::format("--checkpoint-every {}: negative", e.checkpoint_every));
  if (!problems.empty()) throw UserError(problems);
  return e;
}

std::string text_of(const po::variables_map& options, const char* name) {
  return options.count(name) ? options[name].as<std::string>() : "";
}

Words split_list(const std::string& list) {
  Words entries;
  for (std::size_t at = 0, comma = 0; comma != list.npos; at = comma + 1) {
    comma = list.find(',', at);
    if (const std::string entry = list.substr(at, comma - at); !entry.empty()) entries.push_back(entry);
  }
  return entries;
}

Words list_of(const po::variables_map& options, const char* name) { return split_list(text_of(options, name)); }

std::string date_of(const po::variables_map& options, const char* name) {
  std::string given = text_of(options, name);
  if (options.count(name) && !parse_date(given)) throw UserError(fmt::format("--{} {}: not a date, such as 2024-12-31", name, given));
  return given;
}

std::uint64_t whole_number(const po::variables_map& options, const char* name, std::uint64_t least, std::uint64_t most) {
  const std::string given = text_of(options, name);
  std::string digits = given;
  std::erase(digits, '_');
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < least || number > most)
    throw UserError(fmt::format("--{} {}: not a whole number from {} to {}", name, given, least, most));
  return number;
}

void check_outputs(const po::variables_map& options, std::initializer_list<const char*> names, std::uint64_t bytes) {
  std::map<std::string, std::string> option_of;
  for (const char* name : names) {
    if (!options.count(name)) continue;
    const std::string path = text_of(options, name);
    if (path.empty()) usage(fmt::format("--{}: the name of a file is missing", name));
    const auto [other, is_new] = option_of.emplace(path, name);
    if (!is_new) usage(fmt::format("--{} and --{} both name {}", other->second, name, path == "-" ? "standard output" : path));
  }
  for (const auto& [path, name] : option_of)
    if (path != "-") check_output(path, options["force"].as<bool>(), bytes);
}

bool has_standard_output(const po::variables_map& options, std::initializer_list<const char*> names) {
  return std::ranges::any_of(names, [&](const char* name) { return text_of(options, name) == "-"; });
}

void write_output(const std::string& path, std::string_view text) {
  if (path != "-") return write_text(path, text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) throw EnvironmentError("standard output: cannot be written");
}

void warn_of_values(const Scenario& s, const Tallies& tallies) {
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

int terminal_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return std::clamp<int>(size.ws_col, kNarrowest, kWidest);
  return 100;
}

SummaryOptions default_summary() {
  const char* locale = std::setlocale(LC_CTYPE, "");
  const std::string name = locale ? locale : "";
  SummaryOptions options;
  options.width = terminal_width();
  // Pipes and files take UTF-8; a terminal says what it takes.
  options.unicode = !isatty(STDOUT_FILENO) || name.find("UTF-8") != std::string::npos || name.find("utf8") != std::string::npos;
  options.colour = isatty(STDOUT_FILENO) && environment("NO_COLOR").empty() && environment("TERM") != "dumb";  // no-color.org
  return options;
}

void width_option(po::options_description& o) {
  o.add_options()("width", po::value<int>()->default_value(0)->value_name("COLUMNS"),
                  "width of the tables; 0: the terminal's, in pipes and files 100");
}

void terminal_options(po::options_description& o) {
  width_option(o);
  o.add_options()("colour", po::value<std::string>()->default_value("auto")->value_name("WHEN"),
                  "auto, always or never; auto: on a terminal, unless NO_COLOR is set or TERM is dumb");
}

SummaryOptions terminal_of(const po::variables_map& options) {
  SummaryOptions shown = default_summary();
  const int width = options["width"].as<int>();
  if (width != 0 && (width < kNarrowest || width > kWidestGiven))
    throw UserError(fmt::format("--width {}: neither 0 nor from {} to {}", width, kNarrowest, kWidestGiven));
  if (width != 0) shown.width = width;
  if (!options.count("colour")) return shown;
  const std::string colour = text_of(options, "colour");
  if (colour != "auto" && colour != "always" && colour != "never")
    throw UserError(fmt::format("--colour {}: not one of auto, always and never", colour));
  if (colour != "auto") shown.colour = colour == "always";
  return shown;
}

}  // namespace chokepoint
