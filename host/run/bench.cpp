// Measuring. A rate is taken from runs long enough that collecting does not matter, and the time of a
// collection is taken off; whole runs go through everything that `chokepoint run` does.
// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "../errors.h"
#include "../statistics/statistics.h"
#include "execute.h"
#include "fmt/format.h"
#include "plan.h"
#include "signals.h"

namespace chokepoint {

namespace {

namespace fs = std::filesystem;

constexpr int kRepetitions = 7;
constexpr double kCollectionsPerRun = 4;  // a run takes at least so many times as long as a collection
constexpr double kShareForRates = 0.6;    // of the time; the rest is for whole runs
constexpr std::uint64_t kSmallestRun = 64, kLargestRun = std::uint64_t{1} << 30;
constexpr std::uint64_t kFirstWholeRun = 10'000, kLastWholeRun = 1'000'000'000;

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

void announce(const std::string& what) { fmt::print(stderr, "measuring {}\n", what); }

// ---- what to measure

struct Setting {
  DeviceOptions device;
  int policies;
  bool operator==(const Setting&) const = default;
};

struct Settings {
  std::vector<Setting> devices, threads, policies;
  DeviceOptions main;
};

void add_once(std::vector<Setting>& settings, const Setting& setting) {
  if (std::ranges::find(settings, setting) == settings.end()) settings.push_back(setting);
}

// 1, 2, 4, ... and `all`.
std::vector<int> powers_of_two(int all) {
  std::vector<int> counts;
  for (int count = 1; count < all; count *= 2) counts.push_back(count);
  counts.push_back(all);
  return counts;
}

Settings choose_settings(const BenchOptions& options, int all_policies) {
  DeviceOptions base = options;
  if (base.threads == 0) base.threads = available_cpus();
  if (base.lanes == 0) base.lanes = widest_cpu_lanes();
  const auto on = [&](const std::string& device, int threads, int lanes) { return DeviceOptions{device, threads, lanes, base.block_size}; };
  const auto present = cuda_devices();
  const std::string best = resolve_devices("auto", present)[0];
  const bool everything = options.device == "auto";
  std::vector<std::string> names = resolve_devices(everything && best != "cpu" ? "all" : options.device, present);
  const std::string together = names.size() < 2 ? "" : everything ? "all" : options.device;
  if (everything && best != "cpu" && base.lanes > 0) names.insert(names.begin(), "cpu");
  Settings s;
  s.main = on(everything ? best : options.device, base.threads, base.lanes);
  for (const std::string& name : names) {
    if (name == "cpu")
      for (const int lanes : {1, 8, 16})
        if (options.lanes == 0 ? lanes <= base.lanes : lanes == options.lanes) add_once(s.devices, {on(name, 1, lanes), all_policies});
    add_once(s.devices, {on(name, base.threads, base.lanes), all_policies});
  }
  if (!together.empty()) add_once(s.devices, {on(together, base.threads, base.lanes), all_policies});
  if (std::ranges::find(names, "cpu") != names.end())
    for (const int threads : powers_of_two(base.threads)) s.threads.push_back({on("cpu", threads, base.lanes), all_policies});
  for (const int policies : {1, 2, 5, all_policies})
    if (policies <= all_policies) add_once(s.policies, {s.main, policies});
  return s;
}

// ---- rates

Measurement measure(const Scenario& whole, const Setting& setting, double budget) {
  Scenario scenario = whole;
  scenario.policies.resize(static_cast<std::size_t>(setting.policies));
  scenario.reference = 0;
  scenario.keep = 0;
  const Job job = make_job(scenario);
  const Stopwatch making;
  const auto engine = make_engine(job, setting.device);
  Measurement m{setting.device,
                engine->describe(),
                setting.policies,
                static_cast<double>(job.shape.steps) * setting.policies,
                kSmallestRun,
                making.seconds(),
                {}};
  announce(fmt::format("{}, {} policies", m.description, m.policies));
  Tallies tallies(job.shape);
  Sample sample(job.shape, 0);
  std::uint64_t next = 0;
  const auto repeat = [&] {
    const Stopwatch run;
    engine->run(next, m.trajectories, sample);
    engine->collect(tallies);
    const double seconds = run.seconds();
    next += m.trajectories;
    const Stopwatch nothing;
    engine->collect(tallies);
    return Measurement::Repetition{seconds, nothing.seconds()};
  };
  // Doubling warms up; the last doubling takes as long as all before it.
  const double wanted = budget / (1.5 * (kRepetitions + 1));
  for (auto trial = repeat(); trial.seconds < std::max(wanted, kCollectionsPerRun * trial.collecting) && m.trajectories < kLargestRun;
       trial = repeat())
    m.trajectories *= 2;
  for (int i = 0; i < kRepetitions; ++i) m.repetitions.push_back(repeat());
  return m;
}

// ---- whole runs

struct TrialFile {
  std::string path = (fs::temp_directory_path() / fmt::format("chokepoint_bench_{}.h5", getpid())).string();
  ~TrialFile() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
};

struct Timed {
  double total, statistics, writing;
  std::string interrupted;
};

Timed run_whole(const Scenario& whole, std::uint64_t trajectories, const DeviceOptions& device) {
  announce(fmt::format("a whole run of {} trajectories", trajectories));
  Scenario scenario = whole;
  scenario.stop.reset();
  scenario.trajectories = trajectories;
  scenario.keep = std::min(scenario.keep, trajectories);
  ExecuteOptions how;
  static_cast<DeviceOptions&>(how) = device;
  how.quiet = true;
  const TrialFile file;
  const SignalWatch watch;
  const Stopwatch total;
  const Job job = make_job(scenario);
  RunState state(job, {0, trajectories});
  const Outcome outcome = execute(scenario, *make_engine(job, how), how, state);
  const Stopwatch deriving;
  const Statistics statistics = derive_statistics(scenario, state.tallies, state.sample);
  const double derived = deriving.seconds();
  const Stopwatch writing;
  write_result(file.path, {scenario, state.tallies, state.sample, statistics, build_provenance()});
  return {total.seconds(), derived, writing.seconds(), outcome.ending == Ending::kInterrupted ? outcome.reason : ""};
}

Prediction predict(const Benchmark& b, const Measurement& m, std::uint64_t trajectories) {
  const double months = static_cast<double>(trajectories) * m.months;
  const auto collections = static_cast<double>(1 + trajectories / kMaxUncollected);
  const Spread rate = m.rate();
  return {trajectories, m.setup,   months / rate.median, collections * m.collecting(),
          b.statistics, b.writing, months / rate.least,  months / rate.greatest};
}

// Each size is ten times the last: what does not fit the time that is left is predicted.
void run_sizes(Benchmark& b, const Measurement& main, const Stopwatch& since_start) {
  for (std::uint64_t n = kFirstWholeRun; n <= kLastWholeRun; n *= 10) {
    const bool first = n == kFirstWholeRun;
    Prediction predicted = predict(b, main, n);
    WholeRun whole{predicted, false, predicted.total()};
    if (b.interrupted.empty() && (first || predicted.total() < b.options.seconds - since_start.seconds())) {
      const Timed timed = run_whole(b.scenario, n, b.main);
      b.interrupted = timed.interrupted;
      if (first) {
        b.statistics = timed.statistics;
        b.writing = timed.writing;
        whole.predicted = predict(b, main, n);
      }
      whole.measured = b.interrupted.empty();
      whole.seconds = whole.measured ? timed.total : whole.predicted.total();
    }
    b.whole_runs.push_back(whole);
  }
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "unknown";
}

// Others at work on the machine explain a spread.
std::string load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? fmt::format("{:.2f}", load) : "unknown";
}

}  // namespace

