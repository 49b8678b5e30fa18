// The CPU back end: OpenMP over blocks of trajectories, each thread with tallies of its own.
// SPDX-License-Identifier: Apache-2.0
#include <omp.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>
#include <numeric>
#include <type_traits>
#include <utility>

#include "cpu_workspace.h"

namespace chokepoint {

namespace {

// Zeroed memory on pages of its own, large ones if the system has them: a block's tally walks through a
// whole histogram, and small pages would cost as much in address translation as the counting itself.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t count) : size_(count) {
    constexpr std::size_t kLargePage = 2 << 20, kLine = 64;
    const std::size_t bytes = count * sizeof(T), page = bytes < kLargePage ? kLine : kLargePage;
    data_ = static_cast<T*>(std::aligned_alloc(page, bytes / page * page + page));
    if (!data_) throw std::bad_alloc();
    if (page == kLargePage) madvise(data_, bytes, MADV_HUGEPAGE);  // a hint: nothing depends on it
    clear();
  }
  Buffer(Buffer&& other) noexcept : size_(other.size_), data_(std::exchange(other.data_, nullptr)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Buffer() { std::free(data_); }
  void clear() { std::fill_n(data_, size_, T{}); }
  T* data() { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_[i]; }

 private:
  std::size_t size_ = 0;
  T* data_ = nullptr;
};

void merge_and_clear(std::vector<CellSums>& from, std::vector<CellSums>& to) {
  for (std::size_t i = 0; i < from.size(); ++i) merge(std::exchange(from[i], CellSums{}), to[i]);
}

template <class T, class U>
void add_and_clear(Buffer<T>& from, std::vector<U>& to) {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 0) to[i] += static_cast<U>(from[i]);
  from.clear();
}

std::size_t output_groups(const Shape& s) { return (s.outputs() + kOutputGroup - 1) / kOutputGroup; }

// What one thread works with.
struct Worker {
  explicit Worker(const Shape& s, bool tallies)
      : states(kCpuStateBytes),
        values(std::size_t(s.policies) * s.records * s.metrics * kCpuBlock),
        event_steps(std::size_t(s.policies) * s.events * kCpuBlock),
        parameters(std::size_t(s.parameters) * kCpuBlock),
        bins(std::size_t(s.parameters) * kCpuBlock) {
    view.policies = s.policies;
    view.states = states.data();
    view.values = values.data();
    view.event_steps = event_steps.data();
    view.parameters = parameters.data();
    view.bins = bins.data();
    view.tallies = tallies;
    if (tallies) make_tallies(s);
  }

  void make_tallies(const Shape& s) {
    const auto make = [](auto& buffer, auto& pointer, std::size_t size) {
      buffer = std::remove_reference_t<decltype(buffer)>(size);
      pointer = buffer.data();
    };
    make(slots, view.slots, s.cells() * kSlots);
    make(events, view.events, std::size_t(s.policies) * s.events * (s.steps + 1));
    make(joint, view.joint, std::size_t(s.joints) * s.policies * s.records * kJointSide * kJointSide);
    make(clamped, view.clamped, std::size_t(s.parameters));
    make(sums, view.sums, s.cells());
    first_non_finite.assign(std::size_t(s.policies), std::numeric_limits<std::uint64_t>::max());
    view.first_non_finite = first_non_finite.data();
    make(differences, view.differences, s.cells() * kDifferenceSlots);
    make(difference_sums, view.difference_sums, s.cells());
    make(pair_squares, view.pair_squares, std::size_t(s.decisions) * s.pairs());
    make(regret, view.regret, s.choices() * kRegretSlots);
    make(regret_sums, view.regret_sums, s.choices());
    make(ranks, view.ranks, s.choices() * s.policies);
    make(satisfied, view.satisfied, std::size_t(s.policies) * (s.thresholds + 1));
    make(world_sums, view.world_sums, s.replicates > 1 ? s.outputs() : 0);
    make(rows, view.rows, std::size_t(s.policies) * kCpuBlock);
    make(outputs, view.outputs, output_groups(s) * kCpuGathered * kOutputGroup);
    make(output_bins, view.output_bins, std::size_t(s.drivers) * kCpuGathered);
  }

