// One scenario to one result file, or a shard of it to a part.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "../ranks/ranks.h"
#include "../results/part.h"
#include "../run/execute.h"
#include "../scenario.h"

namespace chokepoint {

struct RunOptions : ExecuteOptions {
  Shard shard = {};
  bool force = false, resume = false;
  bool summary = true;  // at the end, unless it is to be quiet
};

// Takes the lock of `path`, goes on from its checkpoint if it is to, and writes it. Returns the exit code.
int run_one(const Scenario& scenario, const std::string& path, const RunOptions& how, Ranks& ranks);

int report_complete(const std::string& path, const std::string& ended_early);  // likewise

}  // namespace chokepoint
