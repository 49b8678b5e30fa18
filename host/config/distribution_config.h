// One distribution as configuration writes it, "lognormal = { p5 = 4, p95 = 11 }", to a checked Prior.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../kernels/rows.h"
#include "../scenario.h"
#include "toml_tools.h"

namespace chokepoint {

// The one law among the entries of a table; a problem if there is none, or more than one.
const TomlEntry* find_law(const TomlValue& table, const std::string& name, Problems& problems);

// True when `arguments` define the law on their own, without those of a law that they override.
bool is_complete_law(std::string_view law, const TomlValue& arguments);

// True when `key` names an argument of the law: "p95" of lognormal, "alpha" of beta.
bool is_argument(std::string_view law, std::string_view key);

// `owner` is the parameter's name in messages. Nothing when there were problems.
std::optional<Prior> read_law(const TomlEntry& law, const std::string& owner, std::string_view unit, Problems& problems);

// P(draw < x) of a law that may be truncated: continuous, and not truncated already.
double probability_below(const Prior& prior, double x);

// The same of every law, P(draw <= x) of one with single values.
double probability_level(const Prior& prior, double x);

// True when the value is in the range after rounding to the model's precision.
bool inside(double value, Range range);

// True when some draw can fall into the range.
bool reaches(const Prior& prior, Range range);

}  // namespace chokepoint
