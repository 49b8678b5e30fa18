// Runs trajectories of two years on one thread and writes no result, for count_instructions:
// run_trajectories CONFIG TRAJECTORIES LANES
// Prints the compiler and the months of a trajectory over all policies.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include "../../host/config/config.h"
#include "../../host/run/plan.h"

int main(int count, char** arguments) {
  using namespace chokepoint;
  if (count != 4) return 2;
  const Job job = make_job(read_scenario({arguments[1]}, {"run.keep=0", "run.years=2"}));
  Sample sample(job.shape, 0);
  Tallies tallies(job.shape);
  const auto engine = make_cpu_engine(job, 1, std::atoi(arguments[3]));
  engine->run(0, std::strtoull(arguments[2], nullptr, 10), sample);
  engine->collect(tallies);
#if defined(__clang__)
  std::printf("clang %d.%d.%d\n", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  std::printf("GCC %d.%d.%d\n", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  std::printf("%d\n", job.shape.steps * job.shape.policies);
}
