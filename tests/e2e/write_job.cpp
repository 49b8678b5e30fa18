// Writes the plain numbers of a small job, for kernel_digest: write_job OUT.
// SPDX-License-Identifier: Apache-2.0
#include "job_file.h"
#include "run.h"

int main(int count, char** arguments) {
  using namespace chokepoint;
  if (count != 2) return 2;
  const Scenario scenario = read_scenario({config_path("baseline.toml")}, {"run.years=4", "run.keep=0"});
  write_job(arguments[1], make_job(scenario));
}
