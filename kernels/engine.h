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

void merge(const CellSums& from, CellSums& to);

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
};

void merge(const Tallies& from, Tallies& to);

// The first trajectories, whole.
struct Sample {
  Sample(const Shape& shape, std::uint64_t keep);

  std::uint64_t keep;
  std::vector<float> parameters;       // (trajectory, parameter)
  std::vector<float> metrics;          // (policy, trajectory, metric), last record
  std::vector<std::int16_t> events;    // (policy, trajectory, event), step of first occurrence or -1
};

// All that decides the bits of a result.
struct Job {
  const ModelInfo* model;
  Shape shape;
  std::uint64_t keep;
  std::vector<KernelPlan> batches;  // of policies
  std::vector<float> knots;         // of the distribution tables
};

// Counts are kept in 32 bits between two calls of collect().
inline constexpr std::uint64_t kMaxUncollected = std::uint64_t{1} << 31;

class Engine {
 public:
  virtual ~Engine() = default;
  // Trajectories first .. first + count - 1 of every policy; those below sample.keep are stored in it.
  virtual void run(std::uint64_t first, std::uint64_t count, Sample& sample) = 0;
  // Adds what was run since the last call.
  virtual void collect(Tallies& tallies) = 0;
  virtual std::string describe() const = 0;
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
std::size_t cpu_memory(const Shape& shape, int policies_per_batch, int threads);  // bytes that the engine will take

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
