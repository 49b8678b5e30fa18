// `plan`: what a run will take and how exact it will be, from a trial of a second that changes nothing.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <set>

#include "../errors.h"
#include "../run/forecast.h"
#include "../run/plan.h"
#include "../run/scale.h"
#include "../run/stop.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr double kTrialSeconds = 1;
constexpr std::uint64_t kTrialUnit = 512;  // worlds at first

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Trial {
  explicit Trial(const Job& job) : tallies(job.shape), sample(job.shape, job.keep) {}
  Tallies tallies;
  Sample sample;
  double seconds_each = 0;  // of a trajectory, once memory is there
  double after = 0;         // seconds for statistics and their hash, which take as long for any number of trajectories
  std::string device;
};

// Units double, so that the trial is long enough for a device of any speed. The first one touches all memory and is not timed.
Trial run_trial(const Scenario& s, const Job& job, const ExecuteOptions& how) {
  Trial trial(job);
  const std::unique_ptr<Engine> engine = make_engine(job, how);
  trial.device = engine->describe();
  std::uint64_t done = 0, timed_from = 0, unit = kTrialUnit * s.replicates;
  Clock::time_point start = Clock::now();
  do {
    const std::uint64_t count = std::min(unit, s.trajectories - done);
    engine->run(done, count, trial.sample);
    done += count;
    if (timed_from == 0 && done < s.trajectories) {
      engine->collect(trial.tallies);
      timed_from = done;
      start = Clock::now();
    }
    unit = std::min(2 * unit, kMaxUncollected / 4 / s.replicates * s.replicates);
  } while (done < s.trajectories && done < kMaxUncollected / 2 && seconds_since(start) < kTrialSeconds);
  engine->collect(trial.tallies);
  trial.seconds_each = seconds_since(start) / static_cast<double>(done - timed_from);
  trial.tallies.trajectories = done;
  start = Clock::now();
  const Statistics statistics = derive_statistics(s, trial.tallies, trial.sample);
  hash_result({s, trial.tallies, trial.sample, statistics, {}});
  trial.after = seconds_since(start);
  return trial;
}

// What --nodes asks for.
struct Scaling {
  int nodes = 0, gpus_per_node = 1;
  double speed = 0;  // trajectory-months a second of a device; 0: as in the trial
};

