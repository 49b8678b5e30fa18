// Several devices: their names, the same bits however they share the work, and what happens when one fails.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <new>

#include "../../host/errors.h"
#include "../../host/run/devices.h"
#include "../e2e/run.h"
#include "../gpu/compare.h"

namespace chokepoint {
namespace {

// ---- names

using Names = std::vector<std::string>;

CudaDevice gpu(int number, int major) { return {number, "GPU", "GPU-0", 1, major, 0, 1}; }
const std::vector<CudaDevice> kPresent = {gpu(0, 7), gpu(1, 8), gpu(2, 9)};  // the first is too old

std::string refusal(const std::string& device) {
  try {
    resolve_devices(device, kPresent);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DeviceNames, StandForDevices) {
  EXPECT_EQ(resolve_devices("auto", kPresent), Names{"cuda:1"});
  EXPECT_EQ(resolve_devices("auto", {}), Names{"cpu"});
  EXPECT_EQ(resolve_devices("all", kPresent), (Names{"cuda:1", "cuda:2"}));
  EXPECT_EQ(resolve_devices("cuda", kPresent), Names{"cuda:1"});
  EXPECT_EQ(resolve_devices("cpu", kPresent), Names{"cpu"});
  EXPECT_EQ(resolve_devices("cpu,cuda:7,cuda,cpu", kPresent), (Names{"cpu", "cuda:7", "cuda:1", "cpu"}));
}

TEST(DeviceNames, WithoutAUsableGpuNameOneThatSaysWhy) {
  EXPECT_EQ(resolve_devices("all", {}), Names{"cuda:0"});
  EXPECT_EQ(resolve_devices("cuda", {}), Names{"cuda:0"});
  const std::vector<CudaDevice> old = {gpu(3, 7)};
  EXPECT_EQ(resolve_devices("all", old), Names{"cuda:3"});
}

TEST(DeviceNames, BadEntriesAreNamed) {
  const std::string choice = "not a device. Use auto, cpu, cuda, cuda:N, all, or a list such as cuda:0,cuda:1.";
  EXPECT_EQ(refusal("gpu"), "--device gpu: " + choice);
  EXPECT_EQ(refusal("cuda:"), "--device cuda:: " + choice);
  EXPECT_EQ(refusal("cuda:-1"), "--device cuda:-1: " + choice);
  EXPECT_EQ(refusal("cuda:123456"), "--device cuda:123456: " + choice);
  EXPECT_EQ(refusal("cuda:0,cuda:x"), "--device cuda:0,cuda:x: 'cuda:x' is " + choice);
  EXPECT_EQ(refusal("cpu,,cpu"), "--device cpu,,cpu: '' is " + choice);
  EXPECT_EQ(refusal("cpu,all"), "--device cpu,all: 'all' cannot be part of a list. Name the devices, as in cuda:0,cuda:1.");
  std::string many = "cpu";
  for (int i = 0; i < 64; ++i) many += ",cpu";
  EXPECT_EQ(refusal(many), "--device: 65 entries, at most 64 are possible. Name each device once or twice.");
}

TEST(DeviceNames, CpuEntriesDivideTheThreads) {
  const Job job = make_job(read_scenario({config_path("brownian.toml")}, {}));
  const auto description = [&](const char* device, int threads) {
    DeviceOptions options;
    options.device = device;
    options.threads = threads;
    options.lanes = 1;
    return make_engine(job, options)->describe();
  };
  EXPECT_EQ(description("cpu", 5), "CPU, 5 threads, one lane");
  EXPECT_EQ(description("cpu,cpu", 5), "2 devices: CPU, 3 threads, one lane; CPU, 2 threads, one lane");
  EXPECT_EQ(description("cpu,cpu,cpu", 1), "3 devices: CPU, 1 thread, one lane; CPU, 1 thread, one lane; CPU, 1 thread, one lane");
}

// ---- the same bits

Scenario small() {
  return read_scenario({config_path("baseline.toml")}, {"run.trajectories=5003", "run.years=1", "run.keep=700", "run.seed_chance=5"});
}

std::string hash_of(Finished& run, Engine& engine, const std::vector<std::uint64_t>& units, std::size_t collect_every) {
  for (std::size_t i = 0, done = 0; i < units.size(); done += units[i++]) {
    engine.run(done, units[i], run.sample);
    if ((i + 1) % collect_every == 0) engine.collect(run.tallies);
  }
  engine.collect(run.tallies);
  run.tallies.trajectories = run.scenario.trajectories;
  run.statistics = derive_statistics(run.scenario, run.tallies, run.sample);
  return run.hash();
}

const std::string& reference() {
  static const std::string hash = [] {
    Finished run(small());
    return hash_of(run, *make_cpu_engine(run.job, 1, 8), {5003}, 1);
  }();
  return hash;
}

TEST(SharedDevices, GiveTheSameBits) {
  for (const char* device : {"cpu", "cpu,cpu", "cpu,cpu,cpu"}) {
    for (const std::size_t collect_every : {1u, 2u, 100u}) {
      Finished run(small());
      DeviceOptions options;
      options.device = device;
      options.threads = 4;
      EXPECT_EQ(hash_of(run, *make_engine(run.job, options), {1, 1000, 0, 999, 3, 3000}, collect_every), reference())
          << device << ", collected every " << collect_every;
    }
  }
}

TEST(SharedDevices, GiveTheSameBitsInAWholeRun) {
  ExecuteOptions options;
  options.device = "cpu,cpu";
  Finished run = run_scenario(small(), options);
  EXPECT_EQ(run.hash(), reference());
}

// ---- failures

// A CPU engine of one thread that does first what a test wants, and may throw instead.
struct Script {
  std::function<void(int)> before_run = [](int) {};  // given the number of earlier calls
  std::function<void()> in_collect = [] {};          // before it returns
  std::function<void()> in_evaluate = [] {};         // likewise
};

class ScriptedEngine final : public Engine {
 public:
  ScriptedEngine(const Job& job, Script script) : engine_(make_cpu_engine(job, 1, 8)), script_(std::move(script)) {}
  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    script_.before_run(calls_++);
    engine_->run(first, count, sample);
  }
  void collect(Tallies& tallies) override {
    engine_->collect(tallies);
    script_.in_collect();
  }
  void evaluate(Evaluation& trajectories, int resampled) override {
    engine_->evaluate(trajectories, resampled);
    script_.in_evaluate();
  }
  std::string describe() const override { return "scripted"; }

 private:
  std::unique_ptr<Engine> engine_;
  Script script_;
  int calls_ = 0;
};

struct Shared {
  explicit Shared(const std::vector<Script>& scripts) : run(small()) {
    std::vector<NamedEngine> engines;
    for (std::size_t i = 0; i < scripts.size(); ++i)
      engines.push_back({"fake " + std::to_string(i), std::make_unique<ScriptedEngine>(run.job, scripts[i])});
    engine = share_among(run.job.shape, std::move(engines));
  }
  std::string hash(std::size_t collect_every = 100) { return hash_of(run, *engine, {1500, 1, 1500, 2002}, collect_every); }

