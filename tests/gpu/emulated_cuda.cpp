// The CUDA runtime as far as kernels/run_cuda.cu uses it, on a machine without a GPU: memory is the host's, filled
// with rubbish; work on a stream waits in a queue until somebody synchronises, as late as CUDA allows; kernels run on
// emulated threads. Linked in front of the real runtime, it lets the whole program run with --device cuda. Slow.
// SPDX-License-Identifier: Apache-2.0
#include "emulated_cuda.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>

#include "../../kernels/device_analysis.h"
#include "../../kernels/device_trajectories.h"
#include "../../kernels/models.h"
#include "../kernels/emulated_device.h"

namespace chokepoint::emulated_cuda {
namespace {

struct Stream {
  int device;
  std::deque<std::function<void()>> work;
  std::uint64_t done = 0;

  void drain(std::uint64_t until = ~0ull) {
    for (; !work.empty() && done < until; ++done) {
      const auto next = std::move(work.front());
      work.pop_front();
      next();
    }
  }
  std::uint64_t end() const { return done + work.size(); }
};

struct Event {
  Stream* stream = nullptr;
  std::uint64_t end = 0;
};

struct LaunchShape {
  dim3 grid, block;
  std::size_t shared_bytes;
  cudaStream_t stream;
};

struct Runtime {
  std::recursive_mutex mutex;  // host threads take turns
  int devices = 1;
  std::size_t memory = std::size_t{256} << 20;
  std::map<void*, std::pair<int, std::size_t>> allocated;  // device and size
  std::map<const void*, std::string> kernels;              // by host function
  std::map<int, cudaError_t> lost;
  std::string failing;
  int calls_left = 0;

  Runtime() {  // a whole program is set up by its environment: GPUs, and "function:call" to fail
    if (const char* count = std::getenv("CHOKEPOINT_EMULATED_GPUS")) devices = std::atoi(count);
    if (const char* what = std::getenv("CHOKEPOINT_EMULATED_FAILURE")) {
      failing = what;
      calls_left = std::atoi(failing.substr(failing.find(':') + 1).c_str());
      failing.resize(failing.find(':'));
    }
  }
  std::size_t used(int device) const {
    std::size_t sum = 0;
    for (const auto& [address, what] : allocated)
      if (what.first == device) sum += what.second;
    return sum;
  }
};

Runtime& runtime() {
  static auto* the_one = new Runtime;  // outlives every engine
  return *the_one;
}
thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;
thread_local LaunchShape pushed;

// Every call comes here first: a lost device answers with its error, and a chosen call fails.
cudaError_t enter(const char* function) {
  Runtime& r = runtime();
  if (r.failing == function && --r.calls_left == 0) {
    r.failing.clear();
    r.lost[current_device] = cudaErrorECCUncorrectable;
  }
  const auto lost = r.lost.find(current_device);
  return last_error = lost == r.lost.end() ? cudaSuccess : lost->second;
}

#define ENTER()                                                      \
  const std::lock_guard<std::recursive_mutex> lock(runtime().mutex); \
  if (const cudaError_t error = enter(__func__); error != cudaSuccess) return error

Stream& stream_of(cudaStream_t stream) { return *reinterpret_cast<Stream*>(stream); }

// Arguments are read now, as CUDA does; the work is done later.
template <class T>
T argument(void** args, int place) {
  return *static_cast<const T*>(args[place]);
}

template <class Step>
void enqueue(const LaunchShape& shape, Step step) {
  stream_of(shape.stream).work.push_back(
      [=] { emulate_launch(static_cast<int>(shape.grid.x), static_cast<int>(shape.block.x), shape.shared_bytes, 1, step); });
}

void launch_tally(void** args, const LaunchShape& shape) {
  enqueue(shape, [plan = argument<KernelPlan>(args, 0), tile = argument<Tile>(args, 1), out = argument<DeviceTallies>(args, 2),
                  parts = argument<int>(args, 3)](const EmulatedTeam& team, float* memory) {
    tally_tile(team, plan, tile, out, parts, reinterpret_cast<std::uint32_t*>(memory));
  });
}

// The kernels that take an AnalysisPlan; `step` is what they call.
template <class Step>
void launch_analysis(void** args, const LaunchShape& shape, Step step) {
  enqueue(shape, [step, plan = argument<AnalysisPlan>(args, 0), tile = argument<Tile>(args, 1), out = argument<DeviceAnalysis>(args, 2),
                  parts = argument<int>(args, 3)](const EmulatedTeam& team, float* memory) { step(team, plan, tile, out, parts, memory); });
}

template <class Model>
void launch_run(void** args, const LaunchShape& shape) {
  enqueue(shape, [plan = argument<KernelPlan>(args, 0), tile = argument<Tile>(args, 1), out = argument<DeviceTallies>(args, 2)](
                     const EmulatedTeam& team, float* memory) { run_tile<Model>(team, plan, tile, out, memory); });
}

cudaError_t launch(const std::string& kernel, void** args, const LaunchShape& shape) {
  const auto is = [&](const char* name) { return kernel.find(name) != std::string::npos; };
  if (is("tally_kernel")) return launch_tally(args, shape), cudaSuccess;
  if (is("analysis_kernel"))
    return launch_analysis(args, shape, [](auto& team, auto& plan, auto& tile, auto& out, int parts, float* memory) {
             analyse_tile(team, plan, tile, out, parts, reinterpret_cast<std::uint32_t*>(memory));
           }), cudaSuccess;
  if (is("choice_kernel"))
    return launch_analysis(args, shape, [](auto& team, auto& plan, auto& tile, auto& out, int parts, float* memory) {
             choose_in_tile(team, plan, tile, out, parts, reinterpret_cast<std::uint32_t*>(memory));
           }), cudaSuccess;
  if (is("bin_kernel"))
    return launch_analysis(args, shape, [](auto& team, auto& plan, auto& tile, auto& out, int parts, float* memory) {
             sum_bins(team, plan, tile, out, parts, reinterpret_cast<unsigned long long*>(memory));
           }), cudaSuccess;
  // The model's class stands in the kernel's name, its length before it: 4Race for "race".
  const auto matches = [](char a, char b) { return std::tolower(a) == b; };
  for (const ModelInfo& model : models()) {
    const std::string name = std::to_string(std::strlen(model.name)) + model.name;
    if (std::search(kernel.begin(), kernel.end(), name.begin(), name.end(), matches) == kernel.end()) continue;
    with_model(model.name, [&](auto chosen) { launch_run<decltype(chosen)>(args, shape); });
    return cudaSuccess;
  }
  throw std::logic_error("no model for kernel " + kernel);
}

}  // namespace

void set_devices(int count) { runtime().devices = count; }
void set_memory(std::size_t bytes) { runtime().memory = bytes; }
void fail(const std::string& function, int call) {
  runtime().failing = function;
  runtime().calls_left = call;
}
int allocations() { return static_cast<int>(runtime().allocated.size()); }
void reset() {
  Runtime& r = runtime();
  r.devices = 1, r.memory = std::size_t{256} << 20;
  r.failing.clear();
  r.lost.clear();
}

extern "C" {

// ---- what the compiler calls

void** __cudaRegisterFatBinary(void*) { return nullptr; }
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* host_function, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
  runtime().kernels[host_function] = name;
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared_bytes, CUstream_st* stream) {
  pushed = {grid, block, shared_bytes, stream};
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared_bytes, void* stream) {
  *grid = pushed.grid, *block = pushed.block, *shared_bytes = pushed.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = pushed.stream;
  return cudaSuccess;
}
cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** args, std::size_t shared_bytes, cudaStream_t stream) {
  ENTER();
  return last_error = launch(runtime().kernels.at(function), args, {grid, block, shared_bytes, stream});
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = reinterpret_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** args, std::size_t shared_bytes, cudaStream_t stream) {
  return cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid, block, args, shared_bytes, stream);
}

