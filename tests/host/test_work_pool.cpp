// The pool's contract, and what its policy costs among many ranks (simulated).
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "../bench/job_failures.h"

namespace chokepoint {
namespace {

constexpr std::uint64_t kGrain = 16;

// Long enough at one pace for the guess at the beginning to be forgotten.
void learn(WorkPool& pool, std::size_t member, std::uint64_t per_second) {
  for (int i = 0; i < 60; ++i) pool.note(member, per_second, 1);
}

// Claims until nothing is left.
std::vector<Chunk> drain(WorkPool& pool, std::size_t member) {
  std::vector<Chunk> chunks;
  while (pool.left() > 0) chunks.push_back(pool.claim(member));
  return chunks;
}

TEST(WorkPool, NothingIsClaimedFromAnEmptyOne) {
  WorkPool pool(2, kGrain);
  EXPECT_EQ(pool.claim(0).count, 0u);
  pool.add({5, 0});
  EXPECT_EQ(pool.claim(1).count, 0u);
  pool.add({0, 100});
  EXPECT_EQ(pool.left(), 100u);
  pool.clear();
  EXPECT_EQ(pool.left(), 0u);
  EXPECT_EQ(pool.claim(0).count, 0u);
}

TEST(WorkPool, ChunksAreWholeGrainsInOrderButForTheEnd) {
  WorkPool pool(1, kGrain);
  pool.add({32, 160});
  pool.add({192, 805});  // goes on where the last one ends: 965 in all, 60 grains and 5
  const std::vector<Chunk> chunks = drain(pool, 0);
  std::uint64_t next = 32;
  for (const Chunk& chunk : chunks) {
    EXPECT_EQ(chunk.first, next);
    next += chunk.count;
    EXPECT_TRUE(chunk.count % kGrain == 0 || next == 997);
  }
  EXPECT_EQ(next, 997u);
  EXPECT_GT(chunks.size(), 1u);
}

TEST(WorkPool, SharesFollowThePace) {
  WorkPool pool(3, 1);
  learn(pool, 0, 1000);
  learn(pool, 1, 3000);
  pool.fail(2);
  pool.add({0, 1200});  // 0.3 s for both: half of it is 0.15 s
  EXPECT_NEAR(static_cast<double>(pool.claim(1).count), 450, 1);
  EXPECT_NEAR(static_cast<double>(pool.claim(0).count), 1000 * 750.0 / 4000 / 2, 1);
}

TEST(WorkPool, NoChunkLastsLongerThanHalfASecondNorShorterThanTenMilliseconds) {
  WorkPool pool(2, 1);
  learn(pool, 0, 1000);
  learn(pool, 1, 1000);
  pool.add({0, 1'000'000});
  EXPECT_NEAR(static_cast<double>(pool.claim(0).count), 500, 1);
  pool.clear();
  pool.add({0, 20});
  EXPECT_NEAR(static_cast<double>(pool.claim(0).count), 10, 1);
}

TEST(WorkPool, ASlowedMemberGetsLessSoon) {
  WorkPool pool(2, 1);
  learn(pool, 0, 1000);
  learn(pool, 1, 1000);
  for (int i = 0; i < 3; ++i) pool.note(0, 100, 1);
  pool.add({0, 1'000'000});
  EXPECT_LT(pool.claim(0).count, 150u);  // half a second at 1000 would be 500, at 100 it is 50
}

TEST(WorkPool, WhoFailsReturnsWhatIsNotSecured) {
  WorkPool pool(2, kGrain);
  pool.add({0, 10 * kGrain});
  pool.claim(0);
  pool.secure(0);
  const std::uint64_t secured = 10 * kGrain - pool.left();
  const Chunk lost = pool.claim(0), lost_too = pool.claim(0), kept = pool.claim(1);
  pool.note(0, lost.count, 1);  // done, but not yet secure
  pool.fail(0);
  EXPECT_EQ(pool.left(), 10 * kGrain - secured - kept.count);
  std::set<std::uint64_t> again;
  for (const Chunk& chunk : drain(pool, 1))
    for (std::uint64_t i = 0; i < chunk.count; ++i) EXPECT_TRUE(again.insert(chunk.first + i).second);
  for (const Chunk& chunk : {lost, lost_too})
    for (std::uint64_t i = 0; i < chunk.count; ++i) EXPECT_TRUE(again.contains(chunk.first + i));
  for (std::uint64_t i = 0; i < secured; ++i) EXPECT_FALSE(again.contains(i));
  for (std::uint64_t i = 0; i < kept.count; ++i) EXPECT_FALSE(again.contains(kept.first + i));
}

TEST(WorkPool, TheDeadCountNoMore) {
  WorkPool pool(3, 1);
  for (std::size_t member = 0; member < 3; ++member) learn(pool, member, 1000);
  pool.fail(0);
  pool.fail(1);
  pool.fail(1);                // known already
  pool.note(1, 1'000'000, 1);  // a message that came late
  EXPECT_FALSE(pool.alive(1));
  EXPECT_TRUE(pool.anyone_alive());
  pool.add({0, 400});
  EXPECT_NEAR(static_cast<double>(pool.claim(2).count), 200, 1);
  pool.fail(2);
  EXPECT_FALSE(pool.anyone_alive());
  EXPECT_EQ(pool.left(), 400u);
}

// Claims, notes, reductions and failures in any order: whatever was secured was run once, and nothing is left out.
TEST(WorkPool, EveryTrajectoryIsRunOnce) {
  constexpr std::size_t kMembers = 9;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 chance(seed);
    WorkPool pool(kMembers, kGrain);
    std::vector<int> secured;
    std::map<std::size_t, std::vector<Chunk>> unsecured;
    const auto secure = [&](std::size_t member) {
      for (const Chunk& chunk : unsecured[member])
        for (std::uint64_t i = 0; i < chunk.count; ++i) ++secured[chunk.first + i];
      unsecured[member].clear();
      pool.secure(member);
    };
    for (int step = 0; step < 2000; ++step) {
      const std::size_t member = chance() % kMembers;
      const std::uint64_t what = chance() % 100;
      if (what < 5) {
        const std::uint64_t count = chance() % 5000;
        pool.add({secured.size(), count});
        secured.resize(secured.size() + count);
      } else if (!pool.alive(member)) {
        continue;
      } else if (what < 85) {
        const Chunk chunk = pool.claim(member);
        if (chunk.count == 0) continue;
        unsecured[member].push_back(chunk);
        pool.note(member, chunk.count, 1e-6 * static_cast<double>(1 + chance() % 100'000));
      } else if (what < 99) {
        secure(member);
      } else if (member > 0) {  // one stays
        pool.fail(member);
        unsecured[member].clear();
      }
    }
    for (const Chunk& chunk : drain(pool, 0)) unsecured[0].push_back(chunk);
    for (std::size_t member = 0; member < kMembers; ++member)
      if (pool.alive(member)) secure(member);
    EXPECT_EQ(std::ranges::count(secured, 1), static_cast<std::ptrdiff_t>(secured.size())) << "seed " << seed;
  }
}

// ---- simulated; Run throws if a trajectory is lost or run twice

using namespace simulation;

Settings quiet(std::size_t ranks) {
  Settings s;
  s.ranks = ranks;
  s.spread = s.noise = s.latency = s.service = s.start = s.tallies = s.write = 0;
  return s;
}

TEST(SimulatedRanks, OneAloneIsAsFastAsItsDevice) {
  const Result r = simulate(quiet(1));
  EXPECT_NEAR(r.seconds, 600, 1e-3);
  EXPECT_NEAR(r.efficiency, 1, 1e-5);
  EXPECT_EQ(r.checkpoints, 2);
}

TEST(SimulatedRanks, PausesCostWhatTheyLast) {
  Settings s = quiet(4);
  s.tallies = 4e9;  // two steps of four seconds
  s.write = 2;
  const Result r = simulate(s);
  EXPECT_NEAR(r.seconds, 620, 0.1);
  EXPECT_NEAR(r.paused, 20.0 / 620, 1e-4);
}

TEST(SimulatedRanks, EqualSharesWaitForTheSlowest) {
  Settings s = quiet(2);
  s.slow = 1;  // 0.2 and 1: a share of 0.6 takes the slow one three times as long as both together
  EXPECT_NEAR(efficiency_of_equal_shares(s), 1.0 / 3, 1e-4);
  EXPECT_GT(simulate(s).efficiency, 0.999);
}

TEST(SimulatedRanks, ADeviceThatFailsCostsWhatItHadNotSaved) {
  Settings s = quiet(3);
  s.failing = 1;
  const Result r = simulate(s);
  EXPECT_GT(r.redone, 0);
  EXPECT_NEAR(r.efficiency + r.redone, 1, 1e-3);
}

// Twenty ranks in a thousand have a fifth of their speed, twenty fall to a tenth of it and twenty fail within ten minutes.
TEST(SimulatedRanks, AThousandAreUsedWellWhateverHappensToSome) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Settings s;
    s.spread = 0.2;
    s.slow = s.sudden = s.failing = 20;
    s.seed = seed;
    EXPECT_GT(simulate(s).efficiency, 0.95) << "seed " << seed;
    EXPECT_LT(efficiency_of_equal_shares(s), 0.5);
  }
}

TEST(SimulatedRanks, AShortRunDoesNotSufferFromFirstGuesses) {
  Settings s;
  s.run = 10;
  s.spread = 1;
  const Result r = simulate(s);
  EXPECT_GT(r.efficiency + r.paused, 0.97);
}

TEST(FailingJob, FormulasAgreeWithTheSimulation) {
  const FailingJob job{10'000, 50, 300};
  EXPECT_DOUBLE_EQ(young_interval(job), 1000);
  EXPECT_NEAR(daly_interval(job), 1000 * (1 + 0.05 / 3 + 0.0025 / 9) - 50, 1e-9);
  // Published with the formula, in minutes: checkpoints of five, failures every day, six hours and quarter of an hour.
  EXPECT_NEAR(daly_interval({1440, 5, 10}), 117, 0.5);
  EXPECT_NEAR(daly_interval({360, 5, 10}), 57, 0.5);
  EXPECT_NEAR(daly_interval({15, 5, 10}), 9.1, 0.05);
  for (const double interval : {300.0, daly_interval(job), 5000.0}) {
    EXPECT_NEAR(simulated_efficiency(job, interval, 200'000, 1), daly_efficiency(job, interval), 0.005);
    EXPECT_LE(daly_efficiency(job, interval), daly_efficiency(job, daly_interval(job)));
  }
}

}  // namespace
}  // namespace chokepoint
