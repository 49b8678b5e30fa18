// SPDX-License-Identifier: Apache-2.0
#include "one_run.h"

#include <cstdio>
#include <filesystem>

#include "../errors.h"
#include "../results/output_lock.h"
#include "../results/result.h"
#include "../results/temporary_file.h"
#include "../run/plan.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

// What the run writes, and what it finds there.
class Output {
 public:
  Output(const Scenario& scenario, const Job& job, std::string path, Shard shard)
      : scenario_(scenario), job_(job), path_(std::move(path)), checkpoint_(path_ + ".checkpoint"), shard_(shard), lock_(path_) {
    remove_leftovers(path_);
    remove_leftovers(checkpoint_);
  }

  const std::string& path() const { return path_; }
  const std::string& checkpoint() const { return checkpoint_; }

  // Why it ended early, if it did; none if the output is not there, or another run's.
  std::optional<std::string> complete() const {
    if (!std::filesystem::exists(path_)) return {};
    if (shard_.of > 0) {
      const PartInfo found = read_part_info(path_);
      check_part(path_);
      return belongs(found) && found.complete() ? std::optional<std::string>("") : std::nullopt;
    }
    const StoredResult found = read_result(path_);
    if (found.entry("identity") != identity_of(scenario_) || !found.entry("missing").empty()) return {};
    return found.entry("ended_early");
  }

  // A new state, or that of the checkpoint.
  RunState begin(bool resume, bool force) const {
    RunState state(job_, work_of(scenario_, shard_));
    if (!std::filesystem::exists(checkpoint_)) return state;
    if (!resume && force) return state;
    const PartInfo found = read_part_info(checkpoint_);
    if (!resume)
      throw UserError(
          fmt::format("{}: holds {} of {} trajectories of a run that was interrupted. Go on with --resume, or start anew with "
                      "--force?",
                      checkpoint_, found.done, found.work.count));
    check_part(checkpoint_);
    if (!belongs(found))
      throw UserError(fmt::format("{}: is of another run: {}. Start anew with --force and without --resume, or choose another output?",
                                  checkpoint_, found.shard == shard_ ? differences(checkpoint_, found, scenario_) : "another shard"));
    state.part = found.work;
    state.seconds = found.seconds;
    add_part(checkpoint_, found, state.tallies, state.sample);
    return state;
  }

  void save(const RunState& state, const Provenance& provenance) const { write_part(checkpoint_, scenario_, state, shard_, provenance); }

  // A full disk must not end a run that may still do without.
  void try_to_save(const RunState& state, const Provenance& provenance) const try {
    save(state, provenance);
  } catch (const EnvironmentError& error) {
    fmt::print(stderr, "warning: no checkpoint: {}\n", error.what());
  }

  // The result_hash; empty for a shard.
  std::string finish(const RunState& state, const Provenance& provenance) const {
    std::string hash;
    if (shard_.of > 0)
      write_part(path_, scenario_, state, shard_, provenance);
    else
      hash = write_result(path_,
                          {scenario_, state.tallies, state.sample, derive_statistics(scenario_, state.tallies, state.sample), provenance});
    std::filesystem::remove(checkpoint_);
    return hash;
  }

 private:
  bool belongs(const PartInfo& part) const { return part.identity == identity_of(scenario_) && part.shard == shard_; }

  const Scenario& scenario_;
  const Job& job_;
  const std::string path_, checkpoint_;
  const Shard shard_;
  const OutputLock lock_;
};

Provenance provenance_of(const Scenario& s, const RunState& state, const Engine& engine, const std::string& started,
                         const Outcome& outcome = {Ending::kInterrupted, "", {}}) {
  Provenance entries = build_provenance();
  const auto add = [&](const char* name, const std::string& value) { entries.emplace_back(name, value); };
  add("device", engine.describe());
  add("started", started);
  add("ended_early", outcome.reason);
  if (outcome.error) add("stop_standard_error", fmt::format("{}", *outcome.error));
  add_run(s, state.tallies, state.seconds, entries);
  add("identity", identity_of(s));
  add_configuration(s, entries);
  return entries;
}

int run_to_the_end(const Scenario& scenario, const Output& output, std::unique_ptr<Engine> engine, const RunOptions& how, RunState& state) {
  const std::string started = now_text();
  const std::uint64_t begun = state.tallies.trajectories;
  if (begun > 0 && !how.quiet)
    fmt::print(stderr, "{}: going on after {} of {} trajectories.\n", output.checkpoint(), begun, state.part.count);
  const Outcome outcome =
      execute(scenario, *engine, how, state, [&] { output.try_to_save(state, provenance_of(scenario, state, *engine, started)); });
  const Provenance provenance = provenance_of(scenario, state, *engine, started, outcome);
  engine.reset();  // statistics need room, too
  if (outcome.ending == Ending::kInterrupted) {
    output.save(state, provenance);
    fmt::print(stderr, "{}: stopped after {} of {} trajectories; {} holds those. The same command with --resume goes on.\n", outcome.reason,
               state.tallies.trajectories, state.part.count, output.checkpoint());
    return kExitInterrupted;
  }
  const std::string hash = output.finish(state, provenance);
  warn_of_values(scenario, state.tallies);
  if (!how.quiet && how.summary) {
    if (!hash.empty()) std::fputs((summary_text(output.path()) + "\n").c_str(), stdout);
    fmt::print("{}: {} in {}{}\n", output.path(), format_bytes(static_cast<double>(std::filesystem::file_size(output.path()))),
               format_duration(state.seconds), hash.empty() ? "" : ", result_hash " + hash);
  }
  if (outcome.ending == Ending::kDone) return 0;
  fmt::print(stderr, "{}\n", outcome.reason);
  return kExitTarget;
}

}  // namespace

int report_complete(const std::string& path, const std::string& ended_early) {
  fmt::print(stderr, "{}: is complete already.{}{}\n", path, ended_early.empty() ? "" : " ", ended_early);
  return ended_early.empty() ? 0 : kExitTarget;
}

int run_one(const Scenario& scenario, const std::string& path, const RunOptions& how, Ranks& ranks) {
  const Job job = make_job(scenario);
  try {
    check_output(path, true, estimate_file_size(scenario));
    const Output output(scenario, job, path, how.shard);
    if (how.resume)
      if (const auto ended_early = output.complete()) return report_complete(path, *ended_early);
    check_output(path, how.force, 0);
    RunState state = output.begin(how.resume, how.force);
    return run_to_the_end(scenario, output, ranks.make_engine(scenario, job, how, how.quiet), how, state);
  } catch (const OutputInUse& error) {
    if (!how.resume) throw;
    // Another copy may still be at work where a node was lost: it will have finished, or died, when this one is started again.
    fmt::print(stderr, "{}\n", error.what());
    return kExitInterrupted;
  }
}

}  // namespace chokepoint
