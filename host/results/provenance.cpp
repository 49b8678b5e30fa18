// SPDX-License-Identifier: Apache-2.0
#include "provenance.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <limits>

namespace chokepoint {

std::string entry(const Provenance& provenance, std::string_view name) {
  for (const auto& [key, value] : provenance)
    if (key == name) return value;
  return "";
}

std::string program_version() { return fmt::format("{} ({})", CHOKEPOINT_VERSION, *CHOKEPOINT_COMMIT ? CHOKEPOINT_COMMIT : "no commit"); }

Provenance build_provenance() {
  utsname host{};
  uname(&host);
  Provenance entries = {{"version", CHOKEPOINT_VERSION},
                        {"commit", CHOKEPOINT_COMMIT},
                        {"build", CHOKEPOINT_BUILD},
                        {"compiler", __VERSION__},
                        {"cuda", built_with_cuda() ? "yes" : "no"},
                        {"generator", "Philox4x32-10, addressed by seed, purpose, index, step and slot"},
                        {"host", host.nodename},
                        {"system", fmt::format("{} {} {}", host.sysname, host.release, host.machine)}};
  for (const char* name :
       {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_NODELIST", "SLURM_CLUSTER_NAME", "SLURM_RESTART_COUNT"})
    if (const char* value = std::getenv(name); value && *value) entries.emplace_back(name, value);
  return entries;
}

void add_run(const Scenario& s, const Tallies& tallies, double seconds, Provenance& entries) {
  const auto add = [&](const char* name, const std::string& value) { entries.emplace_back(name, value); };
  const double months = static_cast<double>(tallies.trajectories) * s.steps() * static_cast<double>(s.policies.size());
  add("seconds", fmt::format("{:.2f}", seconds));
  add("trajectory_months_per_second", fmt::format("{:.4g}", months / seconds));
  add("trajectories", fmt::format("{}", tallies.trajectories));
  add("trajectories_wanted", fmt::format("{}", s.trajectories));
  add("replicates", fmt::format("{}", s.replicates));
  add("seed_worlds", fmt::format("{}", s.seed_worlds));
  add("seed_chance", fmt::format("{}", s.seed_chance));
  std::int64_t clamped = 0, non_finite = 0;
  for (const std::int64_t count : tallies.clamped) clamped += count;
  for (const std::uint64_t first : tallies.first_non_finite) non_finite += first != std::numeric_limits<std::uint64_t>::max();
  add("clamped_draws", fmt::format("{}", clamped));
  add("policies_with_non_finite_values", fmt::format("{}", non_finite));
}

void add_configuration(const Scenario& scenario, Provenance& entries) {
  std::string files, overrides;
  for (const ConfigurationFile& file : scenario.files) files += fmt::format("# ==== {}\n{}\n", file.path, file.text);
  for (const std::string& override : scenario.overrides) overrides += override + "\n";
  entries.emplace_back("overrides", overrides);
  entries.emplace_back("configuration_files", files);
  entries.emplace_back("configuration_resolved", scenario.resolved);
}

std::string now_text() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char text[32];
  std::tm utc{};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  return text;
}

}  // namespace chokepoint
