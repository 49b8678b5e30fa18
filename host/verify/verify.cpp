// SPDX-License-Identifier: Apache-2.0
#include "verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include "../config/config.h"
#include "../errors.h"
#include "../reports/terminal.h"
#include "../results/compare.h"
#include "../results/layout.h"
#include "../results/provenance.h"
#include "../results/read_tallies.h"
#include "../run/execute.h"
#include "../run/plan.h"
#include "draws.h"
#include "stored_sample.h"
#include "sums.h"
#include "verify_views.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kTogether = 4096;                     // trajectories that are run again at once
constexpr std::uint64_t kCollected = std::uint64_t{1} << 20;  // that are tallied between two collections
constexpr std::size_t kShown = 8;                             // problems of one kind

std::string number(std::uint64_t count) { return group_digits(fmt::format("{}", count)); }

std::vector<std::string> shortened(std::vector<std::string> problems) {
  if (problems.size() <= kShown) return problems;
  const std::size_t more = problems.size() - kShown;
  problems.resize(kShown);
  problems.push_back(fmt::format("... and {} more of this kind", more));
  return problems;
}

// A problem for each dataset that is not as it ought to be.
std::vector<std::string> texts_of(const std::vector<Difference>& differences, const std::string& other) {
  std::vector<std::string> texts;
  for (const Difference& one : differences) {
    const std::string more = one.count > 1 ? fmt::format(" ({} numbers of this dataset differ)", one.count) : "";
    texts.push_back(fmt::format("{}: the file has {}, {} {}{}", one.where, one.stored, other, one.other, more));
  }
  return shortened(std::move(texts));
}

// Counts of some trajectories are no larger than those of all, extremes no further out.
Relation of_a_part(const std::string& group, const Variable& variable) {
  const auto ends = [&](const char* suffix) { return variable.name.ends_with(suffix); };
  if (group != "/histogram" && group != "/accumulator") return Relation::kIgnored;
  if (variable.name == "first_non_finite") return Relation::kIgnored;  // -1 stands for none
  if (ends("_count") || ends("_non_finite") || ends("_saturated") || ends("_rank_parts") || variable.name == "clamped_draws")
    return Relation::kAtMost;
  if (ends("_least")) return Relation::kAtLeast;
  return ends("_greatest") ? Relation::kAtMost : Relation::kIgnored;
}

class Verifier {
 public:
  Verifier(const std::string& path, const VerifyOptions& options)
      : options_(options), stored_(read_result(path)), file_(path), seed_(options.seed.value_or(clock_seed())), random_(seed_) {
    out_.path = path;
    out_.seed = seed_;
    out_.result_hash = stored_.result_hash;
    out_.made_by = fmt::format("{} ({})", stored_.entry("version"), stored_.entry("commit"));
    out_.this_program = program_version();
  }

  Verification run() {
    check_file();
    if (read()) {
      check_trajectories();
      check_statistics();
      check_tallies();
      if (options_.all || out_.trajectories <= options_.trajectories) check_run();
    }
    add_notes();
    return std::move(out_);
  }

 private:
  using Problems = std::vector<std::string>;

  // Short enough to be typed again.
  static std::uint64_t clock_seed() {
    return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) / 1000 % 1'000'000'000;
  }

  // Adds a check whose body gives what it shows, unless there are problems. What HDF5 refuses is one, too. True if all is well.
  template <class Body>
  bool check(const char* name, Body body) {
    Check one{name, "", {}};
    try {
      one.shown = body(one.problems);
    } catch (const Hdf5Error& error) {
      if (error.system_error) throw EnvironmentError(fmt::format("{}: {}", out_.path, error.what()));
      one.problems.push_back(fmt::format("{}. Copy the file again from where it was made, or make it again.", error.what()));
    }
    out_.checks.push_back(std::move(one));
    return out_.checks.back().problems.empty();
  }

  void check_file();
  bool read();
  void check_trajectories();
  void check_statistics();
  void check_tallies();
  void check_run();
  void add_notes();
  bool read_scenario(Problems& problems);
  void read_chunks(Problems& problems);
  void derive();
  std::uint64_t tally_some(Tallies& part);
  Result result_of(const Tallies& tallies, const Sample& sample) const { return {*scenario_, tallies, sample, statistics_, {}}; }

  const VerifyOptions& options_;
  const StoredResult stored_;
  const Hdf5Reader file_;
  const std::uint64_t seed_;
  std::mt19937_64 random_;
  Verification out_;

  std::optional<Scenario> scenario_;
  std::vector<Chunk> chunks_;  // the trajectories that were run
  std::optional<Job> job_;     // of a run that keeps none of them
  std::unique_ptr<Engine> cpu_;
  std::optional<Tallies> tallies_;  // what the file holds
  std::optional<Sample> sample_;
  Statistics statistics_;  // derived from these
};

