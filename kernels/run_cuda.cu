// The CUDA back end. One thread runs one trajectory under every policy of a batch; a block keeps its
// worlds, sums and event counts in shared memory and hands them over once a policy is done. Histograms
// are too large for that: they are counted in global memory, which the second-level cache holds for one
// policy. Nothing here depends on the order of threads, because only integers are added.
// SPDX-License-Identifier: Apache-2.0
#include <thrust/copy.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/host_vector.h>

#include <algorithm>
#include <cstdio>

#include "device_cell.h"
#include "engine.h"
#include "models.h"
#include "tally.h"
#include "trajectory.h"

namespace chokepoint {

namespace {

#define CHOKEPOINT_CUDA_CHECK(call) check((call), #call)

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  std::size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  throw DeviceError(std::string("device: ") + call + " failed: " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + "), " +
                    std::to_string(free >> 20) + " MiB of " + std::to_string(total >> 20) +
                    " MiB free. Is another job on this GPU? Try --device cpu.");
}

constexpr int kMaxBlock = 256;
using Real = Pack<1>;

__constant__ KernelPlan constant_plan;

// Device memory that the kernel adds to.
struct DeviceTallies {
  std::uint32_t* slots;  // as in Tallies
  DeviceCell* cells;     // (policy, metric, record)
  std::uint32_t* event_steps;
  std::uint32_t* joint;
  unsigned long long* clamped;
  unsigned long long* first_non_finite;
  float* sample_parameters;  // as in Sample
  float* sample_metrics;
  std::int16_t* sample_events;
  int total_policies;
};

// The block's shared memory: cells of the policy in hand, its event counts, the threads' worlds.
struct BlockMemory {
  DeviceCell* cells;           // (metric, record); unused where they do not fit, and global ones take their place
  std::uint32_t* event_steps;  // (event, step)
  float* worlds;
  int world_stride;  // odd, so that the threads of a warp read from different banks
};

template <class Model>
constexpr int kWorldStride = static_cast<int>(sizeof(typename Model::template World<Real>) / sizeof(float)) | 1;

template <class Model, bool kCellsOnChip>
struct DeviceRecorder {
  const KernelPlan& plan;
  const DeviceTallies& out;
  const BlockMemory& block;
  std::uint64_t trajectory;
  bool active;      // beyond the end of a run threads go along but count nothing
  bool non_finite;  // under the policy in hand

  __device__ void clamped(int parameter, Mask<1> mask) {
    if (active && mask.v && plan.first_policy == 0) atomicAdd(out.clamped + parameter, 1ull);
  }

  __device__ void record(int p, int record, const Real* metrics) {
    const int policy = plan.first_policy + p;
    const bool last = record == plan.records - 1 && active && trajectory < plan.keep;
    std::uint32_t slot[Model::kMetrics];
#pragma unroll
    for (int m = 0; m < Model::kMetrics; ++m) {
      slot[m] = slot_of(plan.binning[m], metrics[m]).v;
      const std::size_t cell = (static_cast<std::size_t>(policy) * Model::kMetrics + m) * plan.records + record;
      if (active) atomicAdd(out.slots + cell * kSlots + slot[m], 1u);
      const float units = units_of(plan.binning[m], metrics[m]).v;
      const bool counts = active && slot[m] != kNonFinite;
      if constexpr (kCellsOnChip)
        add_to_cell(block.cells[m * plan.records + record], units, metrics[m].v, counts);
      else
        add_to_cell(out.cells[cell], units, metrics[m].v, counts);
      non_finite |= slot[m] == kNonFinite;
      if (last) out.sample_metrics[(policy * plan.keep + trajectory) * Model::kMetrics + m] = metrics[m].v;
    }
    for (int j = 0; j < plan.joints && active; ++j) {
      std::uint32_t first = 0, second = 0;
#pragma unroll
      for (int m = 0; m < Model::kMetrics; ++m) {
        if (m == plan.joint[j].first) first = slot[m];
        if (m == plan.joint[j].second) second = slot[m];
      }
      const std::size_t table = (static_cast<std::size_t>(j) * out.total_policies + policy) * plan.records + record;
      atomicAdd(out.joint + (table * kJointSide + joint_bin(static_cast<int>(first))) * kJointSide + joint_bin(static_cast<int>(second)),
                1u);
    }
  }

