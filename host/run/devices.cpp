// SPDX-License-Identifier: Apache-2.0
#include "devices.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

#include "../errors.h"
#include "fmt/format.h"
#include "work_pool.h"

namespace chokepoint {

namespace {

constexpr std::size_t kMostDevices = 64;

// ---- names

std::vector<std::string> usable_gpus(std::span<const CudaDevice> present) {
  std::vector<std::string> names;
  for (const CudaDevice& device : present)
    if (device.major >= kOldestCudaMajor) names.push_back(fmt::format("cuda:{}", device.number));
  return names;
}

// Some GPU: making its engine gives the reason why none is usable.
std::string unusable_gpu(std::span<const CudaDevice> present) { return fmt::format("cuda:{}", present.empty() ? 0 : present[0].number); }

bool is_numbered_gpu(const std::string& name) {
  return name.starts_with("cuda:") && name.size() > 5 && name.size() < 10 && name.find_first_not_of("0123456789", 5) == name.npos;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> entries;
  for (std::size_t at = 0;;) {
    const std::size_t comma = list.find(',', at);
    entries.push_back(list.substr(at, comma - at));
    if (comma == list.npos) return entries;
    at = comma + 1;
  }
}

// ---- sharing

void warn_of_failure(const std::string& name, const std::string& reason) {
  const char* after_bar = isatty(STDERR_FILENO) ? "\n" : "";
  fmt::print(stderr, "{}warning: {} is left out, its work goes to the other devices: {}\n", after_bar, name, reason);
}

DeviceError all_failed(const std::string& failures) { return DeviceError("every device failed:" + failures); }

class SharedEngine final : public Engine {
 public:
  SharedEngine(const Shape& shape, std::vector<NamedEngine> engines)
      : shape_(shape), devices_(engines.size()), pool_(engines.size(), static_cast<std::uint64_t>(cpu_block(shape.replicates))) {
    for (std::size_t i = 0; i < engines.size(); ++i) {
      Device& device = devices_[i];
      device.number = i;
      device.name = engines[i].name;
      device.description = engines[i].engine->describe();
      device.engine = std::move(engines[i].engine);
    }
    for (Device& device : devices_) threads_.emplace_back([this, &device](const std::stop_token& stop) { serve(device, stop); });
  }

  ~SharedEngine() override {
    for (std::jthread& thread : threads_) thread.request_stop();
  }

  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    std::unique_lock lock(mutex_);
    sample_ = &sample;
    pool_.add({first, count});
    changed_.notify_all();
    wait(lock, [&] { return pool_.left() <= count; });
  }

  void collect(Tallies& tallies) override {
    std::unique_lock lock(mutex_);
    do {
      wait(lock, [&] { return pool_.left() == 0 && busy_ == 0; });
      for (Device& device : devices_)
        if (device.engine) collect_from(device, tallies);
    } while (pool_.left() > 0);  // a device that failed now has handed its work to the others
  }

  // By one device, because it is not much; if it fails, by another from the start.
  void evaluate(Evaluation& trajectories, int resampled) override {
    std::unique_lock lock(mutex_);
    for (;;) {
      wait(lock, [&] { return pool_.left() == 0 && busy_ == 0; });
      Device& device = *std::ranges::find_if(devices_, &Device::alive);
      try {
        return device.engine->evaluate(trajectories, resampled);
      } catch (const DeviceError& failure) {
        give_up(device, failure.what());
      }
    }
  }

  std::string describe() const override {
    std::string text = fmt::format("{} devices: ", devices_.size());
    const std::lock_guard lock(mutex_);
    for (const Device& device : devices_)
      text += (&device == &devices_[0] ? "" : "; ") + device.description + (device.engine ? "" : " (failed)");
    return text;
  }

 private:
  struct Device {
    std::size_t number;  // in the pool
    std::string name, description, failure;
    std::unique_ptr<Engine> engine;  // null once it has failed

    bool alive() const { return engine != nullptr; }
  };