void Verifier::check_file() {
  check("file", [&](Problems& problems) {
    const FileHash hash = hash_file(file_);
    if (hash.digest != stored_.result_hash)
      problems.push_back(fmt::format(
          "what it holds has the hash {}, but its result_hash is {}: a number, a text or a shape is not as it was written. Copy "
          "the file again from where it was made, or make it again.",
          hash.digest, stored_.result_hash));
    return fmt::format("{} datasets have the file's result_hash: no number, label or shape in them was altered since they were written",
                       hash.datasets);
  });
}

// The configuration, and the integers that everything is derived from.
bool Verifier::read() {
  return check("configuration", [&](Problems& problems) -> std::string {
    if (!read_scenario(problems)) return "";
    tallies_ = read_tallies(file_, *scenario_);
    sample_ = read_sample(file_, *scenario_);
    out_.trajectories = tallies_->trajectories;
    out_.stored = sample_->keep;
    const std::uint64_t expected = std::min(scenario_->keep, out_.trajectories);
    if (out_.stored != expected)
      problems.push_back(fmt::format("/sample has {} trajectories, but the configuration keeps {}", out_.stored, expected));
    scenario_->stop.reset();  // it ended where it ended
    read_chunks(problems);
    cpu_ = make_cpu_engine(*job_, options_.threads > 0 ? options_.threads : available_cpus(), options_.lanes);
    derive();
    return fmt::format("model {}, {} policies, seeds {} and {}: it is read as that of a run, and the shapes in the file fit it",
                       scenario_->model->name, scenario_->policies.size(), scenario_->seed_worlds, scenario_->seed_chance);
  });
}

// Statistics need the probe, which is not in the file: the first trajectories, run again.
void Verifier::derive() {
  Sample probe(job_->shape, 0);
  const std::uint64_t replicates = scenario_->replicates, probed = (Sample::kProbe + replicates - 1) / replicates * replicates;
  cpu_->run(0, std::min(probed, out_.trajectories), probe);
  Tallies unused(job_->shape);
  cpu_->collect(unused);
  sample_->probe = std::move(probe.probe);
  sample_->probe_bins = std::move(probe.probe_bins);
  statistics_ = derive_statistics(*scenario_, *tallies_, *sample_);
}

// It may say anything, also that the tallies are larger than memory.
bool Verifier::read_scenario(Problems& problems) {
  if (stored_.entry("configuration_resolved").empty()) {
    problems.push_back("/provenance/configuration_resolved is missing, so nobody knows what was run");
    return false;
  }
  try {
    scenario_ = parse_scenario("/provenance/configuration_resolved", stored_.entry("configuration_resolved"));
    Scenario keeping_none = *scenario_;
    keeping_none.keep = 0;
    job_ = make_job(keeping_none);
  } catch (const UserError& error) {
    problems = error.problems;
    return false;
  }
  const auto expect = [&](const char* what, std::size_t there, std::size_t configured) {
    if (there != configured) problems.push_back(fmt::format("the file has {} {}, its configuration {}", there, what, configured));
  };
  expect("policies", stored_.policies.size(), scenario_->policies.size());
  expect("times", stored_.years.size(), static_cast<std::size_t>(scenario_->records()));
  return problems.empty();
}

