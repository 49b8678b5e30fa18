// The two steps of the GPU back end, run by emulated threads, against the CPU back end: the same integers.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "../../kernels/device_tally.h"
#include "../../kernels/device_trajectories.h"
#include "../../kernels/models.h"
#include "../e2e/run.h"
#include "../gpu/compare.h"
#include "emulated_device.h"

namespace chokepoint {
namespace {

// How the work is cut.
struct Cut {
  int warps, blocks, stride, tally_threads, parts, order;
};

// What the CUDA back end does with a run of trajectories, on emulated threads.
class EmulatedDevice {
 public:
  EmulatedDevice(const Job& job, const Cut& cut)
      : job_(job),
        cut_(cut),
        slots_(job.shape.cells() * kSlots),
        cells_(job.shape.cells(), kEmptyCell),
        event_steps_(Tallies(job.shape).event_steps.size()),
        joint_(Tallies(job.shape).joint.size()),
        clamped_(job.shape.parameters),
        first_non_finite_(job.shape.policies, ~0ull) {
    out_ = {slots_.data(),     cells_.data(), event_steps_.data(), joint_.data(), clamped_.data(), first_non_finite_.data(),
            job.shape.policies};
  }

  void run(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t offset = 0; offset < count; offset += cut_.stride)
      for (KernelPlan plan : job_.batches) {
        plan.knots = job_.knots.data();
        run_batch(plan, first + offset, static_cast<int>(std::min<std::uint64_t>(cut_.stride, count - offset)));
      }
  }

  Tallies collect() const {
    Tallies t(job_.shape);
    t.slots.assign(slots_.begin(), slots_.end());
    t.event_steps.assign(event_steps_.begin(), event_steps_.end());
    t.joint.assign(joint_.begin(), joint_.end());
    t.clamped.assign(clamped_.begin(), clamped_.end());
    t.first_non_finite.assign(first_non_finite_.begin(), first_non_finite_.end());
    for (std::size_t i = 0; i < cells_.size(); ++i) merge(sums_of(cells_[i]), t.sums[i]);
    return t;
  }

 private:
  void run_batch(const KernelPlan& plan, std::uint64_t first, int count) {
    // Rubbish that would show if it were counted.
    std::vector<float> values(value_rows(plan) * cut_.stride, 1e30f), parameters(job_.shape.parameters * std::size_t(cut_.stride));
    std::vector<std::uint16_t> events(event_rows(plan) * cut_.stride, 0xffff);
    const Tile tile = {first, count, cut_.stride, values.data(), events.data(), parameters.data()};
    with_model(job_.model->name, [&](auto model) {
      using Model = decltype(model);
      emulate_launch(cut_.blocks, cut_.warps * kWarp, TeamMemory<Model>::bytes(cut_.warps), cut_.order,
                     [&](const EmulatedTeam& team, float* memory) { run_tile<Model>(team, plan, tile, out_, memory); });
    });
    const auto rows = static_cast<int>(value_rows(plan) + joint_rows(plan) + event_rows(plan));
    emulate_launch(rows * cut_.parts, cut_.tally_threads, tally_words(plan) * sizeof(std::uint32_t), cut_.order,
                   [&](const EmulatedTeam& team, float* memory) {
                     tally_tile(team, plan, tile, out_, cut_.parts, reinterpret_cast<std::uint32_t*>(memory));
                   });
  }

