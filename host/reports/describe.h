// The tables of `describe`: what a model knows, what a result of it holds, and what a run may watch to stop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace chokepoint {

// topic: "" for the list of models, parameters, levers, metrics, events, statistics or stops. Throws UserError for another.
std::string describe(const std::string& model, const std::string& topic);

}  // namespace chokepoint
