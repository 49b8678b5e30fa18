// Results side by side: what they have in common, and in what two of them differ.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "web_data.h"

namespace chokepoint {

// A policy or an event, and its number in each result.
struct SharedItem {
  std::string name;
  std::vector<std::size_t> at;
};

struct Shared {
  std::vector<std::string> metrics;
  std::vector<SharedItem> policies, events;
  std::vector<std::string> left_out;  // sentences
};

// `metrics`: those wanted, or none for all. Throws UserError for one that a result does not have, and when nothing is in common.
Shared shared_by(const std::vector<StoredResult>& results, const std::vector<std::string>& metrics);

// For each shared metric, the means under the shared policies at the end and their differences with the errors of independent runs,
// as JSON. "null" for one result, or for two that end at different times.
std::string comparison_data(const std::vector<WebResult>& results, const Shared& shared);

// Whether and how the draws of two results are the same, in sentences.
std::string kinship(const StoredResult& a, const StoredResult& b);

struct Setting {
  std::string key, value;  // value in TOML
  std::string text;        // of a string: what it says
};
// Every value of a resolved configuration with its path: {"run.years", "10"}. Empty if it is no TOML.
std::vector<Setting> settings_of(const std::string& resolved);

struct SettingChange {
  std::string key, a, b;  // "–" where it is not set
};
std::vector<SettingChange> changes(const std::vector<Setting>& a, const std::vector<Setting>& b);

}  // namespace chokepoint
