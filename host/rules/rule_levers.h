// Levers that a configuration gives as a rule on chips, `licensed_chip_quality = { rule = ... }`, become dated numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../config/config_files.h"
#include "../scenario.h"

namespace chokepoint {

inline constexpr const char* kRuleLever = "licensed_chip_quality";

// Replaces every such lever of the policies in `document` by entries of the policy's schedule: one from the month in which the rule
// takes effect, and one for each later month of the run in which a new chip changes the number, each with its reason in words. What
// is left needs neither the table of chips nor that of rules; both are added to document.files. Needs the model, the start and the
// years of the scenario.
void resolve_rules(Document& document, const Scenario& scenario, Problems& problems);

}  // namespace chokepoint