void Verifier::read_chunks(Problems& problems) {
  chunks_ = {{0, out_.trajectories}};
  if (stored_.entry("missing").empty()) return;
  chunks_.clear();
  std::istringstream lines(stored_.entry("parts"));
  std::string line, name;
  std::getline(lines, line);  // headings
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    Chunk chunk{};
    if (std::getline(cells, name, '\t') && cells >> chunk.first >> chunk.count) chunks_.push_back(chunk);
  }
  std::uint64_t sum = 0;
  for (const Chunk& chunk : chunks_) sum += chunk.count;
  if (sum != out_.trajectories)
    problems.push_back(fmt::format("/provenance/parts lists {} trajectories, the tallies hold {}", sum, out_.trajectories));
}

void Verifier::check_trajectories() {
  check("trajectories", [&](Problems& problems) -> std::string {
    if (out_.stored == 0) return "none is stored (run.keep = 0), so none could be compared bit by bit";
    SampleCheck compared(*scenario_, *sample_);
    const auto numbers = draw_numbers(random_, options_.all ? out_.stored : options_.trajectories, out_.stored);
    auto next = numbers.begin();
    for (const Chunk& chunk : chunks_around(numbers, scenario_->replicates, kTogether)) {
      Evaluation again(job_->shape, chunk.first, chunk.count);
      cpu_->evaluate(again, kNothing);
      for (; next != numbers.end() && *next < chunk.first + chunk.count; ++next) compared.compare(*next, again);
    }
    problems = compared.problems();
    out_.compared = compared.trajectories();
    if (compared.wrong() > 0)
      problems.push_back(
          fmt::format("{} of {} trajectories that were computed again differ. Was the configuration or the sample altered, or "
                      "is the file from another version of the program?",
                      compared.wrong(), out_.compared));
    out_.fewer_wrong_than = detectable(out_.stored, out_.compared);
    const char* const how = "computed again on the CPU from the configuration and the seeds in the file: the same bits";
    if (out_.compared == out_.stored) return fmt::format("all {} that are stored, {}", number(out_.stored), how);
    return fmt::format("{} of {} that are stored, drawn at random (--seed {}), {}. Fewer than {} of them ({:.2g} %) are wrong, at 95 %",
                       number(out_.compared), number(out_.stored), seed_, how, number(out_.fewer_wrong_than),
                       100 * static_cast<double>(out_.fewer_wrong_than) / static_cast<double>(out_.stored));
  });
}

void Verifier::check_statistics() {
  check("statistics", [&](Problems& problems) {
    FileComparison comparison(file_);
    const std::string hash = show_result(result_of(*tallies_, *sample_), comparison);
    problems = texts_of(comparison.differences(), "derived again it is");
    if (!problems.empty())
      problems.push_back("Either these numbers were altered, or the tallies in /accumulator and /histogram that they follow from.");
    if (problems.empty() && hash != stored_.result_hash) problems.push_back("the file holds datasets that no result has");
    return fmt::format("{} datasets derived again from the tallies in the file: the same bits, result_hash {}", comparison.datasets(),
                       hash);
  });
}

// Runs blocks of trajectories again that are drawn at random. Returns how many trajectories that are.
std::uint64_t Verifier::tally_some(Tallies& part) {
  const auto block = static_cast<std::uint64_t>(cpu_block(static_cast<int>(scenario_->replicates)));
  std::uint64_t blocks = 0, since = 0;
  for (const Chunk& chunk : chunks_) blocks += chunk.count / block;
  Sample unused(job_->shape, 0);
  for (std::uint64_t number : draw_numbers(random_, (options_.trajectories + block - 1) / block, blocks)) {
    auto chunk = chunks_.begin();
    for (; number >= chunk->count / block; ++chunk) number -= chunk->count / block;
    cpu_->run(chunk->first + number * block, block, unused);
    part.trajectories += block;
    if ((since += block) < kCollected) continue;
    cpu_->collect(part);
    since = 0;
  }
  cpu_->collect(part);
  return part.trajectories;
}

