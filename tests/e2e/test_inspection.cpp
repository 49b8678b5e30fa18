// The whole enumeration of the inspection model against the counts that CSET published: output/all/relationship_summary.csv of
// github.com/georgetown-cset/location-verification-calculations at commit 037f41c5.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "run.h"

namespace chokepoint {
namespace {

using Counts = std::vector<std::int64_t>;  // by event, in the order of the model's rows

Counts counts_of(const Finished& run, int policy) {
  const Shape& shape = run.job.shape;
  Counts counts;
  for (int event = 0; event < shape.events; ++event)
    counts.push_back(run.tallies.event_steps[(std::size_t(policy) * shape.events + event) * (shape.steps + 1)]);
  return counts;
}

enum { kOnSite, kPingRented, kPingOwned };

TEST(Inspection, GivesThePublishedCounts) {
  const Finished run = run_scenario(read_scenario({config_path("inspection.toml")}, {}));
  EXPECT_EQ(run.tallies.trajectories, 2'656'000u);
  EXPECT_EQ(counts_of(run, kPingRented), (Counts{2'480'262, 90'488, 85'250, 0, 0, 0}));
  EXPECT_EQ(counts_of(run, kPingOwned), (Counts{2'556'107, 88'105, 11'788, 0, 0, 0}));
  EXPECT_EQ(counts_of(run, kOnSite), (Counts{0, 0, 2'656'000, 0, 0, 0}));
  EXPECT_NEAR(run.statistics.event_probability[std::size_t(kPingRented) * run.job.shape.events], 0.9338, 5e-5);
  EXPECT_NEAR(run.statistics.event_probability[std::size_t(kPingOwned) * run.job.shape.events], 0.9624, 5e-5);
}

// What the publication's own rules would give, evaluated in double by other means: without the mixes that have fewer clusters than
// are known, and with those that it leaves out because 3,000,000 times three tenths is no whole number in double precision.
TEST(Inspection, GivesLowerSharesWhereKnownClustersAreHeldTo) {
  const Finished run = run_scenario(read_scenario({config_path("inspection.toml")}, {"run.trajectories=224000"}));
  EXPECT_EQ(counts_of(run, kPingRented), (Counts{194'446, 7'982, 21'572, 0, 0, 0}));
  EXPECT_EQ(counts_of(run, kPingOwned), (Counts{199'723, 19'827, 4'450, 0, 0, 0}));
}

TEST(Inspection, GivesLowerSharesWithAllMixesOfTenths) {
  const Finished run = run_scenario(read_scenario({config_path("inspection.toml")}, {"run.trajectories=6720000"}));
  EXPECT_EQ(counts_of(run, kPingRented), (Counts{6'145'626, 308'097, 266'277, 0, 0, 0}));
  EXPECT_EQ(counts_of(run, kPingOwned), (Counts{6'419'982, 265'043, 34'975, 0, 0, 0}));
}

TEST(Inspection, HasTheSameBitsOnEveryWidth) {
  std::string expected;
  for (const int lanes : {8, 1, 16}) {
    if (lanes > widest_cpu_lanes()) continue;
    ExecuteOptions options;
    options.lanes = lanes;
    const std::string hash = run_scenario(read_scenario({config_path("inspection.toml")}, {"run.trajectories=224000"}), options).hash();
    if (expected.empty()) expected = hash;
    EXPECT_EQ(hash, expected) << lanes << " lanes";
  }
}

// The costs of an earlier version of the study, with the counts that it published (commit a78990e8).
TEST(Inspection, GivesThePublishedCountsOfEarlierCosts) {
  const Finished run = run_scenario(read_scenario(
      {config_path("inspection.toml")},
      {"parameters.visit_cost_low.constant=2545", "parameters.visit_cost_high.constant=5900", "parameters.test_cost_low.constant=8.3"}));
  EXPECT_EQ(counts_of(run, kPingRented), (Counts{2'479'057, 89'984, 86'959, 0, 0, 0}));
  EXPECT_EQ(counts_of(run, kPingOwned), (Counts{2'554'010, 88'887, 13'103, 0, 0, 0}));
}

}  // namespace
}  // namespace chokepoint
