// What makes a trajectory interesting: bounds on metrics at the end, and events, as a user writes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "../scenario.h"

namespace chokepoint {

// "capability_lag < 0 and catastrophe == 0": bounds on metrics and statements about events of the model, all of which must
// hold; an event alone means that it happens. Throws UserError with every problem and its column.
std::vector<Satisfice> parse_when(const std::string& text, const ModelInfo& model);

// The clauses as one text.
std::string when_text(std::span<const Satisfice> clauses, bool difference);

// `value`: of a metric at the end, or of an event 1 if it happened, else 0. A metric that is not finite satisfies nothing.
bool holds(const Satisfice& clause, float value);

// Of a metric: the bound holds for value - against. Of an event: it holds for `value` and not for `against`.
bool holds_against(const Satisfice& clause, float value, float against);

}  // namespace chokepoint
