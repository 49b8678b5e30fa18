// One table of verbs and their options; errors become exit codes here and nowhere else.
// SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "../config/config.h"
#include "../errors.h"
#include "../history/history.h"
#include "../ranks/launch.h"
#include "../ranks/wire.h"
#include "../reports/report.h"
#include "../reports/report_sensitivity.h"
#include "../results/result.h"
#include "../run/bench.h"
#include "../run/execute.h"
#include "../run/plan.h"
#include "fmt/format.h"
#include "fmt/ostream.h"
#include "verbs.h"

namespace chokepoint {

namespace {

// ---- options

void bench_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
  auto add = o.add_options();
  add("seconds", po::value<double>()->default_value(60)->value_name("S"), "about how long it may take in total");
  add("json", po::value<std::string>()->value_name("OUT.json"),
      "write all figures, with every repetition, to this file; -: to standard output, without tables");
  add("force", po::bool_switch(), "overwrite an existing file");
}

void no_options(po::options_description&) {}

// ---- verbs

int verb_validate(const po::variables_map& options, const Words& files) {
  const Scenario s = scenario_of(options, files);
  make_job(s);
  if (s.history) read_history(s);
  fmt::print("{}: good. Model {}, {} policies, {} parameters, {} trajectories of {} months.\n", files.back(), s.model->name,
             s.policies.size(), s.parameters.size(), s.trajectories, s.steps());
  return 0;
}

int verb_bench(const po::variables_map& options, const Words& files) {
  const Scenario scenario = scenario_of(options, files.empty() ? Words{default_configuration()} : files);
  BenchOptions how;
  static_cast<DeviceOptions&>(how) = execute_options(options);
  how.seconds = options["seconds"].as<double>();
  if (!(how.seconds > 0 && how.seconds <= 86400)) throw UserError(fmt::format("--seconds {}: outside 0 to 86400 (a day)", how.seconds));
  const std::string path = text_of(options, "json");
  check_outputs(options, {"json"}, 100'000);
  const std::string started = now_text();
  Benchmark benchmark = run_benchmark(scenario, how);
  benchmark.provenance.emplace_back("started", started);
  if (path != "-") std::fputs(bench_tables(benchmark, terminal_width()).c_str(), stdout);
  if (!path.empty()) write_output(path, bench_json(benchmark));
  if (benchmark.interrupted.empty()) return 0;
  fmt::print(stderr, "{}: stopped; the larger runs are predicted.\n", benchmark.interrupted);
  return kExitInterrupted;
}

int verb_devices(const po::variables_map&, const Words& arguments) {
  if (!arguments.empty()) usage("`devices` takes no argument");
  const int lanes = widest_cpu_lanes();
  fmt::print("cpu      {} threads, {}\n", available_cpus(),
             lanes == 16  ? "AVX-512 (16 lanes)"
             : lanes == 8 ? "AVX2 (8 lanes)"
                          : "no AVX2 and FMA: cannot run Chokepoint");
  for (const CudaDevice& d : cuda_devices())
    fmt::print("cuda:{}   {}, {}, {} GiB, {} multiprocessors, compute capability {}.{}{}\n", d.number, d.name, d.uuid, d.memory >> 30,
               d.processors, d.major, d.minor,
               d.major < kOldestCudaMajor ? fmt::format(" (too old: {}.0 is needed)", kOldestCudaMajor) : "");
  if (cuda_devices().empty())
    fmt::print("cuda     {}\n", built_with_cuda() ? "no usable GPU (no device, or no driver)"
                                                  : "not in this build (no CUDA toolkit was found, or CHOKEPOINT_CUDA=OFF)");
  return 0;
}

constexpr Verb kVerbs[] = {
    {"run", "FILE...", "run a scenario and write its result", "chokepoint run configs/baseline.toml -o outputs/baseline.h5", verb_run,
     run_options},
    {"merge", "SHARD...", "the shards of a run to its result", "chokepoint merge outputs/baseline.*.shard -o outputs/baseline.h5",
     verb_merge, merge_options},
    {"validate", "FILE...", "check configuration files, all problems at once", "chokepoint validate configs/baseline.toml", verb_validate,
     configuration_options},
    {"rules", "", "which chips export rules let through on a day, and the lever that follows", "chokepoint rules --date 2026-02-01",
     verb_rules, rules_options},
    {"plan", "FILE...", "time, memory, file size and reachable errors of a run",
     "chokepoint plan configs/baseline.toml --trajectories 10_000_000", verb_plan, plan_options},
    {"bench", "[FILE...]", "measure how fast this machine runs a scenario; default: the baseline",
     "chokepoint bench configs/baseline.toml --json bench.json", verb_bench, bench_options, true},
    {"summary", "OUT.h5", "tables of a result", "chokepoint summary outputs/baseline.h5 -m capability_lag,price", verb_summary,
     summary_options},
    {"compare", "OUT.h5", "policies side by side: differences, regret, rankings, what cannot be told apart",
     "chokepoint compare outputs/baseline.h5 -m capability_lag", verb_compare, compare_options},
    {"report", "OUT.h5 [OTHER.h5]", "one self-contained HTML page of a result, or of two side by side",
     "chokepoint report outputs/baseline.h5 -o report.html", verb_report, report_options},
    {"export", "OUT.h5 [DATASET,...]", "datasets of a result as CSV, for any other tool; without a name: the list of all",
     "chokepoint export outputs/baseline.h5 capability_lag_quantile --wide -o lag.csv", verb_export, export_options},
    {"sensitivity", "FILE...", "what drives the outcome: total and first-order Sobol indices, by a design of their own",
     "chokepoint sensitivity configs/baseline.toml -m capability_lag --samples 20000 --csv indices.csv", verb_sensitivity,
     sensitivity_options, true},
    {"voi", "OUT.h5", "what it is worth to know a parameter before choosing a policy",
     "chokepoint voi outputs/baseline.h5 --metric capability_lag --policies status_quo,tight_controls", verb_voi, voi_options},
    {"discover", "OUT.h5", "for which parameters is a trajectory interesting? Boxes and a tree",
     "chokepoint discover outputs/baseline.h5 --policy tight_controls --against status_quo --when 'capability_lag < 0'", verb_discover,
     discover_options, true},
    {"find", "OUT.h5", "which trajectories are worth a replay: typical, extreme, where two policies differ most",
     "chokepoint find outputs/baseline.h5 --when 'china_overtakes before 2029' --like typical", verb_find, find_options, true},
    {"replay", "OUT.h5|FILE...", "the whole history of one trajectory, month by month, policies side by side",
     "chokepoint replay outputs/baseline.h5 --trajectory 1234 --policy status_quo,tight_controls --html story.html", verb_replay,
     replay_options, true},
    {"score", "FILE...", "how good would forecasts have been? Trajectories against what was observed since the start",
     "chokepoint score configs/hindcast/2023-01.toml --html hindcast.html", verb_score, score_options, true},
    {"calibrate", "FILE...", "worlds weighed by how well they match what was observed: posterior priors as a configuration",
     "chokepoint calibrate configs/hindcast/2023-01.toml --until 2024-12-31 --worlds 10_000_000 -o posterior.toml", verb_calibrate,
     calibrate_options, true},
    {"verify", "OUT.h5", "is a result what its configuration and seeds give? Runs trajectories again and compares bits",
     "chokepoint verify outputs/baseline.h5 --trajectories 1000", verb_verify, verify_options, true},
    {"describe", "[TOPIC]", "what a model knows, what its results hold, what configurations may say", "chokepoint describe levers",
     verb_describe, describe_options},
    {"devices", "", "what runs can use here", "chokepoint devices", verb_devices, no_options},
};

std::string version_text() {
  return fmt::format("chokepoint {}, {} build, {}, CUDA {}, MPI {}\n", program_version(), CHOKEPOINT_BUILD, __VERSION__,
                     built_with_cuda() ? "yes" : "no", built_with_mpi() ? "yes" : "no");
}

std::string help_text() {
  std::string text =
      "Chokepoint: what does a policy do to the distribution of outcomes, and how sure are we?\n\nUsage: chokepoint COMMAND [ARGUMENTS] "
      "[OPTIONS]\n\n";
  for (const Verb& verb : kVerbs) text += fmt::format("  {:<46} {}\n", fmt::format("{} {}", verb.name, verb.arguments), verb.meaning);
  return text +
         "\n`chokepoint COMMAND --help` lists the options of a command; --version says what was built.\n"
         "Exit codes: 0 done, 2 bad input, 3 environment (file, memory, device), 4 target error not reached,\n70 our mistake, 75 "
         "interrupted.\n";
}

int run_verb(const Verb& verb, const Words& words) {
  const po::options_description named = options_of(verb);
  po::options_description all;
  all.add(named).add_options()("argument", po::value<Words>());
  po::positional_options_description positional;
  positional.add("argument", -1);
  po::variables_map options;
  namespace style = po::command_line_style;
  try {
    po::store(po::command_line_parser(words).options(all).positional(positional).style(style::unix_style & ~style::allow_guessing).run(),
              options);
    po::notify(options);
  } catch (const po::error& error) {
    usage(fmt::format("{}: {}", verb.name, error.what()));
  }
  if (options.count("help")) {
    fmt::print("Usage: chokepoint {} {} [OPTIONS]\n{}.\n\nExample: {}\n\n{}", verb.name, verb.arguments, verb.meaning, verb.example,
               fmt::streamed(named));
    return 0;
  }
  if (verb.alone) refuse_to_repeat(verb.name);
  return verb.run(options, options.count("argument") ? options["argument"].as<Words>() : Words{});
}

int dispatch(const Words& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    std::fputs(help_text().c_str(), arguments.empty() ? stderr : stdout);
    return arguments.empty() ? kExitUser : 0;
  }
  if (arguments[0] == "--version") {
    std::fputs(version_text().c_str(), stdout);
    return 0;
  }
  for (const Verb& verb : kVerbs)
    if (arguments[0] == verb.name) return run_verb(verb, {arguments.begin() + 1, arguments.end()});
  usage(fmt::format("'{}' is not a command", arguments[0]));
}

int exit_code(const Words& arguments) {
  try {
    check_arithmetic();
    const int code = dispatch(arguments);
    if (std::fflush(stdout) != 0) throw EnvironmentError("standard output: cannot be written");
    return code;
  } catch (const UserError& error) {
    for (const std::string& problem : error.problems) fmt::print(stderr, "{}\n", problem);
    if (error.problems.size() > 1) fmt::print(stderr, "{} problems; nothing was run.\n", error.problems.size());
    return kExitUser;
  } catch (const EnvironmentError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kExitEnvironment;
  } catch (const DeviceError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kExitEnvironment;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr,
               "memory: an allocation failed. `chokepoint plan FILE` says how much a run takes; fewer policies, metrics' times "
               "(run.record_every_months) or --threads take less.\n");
    return kExitEnvironment;
  } catch (const std::filesystem::filesystem_error& error) {
    fmt::print(stderr, "{}: {}\n", error.path1().string(), error.code().message());
    return kExitEnvironment;
  } catch (const std::exception& error) {
    fmt::print(stderr, "our mistake: {}. Please report it with the command line and `chokepoint --version`.\n", error.what());
    return kExitBug;
  }
}

}  // namespace

std::span<const Verb> all_verbs() { return kVerbs; }

po::options_description options_of(const Verb& verb) {
  po::options_description named("Options");
  named.add_options()("help,h", "this help");
  verb.options(named);
  return named;
}

int run_command_line(const std::vector<std::string>& arguments) {
  std::signal(SIGXFSZ, SIG_IGN);  // a full quota is an error of the write, not a death
  std::signal(SIGPIPE, SIG_IGN);
  return leave_mpi(exit_code(arguments));
}

}  // namespace chokepoint
