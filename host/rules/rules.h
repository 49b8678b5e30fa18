// Export rules on chips: which chips they control, which of those may be licensed all the same, and the lever that follows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "../config/toml_tools.h"
#include "chips.h"

namespace chokepoint {

// "tpp_at_least = 4800", "memory_bandwidth_below = 6500".
struct ChipLimit {
  Quantity quantity;
  bool at_least;  // else below
  double value;

  bool met_by(const Chip& chip) const;
};

// Met if all limits are.
struct ChipTest {
  std::vector<ChipLimit> limits;
  std::string review;  // of a permit: how a licence is judged

  bool met_by(const Chip& chip) const;
};

struct Rule {
  std::string name, title, description, source;
  std::chrono::year_month_day from{}, until{};         // in force from the day on, to the day before `until`; until 9999 if open
  bool on_chips = true;                                // false: it controls places, not chips
  std::vector<ChipTest> controls;                      // a licence is needed if any of them is met
  std::vector<ChipTest> permits;                       // and then may be had if any of these is met; else it is presumed to be denied
  std::vector<std::pair<std::string, double>> levers;  // that follow beside licensed_chip_quality
  std::string rationale;                               // of these levers

  bool in_force(std::chrono::year_month_day day) const { return from <= day && day < until; }
};

enum class Access { kFree, kPermitted, kDenied };
struct Verdict {
  Access access;
  std::string why;  // the limits that decided
};
Verdict judge(const Rule& rule, const Chip& chip);

// The lever licensed_chip_quality in a month.
struct Quality {
  double value = 0;  // H100e of `licensable` over that of `best`; 0 if either is missing
  const Chip* licensable = nullptr;
  const Chip* best = nullptr;  // on sale anywhere
};
Quality licensed_quality(const Rule& rule, const std::vector<Chip>& chips, std::chrono::year_month month);

// All rules of a file, in its order. Problems go to `problems`.
std::vector<Rule> read_rules(const std::string& path, Problems& problems);

// The test of one table of limits, which hands out the keys TPP_below, TPP_at_least, ...; empty if there was a problem.
ChipTest read_chip_test(TableReader& table, const Place& place, const std::string& name, Problems& problems);

// A rule under which chips are licensed if they meet one test, and no others.
Rule rule_of(ChipTest test);

std::string limit_text(const ChipLimit& limit);    // "tpp < 21000"
std::string quality_text(const Quality& quality);  // "AMD MI300X (1.32 H100e) over AMD MI355X (2.54 H100e)"

}  // namespace chokepoint
