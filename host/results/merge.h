// From the parts of a run to the whole: which parts there are, whether they fit together, and their sum.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "part.h"

namespace chokepoint {

struct NamedPart {
  std::string path;
  PartInfo info;
};

// Parts of one run, by their first trajectory, that share none; and what they leave out.
struct PartSet {
  std::vector<NamedPart> parts;
  std::uint64_t trajectories = 0;  // of the whole run

  std::vector<Chunk> gaps() const;
  std::string missing() const;  // "shards 3 and 5-8 of 16 (trajectories 1024 to 1535, ...)"; empty if nothing is
};

// Files; a directory stands for its *.shard files.
std::vector<std::string> part_files(const std::vector<std::string>& names);

// Reads the headers. Throws UserError with every file that is no part, belongs to another run, or holds trajectories that another one
// holds, too; EnvironmentError when a file cannot be read.
PartSet read_parts(const std::vector<std::string>& paths);

// Checks each part against its seal and adds it; says after each how many were. Damaged parts are left out of `parts` and named in
// `damaged`.
void add_parts(PartSet& parts, Tallies& tallies, Sample& sample, std::vector<std::string>& damaged,
               const std::function<void(std::size_t)>& added);

// A line for each part: file, trajectories, seconds, device, host, job; with a heading, separated by tabs.
std::string table_of(const PartSet& parts);

}  // namespace chokepoint
