// The models that are built in: the one list, which the back ends walk as well.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "brownian/brownian.h"
#include "inspection/inspection.h"
#include "race/race.h"
#include "textbook/textbook.h"

namespace chokepoint {

// Calls visit(Model{}) for the model of that name.
template <class Visitor>
auto with_model(std::string_view name, Visitor&& visit) {
  if (name == Brownian::kName) return visit(Brownian{});
  if (name == Textbook::kName) return visit(Textbook{});
  if (name == Inspection::kName) return visit(Inspection{});
  return visit(Race{});
}

}  // namespace chokepoint
