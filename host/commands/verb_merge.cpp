// chokepoint merge: the parts of a run to its result file, or the results of several world views to one file.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "../config/config.h"
#include "../errors.h"
#include "../results/merge.h"
#include "../results/output_lock.h"
#include "../results/result.h"
#include "../results/temporary_file.h"
#include "../run/plan.h"
#include "../run/progress.h"
#include "../worldviews/join.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

// The rows of the sample that no part has are run again: they are few, and have the same bits anywhere.
void fill_sample(const Job& job, const PartSet& set, Sample& sample) {
  std::unique_ptr<Engine> engine;
  for (const Chunk& gap : set.gaps()) {
    if (gap.first >= sample.rows()) break;
    if (!engine) engine = make_cpu_engine(job, available_cpus(), 0);
    engine->run(gap.first, std::min(gap.count, sample.rows() - gap.first), sample);
  }
  if (!engine) return;
  Tallies unused(job.shape);
  engine->collect(unused);
}

double seconds_of(const PartSet& set) {
  double seconds = 0;
  for (const NamedPart& part : set.parts) seconds += part.info.seconds;
  return seconds;
}

Provenance provenance_of(const Scenario& scenario, const PartSet& set, const Tallies& tallies,
                         const std::map<std::string, std::string>& of_a_part) {
  Provenance entries = build_provenance();
  entries.emplace_back("device", fmt::format("{} parts, see provenance/parts", set.parts.size()));
  entries.emplace_back("missing", set.missing());
  entries.emplace_back("parts", table_of(set));
  add_run(scenario, tallies, seconds_of(set), entries);
  entries.emplace_back("identity", identity_of(scenario));
  for (const char* name : {"overrides", "configuration_files", "configuration_resolved"}) entries.emplace_back(name, of_a_part.at(name));
  return entries;
}

std::string damage_of(const NamedPart& part) try {
  check_part(part.path);
  return "";
} catch (const UserError& error) {
  return error.what();
}

// Without all parts there is nothing to merge; the user hears of everything that is wrong with them at once.
void refuse_gaps(const PartSet& set, const std::string& missing) {
  std::vector<std::string> problems;
  for (const NamedPart& part : set.parts)
    if (const std::string damage = damage_of(part); !damage.empty()) problems.push_back(damage);
  problems.push_back(fmt::format("{}: missing. Run what is missing, or merge what is there with --partial.", missing));
  throw UserError(problems);
}

// All parts have the same configuration: one that can be read will do.
const NamedPart& sound_part(const PartSet& set) {
  const auto found = std::ranges::find_if(set.parts, [](const NamedPart& part) { return damage_of(part).empty(); });
  if (found == set.parts.end()) throw UserError("no part that is not damaged: " + damage_of(set.parts.front()));
  return *found;
}

void say_what_was_made(const std::string& path, const std::string& of) {
  std::fputs(summary_text(path).c_str(), stdout);
  fmt::print("\n{}: {} of {}, result_hash {}\n", path, format_bytes(static_cast<double>(std::filesystem::file_size(path))), of,
             read_result(path).result_hash);
}

int merge_views(const po::variables_map& options, const Words& names, const std::string& path) {
  if (options["partial"].as<bool>()) throw UserError("--partial: not together with --worldviews, which joins whole results");
  std::vector<ViewFile> views;
  std::uint64_t bytes = 0;
  for (const std::string& name : names) {
    views.push_back({view_name(name), name});
    if (std::filesystem::exists(name)) bytes += std::filesystem::file_size(name);
  }
  if (views.size() < 2) throw UserError("merge --worldviews: give the result of the scenario first, then those of other world views");
  check_output(path, options["force"].as<bool>(), bytes);
  const OutputLock lock(path);
  join_views(path, views);
  if (!options["quiet"].as<bool>()) say_what_was_made(path, fmt::format("{} world views", views.size()));
  return 0;
}

}  // namespace

void merge_options(po::options_description& o) {
  auto add = o.add_options();
  add("worldviews", po::bool_switch(),
      "not shards, but results of one scenario under several world views, the scenario as given first: BASE.h5 VIEW.h5...; a view is "
      "called after its file");
  add("output,o", po::value<std::string>()->value_name("OUT.h5"), "result file");
  add("partial", po::bool_switch(), "merge what there is, also of checkpoints; the result says what is missing");
  add("force", po::bool_switch(), "overwrite an existing result");
  add("quiet", po::bool_switch(), "no progress and no summary");
}

int verb_merge(const po::variables_map& options, const Words& names) {
  if (names.empty()) usage("no shards given");
  if (!options.count("output")) usage("merge: no output given (-o OUT.h5)");
  const bool partial = options["partial"].as<bool>(), quiet = options["quiet"].as<bool>();
  const std::string path = text_of(options, "output");
  if (options["worldviews"].as<bool>()) return merge_views(options, names, path);
  PartSet set = read_parts(part_files(names));
  if (const std::string missing = set.missing(); !missing.empty() && !partial) refuse_gaps(set, missing);
  const std::string& sound = sound_part(set).path;
  const auto provenance = read_part_provenance(sound);
  const Scenario scenario = parse_scenario(sound, provenance.at("configuration_resolved"));
  check_output(path, options["force"].as<bool>(), estimate_file_size(scenario));
  const OutputLock lock(path);
  const Job job = make_job(scenario);
  Tallies tallies(job.shape);
  Sample sample(job.shape, job.keep);
  std::vector<std::string> damaged;
  {
    const auto all = static_cast<double>(set.parts.size());
    Progress progress(all, quiet, [all](double done, double) { return fmt::format("{:.0f} of {:.0f} parts", done, all); });
    add_parts(set, tallies, sample, damaged, [&](std::size_t done) { progress.update(static_cast<double>(done)); });
  }
  if (!partial && !damaged.empty()) throw UserError(damaged);
  for (const std::string& problem : damaged) fmt::print(stderr, "warning: {}\n", problem);
  fill_sample(job, set, sample);
  write_result(
      path, {scenario, tallies, sample, derive_statistics(scenario, tallies, sample), provenance_of(scenario, set, tallies, provenance)});
  warn_of_values(scenario, tallies);
  if (const std::string missing = set.missing(); !missing.empty()) fmt::print(stderr, "warning: {}: missing.\n", missing);
  if (quiet) return 0;
  say_what_was_made(path, fmt::format("{} parts", set.parts.size()));
  return 0;
}

}  // namespace chokepoint
