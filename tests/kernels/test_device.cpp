// The steps of the GPU back end, run by emulated threads, against the CPU back end: the same integers.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "../../kernels/device_analysis.h"
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
        first_non_finite_(job.shape.policies, ~0ull),
        differences_(job.shape.cells() * kDifferenceSlots),
        difference_sums_(job.shape.cells(), kEmptyCell),
        pair_squares_(2 * std::size_t(job.shape.decisions) * job.shape.pairs()),
        regret_(job.shape.choices() * kRegretSlots),
        regret_sums_(job.shape.choices(), kEmptyCell),
        ranks_(job.shape.choices() * (job.shape.policies + 1)),
        satisfied_(Tallies(job.shape).satisfied.size()),
        bin_counts_(Tallies(job.shape).bin_counts.size()),
        bin_sums_(Tallies(job.shape).bin_sums.size()),
        world_sums_(Tallies(job.shape).world_sums.size(), kEmptyCell) {
    out_ = {slots_.data(),     cells_.data(), event_steps_.data(), joint_.data(), clamped_.data(), first_non_finite_.data(),
            job.shape.policies};
  }

  void run(std::uint64_t first, std::uint64_t count) {
    const std::uint64_t most = cut_.stride / job_.shape.replicates * job_.shape.replicates;
    for (std::uint64_t offset = 0; offset < count; offset += most)
      run_one_tile(first + offset, static_cast<int>(std::min(most, count - offset)));
  }

  Tallies collect() const {
    Tallies t(job_.shape);
    t.slots.assign(slots_.begin(), slots_.end());
    t.event_steps.assign(event_steps_.begin(), event_steps_.end());
    t.joint.assign(joint_.begin(), joint_.end());
    t.clamped.assign(clamped_.begin(), clamped_.end());
    t.first_non_finite.assign(first_non_finite_.begin(), first_non_finite_.end());
    add(cells_, t.sums);
    t.differences.assign(differences_.begin(), differences_.end());
    add(difference_sums_, t.difference_sums);
    for (std::size_t i = 0; i < t.pair_squares.size(); ++i)
      t.pair_squares[i] = (static_cast<UnsignedWide>(pair_squares_[2 * i + 1]) << 64) + pair_squares_[2 * i];
    t.regret.assign(regret_.begin(), regret_.end());
    add(regret_sums_, t.regret_sums);
    for (std::size_t choice = 0; choice < job_.shape.choices(); ++choice) {
      unsigned long long count = 0;
      for (int rank = 0; rank < job_.shape.policies; ++rank) {
        count += ranks_[choice * (job_.shape.policies + 1) + rank];
        t.ranks[choice * job_.shape.policies + rank] = static_cast<std::int64_t>(count);
      }
    }
    t.satisfied.assign(satisfied_.begin(), satisfied_.end());
    t.bin_counts.assign(bin_counts_.begin(), bin_counts_.end());
    for (std::size_t i = 0; i < t.bin_sums.size(); ++i) t.bin_sums[i] = static_cast<std::int64_t>(bin_sums_[i]);
    add(world_sums_, t.world_sums);
    return t;
  }

 private:
  static void add(const std::vector<DeviceCell>& cells, std::vector<CellSums>& sums) {
    for (std::size_t i = 0; i < cells.size(); ++i) merge(sums_of(cells[i]), sums[i]);
  }

  void run_one_tile(std::uint64_t first, int count) {
    // Rubbish that would show if it were counted.
    const Shape& s = job_.shape;
    const std::size_t stride = cut_.stride, rows = std::size_t(s.policies) * s.records * s.metrics;
    std::vector<float> values(rows * stride, 1e30f), parameters(s.parameters * stride);
    std::vector<float> means(std::size_t(s.policies) * s.metrics * stride, 1e30f);
    std::vector<std::uint16_t> events(std::size_t(s.policies) * s.events * stride, 0xffff);
    std::vector<std::uint8_t> bins(s.parameters * stride, 13);
    const Tile tile = {first, count, cut_.stride, values.data(), events.data(), parameters.data(), bins.data()};
    for (KernelPlan plan : job_.batches) {
      plan.knots = job_.knots.data();
      run_batch(plan, tile);
    }
    analyse(tile, {differences_.data(), difference_sums_.data(), pair_squares_.data(), regret_.data(), regret_sums_.data(), ranks_.data(),
                   satisfied_.data(), bin_counts_.data(), bin_sums_.data(), world_sums_.data(), means.data()});
  }

  void run_batch(const KernelPlan& plan, const Tile& tile) {
    with_model(job_.model->name, [&](auto model) {
      using Model = decltype(model);
      emulate_launch(cut_.blocks, cut_.warps * kWarp, TeamMemory<Model>::bytes(cut_.warps), cut_.order,
                     [&](const EmulatedTeam& team, float* memory) { run_tile<Model>(team, plan, tile, out_, memory); });
    });
    const auto rows = static_cast<int>(value_rows(plan) + joint_rows(plan) + event_rows(plan));
    launch(rows, tally_words(plan) * sizeof(std::uint32_t), [&](const EmulatedTeam& team, float* memory) {
      tally_tile(team, plan, tile, out_, cut_.parts, reinterpret_cast<std::uint32_t*>(memory));
    });
  }

  void analyse(const Tile& tile, const DeviceAnalysis& out) const {
    const AnalysisPlan& plan = job_.analysis;
    const AnalysisRows rows(plan);
    launch(rows.before_choices(), analysis_words(plan) * sizeof(std::uint32_t), [&](const EmulatedTeam& team, float* memory) {
      analyse_tile(team, plan, tile, out, cut_.parts, reinterpret_cast<std::uint32_t*>(memory));
    });
    launch(rows.choices, choice_words(plan) * sizeof(std::uint32_t), [&](const EmulatedTeam& team, float* memory) {
      choose_in_tile(team, plan, tile, out, cut_.parts, reinterpret_cast<std::uint32_t*>(memory));
    });
    const int warps = cut_.tally_threads / kWarp;
    launch(driver_sets(plan, warps) * output_groups(plan), bin_bytes(warps), [&](const EmulatedTeam& team, float* memory) {
      sum_bins(team, plan, tile, out, cut_.parts, reinterpret_cast<unsigned long long*>(memory));
    });
  }

  template <class Step>
  void launch(int rows, std::size_t shared_bytes, Step&& step) const {
    emulate_launch(rows * cut_.parts, cut_.tally_threads, shared_bytes, cut_.order, step);
  }

  Job job_;
  Cut cut_;
  std::vector<std::uint32_t> slots_;
  std::vector<DeviceCell> cells_;
  std::vector<std::uint32_t> event_steps_, joint_;
  std::vector<unsigned long long> clamped_, first_non_finite_;
  std::vector<std::uint32_t> differences_;
  std::vector<DeviceCell> difference_sums_;
  std::vector<unsigned long long> pair_squares_;
  std::vector<std::uint32_t> regret_;
  std::vector<DeviceCell> regret_sums_;
  std::vector<unsigned long long> ranks_;
  std::vector<std::uint32_t> satisfied_, bin_counts_;
  std::vector<unsigned long long> bin_sums_;
  std::vector<DeviceCell> world_sums_;
  DeviceTallies out_;
};

