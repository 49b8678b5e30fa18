// Writes the plain numbers of a job, for kernel_digest: write_job OUT [FILE [KEY=VALUE...]].
// Without FILE a small one of the baseline.
// SPDX-License-Identifier: Apache-2.0
#include "job_file.h"
#include "run.h"

int main(int count, char** arguments) {
  using namespace chokepoint;
  if (count < 2) return 2;
  const std::vector<std::string> words(arguments + 1, arguments + count);
  const Scenario scenario = words.size() > 1 ? read_scenario({words[1]}, {words.begin() + 2, words.end()})
                                             : read_scenario({config_path("baseline.toml")}, {"run.years=4", "run.keep=64"});
  write_job(words[0], make_job(scenario));
}
