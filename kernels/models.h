// The models that are built in: the one list, which the back ends walk as well.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "brownian/brownian.h"
#include "race/race.h"

namespace chokepoint {

// Calls visit.template operator()<Model>() for the model of that name.
template <class Visitor>
auto with_model(std::string_view name, Visitor&& visit) {
  if (name == Brownian::kName) return visit.template operator()<Brownian>();
  return visit.template operator()<Race>();
}

}  // namespace chokepoint
