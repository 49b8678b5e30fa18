// Every key that a configuration may have: what it means, its limits and what stands for it if it is left out. The parser takes
// limits and defaults of whole numbers from here, and `chokepoint describe configuration` prints it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chokepoint {

inline constexpr std::size_t kMaxQuantiles = 99;
inline constexpr std::size_t kMaxPolicies = 1000;
inline constexpr std::uint64_t kStopFactor = 10;  // default of run.stop.max_trajectories over run.trajectories

// Names in capitals stand for those of the model or of the user: NAME, LAW, LEVER.
struct KeyRow {
  std::string table;  // "run", "policies.NAME.schedule"; the top of the file has none
  std::string key;
  std::string preset;     // what every file overrides, in TOML; if empty, the parser does without
  std::string otherwise;  // what happens without it, in words, where there is no preset
  std::string meaning;
  std::string value;  // what may be written, in words; of whole numbers nothing but their limits
  std::uint64_t low = 0, high = 0;
  std::string unit = {};

  bool is_whole() const { return high > 0; }
};

struct TableRow {
  std::string name;    // of KeyRow::table
  std::string header;  // as a file writes it; empty where an array or an inline table is usual
  std::string meaning;
};

const std::vector<TableRow>& configuration_tables();  // in the order of a file
const std::vector<KeyRow>& configuration_keys();
const KeyRow& key_row(std::string_view table, std::string_view key);

// The presets as a configuration file.
std::string preset_text();

}  // namespace chokepoint