Tallies on_cpu(const Job& job, std::uint64_t first, std::uint64_t count) {
  Outputs outputs(job);
  const auto engine = make_cpu_engine(job, 1, 8);
  engine->run(first, count, outputs.sample);
  engine->collect(outputs.tallies);
  return std::move(outputs.tallies);
}

void expect_same_as_cpu(const Job& job, std::uint64_t first, std::uint64_t count, const Cut& cut) {
  EmulatedDevice device(job, cut);
  device.run(first, count);
  EXPECT_EQ(differences(job.shape, on_cpu(job, first, count), device.collect()), "");
}

Job job_of(const std::string& file, std::vector<std::string> overrides) {
  overrides.insert(overrides.end(), {"run.keep=0", "run.trajectories=4_032_000"});
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
  const Tallies probe = on_cpu(job, 1, 33);
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
  const Tallies probe = on_cpu(wide, 0, 500);
  ASSERT_NE(probe.first_non_finite[0], ~0ull);
  std::int64_t saturated = 0;
  for (const CellSums& cell : probe.sums) saturated += cell.saturated;
  ASSERT_GT(saturated, 0);
  expect_same_as_cpu(wide, 0, 500, {1, 2, 256, 64, 2, 1});
}

// ---- what is tallied across policies and parameters

const std::vector<std::string> kVarying = {"run.years=1",
                                           "parameters.initial={lognormal={p5=0.5, p95=2}}",
                                           "parameters.drift={normal={mean=0, sd=0.5}}",
                                           "parameters.barrier={choice={values=[1.1, 2, 5], weights=[1, 2, 3]}}",
                                           "outputs.satisfice={value='> 1', hazard='== 0', log_value='<= 0.5'}"};

