// SPDX-License-Identifier: Apache-2.0
#include "run_views.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "../errors.h"
#include "../results/output_lock.h"
#include "../results/temporary_file.h"
#include "../run/plan.h"
#include "../worldviews/join.h"
#include "fmt/format.h"

namespace chokepoint {

namespace {

namespace fs = std::filesystem;

using Views = std::vector<NamedScenario>;

void refuse_shard(const RunOptions& how) {
  if (how.shard.of > 0)
    throw UserError(
        "--shard: not together with --worldviews. Run each world view in shards of its own (chokepoint run FILE... "
        "worldviews/NAME.toml --shard I/N), merge these, and join the results with chokepoint merge --worldviews; or share the work "
        "among nodes with MPI (mpirun or srun).");
}

// Why it ended early, if it did; none if the output is not there, or holds something else.
std::optional<std::string> complete(const std::string& path, const Views& views) {
  if (!fs::exists(path)) return {};
  const std::vector<ViewFile> found = views_of(path);
  if (found.size() != views.size()) return {};
  std::string ended_early;
  for (std::size_t v = 0; v < views.size(); ++v) {
    if (found[v].name != views[v].name) return {};
    const StoredResult stored = read_result(found[v].path);
    if (stored.entry("identity") != identity_of(views[v].scenario)) return {};
    if (ended_early.empty()) ended_early = stored.entry("ended_early");
  }
  return ended_early;
}

// Where the results are until all are there.
std::string begin_folder(const std::string& path, const RunOptions& how) {
  const std::string folder = path + ".worldviews";
  if (fs::exists(folder) && !how.resume && !how.force)
    throw UserError(
        fmt::format("{}: holds what there is of a run that was interrupted. Go on with --resume, or start anew with --force?", folder));
  fs::create_directories(folder);
  return folder;
}

std::uint64_t size_of(const Views& views) {
  std::uint64_t bytes = 0;
  for (const NamedScenario& view : views) bytes += 2 * estimate_file_size(view.scenario);  // in the folder, and joined
  return bytes;
}

// The world views one after the other. The first exit code but 0 and kExitTarget ends it.
int run_each(const Views& views, const std::vector<ViewFile>& files, RunOptions how, Ranks& ranks) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const double limit = how.time_limit;
  how.summary = false;
  int worst = 0;
  for (std::size_t v = 0; v < views.size(); ++v) {
    if (!how.quiet) fmt::print(stderr, "world view {} of {}: {}\n", v + 1, views.size(), views[v].name);
    if (limit > 0) how.time_limit = std::max(limit - std::chrono::duration<double>(Clock::now() - start).count(), 1e-3);
    const int code = run_one(views[v].scenario, files[v].path, how, ranks);
    if (code != 0 && code != kExitTarget) return code;
    worst = std::max(worst, code);
  }
  return worst;
}

int run_locked(const Views& views, const std::string& path, const RunOptions& how, Ranks& ranks) {
  const OutputLock lock(path);
  remove_leftovers(path);
  if (how.resume)
    if (const auto ended_early = complete(path, views)) return report_complete(path, *ended_early);
  check_output(path, how.force, 0);
  const std::string folder = begin_folder(path, how);
  std::vector<ViewFile> files;
  for (const NamedScenario& view : views) files.push_back({view.name, fmt::format("{}/{}.h5", folder, view.name)});
  const int code = run_each(views, files, how, ranks);
  if (code != 0 && code != kExitTarget) return code;
  join_views(path, files);
  fs::remove_all(folder);
  if (!how.quiet) {
    std::fputs((summary_text(path) + "\n").c_str(), stdout);
    fmt::print("{}: {}, {} world views, result_hash {}\n", path, format_bytes(static_cast<double>(fs::file_size(path))), views.size(),
               read_result(path).result_hash);
  }
  return code;
}

}  // namespace

int run_views(const po::variables_map& options, const Words& files, const std::string& path, const RunOptions& how, Ranks& ranks) {
  refuse_shard(how);
  const Views views = scenarios_of(options, files);
  for (const NamedScenario& view : views) make_job(view.scenario);
  check_output(path, true, size_of(views));
  try {
    return run_locked(views, path, how, ranks);
  } catch (const OutputInUse& error) {
    if (!how.resume) throw;
    fmt::print(stderr, "{}\n", error.what());
    return kExitInterrupted;
  }
}

}  // namespace chokepoint
