// The first promise: the same configuration and seeds give the same bits, however the work is cut.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "../../kernels/tally.h"
#include "../gpu/compare.h"
#include "run.h"

namespace chokepoint {
namespace {

Scenario small(std::vector<std::string> overrides = {}) {
  std::vector<std::string> all = {"run.trajectories=1531", "run.years=2", "run.keep=100"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return read_scenario({config_path("baseline.toml")}, all);
}

ExecuteOptions on(int threads, int lanes) {
  ExecuteOptions options;
  options.threads = threads;
  options.lanes = lanes;
  return options;
}

const Finished& reference() {
  static const Finished run = run_scenario(small(), on(1, 8));
  return run;
}

// All tallies and the sample, number by number: more than what the hash is made of.
void expect_same_counts(const Finished& a, const Finished& b) {
  EXPECT_EQ(differences(a.job.shape, a.tallies, b.tallies) + differences(a.job.shape, a.sample, b.sample), "");
}

// Thresholds, and worlds of three.
const Finished& reference_of_worlds() {
  static const Finished run =
      run_scenario(small({"run.trajectories=1530", "run.replicates=3", "outputs.satisfice={capability_lag='> 0', price='< 2'}"}), on(1, 8));
  return run;
}

// The tallies of one policy equal those of another, number by number.
void expect_same_policy(const Finished& a, int p, const Finished& b, int q) {
  const Shape &s = a.job.shape, &t = b.job.shape;
  ASSERT_EQ(s.metrics, t.metrics);
  ASSERT_EQ(s.records, t.records);
  const std::size_t slots = std::size_t(s.metrics) * s.records * kSlots;
  EXPECT_TRUE(
      std::equal(a.tallies.slots.begin() + p * slots, a.tallies.slots.begin() + (p + 1) * slots, b.tallies.slots.begin() + q * slots));
  for (int m = 0; m < s.metrics; ++m)
    for (int r = 0; r < s.records; ++r) {
      const CellSums &x = a.tallies.sums[s.cell(p, m, r)], &y = b.tallies.sums[t.cell(q, m, r)];
      EXPECT_TRUE(x.units == y.units && x.squares == y.squares && x.saturated == y.saturated && x.least == y.least &&
                  x.greatest == y.greatest);
    }
  const std::size_t model_events = s.events < t.events ? s.events : t.events;
  for (std::size_t i = 0; i < model_events * (s.steps + 1); ++i)
    EXPECT_EQ(a.tallies.event_steps[std::size_t(p) * s.events * (s.steps + 1) + i],
              b.tallies.event_steps[std::size_t(q) * t.events * (s.steps + 1) + i]);
}

int policy(const Finished& run, const std::string& name) {
  for (std::size_t p = 0; p < run.scenario.policies.size(); ++p)
    if (run.scenario.policies[p].name == name) return static_cast<int>(p);
  throw std::out_of_range(name);
}

TEST(SameBits, OneTwoAndSevenThreads) {
  for (const int threads : {2, 7}) {
    SCOPED_TRACE(std::to_string(threads) + " threads");
    const Finished run = run_scenario(small(), on(threads, 8));
    EXPECT_EQ(run.hash(), reference().hash());
    expect_same_counts(run, reference());
    expect_same_counts(run_scenario(reference_of_worlds().scenario, on(threads, 8)), reference_of_worlds());
  }
}

TEST(SameBits, EveryLaneWidth) {
  for (const int lanes : {1, 16}) {
    if (widest_cpu_lanes() < lanes) GTEST_SKIP() << "no AVX-512 here";
    SCOPED_TRACE(std::to_string(lanes) + " lanes");
    const Finished run = run_scenario(small(), on(2, lanes));
    EXPECT_EQ(run.hash(), reference().hash());
    expect_same_counts(run, reference());
    expect_same_counts(run_scenario(reference_of_worlds().scenario, on(2, lanes)), reference_of_worlds());
  }
}

// Chunks from the last to the first, collected a few times.
Finished run_in_chunks(const Scenario& scenario, std::uint64_t chunk) {
  Finished run(scenario);
  const auto engine = make_cpu_engine(run.job, 2, 8);
  std::vector<std::uint64_t> starts;
  for (std::uint64_t first = 0; first < scenario.trajectories; first += chunk) starts.push_back(first);
  std::reverse(starts.begin(), starts.end());
  const std::size_t together = std::max<std::size_t>(2, starts.size() / 5);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    engine->run(starts[i], std::min(chunk, scenario.trajectories - starts[i]), run.sample);
    if (i % together == 1) engine->collect(run.tallies);
  }
  engine->collect(run.tallies);
  run.tallies.trajectories = scenario.trajectories;
  run.statistics = derive_statistics(run.scenario, run.tallies, run.sample);
  return run;
}

TEST(SameBits, AnyChunksInAnyOrder) {
  for (const std::uint64_t chunk : {7u, 63u, 64u, 100u, 1000u}) {
    SCOPED_TRACE("chunks of " + std::to_string(chunk));
    const Finished run = run_in_chunks(small(), chunk);
    EXPECT_EQ(run.hash(), reference().hash());
    expect_same_counts(run, reference());
  }
}

TEST(SameBits, AnyChunksOfWholeWorldsInAnyOrder) {
  for (const std::uint64_t chunk : {21u, 99u, 513u, 1002u}) {
    SCOPED_TRACE("chunks of " + std::to_string(chunk));
    expect_same_counts(run_in_chunks(reference_of_worlds().scenario, chunk), reference_of_worlds());
  }
}

TEST(SameBits, IdenticalPoliciesDoNotDiffer) {
  const Finished run =
      run_scenario(small({"policies.twin={chip_licence_share=0, equipment_control=0.9, allied_alignment=0.95, memory_control=0.95, "
                          "enforcement=0.8, cloud_access_control=0.7, model_access_control=0.6, durability=0.7}"}));
  expect_same_policy(run, policy(run, "twin"), run, policy(run, "tight_controls"));
}

TEST(SameBits, AddedAndReorderedPoliciesMoveNoOther) {
  // Twenty more policies: a second batch of them, too.
  std::vector<std::string> more;
  for (int i = 0; i < 20; ++i) more.push_back("policies.extra_" + std::to_string(i) + "={enforcement=" + std::to_string(0.04 * i) + "}");
  const Finished many = run_scenario(small(more));
  ASSERT_EQ(many.job.batches.size(), 2u);
  for (int p = 0; p < reference().job.shape.policies; ++p) expect_same_policy(reference(), p, many, p);
  EXPECT_EQ(many.tallies.clamped, reference().tallies.clamped);
  EXPECT_EQ(many.sample.parameters, reference().sample.parameters);

  Scenario turned = small();
  std::reverse(turned.policies.begin(), turned.policies.end());
  const Finished reversed = run_scenario(turned);
  const int last = reversed.job.shape.policies - 1;
  for (int p = 0; p <= last; ++p) expect_same_policy(reference(), p, reversed, last - p);
}

TEST(SameBits, AnotherTriggerMovesNoOther) {
  const Finished run = run_scenario(small(
      {"policies.open_frontier.trigger=[{when='capability_lag < 100', set={durability=1}}, {when='price < 0', set={enforcement=0}}]"}));
  EXPECT_EQ(run.job.shape.events, reference().job.shape.events + 1);
  for (int p = 0; p < run.job.shape.policies; ++p)
    if (run.scenario.policies[p].name != "open_frontier") expect_same_policy(reference(), p, run, p);
}

TEST(SameBits, RecordingMoreOftenMovesNoRecord) {
  const Finished monthly = run_scenario(small({"run.record_every_months=1"}));
  const Shape &s = reference().job.shape, &t = monthly.job.shape;
  for (int m = 0; m < s.metrics; ++m)
    for (int r = 0; r < s.records; ++r) {
      const CellSums &x = reference().tallies.sums[s.cell(0, m, r)], &y = monthly.tallies.sums[t.cell(0, m, 3 * r + 2)];
      EXPECT_TRUE(x.units == y.units && x.squares == y.squares);
    }
  EXPECT_EQ(monthly.tallies.event_steps, reference().tallies.event_steps);
}

TEST(SameBits, MoreTrajectoriesBeginWithTheSame) {
  const Finished more = run_scenario(small({"run.trajectories=2000"}));
  EXPECT_EQ(more.sample.parameters, reference().sample.parameters);
  EXPECT_EQ(more.sample.metrics, reference().sample.metrics);
  EXPECT_EQ(more.sample.events, reference().sample.events);
}

TEST(SameBits, SeedsDifferEachInItsOwnLayer) {
  const Finished chance = run_scenario(small({"run.seed_chance=0"})), worlds = run_scenario(small({"run.seed_worlds=0"}));
  EXPECT_EQ(chance.sample.parameters, reference().sample.parameters);
  EXPECT_NE(chance.sample.metrics, reference().sample.metrics);
  EXPECT_NE(worlds.sample.parameters, reference().sample.parameters);
  EXPECT_NE(chance.hash(), reference().hash());
  EXPECT_NE(worlds.hash(), reference().hash());
  EXPECT_NE(worlds.hash(), chance.hash());
}

TEST(SameBits, SeedZeroIsASeed) {
  const auto with = [](const char* seed) {
    return run_scenario(small({std::string("run.seed_worlds=") + seed, std::string("run.seed_chance=") + seed, "run.trajectories=200"}))
        .hash();
  };
  EXPECT_EQ(with("0"), with("0"));
  EXPECT_NE(with("0"), with("1"));
}

TEST(SameBits, ReplicatesShareAWorldButNotTheirLuck) {
  const Finished run = run_scenario(small({"run.trajectories=1530", "run.replicates=5"}));
  const std::size_t n = run.job.shape.parameters, m = run.job.shape.metrics;
  const auto parameters = [&](std::size_t t) {
    return std::vector<float>(&run.sample.parameters[t * n], &run.sample.parameters[t * n] + n);
  };
  const auto metrics = [&](std::size_t t) { return std::vector<float>(&run.sample.metrics[t * m], &run.sample.metrics[t * m] + m); };
  EXPECT_EQ(parameters(0), parameters(4));
  EXPECT_NE(parameters(4), parameters(5));
  EXPECT_NE(metrics(0), metrics(1));
  for (std::size_t world = 0; world < 20; ++world)
    EXPECT_EQ(parameters(5 * world),
              std::vector<float>(&reference().sample.parameters[world * n], &reference().sample.parameters[world * n] + n));
}

TEST(SameBits, NoTwoTrajectoriesAreAlike) {
  const std::size_t m = reference().job.shape.metrics;
  std::vector<std::vector<float>> rows;
  for (std::size_t t = 0; t < reference().sample.keep; ++t)
    rows.emplace_back(&reference().sample.metrics[t * m], &reference().sample.metrics[t * m] + m);
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(std::adjacent_find(rows.begin(), rows.end()), rows.end());
}

TEST(SameBits, CpuAndGpu) {
  const auto devices = cuda_devices();
  if (devices.empty()) GTEST_SKIP() << "no usable GPU";
  for (const int block : {32, 96, 128}) {
    ExecuteOptions options;
    options.device = "cuda";
    options.block_size = block;
    SCOPED_TRACE("blocks of " + std::to_string(block));
    const Finished run = run_scenario(small(), options);
    EXPECT_EQ(run.hash(), reference().hash());
    expect_same_counts(run, reference());
  }
}

}  // namespace
}  // namespace chokepoint
