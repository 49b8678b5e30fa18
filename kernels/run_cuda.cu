// The CUDA back end: launches and transfers around the steps of device_tile.h. Tile by tile, trajectories are run and
// tallied in one stream; only counts leave the device, and the trajectories that are kept.
// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "cuda_tallies.h"
#include "device_analysis.h"
#include "device_trajectories.h"
#include "engine.h"
#include "models.h"

namespace chokepoint {

namespace {

constexpr int kTallyBlock = 256;

// A block of CUDA threads as device_tile.h wants it.
template <int kThreads = 0>
struct CudaTeam {
  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int threads() const { return kThreads ? kThreads : static_cast<int>(blockDim.x); }
  __device__ int block() const { return static_cast<int>(blockIdx.x); }
  __device__ int blocks() const { return static_cast<int>(gridDim.x); }
  // Read from lane 0, so that the compiler knows that a warp's policy is uniform.
  __device__ int warp() const { return __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / kWarp, 0); }
  __device__ void sync() const { __syncthreads(); }
  // Otherwise the compiler reads the world once for many steps, and puts what finds no register back into memory.
  __device__ void reread() const { asm volatile("" ::: "memory"); }
  template <class T, class Combine>
  __device__ T reduce(T x, Combine combine) const {
    for (int mask = kWarp / 2; mask > 0; mask /= 2) x = combine(x, __shfl_xor_sync(0xffffffffu, x, mask));
    return x;
  }
  template <class T>
  __device__ T add(T* to, T x) const {
    return atomicAdd(to, x);
  }
  template <class T>
  __device__ T min(T* to, T x) const {
    return atomicMin(to, x);
  }
  template <class T>
  __device__ T max(T* to, T x) const {
    return atomicMax(to, x);
  }
};

// The plan is a kernel argument: it lies in constant memory, whose reads are broadcast to a warp.
template <class Model>
__global__ void __launch_bounds__(kMaxCudaBlock, 2) run_kernel(const __grid_constant__ KernelPlan plan, Tile tile, DeviceTallies out) {
  extern __shared__ float memory[];
  run_tile<Model>(CudaTeam<>{}, plan, tile, out, memory);
}

__global__ void __launch_bounds__(kTallyBlock, 6)
    tally_kernel(const __grid_constant__ KernelPlan plan, Tile tile, DeviceTallies out, int parts) {
  extern __shared__ std::uint32_t histogram[];
  tally_tile(CudaTeam<kTallyBlock>{}, plan, tile, out, parts, histogram);
}

__global__ void __launch_bounds__(kTallyBlock, 4)
    analysis_kernel(const __grid_constant__ AnalysisPlan plan, Tile tile, DeviceAnalysis out, int parts) {
  extern __shared__ std::uint32_t histogram[];
  analyse_tile(CudaTeam<kTallyBlock>{}, plan, tile, out, parts, histogram);
}

__global__ void __launch_bounds__(kTallyBlock)
    choice_kernel(const __grid_constant__ AnalysisPlan plan, Tile tile, DeviceAnalysis out, int parts) {
  extern __shared__ std::uint32_t histogram[];
  choose_in_tile(CudaTeam<kTallyBlock>{}, plan, tile, out, parts, histogram);
}

__global__ void __launch_bounds__(kTallyBlock)
    bin_kernel(const __grid_constant__ AnalysisPlan plan, Tile tile, DeviceAnalysis out, int parts) {
  extern __shared__ unsigned long long tables[];
  sum_bins(CudaTeam<kTallyBlock>{}, plan, tile, out, parts, tables);
}
static_assert(sizeof(KernelPlan) + sizeof(Tile) + sizeof(DeviceTallies) + sizeof(int) <= 32764, "kernel arguments have no more room");
static_assert(kTallyBlock % kWarp == 0 && kMaxCudaBlock % kWarp == 0);

using RunKernel = void (*)(KernelPlan, Tile, DeviceTallies);
using AnalysisKernel = void (*)(AnalysisPlan, Tile, DeviceAnalysis, int);

class CudaEngine final : public Engine {
 public:
  CudaEngine(const Job& job, const CudaDevice& device, int block_size) : job_(job), device_(device) {
    use_device();
    queue_ = std::make_unique<Queue>();
    choose_team(block_size);
    CHOKEPOINT_CUDA_CHECK(cudaFuncSetAttribute(reinterpret_cast<const void*>(bin_kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                               bin_bytes(kTallyBlock / kWarp)));
    tallies_ = std::make_unique<CudaTallies>(job.shape, *queue_);
    copy_knots();
    choose_tile();
    queue_->wait();
  }
  ~CudaEngine() override { cudaSetDevice(device_.number); }  // for the members' sake

  // Returns while the device is at work.
  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    use_device();
    CHOKEPOINT_CUDA_CHECK(cudaEventSynchronize(queue_->done[next_]));
    over_tiles(first, count, [&] {
      for (const KernelPlan& plan : job_.batches) {
        launch_run(plan, tallies_->of_batches());
        launch_tally(plan);
      }
      launch_analysis();
      store(sample);
    });
    CHOKEPOINT_CUDA_CHECK(cudaEventRecord(queue_->done[next_], queue_->stream));
    next_ = 1 - next_;
  }