std::optional<Scaling> scaling_of(const po::variables_map& options) {
  if (!options.count("nodes")) {
    for (const char* name : {"gpus-per-node", "speed"})
      if (options.count(name)) throw UserError(fmt::format("--{}: only together with --nodes", name));
    return {};
  }
  Scaling s;
  s.nodes = options["nodes"].as<int>();
  if (options.count("gpus-per-node")) s.gpus_per_node = options["gpus-per-node"].as<int>();
  if (options.count("speed")) s.speed = options["speed"].as<double>();
  std::vector<std::string> problems;
  if (s.nodes < 1 || s.nodes > 100'000) problems.push_back(fmt::format("--nodes {}: outside 1 to 100000", s.nodes));
  if (s.gpus_per_node < 1 || s.gpus_per_node > 64) problems.push_back(fmt::format("--gpus-per-node {}: outside 1 to 64", s.gpus_per_node));
  if (options.count("speed") && !(s.speed >= 1 && s.speed <= 1e15))
    problems.push_back(fmt::format("--speed {}: outside 1 to 1e15 trajectory-months per second of one device", s.speed));
  if (!problems.empty()) throw UserError(problems);
  return s;
}

std::string format_figure(double x) { return std::isnan(x) ? "-" : fmt::format("{:.4g}", x); }

std::string relative(double error, double mean) {
  return std::isfinite(error / mean) ? fmt::format("{:.2g}", std::abs(error / mean)) : "-";
}

void print_metrics(const Scenario& s, const Forecast& forecast) {
  fmt::print(
      "\nstandard errors at the end with run.trajectories: of the mean under {} (and as a share of it), and of the mean\n"
      "difference from it, the largest of all policies:\n",
      s.policies[s.reference].name);
  fmt::print("  {:<24} {:>12} {:>9} {:>12}  {}\n", "metric", "mean", "share", "difference", "unit");
  for (std::size_t m = 0; m < forecast.metrics.size(); ++m) {
    const MetricForecast& f = forecast.metrics[m];
    const MetricRow& row = s.model->metrics[m];
    fmt::print("  {:<24} {:>12} {:>9} {:>12}  {}{}\n", row.key, format_figure(f.mean_error), relative(f.mean_error, f.mean),
               format_figure(f.difference_error), row.unit,
               f.difference_policy >= 0 ? fmt::format(" ({})", s.policies[f.difference_policy].name) : "");
  }
}

void print_stop(const Scenario& s, const StopForecast& f, double seconds_each) {
  fmt::print("\nrun.stop    standard error of {}: wanted {:.4g}, about {:.3g} with run.trajectories = {}\n", watched_name(s),
             s.stop->standard_error, f.error, s.trajectories);
  if (!std::isfinite(f.needed))
    return fmt::print("            the trial was too short to say how many trajectories it takes; at most run.stop.max_trajectories = {}\n",
                      s.stop->max_trajectories);
  if (f.reachable)
    fmt::print("            reached with about {:.3g} trajectories, {}; run.stop.max_trajectories = {} allows it\n", f.trajectories,
               format_duration(f.trajectories * seconds_each), s.stop->max_trajectories);
  else
    fmt::print("            needs about {:.3g} trajectories, {}; run.stop.max_trajectories = {} ends it before (exit code 4)\n", f.needed,
               format_duration(f.needed * seconds_each), s.stop->max_trajectories);
}

double bytes_of_file(Scenario s, double trajectories) {
  s.trajectories = static_cast<std::uint64_t>(trajectories);
  return static_cast<double>(estimate_file_size(s));
}

// Its error stands for those of all metrics: the one that is watched, or else the first that has a direction.
int leading_metric(const Scenario& s) {
  if (s.stop && s.stop->metric >= 0) return s.stop->metric;
  const std::vector<int> decided = decided_metrics(*s.model);
  return decided.empty() ? 0 : decided[0];
}

// What a device of the table is.
std::string describe_speed(const Trial& trial, const std::vector<std::string>& tried, bool given) {
  if (given) return "with --speed";
  const bool gpus = std::ranges::none_of(tried, [](const std::string& name) { return name == "cpu"; });
  const char* each = tried.size() > 1 ? ", their mean" : "";
  return gpus ? fmt::format("as fast as here ({}{})", trial.device, each)
              : fmt::format("as fast as this CPU ({}{}). No GPU was measured: give its speed with --speed", trial.device, each);
}

void print_scaling(const Scenario& s, const Trial& trial, const std::vector<std::string>& tried, const Scaling& scaling,
                   const ExecuteOptions& how, const Forecast& f) {
  const double months = static_cast<double>(s.steps()) * static_cast<double>(s.policies.size()), own = static_cast<double>(s.trajectories);
  const double speed = scaling.speed > 0 ? scaling.speed / months : 1 / trial.seconds_each / static_cast<double>(tried.size());
  const auto devices = static_cast<std::uint64_t>(scaling.nodes) * static_cast<std::uint64_t>(scaling.gpus_per_node);
  const auto tallies = static_cast<double>(tally_bytes(trial.tallies)), most = static_cast<double>(kMaxTrajectories);
  const int metric = leading_metric(s);
  fmt::print("\npredicted for {} x {} devices, a rank for each; a device {}:\n  {} trajectory-months/s, {} trajectories/s\n", scaling.nodes,
             scaling.gpus_per_node, describe_speed(trial, tried, scaling.speed > 0), format_count(speed * months), format_count(speed));
  fmt::print("  {:>12} {:>11} {:>12} {:>11} {:>10} {:>8} {:>8} {:>10} {:>9}\n", "trajectories", "time", "device-hours", "checkpoints",
             "network", "result", "a shard", "all shards", "error");
  const Fleet fleet{devices, speed, how.checkpoint_every, how.checkpoint_share};
  double interval = how.checkpoint_every;
  for (const double n : std::set{own, 1e9, 1e10, 1e11, 1e12, 1e13}) {
    const double file = bytes_of_file(s, n), shard = bytes_of_file(s, n / static_cast<double>(devices));
    const ScaleForecast at = forecast_scale(fleet, {n, tallies, file, trial.after});
    interval = at.interval;
    fmt::print("  {:>12} {:>11} {:>12} {:>11} {:>10} {:>8} {:>8} {:>10} {:>9}{}\n", format_count(n), format_duration(at.seconds),
               format_figure(at.device_hours), at.checkpoints, format_bytes(at.network_bytes), format_bytes(file), format_bytes(shard),
               format_bytes(shard * static_cast<double>(devices)), format_figure(f.metrics[metric].mean_error * std::sqrt(own / n)),
               n > most ? " *" : "");
  }
  fmt::print("time         {:g} s to start (assumed); work at {:g} % of the speed of all (simulated); statistics {} (measured)\n",
             kStartSeconds, 100 * (devices > 1 ? kSharing : 1), format_duration(trial.after));
  fmt::print(
      "checkpoints  every {:.0f} s, and one at the end: {} steps of a reduction of {} at {}B/s (assumed),\n"
      "             packed at {}B/s (measured), then a file at {}B/s (assumed)\n",
      interval, reduction_steps(devices), format_bytes(tallies), format_count(kReductionSpeed), format_count(kPackingSpeed),
      format_count(kWritingSpeed));
  fmt::print("network      every rank but one sends {} for each checkpoint; an array of shards sends nothing\n", format_bytes(tallies));
  fmt::print("shards       {}, no larger than a result of their trajectories, but for the first\n", devices);
  fmt::print("error        standard error of the mean of {} under {}\n", s.model->metrics[metric].key, s.policies[s.reference].name);
  fmt::print("*            more than run.trajectories may be ({})\n", format_count(most));
}

// Parameters take no time: what the trial says of the scenario as given holds for each.
void print_views(const std::vector<NamedScenario>& views, const Trial& trial) {
  std::vector<std::string> names;
  double bytes = 0, trajectories = 0;
  for (const auto& [name, scenario] : views) {
    make_job(scenario);
    names.push_back(name);
    bytes += static_cast<double>(estimate_file_size(scenario));
    trajectories += static_cast<double>(scenario.trajectories);
  }
  const double seconds = trial.seconds_each * trajectories + trial.after * static_cast<double>(views.size());
  fmt::print("world views {} one after the other: {}\n", views.size(), fmt::join(names, ", "));
  fmt::print("            about {}, result file about {}, and as much again on the way\n", format_duration(seconds), format_bytes(bytes));
}

}  // namespace

