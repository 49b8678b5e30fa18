// The CPU back end: OpenMP over blocks of trajectories, each thread with tallies of its own.
// SPDX-License-Identifier: Apache-2.0
#include <omp.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

#include "cpu_workspace.h"

namespace chokepoint {

namespace {

// Zeroed memory on pages of its own, large ones if the system has them: a block's tally walks through a
// whole histogram, and small pages would cost as much in address translation as the counting itself.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t count) : size_(count) {
    constexpr std::size_t kLargePage = 2 << 20, kLine = 64;
    const std::size_t bytes = count * sizeof(T), page = bytes < kLargePage ? kLine : kLargePage;
    data_ = static_cast<T*>(std::aligned_alloc(page, bytes / page * page + page));
    if (!data_) throw std::bad_alloc();
    if (page == kLargePage) madvise(data_, bytes, MADV_HUGEPAGE);  // a hint: nothing depends on it
    clear();
  }
  Buffer(Buffer&& other) noexcept : size_(other.size_), data_(std::exchange(other.data_, nullptr)) {}
  ~Buffer() { std::free(data_); }
  void clear() { std::fill_n(data_, size_, T{}); }
  T* data() { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_[i]; }

 private:
  std::size_t size_;
  T* data_;
};

template <class T, class U>
void add_and_clear(Buffer<T>& from, std::vector<U>& to) {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 0) to[i] += static_cast<U>(from[i]);
  from.clear();
}

// What one thread works with.
struct Worker {
  Worker(const Shape& s, int batch)
      : states(kCpuStateBytes),
        values(std::size_t(batch) * s.records * s.metrics * kCpuBlock),
        event_steps(std::size_t(batch) * s.events * kCpuBlock),
        parameters(std::size_t(s.parameters) * kCpuBlock),
        slots(s.cells() * kSlots),
        events(std::size_t(s.policies) * s.events * (s.steps + 1)),
        joint(std::size_t(s.joints) * s.policies * s.records * kJointSide * kJointSide),
        clamped(std::size_t(s.parameters)),
        sums(s.cells()),
        first_non_finite(std::size_t(s.policies), std::numeric_limits<std::uint64_t>::max()),
        view{s.policies,    states.data(), values.data(), event_steps.data(), parameters.data(),      slots.data(),
             events.data(), joint.data(),  sums.data(),   clamped.data(),     first_non_finite.data()} {}

  Buffer<std::byte> states;
  Buffer<float> values, event_steps, parameters;
  Buffer<std::uint32_t> slots, events, joint;
  Buffer<std::uint64_t> clamped;
  std::vector<CellSums> sums;
  std::vector<std::uint64_t> first_non_finite;
  CpuWorkspace view;
};

class CpuEngine final : public Engine {
 public:
  CpuEngine(const Job& job, int threads, int lanes, RunBlock block) : job_(job), lanes_(lanes), block_(block), workers_(threads) {
    int batch = 0;
    for (const KernelPlan& plan : job_.batches) batch = std::max(batch, plan.policies);
    for (KernelPlan& plan : job_.batches) plan.knots = job_.knots.data();
#pragma omp parallel num_threads(threads)  // each thread touches its own memory first
    workers_[omp_get_thread_num()] = std::make_unique<Worker>(job_.shape, batch);
  }

  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    const auto blocks = static_cast<std::int64_t>((count + kCpuBlock - 1) / kCpuBlock);
#pragma omp parallel num_threads(static_cast<int>(workers_.size()))
    {
      CpuWorkspace& work = workers_[omp_get_thread_num()]->view;
#pragma omp for schedule(dynamic)
      for (std::int64_t b = 0; b < blocks; ++b) {
        const std::uint64_t offset = static_cast<std::uint64_t>(b) * kCpuBlock;
        const int size = static_cast<int>(std::min<std::uint64_t>(kCpuBlock, count - offset));
        for (const KernelPlan& plan : job_.batches) {
          block_(plan, work, first + offset, size);
          if (first + offset < sample.keep) store(plan, work, first + offset, size, sample);
        }
      }
    }
  }

  void collect(Tallies& tallies) override {
    for (auto& owner : workers_) {
      Worker& w = *owner;
      add_and_clear(w.slots, tallies.slots);
      add_and_clear(w.events, tallies.event_steps);
      add_and_clear(w.joint, tallies.joint);
      add_and_clear(w.clamped, tallies.clamped);
      for (std::size_t i = 0; i < w.sums.size(); ++i) merge(w.sums[i], tallies.sums[i]);
      w.sums.assign(w.sums.size(), CellSums{});
      for (std::size_t i = 0; i < w.first_non_finite.size(); ++i)
        tallies.first_non_finite[i] = std::min(tallies.first_non_finite[i], w.first_non_finite[i]);
    }
  }

  std::string describe() const override {
    const char* name = lanes_ == 16 ? "AVX-512" : lanes_ == 8 ? "AVX2" : "one lane";
    return "CPU, " + std::to_string(workers_.size()) + (workers_.size() == 1 ? " thread, " : " threads, ") + name;
  }

 private:
  void store(const KernelPlan& plan, const CpuWorkspace& work, std::uint64_t first, int count, Sample& sample) const {
    const Shape& s = job_.shape;
    for (int i = 0; i < count && first + i < sample.keep; ++i) {
      const std::size_t row = first + i, lane = i % lanes_, pack = i / lanes_;
      for (int k = 0; k < s.parameters; ++k)
        sample.parameters[row * s.parameters + k] = work.parameters[(pack * s.parameters + k) * lanes_ + lane];
      for (int p = 0; p < plan.policies; ++p) {
        const std::size_t to = (plan.first_policy + p) * sample.keep + row;
        for (int m = 0; m < s.metrics; ++m)
          sample.metrics[to * s.metrics + m] = work.values[value_index(lanes_, s.records, s.metrics, p, s.records - 1, m, i)];
        for (int e = 0; e < s.events; ++e) {
          const int step = static_cast<int>(work.event_steps[(std::size_t(p) * s.events + e) * kCpuBlock + i]);
          sample.events[to * s.events + e] = static_cast<std::int16_t>(step < s.steps ? step : -1);
        }
      }
    }
  }

  Job job_;
  int lanes_;
  RunBlock block_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

int widest_cpu_lanes() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
    return 16;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") ? 8 : 0;
}

int available_cpus() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

std::size_t cpu_memory(const Shape& s, int policies_per_batch, int threads) {
  const std::size_t own = s.cells() * (kSlots * sizeof(std::uint32_t) + sizeof(CellSums)) +
                          std::size_t(s.joints) * s.policies * s.records * kJointSide * kJointSide * sizeof(std::uint32_t) +
                          std::size_t(policies_per_batch) * s.records * s.metrics * kCpuBlock * sizeof(float);
  return own * threads;
}

std::unique_ptr<Engine> make_cpu_engine(const Job& job, int threads, int lanes) {
  const int widest = widest_cpu_lanes();
  if (widest == 0)
    throw DeviceError(
        "cpu: this processor has no AVX2 and FMA, which Chokepoint needs (any x86-64 processor since about 2015 has them). Use another "
        "machine or a GPU.");
  if (lanes == 0) lanes = widest;
  if (lanes > widest)
    throw DeviceError("cpu: --lanes " + std::to_string(lanes) + " needs AVX-512, which this processor lacks. Leave --lanes out.");
  const RunBlock block = (lanes == 16 ? block_avx512 : lanes == 8 ? block_avx2 : block_one_lane)(job.model->name);
  return std::make_unique<CpuEngine>(job, threads, lanes, block);
}

}  // namespace chokepoint
