// The CUDA back end against the CPU's, engine against engine: the same tallies and the same sample, bit for bit.
// Skipped without a GPU. With CHOKEPOINT_REHEARSE set a second CPU engine, of 8 lanes, poses as the device:
// that shows that these tests work and nothing about a GPU.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "../e2e/run.h"
#include "compare.h"

namespace chokepoint {
namespace {

bool rehearsing() { return std::getenv("CHOKEPOINT_REHEARSE") != nullptr; }
// On the runtime of emulated_cuda.cpp, which takes a thousand times as long.
bool emulated() { return !rehearsing() && cuda_devices().at(0).name == "emulated GPU"; }

std::uint64_t some_trajectories() { return emulated() ? 75 : 1531; }

class Gpu : public testing::Test {
 protected:
  void SetUp() override {
    if (!rehearsing() && cuda_devices().empty()) GTEST_SKIP() << "no usable GPU";
  }
};

// What a rehearsal cannot show.
class GpuAlone : public testing::Test {
 protected:
  void SetUp() override {
    if (cuda_devices().empty()) GTEST_SKIP() << "no usable GPU";
  }
};

using Words = std::vector<std::string>;

Scenario scenario(const char* file, Words overrides) {
  Words all = {"run.trajectories=4_032_000", "run.years=1", "run.keep=100"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return read_scenario({config_path(file)}, all);
}
Scenario race(Words overrides = {}) { return scenario("baseline.toml", std::move(overrides)); }
Scenario brownian(Words overrides = {}) { return scenario("brownian.toml", std::move(overrides)); }

// Two pairs of like policies, thresholds of all kinds, parameters of several laws.
Scenario decisions(Words overrides = {}) {
  Words all = {"policies.a={}",
               "policies.b={drift_push=0.05, hazard_cut=0.5}",
               "policies.c={drift_push=-0.5}",
               "run.reference='push'",
               "outputs.satisfice={value='> 1', log_value='<= 0.5', hazard='== 0', barrier='== 1'}",
               "parameters.initial={lognormal={p5=0.5, p95=2}}",
               "parameters.barrier={mixture=[{weight=1, uniform={low=1, high=2}}, {weight=2, constant=3}]}",
               "parameters.drift={normal={mean=0, sd=0.5}}",
               "correlation=[{between=['drift', 'initial'], rank=0.6}]"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return brownian(all);
}

// The first `count` policies.
Scenario with_policies(Scenario s, std::size_t count) {
  s.policies.resize(count);
  s.reference = 0;
  return s;
}

std::unique_ptr<Engine> device_engine(const Job& job, int block = 0) {
  return rehearsing() ? make_cpu_engine(job, 1, 8) : make_cuda_engine(job, cuda_devices().at(0).number, block);
}

struct Piece {
  std::uint64_t first, count;
};

enum class Collect { kOnce, kEachTime };

Outputs run_on(Engine& engine, const Job& job, const std::vector<Piece>& pieces, Collect collect = Collect::kOnce) {
  Outputs outputs(job);
  for (const Piece& piece : pieces) {
    engine.run(piece.first, piece.count, outputs.sample);
    if (collect == Collect::kEachTime) engine.collect(outputs.tallies);
  }
  if (collect == Collect::kOnce) engine.collect(outputs.tallies);
  return outputs;
}

Outputs on_cpu(const Job& job, const std::vector<Piece>& pieces) { return run_on(*make_cpu_engine(job, available_cpus(), 0), job, pieces); }

void expect_same(const Job& job, const std::vector<Piece>& pieces) {
  EXPECT_EQ(differences(job, on_cpu(job, pieces), run_on(*device_engine(job), job, pieces)), "");
}
void expect_same(const Scenario& s, std::uint64_t count = some_trajectories()) { expect_same(make_job(s), {{0, count}}); }

TEST_F(Gpu, EveryBlockSize) {
  constexpr int kAlwaysTaken = 128;  // larger ones may be refused
  for (const Scenario& s : {race(), brownian()}) {
    const Job job = make_job(s);
    const std::vector<Piece> pieces = {{0, some_trajectories()}};
    const Outputs expected = on_cpu(job, pieces);
    std::string taken;
    for (const int block : {0, 32, 64, 96, 128, 160, 192, 224, 256, 320, 384, 512, 768, 1024}) {
      std::unique_ptr<Engine> engine;
      try {
        engine = device_engine(job, block);
      } catch (const DeviceError& error) {
        EXPECT_GT(block, kAlwaysTaken) << error.what();
        continue;
      }
      taken += (taken.empty() ? "" : " ") + std::to_string(block);
      EXPECT_EQ(differences(job, expected, run_on(*engine, job, pieces)), "") << "blocks of " << block << ", " << engine->describe();
    }
    RecordProperty(std::string("block_sizes_") + job.model->name, taken);
  }
}

TEST_F(Gpu, EveryCountOfTrajectories) {
  for (const std::uint64_t count : {1, 31, 32, 33, 64, 1000, 4097, 65'537, 100'003}) {
    if ((rehearsing() && count > 5000) || (emulated() && count > 100)) break;
    SCOPED_TRACE(std::to_string(count) + " trajectories");
    expect_same(race(), count);
    expect_same(brownian(), count);
    expect_same(scenario("inspection.toml", {}), count);
  }
}

TEST_F(Gpu, ManyRunsAreAsGoodAsOne) {
  const std::uint64_t all = emulated() ? 70 : 500;
  for (const Scenario& s : {race(), brownian()}) {
    const Job job = make_job(s);
    const Outputs whole = on_cpu(job, {{0, all}});
    for (const std::uint64_t size : {1, 7, 32, 100, 400}) {
      if (emulated() && size != 32) continue;
      std::vector<Piece> pieces;
      for (std::uint64_t first = 0; first < all; first += size) pieces.push_back({first, std::min(size, all - first)});
      std::reverse(pieces.begin(), pieces.end());
      for (const Collect collect : {Collect::kOnce, Collect::kEachTime})
        EXPECT_EQ(differences(job, whole, run_on(*device_engine(job), job, pieces, collect)), "") << "pieces of " << size;
    }
  }
}

TEST_F(Gpu, NumbersBeyond32Bits) {
  constexpr std::uint64_t kTwo32 = std::uint64_t{1} << 32;
  const std::vector<Piece> pieces = {{kTwo32 - 40, 100}, {7 * kTwo32 - 1, 33}, {1'000'000'000'000 - 50, 50}};
  for (const char* replicates : {"run.replicates=1", "run.replicates=3"}) {
    expect_same(make_job(race({replicates})), pieces);
    expect_same(make_job(brownian({replicates})), pieces);
  }
}

TEST_F(Gpu, AnySample) {
  for (const char* keep : {"run.keep=0", "run.keep=1", "run.keep=33", "run.keep=5000"}) {
    SCOPED_TRACE(keep);
    const Job job = make_job(emulated() ? decisions({keep}) : race({keep}));
    expect_same(job, {{0, 200}});
    expect_same(job, {{0, 40}, {40, 1}, {41, 159}});
  }
}

TEST_F(Gpu, Replicates) {
  for (const char* replicates : {"run.replicates=2", "run.replicates=7"}) expect_same(race({replicates}));
  expect_same(race({"run.replicates=" + std::to_string(kMaxReplicates)}), emulated() ? kMaxReplicates : 5 * kMaxReplicates);
}

TEST_F(Gpu, DecisionsWithTiesAndThresholds) {
  for (const char* replicates : {"run.replicates=1", "run.replicates=3", "run.replicates=7"}) {
    SCOPED_TRACE(replicates);
    const std::uint64_t worlds = emulated() ? 30 : 9000;
    const Job job = make_job(decisions({replicates}));
    expect_same(job, {{0, worlds * job.shape.replicates}});
    expect_same(job, {{0, worlds * job.shape.replicates - 1}});  // one is not whole
  }
  expect_same(decisions({"run.replicates=3", "parameters.drift.normal.sd=200", "parameters.volatility.constant=5"}),
              emulated() ? 300 : 60'000);
}

TEST_F(Gpu, ValuesForStandardErrors) {
  const Job job = make_job(decisions());
  expect_same(job, {{Sample::kProbe - 50, 100}, {0, 33}, {Sample::kProbe, 10}});
}

TEST_F(Gpu, Evaluations) {
  const std::uint64_t count = emulated() ? 70 : 3000;
  for (const Scenario& s : {race(), decisions(), decisions({"run.replicates=3"})}) {
    const Job job = make_job(s);
    const auto cpu = make_cpu_engine(job, available_cpus(), 0), device = device_engine(job);
    Outputs expected(job), found(job);
    for (Engine* engine : {cpu.get(), device.get()}) engine->run(0, count, engine == cpu.get() ? expected.sample : found.sample);
    for (const int resampled : {kNothing, kEverything, 0, 1, job.shape.parameters - 1}) {
      for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{123}, (std::uint64_t{1} << 32) - 20}) {
        Evaluation a(job.shape, first, count), b(job.shape, first, count);
        cpu->evaluate(a, resampled);
        device->evaluate(b, resampled);
        EXPECT_EQ(differences(job.shape, a, b), "") << "first " << first << ", resampled " << resampled;
      }
    }
    cpu->collect(expected.tallies);
    device->collect(found.tallies);
    EXPECT_EQ(differences(job, expected, found), "") << "an evaluation is counted";
  }
}

TEST_F(Gpu, OneBatchOfPoliciesOrSeveral) {
  Words more;
  for (int i = 0; i < 23; ++i) more.push_back("policies.extra_" + std::to_string(i) + "={enforcement=" + std::to_string(0.04 * i) + "}");
  const Scenario all = race(more);
  for (const std::size_t count : {1, 3, 10, 16, 17, 33}) {
    const Scenario s = with_policies(all, count);
    SCOPED_TRACE(std::to_string(count) + " policies in " + std::to_string(make_job(s).batches.size()) + " batches");
    expect_same(s);
  }
  EXPECT_EQ(make_job(all).batches.size(), 3u);
}

TEST_F(Gpu, SchedulesAndTriggers) {
  // Five policies of eight triggers each do not fit one batch.
  Words overrides = {"run.years=4", "policies.dated={schedule=[{from=2026-03-01, enforcement=0.9}, {from=2028-01-01, enforcement=0}]}"};
  for (int p = 0; p < 5; ++p) {
    std::string triggers;
    for (int t = 0; t < 8; ++t)
      triggers += "{when='capability_lag < " + std::to_string(9 - t) + "', months=" + std::to_string(1 + t % 3) + ", set={enforcement=0." +
                  std::to_string(t + 1) + "}, release='capability_lag > " + std::to_string(10 + p) + "', release_months=2}, ";
    overrides.push_back("policies.watchful_" + std::to_string(p) + "={trigger=[" + triggers + "]}");
  }
  const Scenario s = race(overrides);
  EXPECT_GT(make_job(s).batches.size(), 1u);
  expect_same(s);
}

TEST_F(Gpu, AnyRecords) {
  for (const char* every : {"run.record_every_months=1", "run.record_every_months=3", "run.record_every_months=12"}) {
    SCOPED_TRACE(every);
    expect_same(race({"run.years=2", every}));
    expect_same(brownian({"run.years=2", every}));
  }
}

TEST_F(Gpu, LongRuns) {
  // More cells and steps than a multiprocessor's own memory holds.
  expect_same(with_policies(race({"run.years=15", "run.record_every_months=1"}), 1), 300);
  expect_same(with_policies(race({"run.years=100", "run.record_every_months=12"}), 1), 300);
  expect_same(brownian({"run.years=100", "run.record_every_months=6"}), 300);
}

TEST_F(Gpu, JointHistograms) {
  Scenario s = race();
  const int metrics = make_job(s).shape.metrics;
  for (const int pairs : {0, 1, 3, kMaxJoint}) {
    s.joint.clear();
    for (int j = 0; j < pairs; ++j) s.joint.push_back({j, metrics - 1 - j});
    SCOPED_TRACE(std::to_string(pairs) + " pairs");
    expect_same(s);
  }
}

TEST_F(Gpu, EveryLaw) {
  expect_same(
      brownian({
          "parameters.initial={lognormal={p5=0.5, p95=2}}",
          "parameters.drift={mixture=[{weight=1, uniform={low=-1, high=1}}, {weight=2, normal={mean=0, sd=1}}, {weight=1, constant=0.5}]}",
          "parameters.volatility={beta={alpha=2, beta=3, low=0.1, high=0.9}}",
          "parameters.barrier={choice={values=[1.1, 2, 5], weights=[1, 2, 3]}}",
          "parameters.hazard={table={probabilities=[0, 0.3, 1], values=[0.1, 0.2, 3]}}",
      }),
      20'011);
  expect_same(brownian({
                  "parameters.initial={pert={low=0.5, mode=1, high=2}}",
                  "parameters.drift={truncated={of={normal={mean=0, sd=1}}, low=-0.3, high=2}}",
                  "parameters.volatility={triangular={low=0.1, mode=0.2, high=0.9}}",
                  "correlation=[{between=['drift', 'volatility'], rank=-0.7}, {between=['initial', 'drift'], rank=0.4}]",
              }),
              20'011);
}

TEST_F(Gpu, ValuesBeyondAllBounds) {
  const Words wild = {"parameters.drift={normal={mean=0, sd=2000}}", "parameters.volatility={uniform={low=0.1, high=50}}",
                      "parameters.hazard={normal={mean=0, sd=1}}"};
  const Job job = make_job(brownian(wild));
  const std::vector<Piece> pieces = {{0, 20'011}};
  const Outputs expected = on_cpu(job, pieces);
  std::int64_t saturated = 0, clamped = 0;
  for (const CellSums& sums : expected.tallies.sums) saturated += sums.saturated;
  for (const std::int64_t count : expected.tallies.clamped) clamped += count;
  EXPECT_GT(saturated, 0);
  EXPECT_GT(clamped, 0);
  EXPECT_LT(expected.tallies.first_non_finite[0], 20'011u);
  EXPECT_EQ(differences(job, expected, run_on(*device_engine(job), job, pieces)), "");

  const Scenario wild_race = race({"run.years=3", "parameters.allied_growth={normal={mean=0, sd=60}}"});
  const Job race_job = make_job(with_policies(wild_race, emulated() ? 2 : wild_race.policies.size()));
  const Outputs race_expected = on_cpu(race_job, pieces);
  EXPECT_LT(race_expected.tallies.first_non_finite[0], 20'011u);
  EXPECT_EQ(differences(race_job, race_expected, run_on(*device_engine(race_job), race_job, pieces)), "");
}

TEST_F(Gpu, TwoEnginesAtOnce) {
  const Job jobs[] = {make_job(with_policies(race(), emulated() ? 2 : 10)), make_job(brownian({"run.years=3"}))};
  const std::uint64_t all = emulated() ? 400 : 4000;
  std::vector<Piece> pieces;
  for (std::uint64_t first = 0; first < all; first += 100) pieces.push_back({first, 100});
  for (const int second : {0, 1}) {  // the same job twice, then two different ones
    const Job* const both[] = {&jobs[0], &jobs[second]};
    std::unique_ptr<Engine> engines[] = {device_engine(*both[0]), device_engine(*both[1], 64)};
    Outputs outputs[] = {Outputs(*both[0]), Outputs(*both[1])};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&, i] { outputs[i] = run_on(*engines[i], *both[i], pieces, i == 0 ? Collect::kOnce : Collect::kEachTime); });
    for (std::thread& thread : threads) thread.join();
    for (int i = 0; i < 2; ++i) EXPECT_EQ(differences(*both[i], on_cpu(*both[i], {{0, all}}), outputs[i]), "") << "engine " << i;
  }
}

TEST_F(Gpu, CountsUpToTheLimit) {
  // As many trajectories as may be run between two calls of collect().
  const std::uint64_t count = emulated() ? 1 << 14 : rehearsing() ? 1 << 20 : kMaxUncollected;
  const Job job = make_job(with_policies(brownian({"run.record_every_months=12", "run.keep=0"}), 1));
  const auto engine = device_engine(job);
  const Outputs outputs = run_on(*engine, job, {{0, count}});
  const std::size_t steps = std::size_t(job.shape.steps) + 1;
  const auto total = [](const std::vector<std::int64_t>& counts, std::size_t from, std::size_t size) {
    std::int64_t sum = 0;
    for (std::size_t i = from; i < from + size; ++i) sum += counts[i];
    return static_cast<std::uint64_t>(sum);
  };
  for (std::size_t cell = 0; cell < job.shape.cells(); ++cell) EXPECT_EQ(total(outputs.tallies.slots, cell * kSlots, kSlots), count);
  for (int e = 0; e < job.shape.events; ++e) EXPECT_EQ(total(outputs.tallies.event_steps, e * steps, steps), count);
  // The mean of ln S after a year is drift - volatility^2 / 2, its standard error 0.2 / sqrt(count).
  const double mean = static_cast<double>(outputs.tallies.sums[1].units) * 0x1p-20 / static_cast<double>(count);
  EXPECT_NEAR(mean, 0.03, 5 * 0.2 / std::sqrt(static_cast<double>(count)) + 1e-7);
}

// True if the call is refused with a DeviceError that holds `text`.
template <class Call>
testing::AssertionResult refused(Call call, const std::string& text) {
  try {
    call();
  } catch (const DeviceError& error) {
    if (std::string(error.what()).find(text) != std::string::npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "another message: " << error.what();
  }
  return testing::AssertionFailure() << "not refused";
}

TEST_F(GpuAlone, RefusalsAreCleanAndLeaveTheDeviceUsable) {
  const Job job = make_job(brownian());
  const int device = cuda_devices().at(0).number;
  EXPECT_TRUE(refused([&] { make_cuda_engine(job, 4711, 0); }, "4711"));
  EXPECT_TRUE(refused([&] { make_cuda_engine(job, -1, 0); }, "-1"));
  EXPECT_TRUE(refused([&] { make_cuda_engine(job, device, 4096); }, "device"));
  expect_same(brownian());
}

TEST_F(GpuAlone, TooLittleMemoryIsRefused) {
  // Histograms of some 460 GB.
  Scenario s = race({"run.years=100", "run.record_every_months=1", "run.keep=0"});
  while (s.policies.size() < 2000) s.policies.push_back(s.policies[s.policies.size() % 10]);
  EXPECT_TRUE(refused([&] { make_cuda_engine(make_job(s), cuda_devices().at(0).number, 0); }, "--device cpu"));
  expect_same(brownian());
}

}  // namespace
}  // namespace chokepoint
