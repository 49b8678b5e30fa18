// SPDX-License-Identifier: Apache-2.0
#include "merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "../config/config.h"
#include "../errors.h"

namespace chokepoint {

namespace {

constexpr const char* kExtension = ".shard";

std::uint64_t end_of(const PartInfo& p) { return p.work.first + p.done; }

std::string range_text(Chunk c) { return fmt::format("{} to {}", c.first, c.first + c.count - 1); }

std::string of_run(const PartInfo& p) { return p.shard.of ? fmt::format(" (shard {} of {})", p.shard.number, p.shard.of) : ""; }

// "3 and 5-8": numbers in ascending order.
std::string number_list(const std::vector<int>& numbers) {
  std::vector<std::string> texts;
  for (std::size_t i = 0, last = 0; i < numbers.size(); i = last + 1) {
    last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    texts.push_back(i == last ? fmt::format("{}", numbers[i]) : fmt::format("{}-{}", numbers[i], numbers[last]));
  }
  if (texts.size() < 2) return fmt::format("{}", fmt::join(texts, ""));
  const std::string end = texts.back();
  texts.pop_back();
  return fmt::format("{} and {}", fmt::join(texts, ", "), end);
}

// The run that most parts belong to: the others are said to be foreign.
const NamedPart& typical(const std::vector<NamedPart>& parts) {
  std::map<std::string, int> count;
  for (const NamedPart& part : parts) ++count[part.info.identity];
  return *std::ranges::max_element(parts, {}, [&](const NamedPart& part) { return count[part.info.identity]; });
}

std::string foreign(const NamedPart& part, const NamedPart& like) {
  const std::string start = fmt::format("{}: belongs to another run than {}", part.path, like.path);
  if (part.info.program != like.info.program)
    return fmt::format("{}: it was made by Chokepoint {}, not {}. Run it again with that version.", start, part.info.program,
                       like.info.program);
  check_part(part.path);
  check_part(like.path);
  const Scenario scenario = parse_scenario(like.path, read_part_provenance(like.path)["configuration_resolved"]);
  return fmt::format("{}: {}. Leave it out?", start, differences(part.path, part.info, scenario));
}

void check_kin(const std::vector<NamedPart>& parts, std::vector<std::string>& problems) {
  const NamedPart& like = typical(parts);
  if (like.info.program != program_version())
    problems.push_back(fmt::format("{}: was made by Chokepoint {}, this is {}. Merge with the version that made it.", like.path,
                                   like.info.program, program_version()));
  for (const NamedPart& part : parts)
    if (part.info.identity != like.info.identity) try {
        problems.push_back(foreign(part, like));
      } catch (const UserError& damage) {
        problems.push_back(damage.what());
      }
}

void check_overlaps(const std::vector<NamedPart>& parts, std::vector<std::string>& problems) {
  const NamedPart* before = nullptr;  // what reaches farthest
  for (const NamedPart& part : parts) {
    if (before && part.info.done > 0 && end_of(before->info) > part.info.work.first) {
      const std::uint64_t end = std::min(end_of(before->info), end_of(part.info));
      problems.push_back(fmt::format("{}: holds trajectories {}{} that {} holds, too. Leave one of them out.", part.path,
                                     range_text({part.info.work.first, end - part.info.work.first}), of_run(part.info), before->path));
    }
    if (!before || end_of(part.info) > end_of(before->info)) before = &part;
  }
}

}  // namespace

std::vector<Chunk> PartSet::gaps() const {
  std::vector<Chunk> gaps;
  std::uint64_t at = 0;
  const auto skip_to = [&](std::uint64_t next) {
    if (next > at) gaps.push_back({at, next - at});
  };
  for (const NamedPart& part : parts) {
    skip_to(part.info.work.first);
    at = end_of(part.info);
  }
  skip_to(trajectories);
  return gaps;
}

std::string PartSet::missing() const {
  const std::vector<Chunk> left_out = gaps();
  if (left_out.empty()) return "";
  constexpr std::size_t kShown = 8;
  std::vector<std::string> ranges;
  for (std::size_t i = 0; i < std::min(kShown, left_out.size()); ++i) ranges.push_back(range_text(left_out[i]));
  std::string text = fmt::format("trajectories {}{}", fmt::join(ranges, ", "), left_out.size() > kShown ? ", ..." : "");
  const int of = parts.empty() ? 0 : parts.front().info.shard.of;
  if (of == 0 || !std::ranges::all_of(parts, [&](const NamedPart& part) { return part.info.shard.of == of; })) return text;
  std::vector<bool> there(static_cast<std::size_t>(of) + 1);
  for (const NamedPart& part : parts) there[static_cast<std::size_t>(part.info.shard.number)] = part.info.complete();
  std::vector<int> numbers;
  for (int number = 1; number <= of; ++number)
    if (!there[static_cast<std::size_t>(number)]) numbers.push_back(number);
  return fmt::format("{} {} of {} ({})", numbers.size() == 1 ? "shard" : "shards", number_list(numbers), of, text);
}

std::vector<std::string> part_files(const std::vector<std::string>& names) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& name : names) {
    if (!fs::is_directory(name)) {
      files.push_back(name);
      continue;
    }
    const std::size_t before = files.size();
    for (const fs::directory_entry& file : fs::directory_iterator(name))
      if (file.path().extension() == kExtension) files.push_back(file.path().string());
    if (files.size() == before)
      throw UserError(
          fmt::format("{}: holds no file *{}. Give the directory that `chokepoint run --shard I/N` wrote to?", name, kExtension));
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

PartSet read_parts(const std::vector<std::string>& paths) {
  PartSet set;
  std::vector<std::string> problems, unreadable;
  for (const std::string& path : paths) try {
      set.parts.push_back({path, read_part_info(path)});
    } catch (const UserError& error) {
      problems.push_back(error.what());
    } catch (const EnvironmentError& error) {
      unreadable.push_back(error.what());
    }
  if (!unreadable.empty()) throw EnvironmentError(fmt::format("{}", fmt::join(unreadable, "\n")));
  if (!set.parts.empty()) check_kin(set.parts, problems);
  if (!problems.empty()) throw UserError(problems);
  std::ranges::stable_sort(set.parts, {}, [](const NamedPart& part) { return part.info.work.first; });
  check_overlaps(set.parts, problems);
  if (!problems.empty()) throw UserError(problems);
  for (const NamedPart& part : set.parts)
    set.trajectories = std::max({set.trajectories, part.info.trajectories, part.info.work.first + part.info.work.count});
  return set;
}

void add_parts(PartSet& set, Tallies& tallies, Sample& sample, std::vector<std::string>& damaged,
               const std::function<void(std::size_t)>& added) {
  std::vector<NamedPart> good;
  for (const NamedPart& part : set.parts) try {
      check_part(part.path);
      add_part(part.path, part.info, tallies, sample);
      good.push_back(part);
      added(good.size() + damaged.size());
    } catch (const UserError& error) {
      damaged.push_back(error.what());
    }
  set.parts = std::move(good);
}

std::string table_of(const PartSet& set) {
  std::string table = "file\tfirst\tcount\tseconds\tdevice\thost\tjob\ttask\n";
  for (const NamedPart& part : set.parts) {
    std::map<std::string, std::string> from = read_part_provenance(part.path);
    table += fmt::format("{}\t{}\t{}\t{:.2f}\t{}\t{}\t{}\t{}\n", part.path, part.info.work.first, part.info.done, part.info.seconds,
                         from["device"], from["host"], from["SLURM_JOB_ID"], from["SLURM_ARRAY_TASK_ID"]);
  }
  return table;
}

}  // namespace chokepoint