Job varying(std::vector<std::string> overrides) {
  overrides.insert(overrides.begin(), kVarying.begin(), kVarying.end());
  return job_of("brownian.toml", std::move(overrides));
}

TEST(Device, DriversInSetsAndOutputsInGroups) {
  // 60 outputs in two groups; three drivers in sets of two; several chunks of trajectories, of which the last is short.
  Job job = varying({"run.record_every_months=1", "run.years=2"});
  ASSERT_EQ(job.shape.drivers, 3);
  job.shape.times = job.analysis.times = 15;
  for (int t = 0; t < 15; ++t) job.analysis.time[t] = 9 + t;
  expect_same_as_cpu(job, 0, 700, {1, 2, 512, 64, 1, 1});
  expect_same_as_cpu(job, 0, 300, {1, 2, 160, 64, 2, 1});
  expect_same_as_cpu(job, 0, 300, {1, 2, 96, 128, 1, -1});
}

TEST(Device, PoliciesThatAreEquallyGood) {
  // Two pairs and a triple of the same policy, the reference in the middle: every rank is shared by some.
  const Job job = varying({"policies.a={}", "policies.b={}", "policies.c={drift_push=0.05}", "policies.d={drift_push=-0.5}",
                           "policies.e={drift_push=-0.5}", "run.reference='c'"});
  ASSERT_EQ(job.shape.policies, 7);
  ASSERT_EQ(job.analysis.reference, 4);
  // "base", "a" and "b" share the places after "push" and "c".
  const Tallies expected = on_cpu(job, 0, 100);
  const std::int64_t third = 100 * kRankParts / 3;
  EXPECT_EQ(std::vector(expected.ranks.begin(), expected.ranks.begin() + 7), (std::vector<std::int64_t>{0, 0, third, third, third, 0, 0}));
  expect_same_as_cpu(job, 0, 100, {4, 2, 64, 64, 1, 1});
  expect_same_as_cpu(job, 0, 100, {7, 1, 32, 32, 3, -1});
}

TEST(Device, MeansOfWorldsInTilesThatAreNoMultipleOfThem) {
  for (const int replicates : {3, 7, 40}) {
    const Job job = varying({"run.replicates=" + std::to_string(replicates)});
    ASSERT_EQ(job.shape.bases(), 2);
    expect_same_as_cpu(job, 0, 240 / replicates * replicates, {2, 2, 64, 64, 2, 1});
    expect_same_as_cpu(job, 0, 100, {1, 3, 96, 32, 1, -1});  // the last world is not whole
  }
}

TEST(Device, PoliciesOfSeveralBatchesAgainstEachOther) {
  std::vector<std::string> more = {"run.replicates=3", "run.record_every_months=6"};
  for (int i = 0; i < 17; ++i) more.push_back("policies.p" + std::to_string(i) + "={drift_push=" + std::to_string(0.05 * i - 0.4) + "}");
  const Job job = varying(more);
  ASSERT_EQ(job.batches.size(), 2u);
  expect_same_as_cpu(job, 0, 99, {10, 2, 64, 64, 1, 1});
}

TEST(Device, DifferencesAndMeansThatAreNotFiniteOrBeyondTheSums) {
  const Job job = varying({"run.replicates=3", "parameters.drift.normal.sd=200", "parameters.volatility.constant=5"});
  const Tallies probe = on_cpu(job, 0, 300);
  std::int64_t non_finite = 0, saturated = 0;
  for (std::size_t i = kDifferenceNonFinite; i < probe.differences.size(); i += kDifferenceSlots) non_finite += probe.differences[i];
  for (const auto* cells : {&probe.difference_sums, &probe.regret_sums, &probe.world_sums})
    for (const CellSums& cell : *cells) saturated += cell.saturated;
  ASSERT_GT(non_finite, 0);
  ASSERT_GT(saturated, 0);
  ASSERT_GT(probe.regret[kRegretSlots - 1], 0);
  expect_same_as_cpu(job, 0, 300, {2, 2, 128, 64, 2, 1});
}

TEST(AddHalves, CarriesAndBorrows) {
  EmulatedBlock block(1, 1);
  const EmulatedTeam team(block, 0, 0, 1);
  std::mt19937_64 random(1);
  std::uint32_t halves[2] = {};
  std::uint64_t sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t x = random() >> random() % 64, signed_x = i % 2 ? 0 - x : x;
    detail::add_halves(team, halves, signed_x);
    sum += signed_x;
    ASSERT_EQ(std::uint64_t{halves[1]} << 32 | halves[0], sum);
  }
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
