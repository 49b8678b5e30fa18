// chokepoint run: a scenario to a result file, or a shard of it to a part; it goes on from a checkpoint.
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "../errors.h"
#include "../ranks/ranks.h"
#include "../results/output_lock.h"
#include "../results/part.h"
#include "../results/result.h"
#include "../results/temporary_file.h"
#include "../run/plan.h"
#include "../run/signals.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr int kMostShards = 1'000'000;

// "3/8"
Shard shard_of(const std::string& text) {
  if (text.empty()) return {};
  Shard shard;
  const char *const begin = text.data(), *const end = begin + text.size();
  const auto number = std::from_chars(begin, end, shard.number);
  const bool divided = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
  const auto of = divided ? std::from_chars(number.ptr + 1, end, shard.of) : number;
  if (!divided || of.ec != std::errc() || of.ptr != end || shard.of < 1 || shard.of > kMostShards || shard.number < 1 ||
      shard.number > shard.of)
    throw UserError(fmt::format("--shard {}: not I/N with I from 1 to N, and N up to {}, as in --shard 3/8", text, kMostShards));
  return shard;
}

// A run that does not see all trajectories cannot look at their error.
void refuse_stop(const Scenario& scenario, Shard shard) {
  if (shard.of > 0 && scenario.stop)
    throw UserError(
        "--shard: run.stop looks at the error of the whole run, which no shard knows. Leave run.stop out, or share one run among nodes "
        "with MPI (mpirun or srun).");
}

std::string output_path(const po::variables_map& options, const Words& files, Shard shard) {
  if (options.count("output")) return text_of(options, "output");
  std::filesystem::create_directories("outputs");
  const std::string stem = (std::filesystem::path("outputs") / std::filesystem::path(files.back()).stem()).string();
  if (shard.of == 0) return stem + ".h5";
  const int digits = static_cast<int>(std::to_string(shard.of).size());
  return fmt::format("{}.{:0{}}-of-{}.shard", stem, shard.number, digits, shard.of);
}

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

int report_complete(const std::string& path, const std::string& ended_early) {
  fmt::print(stderr, "{}: is complete already.{}{}\n", path, ended_early.empty() ? "" : " ", ended_early);
  return ended_early.empty() ? 0 : kExitTarget;
}

int run_to_the_end(const Scenario& scenario, const Output& output, std::unique_ptr<Engine> engine, const ExecuteOptions& how,
                   RunState& state) {
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
  if (!how.quiet) {
    if (!hash.empty()) std::fputs((summary_text(output.path()) + "\n").c_str(), stdout);
    fmt::print("{}: {} in {}{}\n", output.path(), format_bytes(static_cast<double>(std::filesystem::file_size(output.path()))),
               format_duration(state.seconds), hash.empty() ? "" : ", result_hash " + hash);
  }
  if (outcome.ending == Ending::kDone) return 0;
  fmt::print(stderr, "{}\n", outcome.reason);
  return kExitTarget;
}

}  // namespace

void run_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
  auto add = o.add_options();
  add("output,o", po::value<std::string>()->value_name("OUT.h5"),
      "result file; default: outputs/NAME.h5 after the last FILE, of a shard outputs/NAME.I-of-N.shard");
  add("shard", po::value<std::string>()->value_name("I/N"), "run part I of N alone, for `chokepoint merge`; I from 1 to N");
  add("resume", po::bool_switch(),
      "go on from OUT.checkpoint if it is there; nothing is left to do if OUT is complete. Slurm jobs that were requeued do so anyway");
  add("checkpoint-every", po::value<double>()->default_value(300)->value_name("SECONDS"),
      "write OUT.checkpoint so often; 0: only when interrupted. By default less often where it would take more than 1 % of the time");
  add("time-limit", po::value<double>()->default_value(0)->value_name("SECONDS"),
      "write OUT.checkpoint then, and end with exit code 75; 0: no limit");
  add("force", po::bool_switch(), "overwrite an existing result, start anew in spite of a checkpoint");
  add("quiet", po::bool_switch(), "no progress and no summary");
}

int verb_run(const po::variables_map& options, const Words& files) {
  Ranks ranks(options.count("shard") > 0);
  if (ranks.rank() > 0) return ranks.serve();
  const Scenario scenario = scenario_of(options, files);
  const ExecuteOptions how = execute_options(options);
  const Shard shard = shard_of(text_of(options, "shard"));
  refuse_stop(scenario, shard);
  const bool force = options["force"].as<bool>(), resume = options["resume"].as<bool>() || std::getenv("SLURM_RESTART_COUNT");
  const SignalWatch watch;
  const Job job = make_job(scenario);
  const std::string path = output_path(options, files, shard);
  try {
    check_output(path, true, estimate_file_size(scenario));
    const Output output(scenario, job, path, shard);
    if (resume)
      if (const auto ended_early = output.complete()) return report_complete(path, *ended_early);
    check_output(path, force, 0);
    RunState state = output.begin(resume, force);
    return run_to_the_end(scenario, output, ranks.make_engine(scenario, job, how, how.quiet), how, state);
  } catch (const OutputInUse& error) {
    if (!resume) throw;
    // Another copy may still be at work where a node was lost: it will have finished, or died, when this one is started again.
    fmt::print(stderr, "{}\n", error.what());
    return kExitInterrupted;
  }
}

}  // namespace chokepoint
