// Runs the design of total_indices.h on a scenario, and shows and stores what comes of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "../reports/report.h"
#include "../results/result.h"
#include "../run/devices.h"
#include "../scenario.h"
#include "total_indices.h"

namespace chokepoint {

inline constexpr const char* kIndexFileType = "chokepoint-sensitivity";
inline constexpr std::uint64_t kFewestWorlds = 1000;  // for normal intervals and for sections of some size

// A metric under a policy at a time, or how much it differs there from that under the reference policy.
struct IndexOutput {
  int metric, policy, time;  // time: number in Scenario::sensitivity_records
  bool difference;
};

struct DesignResult {
  std::uint64_t worlds;
  std::vector<int> parameters;  // those that vary: factors 0, 1, ...; the last factor is chance
  std::vector<int> metrics;
  std::vector<IndexOutput> outputs;  // (metric, difference, policy, time); the reference policy has no difference
  std::vector<IndexSums> sums;       // of each output
  std::string device;

  int factors() const { return static_cast<int>(parameters.size()) + 1; }
  // Null for the difference of the reference policy from itself.
  const IndexSums* find(int metric, bool difference, int policy, int time) const;
};

// Trajectories of each policy that a design takes: at A, at B, and for each factor.
std::uint64_t design_size(const Scenario& scenario, std::uint64_t worlds);

// World i has the parameters of trajectory i of a run with one replicate. Same bits on every device and number of threads.
// `progress` hears the share that is done. Throws DeviceError and UserError as make_engine() does.
DesignResult run_design(const Scenario& scenario, const std::vector<int>& metrics, std::uint64_t worlds, const DeviceOptions& device,
                        const std::function<void(double)>& progress);

// At the last time, for the reference policy and the differences of the others from it, the factors with the largest total indices.
std::string index_tables(const Scenario& scenario, const DesignResult& result, const SummaryOptions& options);
std::string index_csv(const Scenario& scenario, const DesignResult& result);

// Writes an HDF5 file as write_result() does; returns its hash.
std::string write_indices(const std::string& path, const Scenario& scenario, const DesignResult& result, const Provenance& provenance);

}  // namespace chokepoint
