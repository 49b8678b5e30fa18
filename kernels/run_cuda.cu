// The CUDA back end: device memory, launches and transfers around the two steps of device_tile.h. Tile by tile,
// trajectories are run and tallied in one stream; only counts leave the device, and the trajectories that are kept.
// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "device_tally.h"
#include "device_trajectories.h"
#include "engine.h"
#include "models.h"

namespace chokepoint {

namespace {

#define CHOKEPOINT_CUDA_CHECK(call) check((call), #call)

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  std::size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  cudaGetLastError();
  throw DeviceError(std::string("device: ") + call + " failed: " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + "), " +
                    std::to_string(free >> 20) + " MiB of " + std::to_string(total >> 20) +
                    " MiB free. Is another job on this GPU? Try --device cpu.");
}

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

__global__ void __launch_bounds__(kTallyBlock)
    tally_kernel(const __grid_constant__ KernelPlan plan, Tile tile, DeviceTallies out, int parts) {
  extern __shared__ std::uint32_t histogram[];
  tally_tile(CudaTeam<kTallyBlock>{}, plan, tile, out, parts, histogram);
}
static_assert(sizeof(KernelPlan) + sizeof(Tile) + sizeof(DeviceTallies) + sizeof(int) <= 32764, "kernel arguments have no more room");
static_assert(kTallyBlock % kWarp == 0 && kMaxCudaBlock % kWarp == 0);

// Memory on the device, or pinned on the host so that transfers need no copy of their own.
template <class T, cudaError_t (*kAllocate)(void**, std::size_t), cudaError_t (*kFree)(void*)>
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::size_t size) : size_(size) {
    void* data = nullptr;
    if (size > 0) CHOKEPOINT_CUDA_CHECK(kAllocate(&data, size * sizeof(T)));
    data_ = static_cast<T*>(data);
  }
  Memory(Memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Memory() { kFree(data_); }
  T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};
template <class T>
using DeviceMemory = Memory<T, cudaMalloc, cudaFree>;
using PinnedMemory = Memory<std::byte, cudaMallocHost, cudaFreeHost>;

// A stream and two events, which keep the host one call ahead of the device.
struct Queue {
  Queue() {
    CHOKEPOINT_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    for (cudaEvent_t& event : done) CHOKEPOINT_CUDA_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync));
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    if (stream) cudaStreamSynchronize(stream);
    for (cudaEvent_t event : done)
      if (event) cudaEventDestroy(event);
    if (stream) cudaStreamDestroy(stream);
  }
  cudaStream_t stream{};
  cudaEvent_t done[2]{};
};

using RunKernel = void (*)(KernelPlan, Tile, DeviceTallies);

