// Memory and streams of a CUDA device, with errors that say what to do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime.h>

#include <string>
#include <utility>

#include "engine.h"

namespace chokepoint {

#define CHOKEPOINT_CUDA_CHECK(call) check_cuda((call), #call)

inline void check_cuda(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  std::size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  cudaGetLastError();
  throw DeviceError(std::string("device: ") + call + " failed: " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + "), " +
                    std::to_string(free >> 20) + " MiB of " + std::to_string(total >> 20) +
                    " MiB free. Is another job on this GPU? Try --device cpu.");
}

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

// A stream, two events, which keep the host one call ahead of the device, and pinned memory for what is on its way.
class Queue {
 public:
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

  void wait() { CHOKEPOINT_CUDA_CHECK(cudaStreamSynchronize(stream)); }
  // Pinned memory, until the next call.
  std::byte* staging(std::size_t bytes) {
    if (staging_.size() < bytes) staging_ = PinnedMemory(bytes);
    return staging_.data();
  }
  // What the device holds, until the next call.
  template <class T>
  const T* fetch(const DeviceMemory<T>& from) {
    const std::size_t bytes = from.size() * sizeof(T);
    std::byte* to = staging(bytes);
    if (bytes > 0) CHOKEPOINT_CUDA_CHECK(cudaMemcpyAsync(to, from.data(), bytes, cudaMemcpyDeviceToHost, stream));
    wait();
    return reinterpret_cast<const T*>(to);
  }
  // Sets all bytes.
  template <class T>
  void fill(const DeviceMemory<T>& memory, int byte) {
    if (memory.size() > 0) CHOKEPOINT_CUDA_CHECK(cudaMemsetAsync(memory.data(), byte, memory.size() * sizeof(T), stream));
  }

  cudaStream_t stream{};
  cudaEvent_t done[2]{};

 private:
  PinnedMemory staging_;
};

}  // namespace chokepoint