  void collect(Tallies& tallies) override {
    use_device();
    tallies_->collect(tallies);
  }

  void evaluate(Evaluation& out, int resampled) override {
    use_device();
    std::vector<KernelPlan> plans = job_.batches;
    for (KernelPlan& plan : plans) plan.resampled = resampled, plan.keep = std::numeric_limits<std::uint64_t>::max();
    DeviceTallies nothing = tallies_->of_batches();
    nothing.clamped = nullptr;
    over_tiles(out.first, out.count, [&] {
      for (const KernelPlan& plan : plans) launch_run(plan, nothing);
      const std::size_t row = tile_.first - out.first, count = tile_.count;
      store_worlds(count, out.parameters.data() + row * job_.shape.parameters);
      store_outputs(count, out.outputs.data() + row, out.count);
      store_events(count, out.events.data() + row * job_.shape.events, out.count);
    });
  }

  std::string describe() const override {
    return device_.name + " (" + device_.uuid + "), " + std::to_string(blocks_) + " teams of " + std::to_string(warps_) +
           (warps_ == 1 ? " warp" : " warps");
  }

 private:
  void use_device() const { CHOKEPOINT_CUDA_CHECK(cudaSetDevice(device_.number)); }
  int attribute(cudaDeviceAttr which) const {
    int value = 0;
    CHOKEPOINT_CUDA_CHECK(cudaDeviceGetAttribute(&value, which, device_.number));
    return value;
  }
  int most_policies() const {
    int most = 1;
    for (const KernelPlan& plan : job_.batches) most = std::max(most, plan.policies);
    return most;
  }