  __device__ void finish(int p, const Real* events, const TriggerState<Real>* triggers, int trigger_count) {
    const int policy = plan.first_policy + p;
    const int model_events = Model::kEvents;
#pragma unroll
    for (int e = 0; e < model_events; ++e) add_event(policy, e, events[e]);
    for (int e = model_events; e < plan.events; ++e)
      add_event(policy, e, e - model_events < trigger_count ? triggers[e - model_events].fired : Real(static_cast<float>(plan.steps)));
    if (active && non_finite) atomicMin(out.first_non_finite + policy, static_cast<unsigned long long>(trajectory));
    non_finite = false;
    __syncthreads();
    hand_over(policy);
    __syncthreads();
  }

 private:
  // Every thread of a warp comes here together; lane 0 adds for all.
  __device__ void add_to_cell(DeviceCell& cell, float units, float value, bool counts) {
    const Pieces pieces = counts ? pieces_of(units) : Pieces{};
    const bool leader = threadIdx.x % 32 == 0;
#pragma unroll
    for (int k = 0; k < kPieces; ++k) {
      const std::uint32_t sum = __reduce_add_sync(0xffffffffu, pieces.of[k]);
      if (leader && sum != 0) atomicAdd(&cell.piece[k], static_cast<unsigned long long>(sum));
    }
    const std::uint32_t word = ordered_word(value);
    const std::uint32_t least = __reduce_min_sync(0xffffffffu, counts ? word : kEmptyCell.least);
    const std::uint32_t greatest = __reduce_max_sync(0xffffffffu, counts ? word : kEmptyCell.greatest);
    if (leader) {
      atomicMin(&cell.least, least);
      atomicMax(&cell.greatest, greatest);
    }
    if (counts && (units == kUnitLimit || units == -kUnitLimit)) atomicAdd(&cell.saturated, 1u);
  }

  __device__ void add_event(int policy, int event, Real when) {
    if (!active) return;
    const int step = static_cast<int>(when.v);
    atomicAdd(block.event_steps + event * (plan.steps + 1) + step, 1u);
    if (trajectory < plan.keep)
      out.sample_events[(policy * plan.keep + trajectory) * plan.events + event] = static_cast<std::int16_t>(step < plan.steps ? step : -1);
  }

