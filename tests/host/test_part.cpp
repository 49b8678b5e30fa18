// Shards and checkpoints: any split merges to the run's own bits, and what is missing, doubled, foreign or damaged is named.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "../../host/results/merge.h"
#include "../../host/results/output_lock.h"
#include "../../host/results/temporary_file.h"
#include "brownian_year.h"
#include "refusal.h"

namespace chokepoint {
namespace {

namespace fs = std::filesystem;

Scenario scenario(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"run.trajectories=20_000", "run.keep=6000"});
  return brownian_year(more);
}

// Runs the first `done` trajectories of a shard, or all of it.
RunState run_shard(const Scenario& s, Shard shard, std::uint64_t done = ~std::uint64_t{0}) {
  const Job job = make_job(s);
  RunState state(job, work_of(s, shard));
  const std::unique_ptr<Engine> engine = make_cpu_engine(job, 1, 0);
  const std::uint64_t count = std::min(done, state.part.count);
  if (count > 0) engine->run(state.part.first, count, state.sample);
  engine->collect(state.tallies);
  state.tallies.trajectories = count;
  return state;
}

class Parts : public testing::Test {
 protected:
  std::string write(const std::string& name, const Scenario& s, Shard shard, std::uint64_t done = ~std::uint64_t{0}) {
    const std::string path = folder_.file(name);
    Provenance provenance = build_provenance();
    add_configuration(s, provenance);
    write_part(path, s, run_shard(s, shard, done), shard, provenance);
    return path;
  }
  std::vector<std::string> write_all(const Scenario& s, int of) {
    std::vector<std::string> paths;
    for (int number = 1; number <= of; ++number) paths.push_back(write(fmt::format("{}.shard", number), s, {number, of}));
    return paths;
  }
  TemporaryFolder folder_;
};

std::string merged_hash(const Scenario& s, const std::vector<std::string>& paths) {
  PartSet set = read_parts(paths);
  EXPECT_EQ(set.missing(), "");
  const Job job = make_job(s);
  Tallies tallies(job.shape);
  Sample sample(job.shape, job.keep);
  std::vector<std::string> damaged;
  add_parts(set, tallies, sample, damaged, [](std::size_t) {});
  EXPECT_TRUE(damaged.empty());
  return hash_result({s, tallies, sample, derive_statistics(s, tallies, sample), {}});
}

TEST_F(Parts, AnySplitHasTheHashOfTheRun) {
  for (const char* replicates : {"1", "8"}) {
    const Scenario s = scenario({fmt::format("run.replicates={}", replicates)});
    const std::string whole = run_scenario(s).hash();
    for (const int of : {1, 2, 5, 39}) {
      std::vector<std::string> paths = write_all(s, of);
      std::shuffle(paths.begin(), paths.end(), std::mt19937(static_cast<unsigned>(of)));
      EXPECT_EQ(merged_hash(s, paths), whole) << of << " shards, " << replicates << " replicates";
    }
  }
}

TEST_F(Parts, APartHoldsEverything) {
  const Scenario s = scenario();
  const RunState state = run_shard(s, {});
  const std::string path = write("whole.checkpoint", s, {});
  check_part(path);
  const PartInfo info = read_part_info(path);
  EXPECT_EQ(info.done, 20'000u);
  EXPECT_TRUE(info.complete());
  Tallies tallies(state.tallies.shape);
  Sample sample(state.sample.shape, state.sample.keep);
  add_part(path, info, tallies, sample);
  const auto same = [](const auto& a, const auto& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0);
  };
  for_each_tally([&](const char* name, auto member) { EXPECT_TRUE(same(tallies.*member, state.tallies.*member)) << name; });
  for_each_sampled([&](const char* name, auto member) { EXPECT_TRUE(same(sample.*member, state.sample.*member)) << name; });
}

TEST(Shards, TileTheRunInWholeWorlds) {
  for (const char* replicates : {"1", "5", "512"})
    for (const int of : {1, 2, 3, 7, 19}) {
      const Scenario s = scenario({fmt::format("run.replicates={}", replicates), "run.trajectories=20_480"});
      std::uint64_t next = 0, least = ~std::uint64_t{0}, most = 0;
      for (int number = 1; number <= of; ++number) {
        const Chunk work = work_of(s, {number, of});
        EXPECT_EQ(work.first, next);
        EXPECT_EQ(work.first % s.replicates, 0u);
        next = work.first + work.count;
        least = std::min(least, work.count);
        most = std::max(most, work.count);
      }
      EXPECT_EQ(next, s.trajectories);
      EXPECT_LE(most - least, 1024u) << "a unit, and what is less than one at the end";
    }
}