// ---- devices

cudaError_t cudaGetDeviceCount(int* count) {
  *count = runtime().devices;
  return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  *p = {};
  std::strcpy(p->name, "emulated GPU");
  p->uuid.bytes[15] = static_cast<char>(device);
  p->totalGlobalMem = runtime().memory;
  p->major = 9;
  p->multiProcessorCount = 2;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  current_device = device;
  ENTER();
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  ENTER();
  *value = 227 * 1024;  // shared memory of a block, the only one that is asked for
  return cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) {
  ENTER();
  return cudaSuccess;
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int threads, std::size_t) {
  ENTER();
  *blocks = 640 / threads;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  ENTER();
  *total = runtime().memory;
  *free = *total - runtime().used(current_device);
  return cudaSuccess;
}
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorMemoryAllocation   ? "cudaErrorMemoryAllocation"
         : error == cudaErrorECCUncorrectable ? "cudaErrorECCUncorrectable"
                                              : "cudaError";
}
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation   ? "out of memory"
         : error == cudaErrorECCUncorrectable ? "uncorrectable ECC error encountered"
                                              : "an error";
}

// ---- memory

cudaError_t cudaMalloc(void** address, std::size_t size) {
  ENTER();
  if (runtime().used(current_device) + size > runtime().memory) return last_error = cudaErrorMemoryAllocation;
  *address = std::aligned_alloc(256, (size + 255) / 256 * 256);
  std::memset(*address, 0xa5, size);
  runtime().allocated[*address] = {current_device, size};
  return cudaSuccess;
}
cudaError_t cudaFree(void* address) {  // also of a lost device
  const std::lock_guard<std::recursive_mutex> lock(runtime().mutex);
  runtime().allocated.erase(address);
  std::free(address);
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** address, std::size_t size) {
  ENTER();
  *address = std::malloc(size);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* address) {
  std::free(address);
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t size, cudaMemcpyKind) {
  ENTER();
  std::memcpy(to, from, size);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size, cudaMemcpyKind, cudaStream_t stream) {
  ENTER();
  stream_of(stream).work.push_back([=] { std::memcpy(to, from, size); });
  return cudaSuccess;
}
cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width, std::size_t rows,
                              cudaMemcpyKind, cudaStream_t stream) {
  ENTER();
  stream_of(stream).work.push_back([=] {
    for (std::size_t row = 0; row < rows; ++row)
      std::memcpy(static_cast<std::byte*>(to) + row * to_pitch, static_cast<const std::byte*>(from) + row * from_pitch, width);
  });
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* address, int value, std::size_t size, cudaStream_t stream) {
  ENTER();
  stream_of(stream).work.push_back([=] { std::memset(address, value, size); });
  return cudaSuccess;
}

// ---- streams and events

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  ENTER();
  *stream = reinterpret_cast<cudaStream_t>(new Stream{current_device, {}});
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  ENTER();
  stream_of(stream).drain();
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard<std::recursive_mutex> lock(runtime().mutex);
  delete &stream_of(stream);
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  ENTER();
  *event = reinterpret_cast<cudaEvent_t>(new Event);
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  ENTER();
  *reinterpret_cast<Event*>(event) = {&stream_of(stream), stream_of(stream).end()};
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  ENTER();
  const Event& e = *reinterpret_cast<Event*>(event);
  if (e.stream) e.stream->drain(e.end);
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete reinterpret_cast<Event*>(event);
  return cudaSuccess;
}

}  // extern "C"

}  // namespace chokepoint::emulated_cuda