void plan_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
  auto add = o.add_options();
  worldviews_option(o);
  add("nodes", po::value<int>()->value_name("N"), "predict runs of 10^9 to 10^13 trajectories on so many nodes");
  add("gpus-per-node", po::value<int>()->value_name("G"), "devices of each node; default: 1");
  add("speed", po::value<double>()->value_name("S"), "trajectory-months per second of one device; default: as measured here");
  add("checkpoint-every", po::value<double>()->default_value(300)->value_name("SECONDS"), "as `run` will be told; 0: no checkpoints");
}

int verb_plan(const po::variables_map& options, const Words& files) {
  const Scenario s = scenario_of(options, files);
  const std::vector<NamedScenario> views = scenarios_of(options, files);
  const ExecuteOptions how = execute_options(options);
  const std::optional<Scaling> scaling = scaling_of(options);
  const Job job = make_job(s);
  const Trial trial = run_trial(s, job, how);
  const int threads = how.threads > 0 ? how.threads : available_cpus();
  fmt::print("{} policies x {} trajectories x {} months, {} metrics at {} times, {} parameters\n", s.policies.size(), s.trajectories,
             s.steps(), s.model->metrics.size(), s.records(), s.parameters.size());
  fmt::print("device      {}\n", trial.device);
  const std::string time = format_duration(trial.seconds_each * static_cast<double>(s.trajectories));
  fmt::print("time        about {} (from a trial of {} trajectories), then {} for statistics and file\n", time, trial.tallies.trajectories,
             format_duration(trial.after));
  fmt::print("memory      {}, whatever the number of trajectories\n", format_bytes(static_cast<double>(estimate_memory(job, threads))));
  fmt::print("result file about {}\n", format_bytes(static_cast<double>(estimate_file_size(s))));
  if (!views.empty()) print_views(views, trial);
  const Forecast f = forecast(s, trial.tallies, trial.sample);
  if (f.stop) print_stop(s, *f.stop, trial.seconds_each);
  print_metrics(s, f);
  if (scaling) print_scaling(s, trial, resolve_devices(how.device, cuda_devices()), *scaling, how, f);
  return 0;
}

}  // namespace chokepoint
