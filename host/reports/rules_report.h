// What `rules` prints: which chips each rule lets through, why not the others, and the lever that follows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "../rules/rules.h"

namespace chokepoint {

// Rules on a day, and the chips on sale in its month.
struct RulesOnDay {
  std::chrono::year_month_day day;
  std::vector<Rule> rules;
  std::vector<Chip> chips;  // the whole table

  std::chrono::year_month month() const { return {day.year(), day.month()}; }
};

std::string rules_text(const RulesOnDay& found, int width);
std::string rules_csv(const RulesOnDay& found);  // a row for each rule and chip on sale
std::string rules_json(const RulesOnDay& found);

std::string date_text(std::chrono::year_month_day day);

}  // namespace chokepoint
