// Policies: their levers, schedules and triggers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "../scenario.h"
#include "toml_tools.h"

namespace chokepoint {

// "< 3": with `equality`, "== 3" as well.
struct Bound {
  Comparison comparison;
  bool equals;
  double value;
};
std::optional<Bound> parse_bound(std::string_view text);

// Fills scenario.policies; needs the model, the start and the years.
void read_policies(const TomlValue& policies, Scenario& scenario, Problems& problems);

}  // namespace chokepoint
