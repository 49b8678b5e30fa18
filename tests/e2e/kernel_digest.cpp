// Runs a job with the kernels alone and prints a digest of its tallies: kernel_digest JOB LANES.
// Built by every compiler there is, so that their bits can be compared.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include "job_file.h"

using namespace chokepoint;

int main(int count, char** arguments) {
  if (count != 3) return 2;
  check_arithmetic();
  const Job job = read_job(arguments[1]);
  Tallies tallies(job.shape);
  Sample sample(job.shape, 0);
  const auto engine = make_cpu_engine(job, 2, std::atoi(arguments[2]));
  engine->run(0, 1531, sample);
  engine->collect(tallies);
  std::uint64_t digest = 14695981039346656037u;  // FNV-1a over 64-bit words
  const auto add = [&](auto word) { digest = (digest ^ static_cast<std::uint64_t>(word)) * 1099511628211u; };
  for (const auto n : tallies.slots) add(n);
  for (const auto n : tallies.event_steps) add(n);
  for (const auto n : tallies.joint) add(n);
  for (const auto n : tallies.clamped) add(n);
  for (const CellSums& sums : tallies.sums) add(sums.units), add(sums.squares), add(sums.squares >> 64);
  std::printf("%016llx\n", static_cast<unsigned long long>(digest));
}
