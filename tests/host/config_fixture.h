// Configuration files in a directory of their own, for the tests of the configuration.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../../host/config/config.h"
#include "../../host/errors.h"

namespace chokepoint {

inline constexpr const char* kBase = R"(title = "Base"
[run]
model = "brownian"
years = 5
trajectories = 1000
[parameters]
initial = 1
drift = { normal = { p5 = 0, p95 = 0.1 }, source = "S", rationale = "R", would_change_if = "W" }
volatility = { lognormal = { p5 = 0.1, p95 = 0.4 } }
barrier = { uniform = { low = 1.2, high = 2 } }
hazard = { constant = 0.1, unit = "1/yr" }
[policies.zero]
title = "Zero"
[policies.push]
drift_push = 0.05
hazard_cut = 0.5
[policies.answer]
description = "D"
)";

// Writes files into a directory of its own, and reads them with that directory left out of every message.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() : folder_(std::filesystem::temp_directory_path() / ("chokepoint_config_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    write("base.toml", kBase);
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  std::string without_folder(std::string text) const {
    const std::string prefix = folder_.string() + "/";
    for (std::size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }

  // "x.toml", which extends base.toml in its first line.
  Scenario read(const std::string& text, const std::vector<std::string>& overrides = {}) const {
    write("x.toml", "extends = \"base.toml\"\n" + text);
    return read_scenario({path("x.toml")}, overrides);
  }

  template <class Error = UserError>
  std::string refusal(const std::vector<std::string>& names, const std::vector<std::string>& overrides = {}) const {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(path(name));
    try {
      read_scenario(paths, overrides);
    } catch (const Error& error) {
      return without_folder(error.what());
    }
    return "accepted";
  }

  // What is said about `text`, whose first line is line 2 of x.toml; "x.toml:" is left out.
  std::string complaint(const std::string& text, const std::vector<std::string>& overrides = {}) const {
    write("x.toml", "extends = \"base.toml\"\n" + text);
    std::string said = refusal({"x.toml"}, overrides);
    for (std::size_t at; (at = said.find("x.toml:")) != std::string::npos;) said.erase(at, 7);
    return said;
  }
  std::string about_drift(const std::string& value) const { return complaint("[parameters]\ndrift = " + value + "\n"); }

  Prior drift(const std::string& value) const { return read("[parameters]\ndrift = " + value + "\n").parameters[1].prior; }

 private:
  std::filesystem::path folder_;
};

}  // namespace chokepoint