  Job job_;
  Cut cut_;
  std::vector<std::uint32_t> slots_;
  std::vector<DeviceCell> cells_;
  std::vector<std::uint32_t> event_steps_, joint_;
  std::vector<unsigned long long> clamped_, first_non_finite_;
  DeviceTallies out_;
};

void expect_same_as_cpu(const Job& job, std::uint64_t first, std::uint64_t count, const Cut& cut) {
  Outputs expected(job), found(job);
  const auto engine = make_cpu_engine(job, 1, 8);
  engine->run(first, count, expected.sample);
  engine->collect(expected.tallies);
  EmulatedDevice device(job, cut);
  device.run(first, count);
  found.tallies = device.collect();
  EXPECT_EQ(differences(job, expected, found), "");
}

Job job_of(const std::string& file, std::vector<std::string> overrides) {
  overrides.push_back("run.keep=0");
  return make_job(read_scenario({config_path(file)}, overrides));
}

TEST(Device, TeamsAndTilesOfAnySize) {
  const Job job = job_of("baseline.toml", {"run.years=1"});
  ASSERT_EQ(job.shape.policies, 10);
  expect_same_as_cpu(job, 0, 33, {10, 2, 64, 32, 1, 1});
  expect_same_as_cpu(job, 0, 70, {4, 3, 32, 32, 1, -1});  // three shares of 3, 3 and 4 policies
  expect_same_as_cpu(job, 0, 1, {3, 1, 32, 32, 2, 1});
  expect_same_as_cpu(job, 0, 5, {1, 7, 32, 32, 1, -1});
}

TEST(Device, SeveralBatchesOfPolicies) {
  TemporaryFolder folder;
  std::string text = "extends = \"" + config_path("brownian.toml") + "\"\n[outputs]\njoint = [[\"value\", \"log_value\"]]\n";
  for (int i = 0; i < 20; ++i) text += "[policies.p" + std::to_string(i) + "]\ndrift_push = 0." + std::to_string(10 + i) + "\n";
  const Job job = make_job(read_scenario({folder.write("many.toml", text)}, {"run.keep=0", "run.years=1"}));
  ASSERT_EQ(job.batches.size(), 2u);
  expect_same_as_cpu(job, 0, 40, {10, 3, 64, 64, 1, 1});
  expect_same_as_cpu(job, 0, 40, {16, 1, 32, 64, 1, -1});
}

TEST(Device, ClampedDrawsAreCountedOnceForEachWorld) {
  const Job job =
      job_of("baseline.toml", {"run.years=1", "run.record_every_months=12", "run.replicates=3", "parameters.row_share.lognormal.p95=9"});
  Tallies probe(job.shape);
  Sample sample(job.shape, 0);
  const auto engine = make_cpu_engine(job, 1, 8);
  engine->run(1, 33, sample);
  engine->collect(probe);
  ASSERT_GT(*std::max_element(probe.clamped.begin(), probe.clamped.end()), 0);
  expect_same_as_cpu(job, 1, 33, {4, 3, 64, 32, 1, 1});
}

TEST(Device, WorldsWithSeveralTrajectoriesAndNumbersBeyond32Bits) {
  const Job job = job_of("brownian.toml", {"run.replicates=3", "run.years=1"});
  expect_same_as_cpu(job, (std::uint64_t{1} << 32) - 20, 50, {1, 2, 64, 32, 3, 1});
}

TEST(Device, RecordsAtSomeSteps) {
  const Job job = job_of("brownian.toml", {"run.record_every_months=4", "run.years=1"});
  expect_same_as_cpu(job, 7, 100, {1, 2, 64, 64, 2, 1});
}

TEST(Device, ManyPartsAndLongRows) {
  const Job job = job_of("brownian.toml", {"run.record_every_months=12", "run.years=1"});
  expect_same_as_cpu(job, 0, 20001, {1, 2, 8192, 64, 7, 1});
}

TEST(Device, ValuesThatAreNotFiniteOrBeyondTheSums) {
  const Job wide = job_of("brownian.toml", {"run.years=1", "parameters.drift.constant=500", "parameters.volatility.constant=30"});
  Tallies probe(wide.shape);
  Sample sample(wide.shape, 0);
  const auto engine = make_cpu_engine(wide, 1, 8);
  engine->run(0, 500, sample);
  engine->collect(probe);
  ASSERT_NE(probe.first_non_finite[0], ~0ull);
  std::int64_t saturated = 0;
  for (const CellSums& cell : probe.sums) saturated += cell.saturated;
  ASSERT_GT(saturated, 0);
  expect_same_as_cpu(wide, 0, 500, {1, 2, 256, 64, 2, 1});
}

// ---- the sums of one thread

void expect_exact(const std::vector<float>& values) {
  Wide units = 0;
  UnsignedWide squares = 0;
  ThreadSums sums;
  for (const float x : values) {
    const auto whole = static_cast<Wide>(static_cast<std::int64_t>(x));
    units += whole;
    squares += static_cast<UnsignedWide>(whole * whole);
    sums.add(x, x);
  }
  EXPECT_TRUE(sums.units() == units);
  EXPECT_TRUE(squares_of(sums.high_high, sums.high_low, sums.low_low) == squares);
}

TEST(ThreadSums, AreExactAtTheEnds) {
  for (const float x : {0.0f, -0.0f, 1.0f, -1.0f, 2097152.0f, -2097152.0f, 2097153.0f, 0x1p43f, -0x1p43f, 0x1.fffffep42f}) {
    expect_exact({x});
    expect_exact(std::vector<float>(ThreadSums::kMost, x));
  }
}

TEST(ThreadSums, AreExactOnRandomValues) {
  std::mt19937_64 random(1);
  for (int repetition = 0; repetition < 200; ++repetition) {
    std::vector<float> values;
    for (int i = 0; i < ThreadSums::kMost; ++i) {
      const int bits = static_cast<int>(random() % 44);
      const auto whole = static_cast<std::int64_t>(random() & ((std::uint64_t{1} << bits) - 1));
      values.push_back(static_cast<float>(random() % 2 ? whole : -whole));
    }
    expect_exact(values);
  }
}

TEST(DeviceCell, ExtremesKeepTheirOrder) {
  const std::vector<float> rising = {-3e38f, -1.5f, -1e-40f, -0.0f, 0.0f, 1e-40f, 2, 3e38f};
  for (std::size_t i = 1; i < rising.size(); ++i) EXPECT_LT(ordered_word(rising[i - 1]), ordered_word(rising[i]));
  for (const float x : rising) EXPECT_EQ(float_of_ordered(ordered_word(x)), x);
}

TEST(DeviceCell, CarriesBeyond64Bits) {
  DeviceCell cell = kEmptyCell;
  EmulatedBlock block(1, 1);
  const EmulatedTeam team(block, 0, 0, 1);
  UnsignedWide sum = 0;
  for (const UnsignedWide x : {~UnsignedWide{0} >> 3, UnsignedWide{~0ull}, UnsignedWide{1}, UnsignedWide{1} << 64}) {
    detail::add_wide(team, cell.squares, x);
    sum += x;
    detail::add_wide(team, cell.units, static_cast<UnsignedWide>(-static_cast<Wide>(x >> 2)));
  }
  EXPECT_TRUE(sums_of(cell).squares == sum);
  EXPECT_TRUE(sums_of(cell).units < 0);
}

TEST(DeviceCell, AnEmptyCellIsAnEmptySum) {
  const CellSums sums = sums_of(kEmptyCell), empty;
  EXPECT_TRUE(sums.units == 0 && sums.squares == 0 && sums.least == empty.least && sums.greatest == empty.greatest);
}

}  // namespace
}  // namespace chokepoint
