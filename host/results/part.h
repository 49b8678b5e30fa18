// A part of a run in a file: a shard, or a checkpoint. In front of an HDF5 file with the tallies, the sample and the provenance stands a
// header that says which part of which run this is, and that seals the whole file: what is damaged is never opened.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "../run/execute.h"
#include "../scenario.h"
#include "provenance.h"

namespace chokepoint {

// Shard `number` of `of`, from 1 on; {0, 0}: a run that is not divided.
struct Shard {
  int number = 0, of = 0;
  bool operator==(const Shard&) const = default;
};

// The trajectories of a shard: its share of the run's units, which are the same on every machine. Throws UserError if there are fewer
// units than shards.
Chunk work_of(const Scenario& scenario, Shard shard);

// What the header says.
struct PartInfo {
  std::string identity;  // of configuration and program: parts with the same one belong together
  std::string program;   // "0.1.0 (1234abcd)"
  Shard shard;
  Chunk work{};                    // trajectories that it is to do
  std::uint64_t done = 0;          // of them, the first ones
  std::uint64_t trajectories = 0;  // of the whole run
  double seconds = 0;

  bool complete() const { return done == work.count; }
};

// Of what this program makes of the scenario.
std::string identity_of(const Scenario& scenario);

// What a part says that this program would not: "run.trajectories is 1000 there and 2000 here". Empty if it belongs to the scenario.
std::string differences(const std::string& path, const PartInfo& part, const Scenario& scenario);

// What two Scenario::settings say differently, in the same words; of all keys, or of those that are wanted.
std::string different_settings(const std::string& there, const std::string& here,
                               const std::function<bool(const std::string& key)>& wanted = {});

// Complete or not at all. Throws EnvironmentError.
void write_part(const std::string& path, const Scenario& scenario, const RunState& state, Shard shard, const Provenance& provenance);

// The header alone. Throws EnvironmentError when the file cannot be read, UserError when it is no part or its header is damaged.
PartInfo read_part_info(const std::string& path);

// Reads the whole file once. Throws as read_part_info(), and UserError if a single bit is not as it was written.
void check_part(const std::string& path);

// What follows is for parts that have been checked.
// Adds a part's tallies, and puts its rows of the sample in their place. Takes no more memory than one piece of it, and one sample.
void add_part(const std::string& path, const PartInfo& part, Tallies& tallies, Sample& sample);

// Texts of its provenance; the configuration is in "configuration_resolved".
std::map<std::string, std::string> read_part_provenance(const std::string& path);

}  // namespace chokepoint
