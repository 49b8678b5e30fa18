// chokepoint run: a scenario to a result file, or a shard of it to a part; it goes on from a checkpoint.
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "../errors.h"
#include "../run/signals.h"
#include "fmt/format.h"
#include "one_run.h"
#include "run_views.h"
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

}  // namespace

void run_options(po::options_description& o) {
  configuration_options(o);
  device_options(o);
  auto add = o.add_options();
  add("output,o", po::value<std::string>()->value_name("OUT.h5"),
      "result file; default: outputs/NAME.h5 after the last FILE, of a shard outputs/NAME.I-of-N.shard");
  worldviews_option(o);
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
  RunOptions how;
  static_cast<ExecuteOptions&>(how) = execute_options(options);
  how.shard = shard_of(text_of(options, "shard"));
  how.force = options["force"].as<bool>();
  how.resume = options["resume"].as<bool>() || std::getenv("SLURM_RESTART_COUNT");
  refuse_stop(scenario, how.shard);
  const SignalWatch watch;
  const std::string path = output_path(options, files, how.shard);
  return options.count("worldviews") ? run_views(options, files, path, how, ranks) : run_one(scenario, path, how, ranks);
}

}  // namespace chokepoint
