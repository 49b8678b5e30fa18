// What a result says, in plain sentences made from its numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/read_details.h"

namespace chokepoint {

struct Remark {
  std::string subject, text;
};

struct WebAnswer {
  std::string question, verdict;
  std::vector<Remark> remarks;       // of each headline metric, then of the event that policies change most
  std::vector<std::string> reading;  // how to read the numbers, and what they do not say
};

WebAnswer answer_of(const StoredResult& result, const std::vector<const StoredMetric*>& headline,
                    const std::vector<std::string>& event_titles);

// "capability_lag" as "Capability lag".
std::string readable(const std::string& name);

// "2.625 (95 %: 2.619 to 2.631) months", rounded to the standard error that the interval stands for.
std::string interval_text(double value, double low, double high, const std::string& unit);

// "a, b and c".
std::string listed(const std::vector<std::string>& items);

}  // namespace chokepoint
