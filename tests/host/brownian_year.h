// A small scenario with everything that is tallied: geometric Brownian motion over a year of four records, with two parameters that
// vary and a third policy that differs in hazard only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../e2e/run.h"

namespace chokepoint {

inline Scenario brownian_year(const std::vector<std::string>& more = {}) {
  std::vector<std::string> overrides = {"run.years=1",
                                        "run.trajectories=4000",
                                        "run.keep=0",
                                        "parameters.drift={normal={p5=-0.1,p95=0.2}}",
                                        "parameters.volatility={uniform={low=0.1,high=0.3}}",
                                        "policies.safe={hazard_cut=0.9}",
                                        "outputs.sensitivity.times=[2026-07-01]",
                                        "outputs.satisfice={value='>= 1.1',hazard='== 0'}"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return read_scenario({config_path("brownian.toml")}, overrides);
}

}  // namespace chokepoint
