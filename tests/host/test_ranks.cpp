// Processes that share a run, here threads: the same bits however they share it, and what happens when one fails. What the
// environment says of a launcher.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <csignal>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "../../host/errors.h"
#include "../../host/ranks/launch.h"
#include "../../host/ranks/ranks.h"
#include "../../host/results/provenance.h"
#include "../../host/run/signals.h"
#include "../e2e/run.h"
#include "../gpu/compare.h"

namespace chokepoint {
namespace {

// ---- a wire among threads

class Hub {
 public:
  explicit Hub(int size) : size_(size), queues_(static_cast<std::size_t>(size)), meeting_(size) {}

 private:
  friend class ThreadWire;
  const int size_;
  std::mutex mutex_;
  std::vector<std::deque<std::pair<int, Message>>> queues_;
  std::barrier<> meeting_;
  Tallies* tallies_ = nullptr;  // of rank 0, while all meet
  Sample* sample_ = nullptr;
  std::atomic<int> abort_code_ = 0;
};

class ThreadWire final : public Wire {
 public:
  ThreadWire(Hub& hub, int rank) : hub_(hub), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return hub_.size_; }
  RankPlace place() const override { return {rank_, 0, 1}; }
  void send(int to, const Message& message) override {
    const std::lock_guard lock(hub_.mutex_);
    hub_.queues_[static_cast<std::size_t>(to)].emplace_back(rank_, message);
  }
  std::optional<std::pair<int, Message>> receive() override {
    const std::lock_guard lock(hub_.mutex_);
    auto& queue = hub_.queues_[static_cast<std::size_t>(rank_)];
    if (queue.empty()) return {};
    auto first = std::move(queue.front());
    queue.pop_front();
    return first;
  }
  void reduce(Tallies& tallies) override {
    meet(tallies, hub_.tallies_, [](const Tallies& own, Tallies& all) { merge(own, all); });
  }
  void reduce(Sample& sample) override {
    meet(sample, hub_.sample_, [](const Sample& own, Sample& all) {
      for_each_sampled([&](const char*, auto member) {
        for (std::size_t i = 0; i < (own.*member).size(); ++i)
          if ((own.*member)[i] != 0) (all.*member)[i] = (own.*member)[i];
      });
    });
  }
  void abort(int code) override { hub_.abort_code_ = code; }
  int abort_code() const { return hub_.abort_code_; }

 private:
  template <class T, class Add>
  void meet(T& own, T*& first, Add add) {
    if (rank_ == 0) first = &own;
    hub_.meeting_.arrive_and_wait();
    if (rank_ != 0) {
      const std::lock_guard lock(hub_.mutex_);
      add(own, *first);
    }
    hub_.meeting_.arrive_and_wait();
  }

  Hub& hub_;
  const int rank_;
};

// ---- scripted devices

// What a rank's device does before it runs the given chunk (numbered from 0), before it makes itself known and before it hands out what it
// counted; may throw.
struct Script {
  std::function<void()> at_start = [] {};
  std::function<void(int)> before_run = [](int) {};
  std::function<void()> in_collect = [] {};
  std::uint64_t most = kMaxUncollected;
};

class ScriptedEngine final : public Engine {
 public:
  ScriptedEngine(const Job& job, Script script) : engine_(make_cpu_engine(job, 1, 8)), script_(std::move(script)) { script_.at_start(); }
  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    script_.before_run(runs_++);
    EXPECT_LE(uncollected_ += count, script_.most);
    engine_->run(first, count, sample);
  }
  void collect(Tallies& tallies) override {
    engine_->collect(tallies);
    uncollected_ = 0;
    script_.in_collect();
  }
  void evaluate(Evaluation& trajectories, int resampled) override { engine_->evaluate(trajectories, resampled); }
  std::string describe() const override { return "scripted"; }
  std::uint64_t most_uncollected() const override { return script_.most; }

 private:
  std::unique_ptr<Engine> engine_;
  Script script_;
  int runs_ = 0;
  std::uint64_t uncollected_ = 0;
};

using Flag = std::shared_ptr<std::atomic<bool>>;
Flag flag() { return std::make_shared<std::atomic<bool>>(false); }

// Raises its flag when it fails, or has run what it will fail to hand out.
Script fails_in_run(int number, const Flag& reached = flag()) {
  Script script;
  script.before_run = [=](int run) {
    if (run != number) return;
    *reached = true;
    throw DeviceError("unplugged");
  };
  return script;
}

Script fails_in_collect(const Flag& reached = flag()) {
  Script script;
  script.before_run = [=](int) { *reached = true; };
  script.in_collect = [] { throw DeviceError("lost its memory"); };
  return script;
}