  CpuWorkspace view{};
  Buffer<std::byte> states;
  Buffer<float> values, event_steps, parameters;
  Buffer<std::uint8_t> bins;
  Buffer<std::uint32_t> slots, events, joint, differences, regret;
  Buffer<std::uint64_t> clamped, ranks, satisfied;
  std::vector<CellSums> sums, difference_sums, regret_sums, world_sums;
  std::vector<UnsignedWide> pair_squares;
  std::vector<std::uint64_t> first_non_finite;
  Buffer<float> rows, outputs;
  Buffer<std::uint8_t> output_bins;
};

// The sums over the bins of all drivers: too large for each thread to have its own, and seldom added to.
class BinSums {
 public:
  explicit BinSums(const Shape& s)
      : drivers_(s.drivers),
        counts_(std::size_t(s.drivers) * kDriverBins),
        sums_(output_groups(s) * group_size()),
        locks_(output_groups(s)) {}

  // Takes over what a thread has gathered; `turn` lets threads begin with different groups.
  void take(const AnalysisPlan& plan, CpuWorkspace& work, const CpuFunctions& functions, std::size_t turn) {
    if (work.gathered == 0) return;
    for (std::size_t i = 0; i < locks_.size(); ++i) {
      const std::size_t group = (turn + i) % locks_.size();
      const std::lock_guard lock(locks_[group]);
      functions.sum_bins(plan, work, static_cast<int>(group), sums_.data() + group * group_size());
    }
    const std::lock_guard lock(count_lock_);
    for (int d = 0; d < drivers_; ++d)
      for (int i = 0; i < work.gathered; ++i) ++counts_[std::size_t(d) * kDriverBins + work.output_bins[std::size_t(d) * kCpuGathered + i]];
    work.gathered = 0;
  }

  void collect(Tallies& tallies) {
    add_and_clear(counts_, tallies.bin_counts);
    const std::size_t rows = std::size_t(drivers_) * kDriverBins;
    for (std::size_t output = 0; output < tallies.shape.outputs(); ++output) {
      const std::int64_t* group = sums_.data() + output / kOutputGroup * group_size() + output % kOutputGroup;
      for (std::size_t row = 0; row < rows; ++row) tallies.bin_sums[output * rows + row] += group[row * kOutputGroup];
    }
    sums_.clear();
  }

 private:
  std::size_t group_size() const { return std::size_t(drivers_) * kDriverBins * kOutputGroup; }

  int drivers_;
  Buffer<std::uint64_t> counts_;
  Buffer<std::int64_t> sums_;  // (group of outputs, driver, bin, output)
  std::vector<std::mutex> locks_;
  std::mutex count_lock_;
};

