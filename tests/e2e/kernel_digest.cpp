// Runs a job with the kernels alone and prints a digest of its tallies, its sample and an evaluation:
//   kernel_digest JOB LANES|cuda [TRAJECTORIES [BLOCK_SIZE]]
// Built by every compiler there is, so that their bits can be compared; and it needs no library but the kernels, so
// that a GPU's tools see nothing else.
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstdio>
#include <cstdlib>

#include "job_file.h"

using namespace chokepoint;

namespace {

// FNV-1a over 64-bit words.
class Digest {
 public:
  void add(std::uint64_t word) { hash_ = (hash_ ^ word) * 1099511628211u; }
  void add(UnsignedWide sum) {
    add(static_cast<std::uint64_t>(sum));
    add(static_cast<std::uint64_t>(sum >> 64));
  }
  void add(Wide sum) { add(static_cast<UnsignedWide>(sum)); }
  void add(const CellSums& sums) {
    add(sums.units);
    add(sums.squares);
    add(sums.saturated);
    add(sums.least);
    add(sums.greatest);
  }
  void add(float value) { add(std::uint64_t{value == value ? std::bit_cast<std::uint32_t>(value) : 0x7fc00000u}); }
  void add(std::int64_t count) { add(static_cast<std::uint64_t>(count)); }
  void add(std::uint8_t bin) { add(std::uint64_t{bin}); }
  void add(std::int16_t step) { add(static_cast<std::uint64_t>(step)); }
  template <class T>
  void add(const std::vector<T>& all) {
    for (const T& one : all) add(one);
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037u;
};

void add(const Tallies& tallies, Digest& digest) {
  digest.add(tallies.slots);
  digest.add(tallies.event_steps);
  digest.add(tallies.joint);
  digest.add(tallies.clamped);
  digest.add(tallies.sums);
  digest.add(tallies.differences);
  digest.add(tallies.difference_sums);
  digest.add(tallies.pair_squares);
  digest.add(tallies.regret);
  digest.add(tallies.regret_sums);
  digest.add(tallies.ranks);
  digest.add(tallies.satisfied);
  digest.add(tallies.bin_counts);
  digest.add(tallies.bin_sums);
  digest.add(tallies.world_sums);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3 || count > 5) return 2;
  check_arithmetic();
  const Job job = read_job(arguments[1]);
  const std::string device = arguments[2];
  const std::uint64_t trajectories = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1531;
  const int block = count > 4 ? std::atoi(arguments[4]) : 0;
  Tallies tallies(job.shape);
  Sample sample(job.shape, job.keep);
  Evaluation evaluation(job.shape, trajectories, 33);
  try {
    const auto engine = device == "cuda" ? make_cuda_engine(job, 0, block) : make_cpu_engine(job, 2, std::atoi(device.c_str()));
    engine->run(0, trajectories, sample);
    engine->collect(tallies);
    engine->evaluate(evaluation, kEverything);
  } catch (const DeviceError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
  Digest digest;
  add(tallies, digest);
  digest.add(sample.parameters);
  digest.add(sample.metrics);
  digest.add(sample.events);
  digest.add(sample.probe);
  digest.add(sample.probe_bins);
  digest.add(evaluation.parameters);
  digest.add(evaluation.outputs);
  digest.add(evaluation.events);
  std::printf("%016llx\n", static_cast<unsigned long long>(digest.hash()));
}