class CudaEngine final : public Engine {
 public:
  CudaEngine(const Job& job, const CudaDevice& device, int block_size) : job_(job), device_(device) {
    use_device();
    queue_ = std::make_unique<Queue>();
    choose_team(block_size);
    allocate();
    choose_tile();
    CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(queue_->stream));
  }
  ~CudaEngine() override { cudaSetDevice(device_.number); }  // for the members' sake

  // Returns while the device is at work.
  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    use_device();
    CHOKEPOINT_CUDA_CHECK(cudaEventSynchronize(queue_->done[next_]));
    for (std::uint64_t offset = 0; offset < count; offset += tile_.stride) {
      tile_.first = first + offset;
      tile_.count = static_cast<int>(std::min<std::uint64_t>(tile_.stride, count - offset));
      for (const KernelPlan& plan : job_.batches) {
        launch(plan);
        if (tile_.first < sample.keep) store(plan, sample);
      }
    }
    CHOKEPOINT_CUDA_CHECK(cudaEventRecord(queue_->done[next_], queue_->stream));
    next_ = 1 - next_;
  }

  void collect(Tallies& tallies) override {
    use_device();
    collect_cells(tallies);
    collect_counts(slots_, tallies.slots);
    collect_counts(event_steps_, tallies.event_steps);
    collect_counts(joint_, tallies.joint);
    collect_counts(clamped_, tallies.clamped);
    const auto* lowest = fetch(first_non_finite_);
    for (std::size_t i = 0; i < first_non_finite_.size(); ++i)
      tallies.first_non_finite[i] = std::min<std::uint64_t>(tallies.first_non_finite[i], lowest[i]);
    CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(queue_->stream));
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

  void allocate() {
    const Shape& s = job_.shape;
    const std::size_t policies = s.policies;
    slots_ = DeviceMemory<std::uint32_t>(s.cells() * kSlots);
    cells_ = DeviceMemory<DeviceCell>(s.cells());
    event_steps_ = DeviceMemory<std::uint32_t>(policies * s.events * (s.steps + 1));
    joint_ = DeviceMemory<std::uint32_t>(std::size_t(s.joints) * policies * s.records * kJointSide * kJointSide);
    clamped_ = DeviceMemory<unsigned long long>(s.parameters);
    first_non_finite_ = DeviceMemory<unsigned long long>(policies);
    knots_ = DeviceMemory<float>(job_.knots.size());
    if (!job_.knots.empty())
      CHOKEPOINT_CUDA_CHECK(cudaMemcpy(knots_.data(), job_.knots.data(), job_.knots.size() * sizeof(float), cudaMemcpyHostToDevice));
    for (KernelPlan& plan : job_.batches) plan.knots = knots_.data();
    clear(slots_), clear(event_steps_), clear(joint_), clear(clamped_), clear_cells();
    CHOKEPOINT_CUDA_CHECK(cudaMemsetAsync(first_non_finite_.data(), 0xff, policies * sizeof(unsigned long long), queue_->stream));
    out_ = {slots_.data(), cells_.data(), event_steps_.data(), joint_.data(), clamped_.data(), first_non_finite_.data(), s.policies};
  }

  // A tile is as long as memory allows, up to a size that hides what a launch costs, and gives every team the same
  // number of turns.
  void choose_tile() {
    constexpr std::size_t kMostBytes = std::size_t{4} << 30;
    constexpr int kMostTrajectories = 65536;
    std::size_t values = 0, events = 0, free = 0, total = 0;
    for (const KernelPlan& plan : job_.batches) {
      values = std::max(values, value_rows(plan));
      events = std::max(events, event_rows(plan));
    }
    const std::size_t parameters = job_.keep > 0 ? job_.shape.parameters : 0;
    const std::size_t each = (values + parameters) * sizeof(float) + events * sizeof(std::uint16_t);
    CHOKEPOINT_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    const auto most = static_cast<int>(std::min<std::size_t>(kMostTrajectories, std::min(kMostBytes, free / 3) / each)) / kWarp;
    const int turn = std::max(1, blocks_ / ((most_policies() + warps_ - 1) / warps_));  // groups of 32 that run at a time
    tile_.stride = std::max(1, most > turn ? most / turn * turn : most) * kWarp;
    values_ = DeviceMemory<float>(values * tile_.stride);
    events_ = DeviceMemory<std::uint16_t>(events * tile_.stride);
    parameters_ = DeviceMemory<float>(parameters * tile_.stride);
    tile_.values = values_.data();
    tile_.events = events_.data();
    tile_.parameters = parameters_.data();
  }

  void launch(const KernelPlan& plan) {
    const int groups = (tile_.count + kWarp - 1) / kWarp, shares = (plan.policies + warps_ - 1) / warps_;
    run_kernel_<<<std::min(blocks_, groups * shares), warps_ * kWarp, team_bytes_, queue_->stream>>>(plan, tile_, out_);
    CHOKEPOINT_CUDA_CHECK(cudaGetLastError());
    const auto rows = static_cast<int>(value_rows(plan) + joint_rows(plan) + event_rows(plan));
    // Enough blocks to fill the device a few times over, and few enough values for a thread's sums.
    const int wanted = (32 * device_.processors + rows - 1) / rows, threads = kTallyBlock * ThreadSums::kMost;
    const int parts = std::max((tile_.count + threads - 1) / threads, std::min(wanted, (tile_.count + kTallyBlock - 1) / kTallyBlock));
    tally_kernel<<<rows * parts, kTallyBlock, tally_words(plan) * sizeof(std::uint32_t), queue_->stream>>>(plan, tile_, out_, parts);
    CHOKEPOINT_CUDA_CHECK(cudaGetLastError());
  }

  // ---- transfers

  std::byte* staging(std::size_t bytes) {
    if (staging_.size() < bytes) staging_ = PinnedMemory(bytes);
    return staging_.data();
  }

  template <class T>
  const T* fetch(const DeviceMemory<T>& from) {
    const std::size_t bytes = from.size() * sizeof(T);
    std::byte* to = staging(bytes);
    if (bytes > 0) CHOKEPOINT_CUDA_CHECK(cudaMemcpyAsync(to, from.data(), bytes, cudaMemcpyDeviceToHost, queue_->stream));
    CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(queue_->stream));
    return reinterpret_cast<const T*>(to);
  }

  template <class T>
  void clear(const DeviceMemory<T>& memory) {
    if (memory.size() > 0) CHOKEPOINT_CUDA_CHECK(cudaMemsetAsync(memory.data(), 0, memory.size() * sizeof(T), queue_->stream));
  }
  void clear_cells() {
    const std::size_t bytes = cells_.size() * sizeof(DeviceCell);
    std::fill_n(reinterpret_cast<DeviceCell*>(staging(bytes)), cells_.size(), kEmptyCell);
    CHOKEPOINT_CUDA_CHECK(cudaMemcpyAsync(cells_.data(), staging_.data(), bytes, cudaMemcpyHostToDevice, queue_->stream));
    CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(queue_->stream));
  }

  void collect_cells(Tallies& tallies) {
    const DeviceCell* cells = fetch(cells_);
    for (std::size_t i = 0; i < cells_.size(); ++i) merge(sums_of(cells[i]), tallies.sums[i]);
    clear_cells();
  }
  template <class T>
  void collect_counts(const DeviceMemory<T>& from, std::vector<std::int64_t>& to) {
    const T* counts = fetch(from);
    for (std::size_t i = 0; i < from.size(); ++i) to[i] += static_cast<std::int64_t>(counts[i]);
    clear(from);
  }

  // Rows of the tile, of which the first `count` values are wanted, to staging memory.
  template <class T>
  std::byte* fetch_rows(const T* from, std::size_t rows, std::size_t count, std::byte* to) {
    if (rows > 0)
      CHOKEPOINT_CUDA_CHECK(cudaMemcpy2DAsync(to, count * sizeof(T), from, tile_.stride * sizeof(T), count * sizeof(T), rows,
                                              cudaMemcpyDeviceToHost, queue_->stream));
    return to + rows * count * sizeof(T);
  }

  // The trajectories that are kept; the tile has them in rows, the sample one after another.
  void store(const KernelPlan& plan, Sample& sample) {
    const Shape& s = job_.shape;
    const std::size_t count = std::min<std::uint64_t>(tile_.count, sample.keep - tile_.first), first = tile_.first;
    const std::size_t parameters = plan.first_policy == 0 ? s.parameters : 0, metrics = s.metrics, events = event_rows(plan);
    std::byte* next = staging(count * ((parameters + plan.policies * metrics) * sizeof(float) + events * sizeof(std::uint16_t)));
    const auto* world = reinterpret_cast<const float*>(next);
    next = fetch_rows(tile_.parameters, parameters, count, next);
    const auto* last = reinterpret_cast<const float*>(next);
    for (int p = 0; p < plan.policies; ++p)
      next = fetch_rows(tile_.values + (std::size_t(p) * s.records + s.records - 1) * metrics * tile_.stride, metrics, count, next);
    const auto* steps = reinterpret_cast<const std::uint16_t*>(next);
    fetch_rows(tile_.events, events, count, next);
    CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(queue_->stream));

    for (std::size_t k = 0; k < parameters; ++k)
      for (std::size_t i = 0; i < count; ++i) sample.parameters[(first + i) * parameters + k] = world[k * count + i];
    for (int p = 0; p < plan.policies; ++p) {
      const std::size_t row = (plan.first_policy + p) * sample.keep + first;
      for (std::size_t m = 0; m < metrics; ++m)
        for (std::size_t i = 0; i < count; ++i) sample.metrics[(row + i) * metrics + m] = last[(p * metrics + m) * count + i];
      for (int e = 0; e < s.events; ++e)
        for (std::size_t i = 0; i < count; ++i) {
          const int step = steps[(std::size_t(p) * s.events + e) * count + i];
          sample.events[(row + i) * s.events + e] = static_cast<std::int16_t>(step < s.steps ? step : -1);
        }
    }
  }

  Job job_;
  CudaDevice device_;
  RunKernel run_kernel_ = nullptr;
  int warps_ = 0, blocks_ = 0, next_ = 0;
  std::size_t team_bytes_ = 0;
  DeviceMemory<std::uint32_t> slots_, event_steps_, joint_;
  DeviceMemory<DeviceCell> cells_;
  DeviceMemory<unsigned long long> clamped_, first_non_finite_;
  DeviceMemory<float> knots_, values_, parameters_;
  DeviceMemory<std::uint16_t> events_;
  PinnedMemory staging_;
  std::unique_ptr<Queue> queue_;  // last, so that the device is at rest before its memory goes
  Tile tile_{};
  DeviceTallies out_{};
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
