// `plan`: what a run will take and how exact it will be, from a trial of a second that changes nothing.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "../run/forecast.h"
#include "../run/plan.h"
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

}  // namespace

void plan_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
}

int verb_plan(const po::variables_map& options, const Words& files) {
  const Scenario s = scenario_of(options, files);
  const ExecuteOptions how = execute_options(options);
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
  const Forecast f = forecast(s, trial.tallies, trial.sample);
  if (f.stop) print_stop(s, *f.stop, trial.seconds_each);
  print_metrics(s, f);
  return 0;
}

}  // namespace chokepoint
