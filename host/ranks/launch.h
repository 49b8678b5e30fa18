// What the environment says of the launcher (mpirun, srun) that started this process.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace chokepoint {

struct Launch {
  int tasks = 1, task = 0;    // how many processes were started together, and which one this is
  std::string evidence;       // "SLURM_STEP_NUM_TASKS=4"; empty without a launcher
  std::string task_variable;  // the one that tells the tasks apart
};
Launch launched();

// Where this process runs: Slurm's name of the node, else the host's.
std::string node_name();

// Throws UserError if there are several tasks, none of which has work of its own. One task speaks for all: it has a
// message, the others leave a moment later without one.
void refuse_tasks(const std::string& problem);

// For commands that do not share their work: refuses to do it once in each of several tasks.
void refuse_to_repeat(const std::string& command);

}  // namespace chokepoint
