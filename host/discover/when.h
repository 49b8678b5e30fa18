// What makes a trajectory interesting: bounds on metrics at the end, and events with their dates, as a user writes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "../scenario.h"

namespace chokepoint {

// A bound on a metric at the end, or whether an event happens, in steps from .. until - 1.
struct Clause : Satisfice {
  static constexpr int kEver = std::numeric_limits<int>::max();
  int from = 0, until = kEver;
  std::string date = "";  // "before 2029", if there is one
};

// "capability_lag < 0 and catastrophe == 0 and china_overtakes before 2029": bounds on metrics and statements about events of the
// model, all of which must hold; an event alone means that it happens. Dates are years such as 2029 or 2028.5, or months such as
// 2028-07: the event first happens in an earlier month, or (after) in that month or a later one. Throws UserError with every
// problem and its column.
std::vector<Clause> parse_when(const std::string& text, const Scenario& scenario);

// The clauses as one text.
std::string when_text(std::span<const Clause> clauses, bool difference);

// `value`: of a metric at the end, or of an event the step in which it first happened, -1 if never. A metric that is not finite satisfies
// nothing.
bool holds(const Clause& clause, float value);

// Of a metric: the bound holds for value - against. Of an event: it holds for `value` and not for `against`.
bool holds_against(const Clause& clause, float value, float against);

}  // namespace chokepoint
