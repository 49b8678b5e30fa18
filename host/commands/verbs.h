// What the commands of the program share: their options and how they are read. A command with more than a few lines has a
// file of its own, verb_NAME.cpp; the table of all is in cli.cpp.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "../reports/report.h"
#include "../run/execute.h"
#include "../scenario.h"

namespace chokepoint {

namespace po = boost::program_options;
using Words = std::vector<std::string>;

struct Verb {
  const char* name;
  const char* arguments;
  const char* meaning;
  const char* example;
  int (*run)(const po::variables_map&, const Words& arguments);
  void (*options)(po::options_description&);
  bool alone = false;  // works, but does not share its work among the tasks of a launcher
};
std::span<const Verb> all_verbs();
po::options_description options_of(const Verb& verb);  // with --help

void configuration_options(po::options_description& options);
void device_options(po::options_description& options);
void worldviews_option(po::options_description& options);

// Throw UserError, saying what was wrong.
[[noreturn]] void usage(const std::string& problem);
const std::string& only_argument(const Words& arguments, const char* what);
Scenario scenario_of(const po::variables_map& options, const Words& files);
// The scenario as given, then under each world view of --worldviews, and what they are called. None without that option. Throws
// UserError with the problems of all.
struct NamedScenario {
  std::string name;
  Scenario scenario;
};
std::vector<NamedScenario> scenarios_of(const po::variables_map& options, const Words& files);
ExecuteOptions execute_options(const po::variables_map& options);

// What was given for an option, if anything; as a list, "a,b" is a and b.
std::string text_of(const po::variables_map& options, const char* name);
Words list_of(const po::variables_map& options, const char* name);
std::string date_of(const po::variables_map& options, const char* name);  // throws UserError unless it is one, or not given
Words split_list(const std::string& list);

// "1_000_000"; throws UserError unless it is a whole number from `least` to `most`.
std::uint64_t whole_number(const po::variables_map& options, const char* name, std::uint64_t least, std::uint64_t most);

// Options that name a file for scripts; "-" is standard output, where nothing else is printed then.
// Throws UserError where two of them name the same file, EnvironmentError where one cannot be written later.
void check_outputs(const po::variables_map& options, std::initializer_list<const char*> names, std::uint64_t bytes);
bool has_standard_output(const po::variables_map& options, std::initializer_list<const char*> names);  // one of them is "-"
void write_output(const std::string& path, std::string_view text);

// What the user must know before trusting the numbers; to standard error.
void warn_of_values(const Scenario& scenario, const Tallies& tallies);

int terminal_width();
SummaryOptions default_summary();  // as wide as the terminal, in characters and colours that it knows

std::string summary_text(const std::string& path);  // of a result, as `summary` shows it by default

void width_option(po::options_description& options);
void terminal_options(po::options_description& options);       // --width and --colour
SummaryOptions terminal_of(const po::variables_map& options);  // default_summary() with the width and the colour that were given

// Commands in files of their own.
void run_options(po::options_description& options);
int verb_run(const po::variables_map& options, const Words& files);
void calibrate_options(po::options_description& options);
int verb_calibrate(const po::variables_map& options, const Words& files);
void merge_options(po::options_description& options);
int verb_merge(const po::variables_map& options, const Words& names);
void summary_options(po::options_description& options);
int verb_summary(const po::variables_map& options, const Words& files);
void compare_options(po::options_description& options);
int verb_compare(const po::variables_map& options, const Words& files);
void report_options(po::options_description& options);
int verb_report(const po::variables_map& options, const Words& files);
void plan_options(po::options_description& options);
int verb_plan(const po::variables_map& options, const Words& files);
void describe_options(po::options_description& options);
int verb_describe(const po::variables_map& options, const Words& topics);
void discover_options(po::options_description& options);
int verb_discover(const po::variables_map& options, const Words& arguments);
void verify_options(po::options_description& options);
int verb_verify(const po::variables_map& options, const Words& arguments);
void sensitivity_options(po::options_description& options);
int verb_sensitivity(const po::variables_map& options, const Words& files);
void export_options(po::options_description& options);
int verb_export(const po::variables_map& options, const Words& arguments);
void voi_options(po::options_description& options);
int verb_voi(const po::variables_map& options, const Words& files);
void score_options(po::options_description& options);
int verb_score(const po::variables_map& options, const Words& files);
void find_options(po::options_description& options);
int verb_find(const po::variables_map& options, const Words& arguments);
void rules_options(po::options_description& options);
int verb_rules(const po::variables_map& options, const Words& arguments);
void replay_options(po::options_description& options);
int verb_replay(const po::variables_map& options, const Words& files);

}  // namespace chokepoint
