// The interface between the host and the back ends: plain numbers, no lanes, no CUDA.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "plan.h"
#include "rows.h"

namespace chokepoint {

// A model as the host sees it. Adding one: its folder here, a line in models.h.
struct ModelInfo {
  const char* name;
  const char* title;
  std::vector<ParameterRow> parameters;
  std::vector<LeverRow> levers;
  std::vector<MetricRow> metrics;
  std::vector<EventRow> events;
};
std::span<const ModelInfo> models();
const ModelInfo* find_model(std::string_view name);  // null if there is none

// The sizes of a run's tallies.
struct Shape {
  int policies, metrics, records, steps, parameters, joints;
  int events;  // of the model, and after them one for each trigger that any policy may have

  int decisions, times, drivers, thresholds;  // as in AnalysisPlan
  int replicates;

  int bases() const { return replicates > 1 ? 2 : 1; }  // of decisions: single trajectories, and means of worlds
  int pairs() const { return policies * (policies - 1) / 2; }
  int pair(int first, int second) const { return second * (second - 1) / 2 + first; }  // first < second
  std::size_t outputs() const { return std::size_t(policies) * times * metrics; }  // whose drivers are sought
  std::size_t output(int policy, int time, int metric) const { return (std::size_t(policy) * times + time) * metrics + metric; }
  // (basis, decision, policy)
  std::size_t choice(int basis, int decision, int policy) const { return (std::size_t(basis) * decisions + decision) * policies + policy; }
  std::size_t choices() const { return std::size_t(bases()) * decisions * policies; }
  std::size_t cells() const { return std::size_t(policies) * metrics * records; }
  std::size_t cell(int policy, int metric, int record) const { return (std::size_t(policy) * metrics + metric) * records + record; }
};

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 UnsignedWide;

// Exact sums of one metric at one time under one policy, in its units (MetricRow::log2_unit).
struct CellSums {
  Wide units = 0;
  UnsignedWide squares = 0;
  std::int64_t saturated = 0;  // values beyond 2^43 units, summed as 2^43
  // Of the finite values:
  float least = std::numeric_limits<float>::infinity(), greatest = -std::numeric_limits<float>::infinity();
};

// One tallied number more. Those without a sign are numbers of trajectories, of which the lowest is kept.
void merge(const CellSums& from, CellSums& to);
inline void merge(std::int64_t from, std::int64_t& to) { to += from; }
inline void merge(Wide from, Wide& to) { to += from; }
inline void merge(UnsignedWide from, UnsignedWide& to) { to += from; }
inline void merge(std::uint64_t from, std::uint64_t& to) { to = from < to ? from : to; }

// Everything that is counted over trajectories. All integers, so merging has no order.
struct Tallies {
  explicit Tallies(const Shape& shape);

  Shape shape;
  std::uint64_t trajectories = 0;
  std::vector<std::int64_t> slots;        // (policy, metric, record, slot, see kSlots in plan.h)
  std::vector<CellSums> sums;             // (policy, metric, record)
  std::vector<std::int64_t> event_steps;  // (policy, event, step of first occurrence; the last one: never)
  std::vector<std::int64_t> joint;        // (pair, policy, record, bin, bin)
  std::vector<std::int64_t> clamped;      // (parameter) draws clamped to the valid range
  std::vector<std::uint64_t> first_non_finite;  // (policy) lowest trajectory with a non-finite metric; max if none

  // A policy less the reference policy in the same trajectory: (policy, metric, record[, slot]). Nothing for the reference.
  std::vector<std::int64_t> differences;
  std::vector<CellSums> difference_sums;
  // At the last record. A trajectory in which some policy's value is not finite counts for no rank.
  std::vector<UnsignedWide> pair_squares;  // (decision, pair) of the difference of two policies, in squared units
  std::vector<std::int64_t> regret;        // (basis, decision, policy, slot) against the best policy in the same trajectory or world
  std::vector<CellSums> regret_sums;       // (basis, decision, policy)
  std::vector<std::int64_t> ranks;         // (basis, decision, policy, rank from the best) in parts of kRankParts
  std::vector<std::int64_t> satisfied;     // (policy, threshold; the last one: all of them)
  // What drives the outcome.
  std::vector<std::int64_t> bin_counts;    // (driver, bin) trajectories
  std::vector<Wide> bin_sums;              // (output, driver, bin) units of the values, within kDriverUnitLimit
  std::vector<CellSums> world_sums;        // (output) of means over the replicates of a world; empty with one replicate
};

void merge(const Tallies& from, Tallies& to);

// Calls visit(name, member) for each vector of Tallies: what is merged, stored and sent is listed here only.
template <class Visit>
void for_each_tally(Visit visit) {
  visit("slots", &Tallies::slots);
  visit("sums", &Tallies::sums);
  visit("event_steps", &Tallies::event_steps);
  visit("joint", &Tallies::joint);
  visit("clamped", &Tallies::clamped);
  visit("first_non_finite", &Tallies::first_non_finite);
  visit("differences", &Tallies::differences);
  visit("difference_sums", &Tallies::difference_sums);
  visit("pair_squares", &Tallies::pair_squares);
  visit("regret", &Tallies::regret);
  visit("regret_sums", &Tallies::regret_sums);
  visit("ranks", &Tallies::ranks);
  visit("satisfied", &Tallies::satisfied);
  visit("bin_counts", &Tallies::bin_counts);
  visit("bin_sums", &Tallies::bin_sums);
  visit("world_sums", &Tallies::world_sums);
}

// The first trajectories, whole.
struct Sample {
  Sample(const Shape& shape, std::uint64_t keep);
  static constexpr std::uint64_t kProbe = 4096;  // trajectories whose outputs are kept at all times, for standard errors

