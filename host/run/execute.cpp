// The run loop.
// SPDX-License-Identifier: Apache-2.0
#include "execute.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "fmt/format.h"
#include "progress.h"
#include "signals.h"
#include "stop.h"

namespace chokepoint {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A number of trajectories that can be copied into a configuration, as long as it is one.
std::string format_whole(double count) { return count < 1e15 ? fmt::format("{:.0f}", count) : fmt::format("{:.3g}", count); }

std::string missed_target(const Scenario& s, std::uint64_t done, double error) {
  const double needed = trajectories_needed(s, done, error);
  const std::string reach =
      std::isfinite(needed) ? fmt::format("About {} trajectories would reach it; allow", format_whole(needed)) : "Allow";
  return fmt::format(
      "run.stop: the standard error of {} is {:.4g} after {} trajectories (run.stop.max_trajectories), wanted {:.4g}. {} more "
      "trajectories or a larger error.",
      watched_name(s), error, done, s.stop->standard_error, reach);
}

class Run {
 public:
  Run(const Scenario& scenario, Engine& engine, const ExecuteOptions& options, RunState& state, const std::function<void()>& checkpoint)
      : scenario_(scenario), engine_(engine), options_(options), state_(state), checkpoint_(checkpoint) {}

  Outcome run() {
    for (;;) {
      if (!advance()) return {Ending::kInterrupted, reason_, {}};
      if (!scenario_.stop) return {Ending::kDone, "", {}};
      const double error = watched_error(scenario_, state_.tallies, state_.sample);
      if (error <= scenario_.stop->standard_error) return {Ending::kDone, "", error};
      if (done_ >= scenario_.stop->max_trajectories) return {Ending::kTargetMissed, missed_target(scenario_, done_, error), error};
      state_.part.count = next_boundary(scenario_, done_, error);
      if (interrupted()) return {Ending::kInterrupted, reason_, {}};  // the next look may be no more than a unit away
    }
  }

 private:
  // To the end of the part. False if a signal or the time limit came first.
  bool advance() {
    const std::uint64_t target = state_.part.count;
    const auto months = static_cast<double>(scenario_.steps()) * static_cast<double>(scenario_.policies.size());
    const auto describe = [&](double done, double rate) {
      return fmt::format("{} of {} trajectories  {} trajectory-months/s", format_count(done), format_count(static_cast<double>(target)),
                         format_count(rate * months));
    };
    Progress progress(static_cast<double>(target), options_.quiet, describe, static_cast<double>(done_));
    while (done_ < target) {
      const std::uint64_t count = std::min(unit_, target - done_);
      engine_.run(state_.part.first + done_, count, state_.sample);
      done_ += count;
      if (done_ - state_.tallies.trajectories + largest_unit_ > engine_.most_uncollected()) collect();
      size_next_unit(count);
      progress.update(static_cast<double>(done_));
      if (checkpoint_ && options_.checkpoint_every > 0 && seconds_since(saved_) >= pause_) save();
      if (interrupted()) break;
    }
    collect();
    progress.finish(static_cast<double>(done_));
    return done_ == target;
  }

  // An engine may return with its last two units still under way: those before them tell its pace.
  void size_next_unit(std::uint64_t count) {
    const auto finished = static_cast<double>(done_ - count - last_ - begun_);
    last_ = count;
    const double wanted = std::min(finished / seconds_since(start_) * engine_.unit_seconds(), static_cast<double>(largest_unit_));
    unit_ = std::clamp(static_cast<std::uint64_t>(wanted) / block_, std::uint64_t{1}, 2 * unit_ / block_) * block_;
  }

  bool interrupted() {
    if (const int signal = SignalWatch::caught())
      reason_ = fmt::format("signal {}", sigabbrev_np(signal));
    else if (options_.time_limit > 0 && seconds_since(start_) >= options_.time_limit)
      reason_ = fmt::format("--time-limit {:g}", options_.time_limit);
    else
      return false;
    return true;
  }

  void collect() {
    engine_.collect(state_.tallies);
    state_.tallies.trajectories = done_;
    state_.seconds = seconds_before_ + seconds_since(start_);
  }

  void save() {
    const auto begin = Clock::now();
    collect();
    checkpoint_();
    if (options_.checkpoint_share > 0) pause_ = std::max(options_.checkpoint_every, seconds_since(begin) / options_.checkpoint_share);
    saved_ = Clock::now();
  }

  const Scenario& scenario_;
  Engine& engine_;
  const ExecuteOptions& options_;
  RunState& state_;
  const std::function<void()>& checkpoint_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point saved_ = start_;
  double pause_ = options_.checkpoint_every;  // seconds from one checkpoint to the next
  const double seconds_before_ = state_.seconds;
  const std::uint64_t begun_ = state_.tallies.trajectories;
  const std::uint64_t block_ = cpu_block(static_cast<int>(scenario_.replicates)), largest_unit_ = engine_.most_uncollected() / 4;
  std::uint64_t done_ = begun_, last_ = 0, unit_ = block_;
  std::string reason_;
};

}  // namespace

Outcome execute(const Scenario& scenario, Engine& engine, const ExecuteOptions& options, RunState& state,
                const std::function<void()>& checkpoint) {
  return Run(scenario, engine, options, state, checkpoint).run();
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
  if (bytes < 10 * 0x1p40) return fmt::format("{:.1f} GiB", bytes * 0x1p-30);
  return fmt::format("{:.1f} TiB", bytes * 0x1p-40);
}

}  // namespace chokepoint
