// Where a result comes from: program, machine, job and configuration.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../scenario.h"

namespace chokepoint {

// How a result came about: name and value, in the order of the file. Not part of result_hash. "version" and
// "command" also make the attributes `source` and `history` of the file.
using Provenance = std::vector<std::pair<std::string, std::string>>;

// Entries that are written as datasets, being long; the others are attributes of the group.
inline constexpr std::string_view kLongProvenance[] = {"configuration_resolved", "configuration_files", "parts"};

std::string entry(const Provenance& provenance, std::string_view name);  // empty if there is none

std::string program_version();  // "0.1.0 (1234abcd)"

// Version, commit, compiler, host, Slurm job: what does not depend on the run.
Provenance build_provenance();

// What the run counted, and the seeds.
void add_run(const Scenario& scenario, const Tallies& tallies, double seconds, Provenance& entries);

// Configuration files, overrides and what they come to.
void add_configuration(const Scenario& scenario, Provenance& entries);

std::string now_text();  // 2026-01-01T00:00:00Z

}  // namespace chokepoint
