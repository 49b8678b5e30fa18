// Which trajectories are worth a replay? Typical ones, extreme ones, and those in which two policies differ most, among those
// that meet a condition. outputs/STATISTICS.md defines them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../discover/discover.h"

namespace chokepoint {

inline constexpr const char* kLikes[] = {"typical", "median", "extreme", "different"};

struct FindOptions {
  std::string when;                // empty: any trajectory
  std::string policy, against;     // empty: the reference; the best other policy, and the condition is about `policy` alone
  std::string like;                // one of kLikes; empty: all
  std::vector<int> metrics;        // numbers of headline metrics, at least one
  int metric = -1;                 // of median, extreme and different; -1: the first of them
  int count = 1;                   // of each kind
  std::uint64_t trajectories = 0;  // to run again, from the first; 0: those that are stored
};

struct Suggestion {
  std::string like;
  std::uint64_t trajectory;
  std::string why;
  std::vector<float> values;  // (policy, metric) at the end
};

struct Findings {
  Question question;  // its metrics are the headline metrics
  Counts counts;      // looked at, and those that meet the condition
  std::vector<Suggestion> suggestions;
  std::string device;  // empty: nothing was run again
};

// Throws UserError for what is unknown, and if nothing meets the condition.
Findings find(const StoredRun& stored, const FindOptions& options, const DeviceOptions& device,
              const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace chokepoint
