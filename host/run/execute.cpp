// The run loop.
// SPDX-License-Identifier: Apache-2.0
#include "execute.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "fmt/format.h"
#include "stop.h"

namespace chokepoint {

namespace {

using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t caught_signal = 0;

// Signals are noted while a run is on, and handled as before after it.
class SignalWatch {
 public:
  SignalWatch() {
    caught_signal = 0;
    struct sigaction action {};
    action.sa_handler = [](int signal) { caught_signal = signal; };
    for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &before_[i]);
  }
  ~SignalWatch() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  static constexpr int kSignals[] = {SIGTERM, SIGINT, SIGUSR1};
  struct sigaction before_[std::size(kSignals)];
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A bar on a terminal; otherwise a line every ten seconds. On standard error.
class Progress {
 public:
  Progress(std::uint64_t first, std::uint64_t total, double months_per_trajectory, bool quiet)
      : first_(first),
        total_(total),
        months_(months_per_trajectory),
        quiet_(quiet),
        terminal_(isatty(STDERR_FILENO)),
        start_(Clock::now()) {}

  void update(std::uint64_t done) {
    const double now = seconds_since(start_);
    if (quiet_ || now - shown_ < (terminal_ ? 0.1 : 10.0)) return;
    show(done, now);
  }
  void finish(std::uint64_t done) {
    if (quiet_ || (shown_ == 0 && !terminal_)) return;
    show(done, seconds_since(start_));
    if (terminal_) std::fputc('\n', stderr);
  }

 private:
  void show(std::uint64_t done, double now) {
    shown_ = now;
    const double share = total_ ? static_cast<double>(done) / static_cast<double>(total_) : 1,
                 rate = static_cast<double>(done - first_) / std::max(now, 1e-9);
    const std::string left = done == first_ ? "?" : format_duration(static_cast<double>(total_ - std::min(done, total_)) / rate);
    const std::string text =
        fmt::format("{:3.0f} %  {} of {} trajectories  {} trajectory-months/s  {} left", 100 * share,
                    format_count(static_cast<double>(done)), format_count(static_cast<double>(total_)), format_count(rate * months_), left);
    if (!terminal_) {
      fmt::print(stderr, "{}\n", text);
      return;
    }
    constexpr int kWidth = 24;
    const int filled = static_cast<int>(share * kWidth);
    fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {}\033[K", "", filled, "", kWidth - filled, text);
  }

  std::uint64_t first_, total_;  // done before, and in the end
  double months_;
  bool quiet_, terminal_;
  Clock::time_point start_;
  double shown_ = 0;
};

// A unit takes about this long: often enough for signals and the bar, seldom enough to cost nothing.
constexpr double kUnitSeconds = 0.25;
constexpr std::uint64_t kLargestUnit = std::uint64_t{1} << 23;

// A number of trajectories that can be copied into a configuration, as long as it is one.
std::string format_whole(double count) { return count < 1e15 ? fmt::format("{:.0f}", count) : fmt::format("{:.3g}", count); }

std::string missed_target(const Scenario& s, std::uint64_t done, double error) {
  const double needed = trajectories_needed(s, done, error);
  const std::string reach = std::isfinite(needed) ? fmt::format("About {} trajectories would reach it; allow", format_whole(needed))
                                                  : "Allow";
  return fmt::format(
      "run.stop: the standard error of {} is {:.4g} after {} trajectories (run.stop.max_trajectories), wanted {:.4g}. {} more "
      "trajectories or a larger error.",
      watched_name(s), error, done, s.stop->standard_error, reach);
}

class Run {
 public:
  Run(const Scenario& scenario, const Job& job, const ExecuteOptions& options, Tallies& tallies, Sample& sample)
      : scenario_(scenario), options_(options), tallies_(tallies), sample_(sample), engine_(make_engine(job, options)) {}

  Outcome run() {
    SignalWatch watch;
    std::uint64_t target = scenario_.trajectories;
    Ending ending = Ending::kDone;
    for (;;) {
      if (!advance_to(target)) return outcome(Ending::kInterrupted);
      if (!scenario_.stop) break;
      error_ = watched_error(scenario_, tallies_, sample_);
      if (*error_ <= scenario_.stop->standard_error) break;
      if (done_ >= scenario_.stop->max_trajectories) {
        ending = Ending::kTargetMissed;
        reason_ = missed_target(scenario_, done_, *error_);
        break;
      }
      target = next_boundary(scenario_, done_, *error_);
    }
    return outcome(ending);
  }

