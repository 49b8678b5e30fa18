// From a scenario to the plain numbers that back ends run, and what a run will cost.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../scenario.h"

namespace chokepoint {

// Policies are put into batches as the plan's fixed sizes allow. Throws UserError if one policy alone has
// more lever changes than fit.
Job make_job(const Scenario& scenario);

Shape shape_of(const Scenario& scenario);

// Decisions and drivers by number (AnalysisPlan): metrics that have a direction; parameters that vary.
std::vector<int> decided_metrics(const ModelInfo& model);
std::vector<int> drivers(const Scenario& scenario);

// A policy by its name, which came with an option: "--policy NAME". Throws UserError that lists all.
int policy_number(const Scenario& scenario, const std::string& name, const std::string& option);

// The scenario with some of its policies alone, and nothing tallied but what every run must tally. What a trajectory draws is addressed
// by its number and does not depend on other policies: it comes out with the same bits.
Scenario reduced_to(const Scenario& full, const std::vector<int>& policies);

// Events by number: those of the model, then the triggers trigger_1, trigger_2, ..., of which a policy may have fewer than others.
std::vector<std::string> event_names(const Scenario& scenario);
bool has_event(const Scenario& scenario, int policy, int event);

// The word of the smallest difference that is binned (AnalysisPlan).
std::uint32_t least_difference(const MetricRow& metric);

// Bytes that a run on the CPU takes at most, and about what its file will take.
std::size_t estimate_memory(const Job& job, int threads);
std::size_t estimate_file_size(const Scenario& scenario);

}  // namespace chokepoint
