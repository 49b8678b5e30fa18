// What a refusal says.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "../../host/errors.h"

namespace chokepoint {

// The text of the UserError that `act` throws.
template <class Act>
std::string message_of(Act act) {
  try {
    act();
  } catch (const UserError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UserError was thrown";
  return "";
}

}  // namespace chokepoint