void Verifier::check_tallies() {
  check("tallies", [&](Problems& problems) {
    problems = shortened(wrong_sums(*scenario_, *tallies_));
    Tallies part(job_->shape);
    const std::uint64_t some = tally_some(part);
    FileComparison comparison(file_, of_a_part);
    show_result(result_of(part, Sample(job_->shape, 0)), comparison);
    for (std::string& text : texts_of(comparison.differences(), fmt::format("{} of its trajectories alone have", some)))
      problems.push_back(std::move(text));
    const std::string whole = fmt::format("all counts add up to {} trajectories", number(out_.trajectories));
    if (some == 0) return whole;
    return fmt::format("{}; {} of these, in blocks drawn at random (--seed {}) and run again, are among them in every count", whole,
                       number(some), seed_);
  });
}

void Verifier::check_run() {
  check("whole run", [&](Problems& problems) -> std::string {
    Scenario scenario = *scenario_;
    scenario.keep = out_.stored;
    const Job job = make_job(scenario);
    const std::unique_ptr<Engine> engine = make_engine(job, options_);
    ExecuteOptions how;
    static_cast<DeviceOptions&>(how) = options_;
    how.quiet = options_.quiet;
    Tallies tallies(job.shape);
    std::optional<Sample> sample;
    for (const Chunk& chunk : chunks_) {
      RunState state(job, chunk);
      if (sample) state.sample = *std::move(sample);
      execute(scenario, *engine, how, state);
      merge(state.tallies, tallies);
      sample = std::move(state.sample);
    }
    if (!stored_.entry("missing").empty()) sample = sample_;  // its trajectories need not be among those that were run
    statistics_ = derive_statistics(scenario, tallies, *sample);
    FileComparison comparison(file_);
    const std::string hash = show_result({scenario, tallies, *sample, statistics_, {}}, comparison);
    problems = texts_of(comparison.differences(), "run again it is");
    if (problems.empty() && hash != stored_.result_hash)
      problems.push_back(fmt::format("run again it has the result_hash {}, and the file has {}", hash, stored_.result_hash));
    out_.run_again = true;
    return fmt::format("{} trajectories of each of {} policies run again on {}: result_hash {}, as in the file", number(out_.trajectories),
                       scenario.policies.size(), engine->describe(), hash);
  });
}

void Verifier::add_notes() {
  const auto note = [&](std::string text) { out_.notes.push_back(std::move(text)); };
  if (out_.made_by != out_.this_program)
    note(
        fmt::format("The file was made by Chokepoint {}, this is {}. Versions may differ in their bits: if something is wrong, verify with "
                    "that version.",
                    out_.made_by, out_.this_program));
  if (const std::string missing = stored_.entry("missing"); !missing.empty())
    note(fmt::format("It lacks {}; what is there was checked.", missing));
  if (const std::string early = stored_.entry("ended_early"); !early.empty()) note(fmt::format("The run ended early: {}", early));
  if (!out_.run_again && out_.good())
    note(fmt::format("That the tallies are those of all {} trajectories, only --all shows; the run took {} s on {}.",
                     number(out_.trajectories), stored_.entry("seconds"), stored_.entry("device")));
  note("The texts of /provenance and the attributes of datasets are in no hash; of the former, the configuration was used here.");
}

}  // namespace

bool Verification::good() const {
  return std::ranges::all_of(checks, [](const Check& one) { return one.problems.empty(); });
}

std::uint64_t detectable(std::uint64_t stored, std::uint64_t compared) {
  constexpr double kMissed = 0.05;
  double missed = 1;  // the chance that none of `wrong` was drawn
  std::uint64_t wrong = 0;
  for (; missed > kMissed && wrong < stored; ++wrong)
    missed *= static_cast<double>(stored - std::min(stored, compared + wrong)) / static_cast<double>(stored - wrong);
  return wrong;
}

Verification verify(const std::string& path, const VerifyOptions& options) {
  resolve_devices(options.device, cuda_devices());  // a misspelt one is better said at once
  try {
    Verification found = Verifier(path, options).run();
    verify_views(path, options, found);
    return found;
  } catch (const Hdf5Error& error) {
    throw EnvironmentError(fmt::format("{}: {}", path, error.what()));
  }
}

}  // namespace chokepoint
