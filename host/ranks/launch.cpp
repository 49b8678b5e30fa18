// SPDX-License-Identifier: Apache-2.0
#include "launch.h"

#include <sys/utsname.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "../errors.h"
#include "fmt/format.h"

namespace chokepoint {

namespace {

// The number of tasks and the number of this one, as launchers give them. An mpirun inside a Slurm job may inherit the variables
// of the step that carries it, so Slurm's come last.
struct Variables {
  const char *tasks, *task;
};
constexpr Variables kVariables[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},  // Open MPI
    {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},    // MVAPICH
    {"PMI_SIZE", "PMI_RANK"},                          // MPICH, Intel MPI, srun --mpi=pmi2
    {"JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK"},      // LSF's jsrun
    {"FLUX_JOB_SIZE", "FLUX_TASK_RANK"},
    {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"},  // srun; not SLURM_NTASKS, which a batch script has, too
};

int number_in(const char* variable) {
  const char* const value = std::getenv(variable);
  return value ? std::atoi(value) : 0;
}

}  // namespace

Launch launched() {
  for (const auto& [tasks, task] : kVariables)
    if (const int count = number_in(tasks); count > 0) return {count, number_in(task), fmt::format("{}={}", tasks, count), task};
  return {};
}

std::string node_name() {
  if (const char* const name = std::getenv("SLURMD_NODENAME"); name && *name) return name;
  utsname host{};
  uname(&host);
  return host.nodename;
}

void refuse_tasks(const std::string& problem) {
  if (launched().task == 0) throw UserError(problem);
  // Launchers end a job when its first task fails: the message must be out by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  throw UserError(std::vector<std::string>{});
}

void refuse_to_repeat(const std::string& command) {
  const Launch launch = launched();
  if (launch.tasks == 1) return;
  refuse_tasks(
      fmt::format("{}: a launcher started {} tasks ({}), each of which would do all of the work: only `chokepoint run` shares it. Start "
                  "one task, as with srun -n 1 or without mpirun.",
                  command, launch.tasks, launch.evidence));
}

}  // namespace chokepoint