// The shortest collection is taken off, never more than the part that the runs were made long for: noise may
// make a rate look lower, not higher.
Spread Measurement::rate() const {
  const double shortest = std::ranges::min(repetitions, {}, &Repetition::collecting).collecting;
  std::vector<double> rates;
  for (const Repetition& r : repetitions)
    rates.push_back(static_cast<double>(trajectories) * months / (r.seconds - std::min(shortest, r.seconds / kCollectionsPerRun)));
  return {median(rates), std::ranges::min(rates), std::ranges::max(rates)};
}

double Measurement::collecting() const {
  std::vector<double> seconds;
  for (const Repetition& r : repetitions) seconds.push_back(r.collecting);
  return median(seconds);
}

Benchmark run_benchmark(const Scenario& scenario, const BenchOptions& options) {
  const Stopwatch total;
  Benchmark b{.scenario = scenario, .options = options, .provenance = build_provenance(), .gpus = cuda_devices()};
  b.provenance.emplace_back("processor", processor_name());
  b.provenance.emplace_back("load_average_before", load_average());
  const Settings settings = choose_settings(options, static_cast<int>(scenario.policies.size()));
  b.main = settings.main;
  std::vector<Setting> all = {{settings.main, static_cast<int>(scenario.policies.size())}};
  for (const auto* some : {&settings.devices, &settings.threads, &settings.policies})
    for (const Setting& setting : *some) add_once(all, setting);
  std::vector<Measurement> measured;
  for (const Setting& setting : all)
    measured.push_back(measure(scenario, setting, kShareForRates * options.seconds / static_cast<double>(all.size())));
  const auto results = [&](const std::vector<Setting>& some) {
    std::vector<Measurement> chosen;
    for (const Setting& setting : some) chosen.push_back(measured[static_cast<std::size_t>(std::ranges::find(all, setting) - all.begin())]);
    return chosen;
  };
  b.devices = results(settings.devices);
  b.threads = results(settings.threads);
  b.policies = results(settings.policies);
  run_sizes(b, measured[0], total);
  for (const Measurement& m : b.devices) b.predictions.push_back(predict(b, m, scenario.trajectories));
  b.seconds = total.seconds();
  return b;
}

std::string default_configuration() {
  std::error_code failed;
  const fs::path folder = fs::read_symlink("/proc/self/exe", failed).parent_path();
  for (const char* from_program : {"../share/chokepoint/configs", "configs", "../../configs"}) {
    const fs::path path = (folder / from_program / "baseline.toml").lexically_normal();
    if (fs::exists(path, failed)) return path.string();
  }
  throw UserError("bench: no configuration file given, and no configs/baseline.toml near the program. Name a file: chokepoint bench FILE.");
}

}  // namespace chokepoint