  // The size of a team that promises the highest rate. A month's draws cost about what a step of a policy costs, and
  // are made once for each share of the policies; beyond kEnough warps a multiprocessor gains little.
  void choose_team(int block_size) {
    constexpr int kEnough = 20;
    const int policies = most_policies(), largest = std::min(policies, (block_size ? block_size : kMaxCudaBlock) / kWarp);
    const int limit = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
    double best = 0;
    with_model(job_.model->name, [&](auto model) {
      using Model = decltype(model);
      run_kernel_ = run_kernel<Model>;
      const auto* kernel = reinterpret_cast<const void*>(run_kernel_);
      CHOKEPOINT_CUDA_CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, limit));
      for (int warps = block_size ? largest : 1; warps <= largest; ++warps) {
        const std::size_t bytes = TeamMemory<Model>::bytes(warps);
        int resident = 0;
        if (bytes <= static_cast<std::size_t>(limit))
          CHOKEPOINT_CUDA_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, kernel, warps * kWarp, bytes));
        const int shares = (policies + warps - 1) / warps;
        const double busy = std::min(kEnough, resident * policies / shares), rate = busy / (1 + static_cast<double>(shares) / policies);
        if (rate <= best) continue;
        best = rate;
        warps_ = warps;
        blocks_ = resident * device_.processors;
        team_bytes_ = bytes;
      }
    });
    if (best == 0)
      throw DeviceError("device: a team of " + std::to_string(largest) + " warps does not fit a multiprocessor of " + device_.name + " (" +
                        std::to_string(limit >> 10) + " KiB of shared memory). Use a smaller --block-size or --device cpu.");
  }

  void copy_knots() {
    knots_ = DeviceMemory<float>(job_.knots.size());
    if (!job_.knots.empty())
      CHOKEPOINT_CUDA_CHECK(cudaMemcpy(knots_.data(), job_.knots.data(), job_.knots.size() * sizeof(float), cudaMemcpyHostToDevice));
    for (KernelPlan& plan : job_.batches) plan.knots = knots_.data();
  }

  // A tile is as long as memory allows, up to a size that hides what a launch costs, and gives every team the same
  // number of turns. It holds at least one world.
  void choose_tile() {
    constexpr std::size_t kMostBytes = std::size_t{4} << 30;
    constexpr int kMostTrajectories = 65536;
    const Shape& s = job_.shape;
    const std::size_t policies = s.policies, values = policies * s.records * s.metrics, events = policies * s.events,
                      parameters = s.parameters, means = s.replicates > 1 ? policies * s.metrics : 0;
    const std::size_t each =
        (values + parameters + means / s.replicates) * sizeof(float) + events * sizeof(std::uint16_t) + parameters * sizeof(std::uint8_t);
    std::size_t free = 0, total = 0;
    CHOKEPOINT_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    const auto most = static_cast<int>(std::min<std::size_t>(kMostTrajectories, std::min(kMostBytes, free / 3) / each)) / kWarp;
    const int turn = std::max(1, blocks_ / ((most_policies() + warps_ - 1) / warps_));  // groups of 32 that run at a time
    const int least = (s.replicates + kWarp - 1) / kWarp;
    tile_.stride = std::max(least, most > turn ? most / turn * turn : most) * kWarp;
    const std::size_t length = tile_.stride;
    values_ = DeviceMemory<float>(values * length);
    events_ = DeviceMemory<std::uint16_t>(events * length);
    parameters_ = DeviceMemory<float>(parameters * length);
    bins_ = DeviceMemory<std::uint8_t>(parameters * length);
    means_ = DeviceMemory<float>(means * (length / s.replicates));
    tile_.values = values_.data();
    tile_.events = events_.data();
    tile_.parameters = parameters_.data();
    tile_.bins = bins_.data();
  }

  // Calls body() for each tile; all of them hold whole worlds.
  template <class Body>
  void over_tiles(std::uint64_t first, std::uint64_t count, Body&& body) {
    const std::uint64_t most = tile_.stride / job_.shape.replicates * job_.shape.replicates;
    for (std::uint64_t offset = 0; offset < count; offset += most) {
      tile_.first = first + offset;
      tile_.count = static_cast<int>(std::min(most, count - offset));
      body();
    }
  }

  // ---- launches

  void launch_run(const KernelPlan& plan, const DeviceTallies& out) {
    const int groups = (tile_.count + kWarp - 1) / kWarp, shares = (plan.policies + warps_ - 1) / warps_;
    run_kernel_<<<std::min(blocks_, groups * shares), warps_ * kWarp, team_bytes_, queue_->stream>>>(plan, tile_, out);
    CHOKEPOINT_CUDA_CHECK(cudaGetLastError());
  }

  // Enough blocks to fill the device a few times over, each with at least `least` trajectories, and few enough values for a
  // thread's sums.
  int parts_of(int rows, int least) const {
    constexpr int kMost = kTallyBlock * ThreadSums::kMost;
    const int wanted = (32 * device_.processors + rows - 1) / rows;
    return std::max((tile_.count + kMost - 1) / kMost, std::min(wanted, (tile_.count + least - 1) / least));
  }

  void launch_tally(const KernelPlan& plan) {
    const auto rows = static_cast<int>(value_rows(plan) + joint_rows(plan) + event_rows(plan));
    const int parts = parts_of(rows, kTallyBlock);
    tally_kernel<<<rows * parts, kTallyBlock, tally_words(plan) * sizeof(std::uint32_t), queue_->stream>>>(plan, tile_,
                                                                                                           tallies_->of_batches(), parts);
    CHOKEPOINT_CUDA_CHECK(cudaGetLastError());
  }

  void launch_analysis() {
    const AnalysisPlan& plan = job_.analysis;
    const AnalysisRows rows(plan);
    launch_rows(analysis_kernel, rows.before_choices(), kTallyBlock, analysis_words(plan) * sizeof(std::uint32_t));
    launch_rows(choice_kernel, rows.choices, kTallyBlock, choice_words(plan) * sizeof(std::uint32_t));
    constexpr int kLeast = 2048;  // so that handing over a table costs little beside filling it
    launch_rows(bin_kernel, driver_sets(plan, kTallyBlock / kWarp) * output_groups(plan), kLeast, bin_bytes(kTallyBlock / kWarp));
  }
  void launch_rows(AnalysisKernel kernel, int rows, int least, std::size_t shared_bytes) {
    if (rows == 0) return;
    const int parts = parts_of(rows, least);
    kernel<<<rows * parts, kTallyBlock, shared_bytes, queue_->stream>>>(job_.analysis, tile_, tallies_->of_analysis(means_.data()), parts);
    CHOKEPOINT_CUDA_CHECK(cudaGetLastError());
  }

  // ---- transfers: the tile has trajectories in rows, the host has them one after another

  // Calls take(row, values) with the first `count` values of each of `rows` rows.
  template <class T, class Take>
  void fetch_rows(const T* from, std::size_t rows, std::size_t count, Take&& take) {
    if (rows == 0 || count == 0) return;
    std::byte* to = queue_->staging(rows * count * sizeof(T));
    CHOKEPOINT_CUDA_CHECK(cudaMemcpy2DAsync(to, count * sizeof(T), from, tile_.stride * sizeof(T), count * sizeof(T), rows,
                                            cudaMemcpyDeviceToHost, queue_->stream));
    queue_->wait();
    for (std::size_t row = 0; row < rows; ++row) take(row, reinterpret_cast<const T*>(to) + row * count);
  }
  void store_worlds(std::size_t count, float* to) {
    const std::size_t parameters = job_.shape.parameters;
    fetch_rows(tile_.parameters, parameters, count, [&](std::size_t k, const float* values) {
      for (std::size_t i = 0; i < count; ++i) to[i * parameters + k] = values[i];
    });
  }
  // `all`: trajectories that `to` has of each policy.
  void store_events(std::size_t count, std::int16_t* to, std::size_t all) {
    const Shape& s = job_.shape;
    const std::size_t events = s.events;
    fetch_rows(tile_.events, s.policies * events, count, [&](std::size_t row, const std::uint16_t* steps) {
      std::int16_t* from_first = to + row / events * all * events + row % events;
      for (std::size_t i = 0; i < count; ++i) from_first[i * events] = static_cast<std::int16_t>(steps[i] < s.steps ? steps[i] : -1);
    });
  }
  // `stride`: of the outputs in `to`.
  void store_outputs(std::size_t count, float* to, std::size_t stride) {
    const Shape& s = job_.shape;
    for (int p = 0; p < s.policies; ++p)
      for (int t = 0; t < s.times; ++t) {
        float* of_first = to + s.output(p, t, 0) * stride;
        fetch_rows(values_of(tile_, job_.analysis, p, job_.analysis.time[t], 0), s.metrics, count,
                   [&](std::size_t m, const float* values) { std::copy_n(values, count, of_first + m * stride); });
      }
  }

  void store(Sample& sample) {
    const Shape& s = job_.shape;
    const std::size_t first = tile_.first;
    const auto stored = [&](std::uint64_t end) { return std::min<std::uint64_t>(tile_.count, end > tile_.first ? end - tile_.first : 0); };
    if (const std::size_t count = stored(sample.keep); count > 0) {
      store_worlds(count, sample.parameters.data() + first * s.parameters);
      store_events(count, sample.events.data() + first * s.events, sample.keep);
      for (int p = 0; p < s.policies; ++p) {
        float* to = sample.metrics.data() + (p * sample.keep + first) * s.metrics;
        fetch_rows(values_of(tile_, job_.analysis, p, s.records - 1, 0), s.metrics, count, [&](std::size_t m, const float* values) {
          for (std::size_t i = 0; i < count; ++i) to[i * s.metrics + m] = values[i];
        });
      }
    }
    if (const std::size_t count = stored(Sample::kProbe); count > 0) {
      store_outputs(count, sample.probe.data() + first, Sample::kProbe);
      for (int d = 0; d < s.drivers; ++d)
        fetch_rows(tile_.bins + std::size_t(job_.analysis.driver[d]) * tile_.stride, 1, count, [&](std::size_t, const std::uint8_t* bins) {
          std::copy_n(bins, count, sample.probe_bins.data() + d * Sample::kProbe + first);
        });
    }
  }

  Job job_;
  CudaDevice device_;
  RunKernel run_kernel_ = nullptr;
  int warps_ = 0, blocks_ = 0, next_ = 0;
  std::size_t team_bytes_ = 0;
  std::unique_ptr<CudaTallies> tallies_;
  DeviceMemory<float> knots_, values_, parameters_, means_;
  DeviceMemory<std::uint16_t> events_;
  DeviceMemory<std::uint8_t> bins_;
  std::unique_ptr<Queue> queue_;  // last, so that the device is at rest before its memory goes
  Tile tile_{};
};

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
    if (found.major < kOldestCudaMajor)
      throw DeviceError("device: " + found.name + " has compute capability " + std::to_string(found.major) + "." +
                        std::to_string(found.minor) + ", " + std::to_string(kOldestCudaMajor) +
                        ".0 is the oldest that can be used. Use --device cpu.");
    if (block_size < 0 || block_size > kMaxCudaBlock || block_size % kWarp != 0)
      throw DeviceError("device: blocks of " + std::to_string(block_size) + " threads: not a multiple of 32 up to " +
                        std::to_string(kMaxCudaBlock) + ".");
    return std::make_unique<CudaEngine>(job, found, block_size);
  }
  throw DeviceError("device: there is no GPU number " + std::to_string(device) + " (" + std::to_string(cuda_devices().size()) +
                    " usable). `chokepoint devices` lists what is there; --device cpu always works.");
}

}  // namespace chokepoint