  Finished run;
  std::unique_ptr<Engine> engine;
};

[[noreturn]] void fall_off() { throw DeviceError("fell off the bus"); }
const std::string kWarning = "warning: fake 0 is left out, its work goes to the other devices: fell off the bus\n";

// Keeps the others waiting until device 0 has been asked for something, so that it surely gets its share.
struct Turnstile {
  std::latch passed{1};
  Script waiting() {
    return {[this](int) { passed.wait(); }, [] {}, [] {}};
  }
};

TEST(SharedDevices, OneThatFailsAtOnceIsLeftOut) {
  Turnstile turn;
  Shared shared({{[&](int) {
                    turn.passed.count_down();
                    fall_off();
                  },
                  [] {},
                  [] {}},
                 turn.waiting()});
  testing::internal::CaptureStderr();
  EXPECT_EQ(shared.hash(), reference());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), kWarning);
  EXPECT_EQ(shared.engine->describe(), "2 devices: scripted (failed); scripted");
}

TEST(SharedDevices, WhatAFailedOneHadDoneIsDoneAgain) {
  Turnstile turn;  // opens only when device 0 has done two chunks and fails in the third
  Shared shared({{[&](int calls) {
                    if (calls < 2) return;
                    turn.passed.count_down();
                    fall_off();
                  },
                  [] {},
                  [] {}},
                 turn.waiting()});
  testing::internal::CaptureStderr();
  EXPECT_EQ(shared.hash(), reference());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), kWarning);
}

TEST(SharedDevices, AFailureWhileCollectingAddsNothing) {
  Turnstile turn;
  Shared shared({{[&](int calls) {
                    if (calls == 0) turn.passed.count_down();
                  },
                  fall_off,
                  [] {}},
                 turn.waiting(),
                 turn.waiting()});
  testing::internal::CaptureStderr();
  EXPECT_EQ(shared.hash(), reference());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), kWarning);
}

