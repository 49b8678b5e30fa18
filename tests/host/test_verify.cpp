// `verify`: what is as it was written is found to be good, and every number that is not is found and named.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "../../host/results/provenance.h"
#include "../../host/verify/draws.h"
#include "../../host/verify/verify.h"
#include "../e2e/run.h"
#include "program.h"
#include "refusal.h"

namespace chokepoint {
namespace {

constexpr std::uint64_t kTrajectories = 3000, kKept = 300;

Scenario scenario_with(std::vector<std::string> more = {}) {
  std::vector<std::string> overrides = {"run.trajectories=3000",
                                        "run.keep=300",
                                        "parameters.drift={ uniform = { low = 0, high = 0.3 } }",
                                        "parameters.volatility={ uniform = { low = 0.1, high = 0.4 } }",
                                        "outputs.satisfice={ value = '> 1' }",
                                        "outputs.joint=[['value', 'log_value']]"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  return read_scenario({config_path("brownian.toml")}, overrides);
}

Provenance provenance_of(const Scenario& scenario) {
  Provenance entries = build_provenance();
  add_configuration(scenario, entries);
  return entries;
}

class VerifyFile : public testing::Test {
 protected:
  const std::string& write(const Finished& run, const Provenance& provenance) {
    write_result(path_, {run.scenario, run.tallies, run.sample, derive_statistics(run.scenario, run.tallies, run.sample), provenance});
    return path_;
  }
  const std::string& write(const Scenario& scenario) { return write(run_scenario(scenario), provenance_of(scenario)); }

  static VerifyOptions options(std::uint64_t trajectories = 200, bool all = false) {
    VerifyOptions o;
    o.device = "cpu";
    o.trajectories = trajectories;
    o.seed = 1;
    o.all = all;
    o.quiet = true;
    return o;
  }
  Verification verified(std::uint64_t trajectories = 200, bool all = false) const { return verify(path_, options(trajectories, all)); }

  // The problems of one check, in lines.
  static std::string problems(const Verification& found, const std::string& name) {
    std::string text;
    for (const Check& check : found.checks)
      if (check.name == name)
        for (const std::string& problem : check.problems) text += problem + "\n";
    return text;
  }

  // Changes one number, with a checksum that fits.
  template <class T>
  void alter(const std::string& dataset, std::size_t at, T by) const {
    const hid_t type = std::is_same_v<T, double> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
    const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), data = H5Dopen2(file, dataset.c_str(), H5P_DEFAULT);
    ASSERT_GE(data, 0) << dataset;
    const hid_t space = H5Dget_space(data);
    std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    ASSERT_LT(at, values.size()) << dataset;
    ASSERT_GE(H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    values[at] = values[at] == values[at] ? values[at] + by : by;
    ASSERT_GE(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    H5Sclose(space), H5Dclose(data), H5Fclose(file);
  }

  // Changes one byte of a dataset on the disk.
  void damage(const std::string& dataset) const {
    const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), data = H5Dopen2(file, dataset.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(data);
    std::vector<hsize_t> offset(H5S_MAX_RANK);
    unsigned mask = 0;
    haddr_t address = 0;
    hsize_t size = 0;
    ASSERT_GE(H5Dget_chunk_info(data, space, 0, offset.data(), &mask, &address, &size), 0);
    H5Sclose(space), H5Dclose(data), H5Fclose(file);
    std::fstream bytes(path_, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(address + size / 2);
    bytes.seekg(at);
    const char old = static_cast<char>(bytes.get());
    bytes.seekp(at);
    bytes.put(static_cast<char>(old ^ 1));
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.file("out.h5");
};

TEST_F(VerifyFile, AGoodFileIsGood) {
  const Scenario scenario = scenario_with();
  write(scenario);
  const Verification some = verified();
  for (const Check& check : some.checks) EXPECT_EQ(problems(some, check.name), "") << check.name;
  EXPECT_TRUE(some.good());
  EXPECT_EQ(some.trajectories, kTrajectories);
  EXPECT_EQ(some.stored, kKept);
  EXPECT_EQ(some.compared, 200u);
  EXPECT_FALSE(some.run_again);
  const Verification all = verified(200, true);
  EXPECT_TRUE(all.good());
  EXPECT_TRUE(all.run_again);
  EXPECT_EQ(all.compared, kKept);
  EXPECT_TRUE(verified(kTrajectories).run_again);  // all of them were asked for
}

TEST_F(VerifyFile, ReplicatesAndNothingKeptAreGood) {
  write(scenario_with({"run.replicates=3", "outputs.hurwicz=0.3"}));
  EXPECT_TRUE(verified(100).good());
  write(scenario_with({"run.keep=0"}));
  const Verification found = verified(300);
  EXPECT_TRUE(found.good());
  EXPECT_EQ(found.compared, 0u);
}

struct Mutation {
  const char* dataset;
  std::size_t at;
  bool whole;
  const char* check;
  const char* said;
};

TEST_F(VerifyFile, AnAlteredNumberIsFoundAndNamed) {
  constexpr Mutation kMutations[] = {
      {"/value_mean", 5, false, "statistics", "/value_mean, policy base, time 5: the file has "},
      {"/time", 1, false, "statistics", "/time, time 1: the file has "},
      {"/event_cdf", 7, false, "statistics", "/event_cdf, policy base, event barrier, time 7"},
      {"/paired/value_difference_quantile", 3, false, "statistics", "/paired/value_difference_quantile, policy base, time 0, quantile 3"},
      {"/decision/value_regret_mean", 1, false, "statistics", "/decision/value_regret_mean, policy push"},
      {"/sensitivity/value_first_order", 0, false, "statistics", "/sensitivity/value_first_order, policy base"},
      {"/sensitivity/sample_bin", 4, false, "statistics", "/sensitivity/sample_bin, sample_trajectory 2, driver drift"},
      {"/histogram/value_count", 900, true, "tallies", "/histogram/value_count, policy base, time 0: adds up to 3001, not 3000"},
      {"/histogram/joint_value_log_value_count", 5, true, "tallies",
       "/histogram/joint_value_log_value_count, policy base, time 0: adds up to"},
      {"/accumulator/event_step_count", 0, true, "tallies", "/accumulator/event_step_count, policy base, event barrier: adds up to 3001"},
      {"/accumulator/value_sum", 0, true, "statistics", "/value_mean, policy base, time 0"},
      {"/accumulator/value_rank_parts", 0, true, "tallies", "/accumulator/value_rank_parts, policy base"},
      {"/accumulator/bin_count", 0, true, "tallies", "/accumulator/bin_count, driver drift: adds up to 3001"},
      {"/sample/value", 5, false, "trajectories", "trajectory 5, policy base, value at the end: stored "},
      {"/sample/event_year", 5, false, "trajectories", "computed again "},
      {"/sample/parameters", 6, false, "trajectories", "trajectory 1, parameter drift: stored "},
  };
  write(scenario_with());
  const std::string good = folder_.file("good.h5");
  std::filesystem::copy_file(path_, good);
  for (const Mutation& one : kMutations) {
    std::filesystem::copy_file(good, path_, std::filesystem::copy_options::overwrite_existing);
    if (one.whole)
      alter(one.dataset, one.at, std::int64_t{1});
    else
      alter(one.dataset, one.at, 1.0);
    const Verification found = verified(kKept);
    EXPECT_FALSE(found.good()) << one.dataset;
    EXPECT_NE(problems(found, "file").find("result_hash"), std::string::npos) << one.dataset;
    EXPECT_NE(problems(found, one.check).find(one.said), std::string::npos) << one.dataset << "\n" << problems(found, one.check);
  }
}

TEST_F(VerifyFile, ProblemsShowBothNumbersAndTheirBits) {
  const Finished run = run_scenario(scenario_with());
  write(run, provenance_of(run.scenario));
  const float was = run.sample.metrics[5 * run.sample.shape.metrics];
  alter("/sample/value", 5, 1.0);
  const std::string said = problems(verified(kKept), "trajectories");
  const float is = static_cast<float>(static_cast<double>(was) + 1);
  EXPECT_NE(said.find(fmt::format("stored {} (0x{:08x}), computed again {} (0x{:08x})", is, std::bit_cast<std::uint32_t>(is), was,
                                  std::bit_cast<std::uint32_t>(was))),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("1 of 300 trajectories"), std::string::npos) << said;
}

// Extremes and the like reach no statistic here: only a whole run shows which number it is.
TEST_F(VerifyFile, AWholeRunNamesWhatStatisticsDoNotShow) {
  write(scenario_with());
  alter("/accumulator/clamped_draws", 1, std::int64_t{7});
  EXPECT_NE(problems(verified(), "file"), "");
  EXPECT_NE(
      problems(verified(200, true), "whole run").find("/accumulator/clamped_draws, parameter drift: the file has 7, run again it is 0"),
      std::string::npos);
}

// Tallies that were altered before statistics were derived: everything in the file fits together.
TEST_F(VerifyFile, AForgeryThatFitsTogetherIsFoundByRunningAgain) {
  Finished run = run_scenario(scenario_with());
  std::int64_t* slots = &run.tallies.slots[run.tallies.shape.cell(1, 0, 2) * kSlots];
  const auto fullest = std::max_element(slots, slots + kSlots) - slots;
  --slots[fullest];
  ++slots[fullest + 1];
  write(run, provenance_of(run.scenario));
  const Verification found = verified(200, true);
  EXPECT_EQ(problems(found, "file") + problems(found, "statistics") + problems(found, "tallies"), "");
  EXPECT_NE(problems(found, "whole run").find("/histogram/value_count, policy push, time 2, value_bin "), std::string::npos);
  EXPECT_FALSE(found.good());

  slots[fullest + 1] += slots[fullest];
  slots[fullest] = 0;
  write(run, provenance_of(run.scenario));
  const std::string said = problems(verified(1024), "tallies");
  EXPECT_NE(said.find("/histogram/value_count, policy push, time 2, value_bin "), std::string::npos) << said;
  EXPECT_NE(said.find("the file has 0, 1024 of its trajectories alone have "), std::string::npos) << said;
}

TEST_F(VerifyFile, AnotherConfigurationIsFound) {
  const Finished run = run_scenario(scenario_with());
  write(run, provenance_of(scenario_with({"run.seed_chance=99"})));
  const Verification found = verified();
  EXPECT_EQ(problems(found, "file"), "");
  EXPECT_NE(problems(found, "trajectories").find("200 of 200 trajectories that were computed again differ"), std::string::npos);

  write(run, provenance_of(scenario_with({"run.years=1"})));
  EXPECT_EQ(problems(verified(), "configuration"), fmt::format("the file has {} times, its configuration 4\n", run.scenario.records()));
  write(run, provenance_of(scenario_with({"outputs.joint=[]", "parameters.drift=0.1"})));
  EXPECT_NE(problems(verified(), "configuration").find("another shape or type than the file's configuration gives it"), std::string::npos)
      << problems(verified(), "configuration");
}

TEST_F(VerifyFile, WhatIsNoConfigurationIsDamage) {
  const Finished run = run_scenario(scenario_with());
  Provenance entries = build_provenance();
  write(run, entries);
  EXPECT_NE(problems(verified(), "configuration").find("configuration_resolved is missing"), std::string::npos);
  entries.emplace_back("configuration_resolved", "[run]\nyears = \"many\"\n");
  write(run, entries);
  EXPECT_NE(problems(verified(), "configuration").find("/provenance/configuration_resolved:2:9: run.years"), std::string::npos)
      << problems(verified(), "configuration");
}

TEST_F(VerifyFile, DamageOnTheDiskIsNamed) {
  write(scenario_with());
  damage("/accumulator/value_sum");
  const std::string said = problems(verified(), "file");
  EXPECT_NE(said.find("reading dataset '/accumulator/value_sum' failed"), std::string::npos) << said;
  damage("/value_quantile");
  EXPECT_NE(message_of([&] { verified(); }).find("is damaged or incomplete: reading dataset '/value_quantile' failed"), std::string::npos);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  EXPECT_NE(message_of([&] { verified(); }).find("is damaged or incomplete"), std::string::npos);
}

TEST_F(VerifyFile, AnotherVersionIsSaid) {
  const Finished run = run_scenario(scenario_with());
  Provenance entries = provenance_of(run.scenario);
  for (auto& [name, value] : entries)
    if (name == "version") value = "0.0.9";
  write(run, entries);
  const Verification found = verified();
  EXPECT_TRUE(found.good());
  EXPECT_TRUE(found.notes.front().starts_with("The file was made by Chokepoint 0.0.9 (")) << found.notes.front();
}

TEST_F(VerifyFile, TheCommandSaysWhatItFound) {
  write(scenario_with());
  const Answer good = chokepoint_({"verify", path_, "--trajectories", "100", "--seed", "5", "--quiet"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_NE(good.out.find("drawn at random (--seed 5)"), std::string::npos) << good.out;
  EXPECT_NE(good.out.find("only --all shows"), std::string::npos) << good.out;
  EXPECT_NE(chokepoint_({"verify", path_, "--all", "--device", "cpu", "--quiet"})
                .out.find("This file is what its configuration and seeds give.\n"),
            std::string::npos);
  alter("/value_sd", 0, 1.0);
  const Answer wrong = chokepoint_({"verify", path_, "--json", "-"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(wrong.out.starts_with("{\"file\": ")) << wrong.out;
  EXPECT_NE(wrong.out.find("\"good\": false"), std::string::npos);
  EXPECT_NE(wrong.out.find("/value_sd, policy base, time 0"), std::string::npos) << wrong.out;
  EXPECT_NE(chokepoint_({"verify", path_}).out.find("This file is not what its configuration and seeds give."), std::string::npos);
  EXPECT_EQ(chokepoint_({"verify", path_, "--trajectories", "0"}).code, 2);
  EXPECT_NE(chokepoint_({"verify", path_, "--device", "abacus"}).err.find("abacus"), std::string::npos);
  EXPECT_EQ(chokepoint_({"verify", folder_.file("nothing.h5")}).code, 3);
}

// ---- what is drawn

TEST(Verify, SaysHowManyWrongOnesWouldHaveBeenSeen) {
  EXPECT_EQ(detectable(10'000, 10'000), 1u);
  EXPECT_EQ(detectable(100, 0), 100u);
  // (1 - w / N)^n with n much smaller than N: ln 20 / n.
  EXPECT_NEAR(static_cast<double>(detectable(1'000'000, 1000)), 1e6 * (1 - std::pow(0.05, 1e-3)), 3);
  // C(10 - w, 4) / C(10, 4): 15 / 210 for w = 4, 5 / 210 for w = 5.
  EXPECT_EQ(detectable(10, 4), 5u);
}

TEST(Verify, DrawsDifferentNumbersInOrder) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100; ++i) {
    const auto numbers = draw_numbers(random, 20, 30);
    ASSERT_EQ(numbers.size(), 20u);
    for (std::size_t k = 1; k < numbers.size(); ++k) EXPECT_LT(numbers[k - 1], numbers[k]);
    EXPECT_LT(numbers.back(), 30u);
  }
  EXPECT_EQ(draw_numbers(random, 5, 3), (std::vector<std::uint64_t>{0, 1, 2}));
}

// 200 draws of 3 of 12: each number 50 times, give or take five standard errors of a binomial count.
TEST(Verify, DrawsAllNumbersAlike) {
  std::mt19937_64 random(4);
  std::vector<int> count(12);
  for (int i = 0; i < 200; ++i)
    for (const std::uint64_t number : draw_numbers(random, 3, 12)) ++count[number];
  for (const int one : count) EXPECT_NEAR(one, 50, 5 * std::sqrt(200 * 0.25 * 0.75));
}

TEST(Verify, ChunksAreOfWholeWorlds) {
  const auto chunks = chunks_around({1, 2, 9, 100, 101, 140}, 4, 16);
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].first, 0u);
  EXPECT_EQ(chunks[0].count, 12u);
  EXPECT_EQ(chunks[1].first, 100u);
  EXPECT_EQ(chunks[1].count, 4u);
  EXPECT_EQ(chunks[2].first, 140u);
  EXPECT_EQ(chunks[2].count, 4u);
}

}  // namespace
}  // namespace chokepoint