 private:
  // False if a signal or the time limit came first.
  bool advance_to(std::uint64_t target) {
    Progress progress(done_, target, static_cast<double>(scenario_.steps()) * static_cast<double>(scenario_.policies.size()),
                      options_.quiet);
    while (done_ < target) {
      const std::uint64_t count = std::min(unit_, target - done_);
      engine_->run(done_, count, sample_);
      done_ += count;
      uncollected_ += count;
      if (uncollected_ + kLargestUnit > kMaxUncollected) collect();
      size_next_unit(count);
      progress.update(done_);
      if (interrupted()) break;
    }
    collect();
    progress.finish(done_);
    return done_ == target;
  }

  // An engine may return with its last two units still under way: those before them tell its pace.
  void size_next_unit(std::uint64_t count) {
    const auto finished = static_cast<double>(done_ - count - last_);
    last_ = count;
    const double wanted = std::min(finished / seconds_since(start_) * kUnitSeconds, static_cast<double>(kLargestUnit));
    unit_ = std::clamp(static_cast<std::uint64_t>(wanted) / block_, std::uint64_t{1}, 2 * unit_ / block_) * block_;
  }

  bool interrupted() {
    if (caught_signal != 0)
      reason_ = fmt::format("signal {}", sigabbrev_np(caught_signal));
    else if (options_.time_limit > 0 && seconds_since(start_) >= options_.time_limit)
      reason_ = fmt::format("--time-limit {:g}", options_.time_limit);
    else
      return false;
    return true;
  }

  void collect() {
    engine_->collect(tallies_);
    tallies_.trajectories = done_;
    uncollected_ = 0;
  }

  Outcome outcome(Ending ending) const { return {ending, done_, seconds_since(start_), engine_->describe(), reason_, error_}; }

  const Scenario& scenario_;
  const ExecuteOptions& options_;
  Tallies& tallies_;
  Sample& sample_;
  std::unique_ptr<Engine> engine_;
  Clock::time_point start_ = Clock::now();
  const std::uint64_t block_ = cpu_block(static_cast<int>(scenario_.replicates));
  std::uint64_t done_ = 0, last_ = 0, unit_ = block_, uncollected_ = 0;
  std::string reason_;
  std::optional<double> error_;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

Outcome execute(const Scenario& scenario, const Job& job, const ExecuteOptions& options, Tallies& tallies, Sample& sample) {
  return Run(scenario, job, options, tallies, sample).run();
}

Provenance build_provenance() {
  utsname host{};
  uname(&host);
  Provenance entries = {{"version", CHOKEPOINT_VERSION},
                        {"commit", CHOKEPOINT_COMMIT},
                        {"build", CHOKEPOINT_BUILD},
                        {"compiler", __VERSION__},
                        {"cuda", built_with_cuda() ? "yes" : "no"},
                        {"generator", "Philox4x32-10, addressed by seed, purpose, index, step and slot"},
                        {"host", host.nodename},
                        {"system", fmt::format("{} {} {}", host.sysname, host.release, host.machine)}};
  for (const char* name : {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_NODELIST"})
    if (const std::string value = environment(name); !value.empty()) entries.emplace_back(name, value);
  return entries;
}

std::string format_count(double count) {
  constexpr const char* kSuffix[] = {"", " k", " M", " G", " T"};
  int power = 0;
  while (count >= 999.5 && power < 4) count /= 1000, ++power;
  const int digits = power == 0 || count >= 99.5 ? 0 : count >= 9.95 ? 1 : 2;
  return fmt::format("{:.{}f}{}", count, digits, kSuffix[power]);
}

std::string format_duration(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  const auto whole = static_cast<long long>(std::min(seconds, 1e15));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 48 * 3600) return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} days", whole / 86400);
}

std::string format_bytes(double bytes) {
  if (bytes < 1024 * 1024) return fmt::format("{:.0f} KiB", std::ceil(bytes / 1024));
  if (bytes < 10 * 1024.0 * 1024 * 1024) return fmt::format("{:.0f} MiB", bytes / (1024 * 1024));
  return fmt::format("{:.1f} GiB", bytes / (1024.0 * 1024 * 1024));
}

}  // namespace chokepoint