  std::uint64_t rows() const { return keep > kProbe ? keep : kProbe; }  // later trajectories leave no trace

  Shape shape;
  std::uint64_t keep;
  std::vector<float> parameters;       // (trajectory, parameter)
  std::vector<float> metrics;          // (policy, trajectory, metric), last record
  std::vector<std::int16_t> events;    // (policy, trajectory, event), step of first occurrence or -1
  std::vector<float> probe;            // (output, trajectory)
  std::vector<std::uint8_t> probe_bins;  // (driver, trajectory)
};

// What a sample holds of trajectories first .. first + count - 1, to another one of the same sizes.
void copy_rows(const Sample& from, std::uint64_t first, std::uint64_t count, Sample& to);

// As for_each_tally: visit(name, member).
template <class Visit>
void for_each_sampled(Visit visit) {
  visit("parameters", &Sample::parameters);
  visit("metrics", &Sample::metrics);
  visit("events", &Sample::events);
  visit("probe", &Sample::probe);
  visit("probe_bins", &Sample::probe_bins);
}

// Trajectories first .. first + count - 1, whole, but not tallied.
struct Evaluation {
  Evaluation(const Shape& shape, std::uint64_t first, std::uint64_t count);
  std::uint64_t first, count;
  std::vector<float> parameters;     // (trajectory, parameter)
  std::vector<float> outputs;        // (output, trajectory)
  std::vector<std::int16_t> events;  // (policy, trajectory, event), step of first occurrence or -1
};

// All that decides the bits of a result.
struct Job {
  const ModelInfo* model;
  Shape shape;
  std::uint64_t keep;
  std::vector<KernelPlan> batches;  // of policies
  std::vector<float> knots;         // of the distribution tables
  AnalysisPlan analysis;
};

// Counts are kept in 32 bits between two calls of collect(), and sums over the bins of parameters in 64 bits: 2^42 units from a
// thirty-second of the trajectories.
inline constexpr std::uint64_t kMaxUncollected = std::uint64_t{1} << 25;

class Engine {
 public:
  virtual ~Engine() = default;
  // Trajectories first .. first + count - 1 of every policy; those below sample.keep are stored in it. Worlds must be whole:
  // what is tallied of a world's mean leaves out one of which only some replicates are there.
  virtual void run(std::uint64_t first, std::uint64_t count, Sample& sample) = 0;
  // Adds what was run since the last call.
  virtual void collect(Tallies& tallies) = 0;
  // Runs without counting. `resampled`: a parameter that is drawn from other random numbers than in run(), kNothing or kEverything.
  virtual void evaluate(Evaluation& trajectories, int resampled) = 0;
  virtual std::string describe() const = 0;

  // How it likes its work: about so many seconds in a call of run(), and so many trajectories at most between two calls of collect().
  virtual double unit_seconds() const { return 0.25; }
  virtual std::uint64_t most_uncollected() const { return kMaxUncollected; }
};

// The device or the environment refuses: exit code 3.
struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// lanes: 8 (AVX2), 16 (AVX-512), 1 (for comparison) or 0 for the widest that this CPU has.
// Throws DeviceError on a CPU without AVX2 and FMA.
std::unique_ptr<Engine> make_cpu_engine(const Job& job, int threads, int lanes);
int widest_cpu_lanes();   // 0 if the CPU cannot run Chokepoint
int available_cpus();     // as the affinity mask allows
int cpu_block(int replicates);  // trajectories that are run together: whole worlds, and whole packs if possible
std::size_t cpu_memory(const Shape& shape, int threads);  // bytes that the engine will take

struct CudaDevice {
  int number;
  std::string name;
  std::string uuid;
  std::size_t memory;
  int major, minor, processors;
};
inline constexpr int kOldestCudaMajor = 8;  // compute capability of the oldest GPU that can be used
inline constexpr int kMaxCudaBlock = 320;  // threads: with more, a thread would have too few registers
bool built_with_cuda();
std::vector<CudaDevice> cuda_devices();  // empty without a usable GPU
std::unique_ptr<Engine> make_cuda_engine(const Job& job, int device, int block_size);  // threads; 0: chosen

// Checks that this build rounds every operation once and fuses exactly where asked: throws
// std::logic_error naming the compiler and the flags if not.
void check_arithmetic();

}  // namespace chokepoint