// Leaves enough work for another: waits for its flag, ten seconds at most.
Script waits_for(const Flag& reached) {
  Script script;
  script.before_run = [=](int) {
    for (int i = 0; i < 10'000 && !*reached; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  return script;
}

// ---- a run of several ranks

Scenario small() { return read_scenario({config_path("brownian.toml")}, {"run.trajectories=5003", "run.keep=700", "run.seed_chance=5"}); }

const std::string& reference() {
  static const std::string hash = run_scenario(small()).hash();
  return hash;
}

using Work = std::function<void(Finished&, Engine&)>;

void whole_run(Finished& run, Engine& engine) {
  ExecuteOptions options;
  options.quiet = true;
  execute(run.scenario, engine, options, run);
}

struct Ended {
  std::string hash, error;  // what rank 0 threw
  std::string messages;     // on standard error
  std::vector<int> codes;   // of the other ranks
};

// Every rank with its script; rank 0 leaves with code 7.
Ended run_ranks(const std::vector<Script>& scripts, const Scenario& scenario = small(), const Work& work = whole_run) {
  const int size = static_cast<int>(scripts.size());
  Hub hub(size);
  const auto maker = [&](std::size_t rank) {
    return [&scripts, rank](const Job& job, const DeviceOptions&) { return std::make_unique<ScriptedEngine>(job, scripts[rank]); };
  };
  Ended ended;
  ended.codes.assign(scripts.size(), 0);
  testing::internal::CaptureStderr();
  {
    std::vector<std::jthread> followers;
    for (std::size_t r = 1; r < scripts.size(); ++r)
      followers.emplace_back([&, r] {
        ThreadWire wire(hub, static_cast<int>(r));
        ended.codes[r] = follow(wire, maker(r));
      });
    ThreadWire wire(hub, 0);
    try {
      Finished run(scenario);
      {
        const std::unique_ptr<Engine> engine = lead(wire, run.scenario, run.job, {}, true, maker(0));
        work(run, *engine);
      }
      run.statistics = derive_statistics(run.scenario, run.tallies, run.sample);
      ended.hash = run.hash();
    } catch (const std::exception& error) {
      ended.error = error.what();
    }
    for (int r = 1; r < size; ++r) wire.send(r, {Message::Kind::kLeave, {0, 0}, 0, 7});
  }
  ended.messages = testing::internal::GetCapturedStderr();
  return ended;
}

TEST(SharedRanks, GiveTheSameBits) {
  for (const std::size_t ranks : {1u, 2u, 3u, 7u}) {
    const Ended ended = run_ranks(std::vector<Script>(ranks));
    EXPECT_EQ(ended.hash, reference()) << ranks << " ranks, " << ended.error;
    for (std::size_t r = 1; r < ranks; ++r) EXPECT_EQ(ended.codes[r], 7);
  }
}

TEST(SharedRanks, GiveTheSameBitsOfALargeModel) {
  const Scenario baseline = read_scenario({config_path("baseline.toml")}, {"run.trajectories=1003", "run.years=1", "run.keep=700"});
  EXPECT_EQ(run_ranks(std::vector<Script>(3), baseline).hash, run_scenario(baseline).hash());
}

TEST(SharedRanks, GiveTheSameBitsWithReductionsOnTheWay) {
  const Ended ended = run_ranks(std::vector<Script>(3), small(), [](Finished& run, Engine& engine) {
    for (std::uint64_t done = 0; done < 5003; done += 1000) {
      engine.run(done, std::min<std::uint64_t>(1000, 5003 - done), run.sample);
      engine.collect(run.tallies);
      engine.collect(run.tallies);  // nothing new
    }
    run.tallies.trajectories = 5003;
  });
  EXPECT_EQ(ended.hash, reference()) << ended.error;
}

TEST(SharedRanks, GiveTheSameBitsOfWholeWorlds) {
  const Scenario worlds = read_scenario({config_path("brownian.toml")}, {"run.trajectories=6000", "run.replicates=3"});
  EXPECT_EQ(run_ranks(std::vector<Script>(3), worlds).hash, run_scenario(worlds).hash());
}

// Some devices can count 512 trajectories only: their chunks are longer.
TEST(SharedRanks, CollectBeforeADeviceOverflows) {
  Script small_counters;
  small_counters.most = 512;
  EXPECT_EQ(run_ranks({small_counters, small_counters}).hash, reference());
}

TEST(SharedRanks, DoTheWorkOfThoseThatFail) {
  for (const std::size_t at : {0u, 1u, 2u}) {
    for (int how = 0; how < 3; ++how) {
      const Flag reached = flag();
      std::vector<Script> scripts(3, waits_for(reached));
      scripts[at] = how < 2 ? fails_in_run(how, reached) : fails_in_collect(reached);
      const Ended ended = run_ranks(scripts);
      EXPECT_EQ(ended.hash, reference()) << ended.error;
      EXPECT_EQ(ended.messages, "warning: rank " + std::to_string(at) + " on " + node_name() +
                                    " is left out, its work goes to the other ranks: " + (how < 2 ? "unplugged\n" : "lost its memory\n"));
    }
  }
}

TEST(SharedRanks, KeepWhatAFailedRankHadSecured) {
  const Flag reached = flag();
  Script late = fails_in_run(5, reached);
  late.most = 512;
  const Ended ended = run_ranks({waits_for(reached), late, waits_for(reached)});
  EXPECT_EQ(ended.hash, reference()) << ended.error;
  EXPECT_NE(ended.messages.find("unplugged"), std::string::npos);
}

TEST(SharedRanks, NameAllWhenAllFail) {
  const Flag reached = flag();
  Script first = fails_in_run(1);
  first.before_run = [wait = waits_for(reached).before_run, fail = first.before_run](int run) { wait(run), fail(run); };
  const Ended ended = run_ranks({first, fails_in_collect(reached)});
  EXPECT_EQ(ended.error,
            "every rank failed:\n  rank 0 on " + node_name() + ": unplugged\n  rank 1 on " + node_name() + ": lost its memory");
  EXPECT_EQ(ended.codes[1], 7);
}

TEST(SharedRanks, DoNotStartWithoutAllDevices) {
  Script absent;
  absent.at_start = [] { throw DeviceError("no such device"); };
  const Ended ended = run_ranks({Script{}, absent, Script{}});
  EXPECT_EQ(ended.error, "1 of 3 ranks cannot work; nothing was run:\n  rank 1 on " + node_name() + ": no such device");
  EXPECT_EQ(ended.codes[1], 7);
  EXPECT_EQ(ended.codes[2], 7);
}

TEST(SharedRanks, EndWithRankZeroWhateverHappensToIt) {
  const Ended ended = run_ranks(std::vector<Script>(3), small(), [](Finished& run, Engine& engine) {
    engine.run(0, 5003, run.sample);
    throw std::runtime_error("disk full");
  });
  EXPECT_EQ(ended.error, "disk full");
  EXPECT_EQ(ended.codes, (std::vector{0, 7, 7}));
  Script mistaken;
  mistaken.before_run = [](int) { throw std::logic_error("not a device's error"); };
  EXPECT_EQ(run_ranks({mistaken, Script{}}).error, "not a device's error");
}

TEST(SharedRanks, EndAllWhenOneIsMistaken) {
  Hub hub(2);
  ThreadWire leader(hub, 0), wire(hub, 1);
  Brief brief;
  brief.program = program_version();
  brief.scenario = "no = 'scenario'";
  leader.send(1, {Message::Kind::kBegin, {0, 0}, 0, 0, false, to_text(brief)});
  testing::internal::CaptureStderr();
  EXPECT_EQ(follow(wire, make_engine), 70);
  EXPECT_EQ(wire.abort_code(), 70);
  EXPECT_EQ(testing::internal::GetCapturedStderr().rfind("rank 1 on " + node_name() + ": our mistake: ", 0), 0u);
}

// Only the thread of rank 1 sends it: both have the handler of this process, so rank 0 learns of it anyway; that it ends is what counts.
TEST(SharedRanks, StopAtASignal) {
  Script signalled;
  signalled.before_run = [](int run) {
    if (run == 1) raise(SIGUSR1);
  };
  const Scenario endless = read_scenario({config_path("brownian.toml")}, {"run.trajectories=1000000000000"});
  Ending ending = Ending::kDone;
  const Ended ended = run_ranks({Script{}, signalled}, endless, [&](Finished& run, Engine& engine) {
    ExecuteOptions options;
    options.quiet = true;
    const SignalWatch watch;
    ending = execute(run.scenario, engine, options, run).ending;
    EXPECT_GT(run.tallies.trajectories, 0u);
  });
  EXPECT_EQ(ended.error, "");
  EXPECT_EQ(ending, Ending::kInterrupted);
}

// ---- what a rank is told

TEST(Brief, ComesOutAsItWentIn) {
  DeviceOptions options;
  options.device = "cuda:0,cpu";
  options.threads = 3;
  options.lanes = 8;
  options.block_size = 64;
  const Brief brief{"1.2.3 (abc)", options, "title = \"two\nlines\"\n"};
  const Brief same = brief_of(to_text(brief));
  EXPECT_EQ(same.program, brief.program);
  EXPECT_EQ(same.options, brief.options);
  EXPECT_EQ(same.scenario, brief.scenario);
}

TEST(Brief, OfAnotherProgramIsRefused) {
  EXPECT_EQ(mismatch("0.1.0 (abc)", "0.1.0 (abc)"), "");
  EXPECT_EQ(mismatch("0.1.0 (abc)", "0.1.0 (def)"),
            "it runs chokepoint 0.1.0 (def), rank 0 runs 0.1.0 (abc). Give all nodes the same program.");
}

TEST(OwnDevice, IsOneGpuEachInTurn) {
  const auto gpu = [](int number, int major) { return CudaDevice{number, "GPU", "GPU-0", 1, major, 0, 1}; };
  const std::vector<CudaDevice> present = {gpu(0, 7), gpu(1, 8), gpu(2, 9)};  // the first is too old
  const auto device = [&](const char* asked, int local_rank, std::span<const CudaDevice> gpus) {
    DeviceOptions options;
    options.device = asked;
    return own_device(options, {local_rank, 0, 1}, gpus, 8).device;
  };
  EXPECT_EQ(device("auto", 0, present), "cuda:1");
  EXPECT_EQ(device("auto", 1, present), "cuda:2");
  EXPECT_EQ(device("auto", 2, present), "cuda:1");
  EXPECT_EQ(device("auto", 1, {}), "auto");
  EXPECT_EQ(device("all", 1, present), "all");
  EXPECT_EQ(device("cuda:2,cpu", 1, present), "cuda:2,cpu");
}

TEST(OwnDevice, SharesTheCpusWithThoseThatHaveThem) {
  const auto threads = [](int asked, int cpu_rank, int cpu_ranks) {
    DeviceOptions options;
    options.threads = asked;
    return own_device(options, {0, cpu_rank, cpu_ranks}, {}, 8).threads;
  };
  EXPECT_EQ(threads(0, 0, 1), 8);
  EXPECT_EQ(threads(0, 0, 3), 3);
  EXPECT_EQ(threads(0, 2, 3), 2);
  EXPECT_EQ(threads(0, 8, 9), 1);
  EXPECT_EQ(threads(5, 1, 3), 5);
}

// ---- launchers

// The environment as it would be in a task, and as before afterwards.
class Environment {
 public:
  explicit Environment(const std::vector<std::pair<const char*, const char*>>& variables) {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "PMI_SIZE", "PMI_RANK", "FLUX_JOB_SIZE",
                             "JSM_NAMESPACE_SIZE", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_NTASKS", "SLURMD_NODENAME"})
      replace(name, nullptr);
    for (const auto& [name, value] : variables) replace(name, value);
  }
  ~Environment() {
    for (auto at = before_.rbegin(); at != before_.rend(); ++at) set(at->first, at->second ? at->second->c_str() : nullptr);
  }

 private:
  static void set(const char* name, const char* value) { value ? setenv(name, value, 1) : unsetenv(name); }
  void replace(const char* name, const char* value) {
    const char* const old = std::getenv(name);
    before_.emplace_back(name, old ? std::optional<std::string>(old) : std::nullopt);
    set(name, value);
  }
  std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

TEST(Launcher, IsSeenInTheEnvironment) {
  {
    const Environment plain({});
    EXPECT_EQ(launched().tasks, 1);
    EXPECT_EQ(launched().evidence, "");
    refuse_to_repeat("bench");
  }
  {
    const Environment batch_script({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}});
    EXPECT_EQ(launched().tasks, 1);
  }
  {
    const Environment step({{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "3"}, {"SLURMD_NODENAME", "node7"}});
    EXPECT_EQ(launched().tasks, 4);
    EXPECT_EQ(launched().task, 3);
    EXPECT_EQ(node_name(), "node7");
  }
  // mpirun started its daemons as a step of two tasks, and they four ranks.
  const Environment both({{"SLURM_STEP_NUM_TASKS", "2"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "2"}});
  EXPECT_EQ(launched().tasks, 4);
  EXPECT_EQ(launched().task, 2);
  EXPECT_EQ(launched().evidence, "OMPI_COMM_WORLD_SIZE=4");
}

TEST(Launcher, OfSeveralTasksIsRefusedByOneOfThem) {
  const auto problems = [](const char* task) {
    const Environment step({{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", task}});
    try {
      refuse_to_repeat("bench");
    } catch (const UserError& error) {
      return error.problems;
    }
    return std::vector<std::string>{"accepted"};
  };
  EXPECT_EQ(problems("0"),
            std::vector<std::string>{"bench: a launcher started 4 tasks (SLURM_STEP_NUM_TASKS=4), each of which would do all "
                                     "of the work: only `chokepoint run` shares it. Start one task, as with srun -n 1 or "
                                     "without mpirun."});
  EXPECT_EQ(problems("1"), std::vector<std::string>{});
}

}  // namespace
}  // namespace chokepoint