TEST(Shards, AreNoMoreThanUnits) {
  const Scenario s = scenario({"run.trajectories=1025"});
  EXPECT_EQ(work_of(s, {3, 3}).count, 1u);
  EXPECT_EQ(message_of([&] { work_of(s, {1, 4}); }), "--shard 1/4: 1025 trajectories make only 3 units of 512. Use at most 3 shards.");
}

TEST_F(Parts, WhatIsMissingIsNamed) {
  const Scenario s = scenario({"run.trajectories=4096", "run.keep=0"});
  const std::vector<std::string> all = write_all(s, 8);
  EXPECT_EQ(read_parts({all[0], all[2], all[3], all[6]}).missing(),
            "shards 2, 5-6 and 8 of 8 (trajectories 512 to 1023, 2048 to 3071, 3584 to 4095)");
  const std::string half = write("half.checkpoint", s, {2, 8}, 200);
  EXPECT_EQ(read_parts({all[0], half, all[2], all[3], all[4], all[5], all[6], all[7]}).missing(),
            "shard 2 of 8 (trajectories 712 to 1023)");
  EXPECT_EQ(read_parts({write("other.shard", s, {1, 2}), all[4], all[5], all[6]}).missing(), "trajectories 3584 to 4095");
}

TEST_F(Parts, WhatIsDoubledIsNamed) {
  const Scenario s = scenario({"run.trajectories=4096", "run.keep=0"});
  const std::vector<std::string> all = write_all(s, 4);
  EXPECT_EQ(message_of([&] {
              read_parts({all[0], all[1], all[1], all[3]});
            }),
            fmt::format("{0}: holds trajectories 1024 to 2047 (shard 2 of 4) that {0} holds, too. Leave one of them out.", all[1]));
  const std::string checkpoint = write("2.checkpoint", s, {2, 4}, 10);
  EXPECT_EQ(
      message_of([&] {
        read_parts({all[0], all[1], checkpoint});
      }),
      fmt::format("{}: holds trajectories 1024 to 1033 (shard 2 of 4) that {} holds, too. Leave one of them out.", checkpoint, all[1]));
}

TEST_F(Parts, WhatBelongsToAnotherRunIsNamed) {
  const Scenario s = scenario({"run.trajectories=4096", "run.keep=0"});
  std::vector<std::string> all = write_all(s, 3);
  const Scenario other = scenario({"run.trajectories=4096", "run.keep=0", "run.seed_worlds=7", "policies.safe={hazard_cut=0.8}"});
  const std::string foreign = write("foreign.shard", other, {2, 3});
  EXPECT_EQ(message_of([&] {
              read_parts({foreign, all[0], all[2]});
            }),
            fmt::format("{}: belongs to another run than {}: policies.safe.hazard_cut is 0.8 there and 0.9 here; run.seed_worlds is 7 "
                        "there and 1 here. Leave it out?",
                        foreign, all[0]));
  EXPECT_EQ(differences(foreign, read_part_info(foreign), other), "");
  const std::string second = write("second.shard", other, {3, 3});
  std::ofstream(foreign, std::ios::app) << "x";
  const std::string both = message_of([&] { read_parts({all[0], all[1], all[2], foreign, second}); });
  EXPECT_EQ(both.find(foreign + ": is damaged"), 0u) << both;
  EXPECT_NE(both.find("\n" + second + ": belongs to another run"), std::string::npos) << both;
}