TEST(SharedDevices, WhatWasCollectedIsNotDoneAgain) {
  int collected = 0;
  Shared shared({{[](int) {},
                  [&] {
                    if (++collected == 3) fall_off();
                  },
                  [] {}},
                 {}});
  testing::internal::CaptureStderr();
  EXPECT_EQ(shared.hash(1), reference());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), kWarning);
  EXPECT_EQ(collected, 3);
}

// An evaluation between a run and its collection, on engines of which the first fails: its work is not lost either.
TEST(SharedDevices, AFailureWhileEvaluatingLosesNothing) {
  Shared shared({{[](int) {}, [] {}, fall_off}, {}});
  Finished& run = shared.run;
  const Shape& s = run.job.shape;
  testing::internal::CaptureStderr();
  shared.engine->run(0, 5003, run.sample);
  Evaluation found(s, 3, 700), expected(s, 3, 700);
  shared.engine->evaluate(found, kEverything);
  shared.engine->collect(run.tallies);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), kWarning);

  Outputs alone(run.job);
  const auto engine = make_cpu_engine(run.job, 1, 8);
  engine->run(0, 5003, alone.sample);
  engine->evaluate(expected, kEverything);
  engine->collect(alone.tallies);
  EXPECT_EQ(differences(s, expected, found), "");
  EXPECT_EQ(differences(s, alone.tallies, run.tallies) + differences(s, alone.sample, run.sample), "");
}

TEST(SharedDevices, ShareWholeWorlds) {
  const Job job =
      make_job(read_scenario({config_path("brownian.toml")}, {"run.trajectories=7000", "run.years=1", "run.keep=0", "run.replicates=7"}));
  DeviceOptions options;
  options.device = "cpu,cpu,cpu";
  Outputs shared(job), alone(job);
  const auto both = make_engine(job, options), one = make_cpu_engine(job, 1, 8);
  for (std::uint64_t first = 0; first < 70'000; first += 35'000) {
    both->run(first, 35'000, shared.sample);
    one->run(first, 35'000, alone.sample);
  }
  both->collect(shared.tallies);
  one->collect(alone.tallies);
  EXPECT_EQ(differences(job, alone, shared), "");
}

TEST(SharedDevices, WhenTheLastFailsAllAreNamed) {
  Turnstile turn;
  Shared shared({{[&](int) {
                    turn.passed.count_down();
                    fall_off();
                  },
                  [] {},
                  [] {}},
                 {[&](int) { turn.passed.wait(); }, [] { throw DeviceError("out of memory"); }, [] {}}});
  testing::internal::CaptureStderr();
  try {
    shared.hash();
    ADD_FAILURE() << "ran";
  } catch (const DeviceError& error) {
    EXPECT_STREQ(error.what(), "every device failed:\n  fake 0: fell off the bus\n  fake 1: out of memory");
  }
  testing::internal::GetCapturedStderr();
}

TEST(SharedDevices, OtherErrorsComeThroughAsTheyAre) {
  Turnstile turn;
  Shared shared({{[&](int) {
                    turn.passed.count_down();
                    throw std::bad_alloc();
                  },
                  [] {},
                  [] {}},
                 turn.waiting()});
  EXPECT_THROW(shared.hash(), std::bad_alloc);
  EXPECT_THROW(shared.engine->collect(shared.run.tallies), std::bad_alloc);
}

TEST(SharedDevices, WaitForNobodyWhileThereIsWork) {
  // Device 0 stays in its first chunk until device 1 has run all the rest.
  std::latch begun{1}, rest_is_done{1};
  std::atomic<int> calls_of_0 = 0, calls_of_1 = 0;
  Shared shared({{[&](int) {
                    ++calls_of_0;
                    begun.count_down();
                    rest_is_done.wait();
                  },
                  [] {},
                  [] {}},
                 {[&](int) {
                    begun.wait();
                    ++calls_of_1;
                  },
                  [] {}}});
  shared.engine->run(0, 4096, shared.run.sample);
  shared.engine->run(4096, 0, shared.run.sample);  // returns when nothing waits for a device
  EXPECT_EQ(calls_of_0, 1);
  rest_is_done.count_down();
  shared.engine->collect(shared.run.tallies);
  EXPECT_GT(calls_of_1, 1);
  EXPECT_EQ(calls_of_0, 1);
}

}  // namespace
}  // namespace chokepoint