  // One thread for each device.
  void serve(Device& device, const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return pool_.left() > 0 || !device.engine; }) && device.engine && !stop.stop_requested()) {
      const Chunk chunk = pool_.claim(device.number);
      changed_.notify_all();
      Sample& sample = *sample_;
      ++busy_;
      lock.unlock();
      const auto begin = Clock::now();
      std::exception_ptr error;
      try {
        device.engine->run(chunk.first, chunk.count, sample);
      } catch (...) {
        error = std::current_exception();
      }
      const double duration = std::chrono::duration<double>(Clock::now() - begin).count();
      lock.lock();
      --busy_;
      pool_.note(device.number, chunk.count, duration);
      if (error) note_failure(device, error);
      changed_.notify_all();
    }
  }

  void note_failure(Device& device, const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const DeviceError& failure) {
      give_up(device, failure.what());
    } catch (...) {
      broken_ = error;
      pool_.clear();
    }
  }

  // The engine goes first: nothing of it may write to the sample once others run its trajectories.
  void give_up(Device& device, const std::string& reason) {
    device.failure = reason;
    device.engine.reset();
    pool_.fail(device.number);
    changed_.notify_all();
    if (pool_.anyone_alive()) warn_of_failure(device.name, reason);
  }

  // By way of a scratch copy, because a failure half-way must add nothing.
  void collect_from(Device& device, Tallies& tallies) {
    Tallies scratch(shape_);
    try {
      device.engine->collect(scratch);
    } catch (const DeviceError& failure) {
      return give_up(device, failure.what());
    }
    merge(scratch, tallies);
    pool_.secure(device.number);
  }

  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition done) {
    changed_.wait(lock, [&] { return broken_ || !pool_.anyone_alive() || done(); });
    if (!broken_ && pool_.anyone_alive()) return;
    changed_.wait(lock, [&] { return busy_ == 0; });  // the caller's sample may go with the exception
    if (broken_) std::rethrow_exception(broken_);
    std::string failures;
    for (const Device& device : devices_) failures += fmt::format("\n  {}: {}", device.name, device.failure);
    throw all_failed(failures);
  }

  const Shape shape_;
  mutable std::mutex mutex_;  // of all below, but for engines at work
  std::condition_variable_any changed_;
  std::vector<Device> devices_;
  WorkPool pool_;
  int busy_ = 0;            // devices at work
  Sample* sample_ = nullptr;
  std::exception_ptr broken_;  // what was thrown besides DeviceError
  std::vector<std::jthread> threads_;
};

}  // namespace

std::vector<std::string> resolve_devices(const std::string& device, std::span<const CudaDevice> present) {
  const std::vector<std::string> gpus = usable_gpus(present);
  if (device == "auto") return {gpus.empty() ? "cpu" : gpus[0]};
  if (device == "all") return gpus.empty() ? std::vector{unusable_gpu(present)} : gpus;
  std::vector<std::string> names = split(device);
  if (names.size() > kMostDevices)
    throw UserError(
        fmt::format("--device: {} entries, at most {} are possible. Name each device once or twice.", names.size(), kMostDevices));
  for (std::string& name : names) {
    if (name == "auto" || name == "all")
      throw UserError(fmt::format("--device {}: '{}' cannot be part of a list. Name the devices, as in cuda:0,cuda:1.", device, name));
    if (name == "cuda") name = gpus.empty() ? unusable_gpu(present) : gpus[0];
    if (name != "cpu" && !is_numbered_gpu(name))
      throw UserError(fmt::format("--device {}: {}not a device. Use auto, cpu, cuda, cuda:N, all, or a list such as cuda:0,cuda:1.", device,
                                  names.size() > 1 ? fmt::format("'{}' is ", name) : ""));
  }
  return names;
}

std::unique_ptr<Engine> make_engine(const Job& job, const DeviceOptions& o) {
  const std::vector<std::string> names = resolve_devices(o.device, cuda_devices());
  const int threads = o.threads > 0 ? o.threads : available_cpus(), teams = static_cast<int>(std::ranges::count(names, "cpu"));
  int team = 0;
  std::vector<NamedEngine> engines;
  std::string failures;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string label = std::ranges::count(names, names[i]) > 1 ? fmt::format("{} (entry {})", names[i], i + 1) : names[i];
    if (names[i] == "cpu") {
      const int own = threads / teams + (team++ < threads % teams);
      engines.push_back({label, make_cpu_engine(job, std::max(1, own), o.lanes)});
      continue;
    }
    try {
      engines.push_back({label, make_cuda_engine(job, std::stoi(names[i].substr(5)), o.block_size)});
    } catch (const DeviceError& failure) {
      if (o.device != "all" || names.size() == 1) throw;  // a device asked for by name must be had
      warn_of_failure(label, failure.what());
      failures += fmt::format("\n  {}: {}", label, failure.what());
    }
  }
  if (engines.empty()) throw all_failed(failures);
  if (engines.size() == 1) return std::move(engines[0].engine);
  return share_among(job.shape, std::move(engines));
}

std::unique_ptr<Engine> share_among(const Shape& shape, std::vector<NamedEngine> engines) {
  return std::make_unique<SharedEngine>(shape, std::move(engines));
}

}  // namespace chokepoint