  // Shared to global memory, and empty again.
  __device__ void hand_over(int policy) {
    for (int i = threadIdx.x; kCellsOnChip && i < Model::kMetrics * plan.records; i += blockDim.x) {
      DeviceCell& from = block.cells[i];
      DeviceCell& to = out.cells[static_cast<std::size_t>(policy) * Model::kMetrics * plan.records + i];
      for (int k = 0; k < kPieces; ++k)
        if (from.piece[k] != 0) atomicAdd(&to.piece[k], from.piece[k]);
      atomicMin(&to.least, from.least);
      atomicMax(&to.greatest, from.greatest);
      if (from.saturated != 0) atomicAdd(&to.saturated, from.saturated);
      from = kEmptyCell;
    }
    const int events = plan.events * (plan.steps + 1);
    for (int i = threadIdx.x; i < events; i += blockDim.x) {
      if (block.event_steps[i] != 0) atomicAdd(out.event_steps + static_cast<std::size_t>(policy) * events + i, block.event_steps[i]);
      block.event_steps[i] = 0;
    }
  }
};

template <class Model, bool kCellsOnChip>
__global__ void __launch_bounds__(kMaxBlock, 1) run_trajectories(std::uint64_t first, std::uint64_t count, DeviceTallies out) {
  using World = typename Model::template World<Real>;
  extern __shared__ unsigned long long shared[];
  const KernelPlan& plan = constant_plan;
  BlockMemory block;
  const int cells = kCellsOnChip ? Model::kMetrics * plan.records : 0;
  block.cells = reinterpret_cast<DeviceCell*>(shared);
  block.event_steps = reinterpret_cast<std::uint32_t*>(block.cells + cells);
  block.worlds = reinterpret_cast<float*>(block.event_steps + plan.events * (plan.steps + 1));
  block.world_stride = kWorldStride<Model>;
  for (int i = threadIdx.x; i < cells; i += blockDim.x) block.cells[i] = kEmptyCell;
  for (int i = threadIdx.x; i < plan.events * (plan.steps + 1); i += blockDim.x) block.event_steps[i] = 0;
  __syncthreads();

  World& world = *reinterpret_cast<World*>(block.worlds + threadIdx.x * block.world_stride);
  // Blocks stay and take turns; all threads of a block make the same number of rounds.
  for (std::uint64_t tile = blockIdx.x; tile * blockDim.x < count; tile += gridDim.x) {
    const std::uint64_t offset = tile * blockDim.x + threadIdx.x;
    DeviceRecorder<Model, kCellsOnChip> recorder{plan, out, block, first + offset, offset < count, false};
    const auto index = [](std::uint64_t number) {
      return Index<1>{Bits<1>(static_cast<std::uint32_t>(number)), Bits<1>(static_cast<std::uint32_t>(number >> 32))};
    };
    world = make_world<Model, Real>(plan, index(recorder.trajectory / plan.replicates), recorder);
    if (recorder.active && recorder.trajectory < plan.keep)
      for (int i = 0; i < Model::kParameters; ++i)
        out.sample_parameters[recorder.trajectory * Model::kParameters + i] = reinterpret_cast<const float*>(&world)[i];
    PolicyState<Model, Real> state[1];
    TriggerStates<Real> triggers[1];
    run_policies<Model, Real, 1>(plan, world, index(recorder.trajectory), state, triggers, recorder);
  }
}

using Kernel = void (*)(std::uint64_t, std::uint64_t, DeviceTallies);

template <class T>
T* raw(thrust::device_vector<T>& v) {
  return thrust::raw_pointer_cast(v.data());
}

class CudaEngine final : public Engine {
 public:
  CudaEngine(const Job& job, const CudaDevice& device, int block_size) : job_(job), device_(device), block_(block_size) {
    CHOKEPOINT_CUDA_CHECK(cudaSetDevice(device.number));
    CHOKEPOINT_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    for (cudaEvent_t& event : done_)
      CHOKEPOINT_CUDA_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync));
    try {
      allocate();
    } catch (const std::bad_alloc&) {  // thrust reports a failed cudaMalloc so
      CHOKEPOINT_CUDA_CHECK(cudaErrorMemoryAllocation);
    }
    choose_launch();
  }

  ~CudaEngine() override {
    cudaStreamSynchronize(stream_);
    for (cudaEvent_t event : done_) cudaEventDestroy(event);
    cudaStreamDestroy(stream_);
  }

  // Returns while the device is at work, one launch ahead of it.
  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    CHOKEPOINT_CUDA_CHECK(cudaEventSynchronize(done_[next_]));
    const auto tiles = (count + block_ - 1) / block_;
    const auto blocks = static_cast<unsigned>(std::min<std::uint64_t>(tiles, grid_));
    for (const KernelPlan& plan : job_.batches) {
      CHOKEPOINT_CUDA_CHECK(cudaMemcpyToSymbolAsync(constant_plan, &plan, sizeof plan, 0, cudaMemcpyHostToDevice, stream_));
      kernel_<<<blocks, block_, shared_bytes_, stream_>>>(first, count, view_);
      CHOKEPOINT_CUDA_CHECK(cudaGetLastError());
    }
    CHOKEPOINT_CUDA_CHECK(cudaEventRecord(done_[next_], stream_));
    next_ = 1 - next_;
    if (first < sample.keep) store(first, std::min(count, sample.keep - first), sample);
  }

  void collect(Tallies& tallies) override {
    CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(stream_));
    collect_cells(tallies);
    add_and_clear(event_steps_, tallies.event_steps);
    add_and_clear(joint_, tallies.joint);
    add_and_clear(clamped_, tallies.clamped);
    const thrust::host_vector<unsigned long long> lowest = first_non_finite_;
    for (std::size_t i = 0; i < lowest.size(); ++i)
      tallies.first_non_finite[i] = std::min<std::uint64_t>(tallies.first_non_finite[i], lowest[i]);
    CHOKEPOINT_CUDA_CHECK(cudaDeviceSynchronize());
  }

  std::string describe() const override {
    return device_.name + " (" + device_.uuid + "), " + std::to_string(grid_) + " blocks of " + std::to_string(block_);
  }

 private:
  void allocate() {
    const Shape& s = job_.shape;
    const std::size_t policies = s.policies;
    slots_.resize(s.cells() * kSlots);
    cells_.resize(s.cells(), kEmptyCell);
    event_steps_.resize(policies * s.events * (s.steps + 1));
    joint_.resize(std::size_t(s.joints) * policies * s.records * kJointSide * kJointSide);
    clamped_.resize(s.parameters);
    first_non_finite_.resize(policies, ~0ull);
    sample_parameters_.resize(job_.keep * s.parameters);
    sample_metrics_.resize(policies * job_.keep * s.metrics);
    sample_events_.resize(policies * job_.keep * s.events);
    knots_ = job_.knots;
    for (KernelPlan& plan : job_.batches) plan.knots = raw(knots_);
    view_ = {raw(slots_),
             raw(cells_),
             raw(event_steps_),
             raw(joint_),
             raw(clamped_),
             raw(first_non_finite_),
             raw(sample_parameters_),
             raw(sample_metrics_),
             raw(sample_events_),
             s.policies};
    CHOKEPOINT_CUDA_CHECK(cudaDeviceSynchronize());  // thrust fills on another stream
  }

  // The block size that keeps most threads on a multiprocessor, given what a block needs of its memory.
  void choose_launch() {
    const Shape& s = job_.shape;
    int limit = 0;
    CHOKEPOINT_CUDA_CHECK(cudaDeviceGetAttribute(&limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, device_.number));
    const auto try_blocks = [&](Kernel kernel, int stride, std::size_t fixed) {
      CHOKEPOINT_CUDA_CHECK(
          cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize, limit));
      kernel_ = kernel;
      const int smallest = block_ ? block_ : 32, largest = block_ ? block_ : kMaxBlock;
      int best = 0;
      for (int block = smallest; block <= largest; block += 32) {
        const std::size_t bytes = fixed + std::size_t(block) * stride * sizeof(float);
        int resident = 0;
        if (bytes > static_cast<std::size_t>(limit)) break;
        CHOKEPOINT_CUDA_CHECK(
            cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, reinterpret_cast<const void*>(kernel), block, bytes));
        if (resident * block <= best) continue;
        best = resident * block;
        grid_ = static_cast<unsigned>(resident * device_.processors);
        shared_bytes_ = bytes;
        chosen_ = block;
      }
      return best > 0;
    };
    const std::size_t events = s.events * (s.steps + 1) * sizeof(std::uint32_t);
    const bool found = with_model(job_.model->name, [&](auto model) {
      using Model = decltype(model);
      return try_blocks(run_trajectories<Model, true>, kWorldStride<Model>, events + s.metrics * s.records * sizeof(DeviceCell)) ||
             try_blocks(run_trajectories<Model, false>, kWorldStride<Model>, events);
    });
    if (!found)
      throw DeviceError("device: a block does not fit the " + std::to_string(limit >> 10) + " KiB of shared memory that " + device_.name +
                        " has. Run fewer years (run.years), smaller blocks (--block-size) or use --device cpu.");
    block_ = chosen_;
  }

  void store(std::uint64_t first, std::uint64_t count, Sample& sample) {
    CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(stream_));
    const Shape& s = job_.shape;
    const auto rows = [&](const auto& from, auto& to, std::size_t row, std::size_t width) {
      thrust::copy_n(from.begin() + row * width, count * width, to.begin() + row * width);
    };
    rows(sample_parameters_, sample.parameters, first, s.parameters);
    for (int p = 0; p < s.policies; ++p) {
      rows(sample_metrics_, sample.metrics, p * sample.keep + first, s.metrics);
      rows(sample_events_, sample.events, p * sample.keep + first, s.events);
    }
  }

  template <class T>
  static void add_and_clear(thrust::device_vector<T>& from, std::vector<std::int64_t>& to) {
    const thrust::host_vector<T> counts = from;
    for (std::size_t i = 0; i < counts.size(); ++i) to[i] += static_cast<std::int64_t>(counts[i]);
    thrust::fill(from.begin(), from.end(), T{0});
  }

  void collect_cells(Tallies& tallies) {
    const thrust::host_vector<std::uint32_t> slots = slots_;
    const thrust::host_vector<DeviceCell> cells = cells_;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::int64_t finite = 0;
      for (std::size_t slot = i * kSlots; slot < (i + 1) * kSlots; ++slot) {
        tallies.slots[slot] += slots[slot];
        if (slot != i * kSlots + kNonFinite) finite += slots[slot];
      }
      merge(sums_of(cells[i], finite), tallies.sums[i]);
    }
    thrust::fill(slots_.begin(), slots_.end(), 0u);
    thrust::fill(cells_.begin(), cells_.end(), kEmptyCell);
  }

  Job job_;
  CudaDevice device_;
  int block_, chosen_ = 0, next_ = 0;
  unsigned grid_ = 0;
  std::size_t shared_bytes_ = 0;
  Kernel kernel_ = nullptr;
  cudaStream_t stream_{};
  cudaEvent_t done_[2]{};
  thrust::device_vector<std::uint32_t> slots_, event_steps_, joint_;
  thrust::device_vector<DeviceCell> cells_;
  thrust::device_vector<unsigned long long> clamped_, first_non_finite_;
  thrust::device_vector<float> sample_parameters_, sample_metrics_, knots_;
  thrust::device_vector<std::int16_t> sample_events_;
  DeviceTallies view_{};
};