// Whatever happens to a file, it is refused, and HDF5 never sees it.
TEST_F(Parts, EveryDamageIsSeen) {
  const Scenario s = scenario({"run.trajectories=1024", "run.keep=0"});
  const std::string path = write("1.shard", s, {1, 2}), copy = folder_.file("copy.shard");
  const auto size = static_cast<std::streamoff>(fs::file_size(path));
  std::mt19937_64 random(1);
  const auto refused = [&] { return !message_of([&] { check_part(copy); }).empty(); };
  for (int trial = 0; trial < 400; ++trial) {
    fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
    const std::streamoff at = trial < 100 ? trial * 3 : static_cast<std::streamoff>(random() % static_cast<std::uint64_t>(size));
    std::fstream file(copy, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ (1 << random() % 8)));
    file.close();
    EXPECT_TRUE(refused()) << "byte " << at;
  }
  for (const std::streamoff length :
       {std::streamoff{0}, std::streamoff{1}, std::streamoff{500}, std::streamoff{1024}, size / 2, size - 1}) {
    fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
    fs::resize_file(copy, static_cast<std::uintmax_t>(length));
    EXPECT_TRUE(refused()) << length << " bytes";
  }
  fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
  fs::resize_file(copy, static_cast<std::uintmax_t>(size) + 1);
  EXPECT_TRUE(refused()) << "one byte more";
}

TEST_F(Parts, DamagedOnesAreLeftOutAndNamed) {
  const Scenario s = scenario({"run.trajectories=4096", "run.keep=0"});
  const std::vector<std::string> all = write_all(s, 4);
  for (const int bad : {1, 3}) std::ofstream(all[static_cast<std::size_t>(bad)], std::ios::app) << "x";
  PartSet set = read_parts(all);
  const Job job = make_job(s);
  Tallies tallies(job.shape), expected = run_shard(s, {1, 4}).tallies;
  Sample sample(job.shape, 0);
  std::vector<std::string> damaged;
  add_parts(set, tallies, sample, damaged, [](std::size_t) {});
  ASSERT_EQ(damaged.size(), 2u);
  EXPECT_EQ(damaged[0],
            all[1] + ": is damaged: it is not as it was written. Copy it again from where it was made, or run this part again?");
  EXPECT_EQ(set.missing(), "shards 2 and 4 of 4 (trajectories 1024 to 2047, 3072 to 4095)");
  merge(run_shard(s, {3, 4}).tallies, expected);
  EXPECT_EQ(tallies.trajectories, 2048u);
  EXPECT_EQ(tallies.slots, expected.slots);
  EXPECT_EQ(tallies.bin_counts, expected.bin_counts);
}

TEST_F(Parts, OtherFilesAreNoParts) {
  const std::string text = folder_.write("text.shard", "chokepoint");
  EXPECT_EQ(message_of([&] { read_parts({text}); }),
            text + ": is no shard or checkpoint of Chokepoint. Give files that `chokepoint run --shard I/N` wrote?");
  const std::string newer = folder_.write("newer.shard", "chokepoint-part 2\nprogram 9\n" + std::string(2000, ' '));
  EXPECT_EQ(message_of([&] { read_parts({newer}); }),
            newer + ": has another format than 1, which this program reads. Use the version of Chokepoint that made it?");
  EXPECT_THROW(read_parts({folder_.file("nowhere.shard")}), EnvironmentError);
  EXPECT_EQ(part_files({folder_.file("")}), (std::vector<std::string>{newer, text})) << "a directory stands for its shards";
}

TEST(OutputLock, LetsOneWriterIn) {
  TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  folder.write("out.h5.lock", "left behind by a process that was killed");
  {
    const OutputLock first(path);
    try {
      const OutputLock second(path);
      FAIL() << "two writers";
    } catch (const OutputInUse& error) {
      EXPECT_NE(std::string(error.what()).find(fmt::format("is being written by process {} on ", getpid())), std::string::npos);
    }
  }
  EXPECT_FALSE(fs::exists(path + ".lock"));
  const OutputLock third(path);
}

TEST(OutputLock, DiesWithItsProcess) {
  TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  const pid_t child = fork();
  if (child == 0) {
    const OutputLock lock(path);
    raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(path + ".lock"));
  const OutputLock lock(path);
}

TEST(TemporaryFiles, OnlyLeftoversGo) {
  TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  const std::string here = folder.file("out.h5.tmp." + host_name() + "."), dead = here + std::to_string(child),
                    alive = here + std::to_string(getpid());
  for (const std::string& file : {dead, alive}) std::ofstream(file) << "";
  const std::string old = folder.write("out.h5.tmp.node1.7", ""), fresh = folder.write("out.h5.tmp.node2.7", ""),
                    other = folder.write("out2.h5.tmp.node1.7", "");
  for (const std::string& file : {old, other}) fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(2));
  remove_leftovers(folder.file("out.h5"));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_TRUE(fs::exists(other));
}

}  // namespace
}  // namespace chokepoint
