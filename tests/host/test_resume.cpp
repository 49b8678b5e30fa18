// Interrupted runs: nothing is lost, and what goes on ends with the bits of a run that nobody disturbed.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "../../host/results/hdf5.h"
#include "../../host/results/output_lock.h"
#include "../../host/results/part.h"
#include "../../host/run/signals.h"
#include "../e2e/run.h"
#include "program.h"

namespace chokepoint {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class Resume : public testing::Test {
 protected:
  Words command(const Words& more) const {
    Words words = {"run", config_path("brownian.toml"), "-o", path_, "--quiet", "--device", "cpu", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Answer run(const Words& more) const { return chokepoint_(command(more)); }
  // Starts it again and again until it is done, each time with more time.
  int starts_until_done(const Words& more) const {
    int starts = 1;
    for (double limit = 0.002; limit < 1000; limit *= 2, ++starts) {
      Words words = more;
      words.insert(words.end(), {"--resume", "--time-limit", fmt::format("{}", limit)});
      const Answer answer = run(words);
      EXPECT_EQ(fs::exists(path_), answer.code == 0);
      if (answer.code == 75) continue;
      EXPECT_EQ(answer.code, 0) << answer.err;
      return starts;
    }
    ADD_FAILURE() << "it does not get on";
    return 0;
  }
  std::string hash_of(const std::string& path) const { return read_result(path).result_hash; }
  std::string undisturbed(const Words& more) const {
    Words words = command(more);
    words[3] = folder_.file("undisturbed.h5");
    EXPECT_EQ(chokepoint_(words).code, 0);
    return hash_of(words[3]);
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.file("out.h5"), checkpoint_ = path_ + ".checkpoint";
};

TEST_F(Resume, EndsWithTheBitsOfAnUndisturbedRun) {
  for (const char* replicates : {"1", "8"}) {
    const Words run = {"--trajectories", "40_000", "--set", fmt::format("run.replicates={}", replicates)};
    fs::remove(path_);
    EXPECT_GT(starts_until_done(run), 2);
    EXPECT_EQ(hash_of(path_), undisturbed([&] {
                Words again = run;
                again.push_back("--force");
                return again;
              }()));
    EXPECT_FALSE(fs::exists(checkpoint_)) << "it is of no more use";
    EXPECT_FALSE(fs::exists(path_ + ".lock"));
  }
}

// Where a run stops must not depend on where it was interrupted.
TEST_F(Resume, FindsTheSameEndByAStoppingRule) {
  const Words run = {"--trajectories", "2_000", "--set",
                     "run.stop={metric='value', policy='base', standard_error=0.0015, max_trajectories=10_000_000}"};
  const std::string whole = undisturbed(run);
  EXPECT_GT(starts_until_done(run), 2);
  EXPECT_EQ(hash_of(path_), whole);
}

TEST_F(Resume, ShardsHaveCheckpointsToo) {
  const Words run = {"--trajectories", "40_000", "--shard", "2/2"};
  EXPECT_GT(starts_until_done(run), 1);
  EXPECT_EQ(read_part_info(path_).done, 40'000u - 39 * 512) << "the first shard has 39 of 79 units of 512";
  EXPECT_EQ(chokepoint_({"run", config_path("brownian.toml"), "-o", folder_.file("1.shard"), "--quiet", "--device", "cpu", "--trajectories",
                         "40_000", "--shard", "1/2"})
                .code,
            0);
  const std::string merged = folder_.file("merged.h5");
  const Answer answer = chokepoint_({"merge", folder_.file("1.shard"), path_, "-o", merged});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("of 2 parts, result_hash " + hash_of(merged)), std::string::npos);
  EXPECT_EQ(hash_of(merged), undisturbed({"--trajectories", "40_000"}));
  EXPECT_NE(read_result(merged).entry("parts").find("\t20032\t"), std::string::npos);
}

TEST_F(Resume, ASignalLeavesACheckpoint) {
  for (const auto& [number, name] : {std::pair{SIGTERM, "TERM"}, {SIGINT, "INT"}, {SIGHUP, "HUP"}, {SIGUSR1, "USR1"}}) {
    static int raised;
    raised = number;
    signal(SIGALRM, [](int) { raise(raised); });
    ualarm(300'000, 0);
    const Answer answer = run({"--trajectories", "100000000000", "--force"});
    EXPECT_EQ(answer.code, 75);
    EXPECT_NE(answer.err.find(fmt::format("signal {}: stopped after ", name)), std::string::npos);
    EXPECT_FALSE(fs::exists(path_));
    EXPECT_GT(read_part_info(checkpoint_).done, 0u);
  }
}

TEST_F(Resume, WhatWasIgnoredStaysIgnored) {
  const auto before = signal(SIGHUP, SIG_IGN);
  {
    const SignalWatch watch;
    raise(SIGHUP);
    EXPECT_EQ(SignalWatch::caught(), 0);
    raise(SIGUSR1);
    EXPECT_EQ(SignalWatch::caught(), SIGUSR1);
  }
  signal(SIGHUP, before);
}

TEST_F(Resume, CheckpointsAreWrittenOnTheWay) {
  signal(SIGALRM, [](int) { _exit(fs::exists(getenv("CHECKPOINT_TO_SEE")) ? 7 : 8); });
  setenv("CHECKPOINT_TO_SEE", checkpoint_.c_str(), 1);
  EXPECT_EXIT(
      {
        alarm(2);
        run_command_line(command({"--trajectories", "100000000000", "--checkpoint-every", "0.2"}));
      },
      testing::ExitedWithCode(7), "");
  EXPECT_GT(read_part_info(checkpoint_).done, 0u);
  check_part(checkpoint_);
}

TEST_F(Resume, WhatCannotGoOnIsRefused) {
  ASSERT_EQ(run({"--trajectories", "100000000000", "--time-limit", "0.05"}).code, 75);
  const std::uint64_t done = read_part_info(checkpoint_).done;
  EXPECT_EQ(run({"--trajectories", "100000000000"}).err,
            fmt::format("{}: holds {} of 100000000000 trajectories of a run that was interrupted. Go on with --resume, or start anew with "
                        "--force?\n",
                        checkpoint_, done));
  const Answer other = run({"--trajectories", "100000000000", "--resume", "--seed-chance", "9"});
  EXPECT_EQ(other.code, 2);
  EXPECT_EQ(other.err, checkpoint_ +
                           ": is of another run: run.seed_chance is 2 there and 9 here. Start anew with --force and without --resume, or "
                           "choose another output?\n");
  EXPECT_EQ(read_part_info(checkpoint_).done, done) << "it is left as it was";
  fs::resize_file(checkpoint_, fs::file_size(checkpoint_) - 1);
  EXPECT_EQ(run({"--trajectories", "100000000000", "--resume"}).err,
            checkpoint_ + ": is damaged: it is not as it was written. Copy it again from where it was made, or run this part again?\n");
}

TEST_F(Resume, ACompleteResultIsLeftAlone) {
  ASSERT_EQ(run({"--trajectories", "2000"}).code, 0);
  const auto written = fs::last_write_time(path_);
  EXPECT_EQ(run({"--trajectories", "2000", "--resume"}).err, path_ + ": is complete already.\n");
  setenv("SLURM_RESTART_COUNT", "1", 1);
  EXPECT_EQ(run({"--trajectories", "2000"}).code, 0) << "a requeued job resumes by itself";
  unsetenv("SLURM_RESTART_COUNT");
  EXPECT_EQ(run({"--trajectories", "3000", "--resume"}).code, 2) << "another run's result";
  EXPECT_EQ(fs::last_write_time(path_), written);
  const std::string missed = "run.stop={metric='value', standard_error=1e-9, max_trajectories=4000}";
  EXPECT_EQ(run({"--trajectories", "2000", "--set", missed, "--force"}).code, 4);
  EXPECT_EQ(run({"--trajectories", "2000", "--set", missed, "--resume"}).code, 4) << "as when it ended";
}

TEST_F(Resume, ASecondWriterIsRefused) {
  const OutputLock first(path_);
  const Answer second = run({"--trajectories", "2000"});
  EXPECT_EQ(second.code, 3);
  EXPECT_NE(second.err.find(path_ + ": is being written by process "), std::string::npos);
  EXPECT_EQ(run({"--trajectories", "2000", "--resume"}).code, 75) << "a requeued copy may come back later";
  EXPECT_FALSE(fs::exists(path_));
}

// The sample is that of the first trajectories, whichever shards were merged.
TEST_F(Resume, PartialMergesSaySoAndHaveTheWholeSample) {
  const Words run = {"--trajectories", "6000", "--set", "run.keep=2000"};
  for (const char* shard : {"1/4", "3/4", "4/4"}) {
    Words words = command(run);
    words[3] = folder_.file(std::string(1, shard[0]) + ".shard");
    words.insert(words.end(), {"--shard", shard});
    ASSERT_EQ(chokepoint_(words).code, 0);
  }
  const std::string whole = folder_.file("undisturbed.h5"), partial = folder_.file("partial.h5");
  undisturbed(run);
  Words merge = {"merge", folder_.file("1.shard"), folder_.file("3.shard"), folder_.file("4.shard"), "-o", partial, "--quiet"};
  const Answer refused = chokepoint_(merge);
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.err,
            "shard 2 of 4 (trajectories 1536 to 3071): missing. Run what is missing, or merge what is there with --partial.\n");
  EXPECT_FALSE(fs::exists(partial));
  fs::copy_file(folder_.file("4.shard"), folder_.file("4"));
  fs::resize_file(folder_.file("4.shard"), fs::file_size(folder_.file("4.shard")) - 1);
  EXPECT_EQ(chokepoint_(merge).err,
            folder_.file("4.shard") +
                ": is damaged: it is not as it was written. Copy it again from where it was made, or run this part again?\n" + refused.err +
                "2 problems; nothing was run.\n")
      << "all at once";
  fs::rename(folder_.file("4"), folder_.file("4.shard"));
  merge.push_back("--partial");
  const Answer answer = chokepoint_(merge);
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.err, "warning: shard 2 of 4 (trajectories 1536 to 3071): missing.\n");
  const StoredResult result = read_result(partial);
  EXPECT_EQ(result.entry("missing"), "shard 2 of 4 (trajectories 1536 to 3071)");
  EXPECT_EQ(result.entry("trajectories"), "4464");
  EXPECT_NE(chokepoint_({"summary", partial}).out.find("MISSING      shard 2 of 4"), std::string::npos);
  const Hdf5Reader one(whole), other(partial);
  for (const char* name : {"/sample/parameters", "/sample/value", "/sample/event_year"}) {
    std::vector<std::size_t> shape = {2000, 5};
    if (std::string(name) == "/sample/value") shape = {2, 2000};
    if (std::string(name) == "/sample/event_year") shape = {2, 2000, 2};
    const std::vector<double> a = one.numbers(name, shape), b = other.numbers(name, shape);
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_TRUE(a[i] == b[i] || (a[i] != a[i] && b[i] != b[i])) << name << " " << i;
  }
}

TEST_F(Resume, OptionsAreChecked) {
  EXPECT_EQ(run({"--shard", "0/3"}).err, "--shard 0/3: not I/N with I from 1 to N, and N up to 1000000, as in --shard 3/8\n");
  for (const char* shard : {"4/3", "1", "1/", "/3", "1/3x", "-1/3", "1/99999999"}) EXPECT_EQ(run({"--shard", shard}).code, 2) << shard;
  EXPECT_EQ(run({"--checkpoint-every", "-1"}).err, "--checkpoint-every -1: negative\n");
  EXPECT_NE(run({"--shard", "1/2", "--set", "run.stop={metric='value', standard_error=1, max_trajectories=400_000}"})
                .err.find("--shard: run.stop looks at the error of the whole run"),
            std::string::npos);
  EXPECT_EQ(chokepoint_({"merge", path_}).code, 2);
}

}  // namespace
}  // namespace chokepoint