constexpr int kOldestMajor = 8;  // compute capability of the oldest GPU that this is compiled for

std::string uuid_text(const cudaUUID_t& uuid) {
  char text[48];
  const auto b = [&](int i) { return static_cast<unsigned>(static_cast<unsigned char>(uuid.bytes[i])); };
  std::snprintf(text, sizeof text, "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b(0), b(1), b(2), b(3), b(4),
                b(5), b(6), b(7), b(8), b(9), b(10), b(11), b(12), b(13), b(14), b(15));
  return text;
}

}  // namespace

bool built_with_cuda() { return true; }

std::vector<CudaDevice> cuda_devices() {
  std::vector<CudaDevice> devices;
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) count = 0;  // no driver and no device are the same to us
  cudaGetLastError();
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp p{};
    if (cudaGetDeviceProperties(&p, i) == cudaSuccess)
      devices.push_back({i, p.name, uuid_text(p.uuid), p.totalGlobalMem, p.major, p.minor, p.multiProcessorCount});
  }
  return devices;
}

std::unique_ptr<Engine> make_cuda_engine(const Job& job, int device, int block_size) {
  for (const CudaDevice& found : cuda_devices()) {
    if (found.number != device) continue;
    if (found.major < kOldestMajor)
      throw DeviceError("device: " + found.name + " has compute capability " + std::to_string(found.major) + "." +
                        std::to_string(found.minor) + ", this build needs 8.0 or later. Use --device cpu.");
    return std::make_unique<CudaEngine>(job, found, block_size);
  }
  throw DeviceError("device: there is no GPU number " + std::to_string(device) + " (" + std::to_string(cuda_devices().size()) +
                    " usable). `chokepoint devices` lists what is there; --device cpu always works.");
}

}  // namespace chokepoint
