// The distributions that a parameter may have: how configuration writes each, and what it is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../scenario.h"

namespace chokepoint {

// The smallest share of a law that truncation may leave: draws have 32 random bits, fewer in a thin tail.
inline constexpr double kLeastShare = 0.001;

struct LawRow {
  std::string name;
  Prior::Kind kind;
  bool by_interval;                     // two percentiles may stand for the arguments
  std::vector<std::string> arguments;   // in the order of Prior::values
  std::vector<std::string> positive;    // those that must be above 0
  std::vector<std::string> increasing;  // those that must not decrease, first below last
  std::vector<std::pair<std::string, double>> defaults;
  std::string limits;  // further ones, in words
  std::string meaning;
  std::string example;  // of a parameter's table
};

const std::vector<LawRow>& laws();
const LawRow* law_row(std::string_view name);  // null if there is none
bool has_default(const LawRow& row, const std::string& argument);

const std::vector<std::string>& law_names();
bool is_law(std::string_view key);

}  // namespace chokepoint