class CpuEngine final : public Engine {
 public:
  CpuEngine(const Job& job, int threads, int lanes, const CpuFunctions& functions)
      : job_(job), lanes_(lanes), functions_(functions), workers_(threads) {
    for (KernelPlan& plan : job_.batches) plan.knots = job_.knots.data();
  }

  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    if (!bin_sums_) bin_sums_ = std::make_unique<BinSums>(job_.shape);
    over_blocks(first, count, true, [&](CpuWorkspace& work, std::uint64_t begin, int size) {
      for (const KernelPlan& plan : job_.batches) functions_.run(plan, work, begin, size);
      functions_.analyse(job_.analysis, work, size);
      if (begin < sample.keep) store(work, begin, size, sample);
      if (begin < Sample::kProbe) store_probe(work, begin, size, sample);
      if (work.gathered + kCpuBlock > kCpuGathered) bin_sums_->take(job_.analysis, work, functions_, begin / kCpuBlock);
    });
  }

  void collect(Tallies& tallies) override {
    for (auto& owner : workers_) {
      if (!owner || !owner->view.tallies) continue;
      Worker& w = *owner;
      bin_sums_->take(job_.analysis, w.view, functions_, 0);
      add_and_clear(w.slots, tallies.slots);
      add_and_clear(w.events, tallies.event_steps);
      add_and_clear(w.joint, tallies.joint);
      add_and_clear(w.clamped, tallies.clamped);
      merge_and_clear(w.sums, tallies.sums);
      for (std::size_t i = 0; i < w.first_non_finite.size(); ++i)
        tallies.first_non_finite[i] = std::min(tallies.first_non_finite[i], w.first_non_finite[i]);
      add_and_clear(w.differences, tallies.differences);
      merge_and_clear(w.difference_sums, tallies.difference_sums);
      for (std::size_t i = 0; i < w.pair_squares.size(); ++i) tallies.pair_squares[i] += std::exchange(w.pair_squares[i], 0);
      add_and_clear(w.regret, tallies.regret);
      merge_and_clear(w.regret_sums, tallies.regret_sums);
      add_and_clear(w.ranks, tallies.ranks);
      add_and_clear(w.satisfied, tallies.satisfied);
      merge_and_clear(w.world_sums, tallies.world_sums);
    }
    if (bin_sums_) bin_sums_->collect(tallies);
  }

  void evaluate(Evaluation& out, int resampled) override {
    std::vector<KernelPlan> plans = job_.batches;
    for (KernelPlan& plan : plans) plan.resampled = resampled;
    over_blocks(out.first, out.count, false, [&](CpuWorkspace& work, std::uint64_t begin, int size) {
      const bool tallies = std::exchange(work.tallies, false);
      for (const KernelPlan& plan : plans) functions_.run(plan, work, begin, size);
      work.tallies = tallies;
      store(work, begin, size, out);
    });
  }

  std::string describe() const override {
    const char* name = lanes_ == 16 ? "AVX-512" : lanes_ == 8 ? "AVX2" : "one lane";
    return "CPU, " + std::to_string(workers_.size()) + (workers_.size() == 1 ? " thread, " : " threads, ") + name;
  }

 private:
  // Blocks hold whole worlds.
  template <class Body>
  void over_blocks(std::uint64_t first, std::uint64_t count, bool tallies, Body&& body) {
    make_workers(tallies);
    const auto block = static_cast<std::uint64_t>(cpu_block(job_.shape.replicates));
    const auto blocks = static_cast<std::int64_t>((count + block - 1) / block);
#pragma omp parallel num_threads(static_cast<int>(workers_.size()))
    {
      CpuWorkspace& work = workers_[omp_get_thread_num()]->view;
#pragma omp for schedule(dynamic)
      for (std::int64_t b = 0; b < blocks; ++b) {
        const std::uint64_t offset = static_cast<std::uint64_t>(b) * block;
        body(work, first + offset, static_cast<int>(std::min<std::uint64_t>(block, count - offset)));
      }
    }
  }

  // Each thread makes what it works with, so that the memory is near it. An exception must not leave the region.
  void make_workers(bool tallies) {
    if (workers_[0] && (workers_[0]->view.tallies || !tallies)) return;
    bool failed = false;
#pragma omp parallel num_threads(static_cast<int>(workers_.size())) reduction(|| : failed)
    try {
      workers_[omp_get_thread_num()] = std::make_unique<Worker>(job_.shape, tallies);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    if (failed) throw std::bad_alloc();
  }

  float value(const CpuWorkspace& work, int policy, int record, int metric, int i) const {
    return work.values[value_index(lanes_, job_.shape.records, job_.shape.metrics, policy, record, metric, i)];
  }
  void store_world(const CpuWorkspace& work, int i, float* to) const {
    const int parameters = job_.shape.parameters;
    for (int k = 0; k < parameters; ++k) to[k] = work.parameters[(i / lanes_ * parameters + k) * lanes_ + i % lanes_];
  }
  void store_events(const CpuWorkspace& work, int policy, int i, std::int16_t* to) const {
    for (int e = 0; e < job_.shape.events; ++e) {
      const int step = static_cast<int>(work.event_steps[(std::size_t(policy) * job_.shape.events + e) * kCpuBlock + i]);
      to[e] = static_cast<std::int16_t>(step < job_.shape.steps ? step : -1);
    }
  }

  void store(const CpuWorkspace& work, std::uint64_t first, int count, Sample& sample) const {
    const Shape& s = job_.shape;
    for (int i = 0; i < count && first + i < sample.keep; ++i) {
      store_world(work, i, sample.parameters.data() + (first + i) * s.parameters);
      for (int p = 0; p < s.policies; ++p) {
        const std::size_t to = p * sample.keep + first + i;
        for (int m = 0; m < s.metrics; ++m) sample.metrics[to * s.metrics + m] = value(work, p, s.records - 1, m, i);
        store_events(work, p, i, sample.events.data() + to * s.events);
      }
    }
  }

  void store_probe(const CpuWorkspace& work, std::uint64_t first, int count, Sample& sample) const {
    for (int i = 0; i < count && first + i < Sample::kProbe; ++i) {
      store_outputs(work, i, sample.probe.data() + first + i, Sample::kProbe);
      for (int d = 0; d < job_.shape.drivers; ++d)
        sample.probe_bins[d * Sample::kProbe + first + i] = work.bins[std::size_t(job_.analysis.driver[d]) * kCpuBlock + i];
    }
  }

  void store(const CpuWorkspace& work, std::uint64_t first, int count, Evaluation& out) const {
    const Shape& s = job_.shape;
    for (int i = 0; i < count; ++i) {
      const std::size_t row = first - out.first + i;
      store_world(work, i, out.parameters.data() + row * s.parameters);
      store_outputs(work, i, out.outputs.data() + row, out.count);
      for (int p = 0; p < s.policies; ++p) store_events(work, p, i, out.events.data() + (p * out.count + row) * s.events);
    }
  }

  void store_outputs(const CpuWorkspace& work, int i, float* to, std::size_t stride) const {
    const Shape& s = job_.shape;
    for (int p = 0; p < s.policies; ++p)
      for (int t = 0; t < s.times; ++t)
        for (int m = 0; m < s.metrics; ++m, to += stride) *to = value(work, p, job_.analysis.time[t], m, i);
  }

  Job job_;
  int lanes_;
  CpuFunctions functions_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<BinSums> bin_sums_;
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

int cpu_block(int replicates) {
  constexpr int kWidest = 16;
  const int whole = std::lcm(replicates, kWidest), grain = whole <= kCpuBlock ? whole : replicates;
  return kCpuBlock / grain * grain;
}

std::size_t cpu_memory(const Shape& s, int threads) {
  const std::size_t own = s.cells() * ((kSlots + kDifferenceSlots) * sizeof(std::uint32_t) + 2 * sizeof(CellSums)) +
                          std::size_t(s.joints) * s.policies * s.records * kJointSide * kJointSide * sizeof(std::uint32_t) +
                          s.choices() * (kRegretSlots * sizeof(std::uint32_t) + s.policies * sizeof(std::uint64_t)) +
                          std::size_t(s.policies) * s.records * s.metrics * kCpuBlock * sizeof(float) +
                          s.outputs() * kCpuGathered * sizeof(float);
  return own * threads + s.outputs() * s.drivers * kDriverBins * sizeof(std::int64_t);
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
  return std::make_unique<CpuEngine>(job, threads, lanes,
                                     (lanes == 16 ? functions_avx512 : lanes == 8 ? functions_avx2 : functions_one_lane)(job.model->name));
}

}  // namespace chokepoint
