// Quantiles interpolated in the histograms against the exact ones of the same trajectories.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "run.h"

namespace chokepoint {
namespace {

// Runs `months` months of every policy and compares, for each metric, the end's quantiles.
void expect_close_quantiles(int months) {
  Scenario scenario = read_scenario({config_path("baseline.toml")}, {"run.trajectories=60000", "run.keep=60000"});
  Finished run(scenario);
  run.job.shape.steps = months;
  run.job.shape.records = 1;
  for (KernelPlan& plan : run.job.batches) {
    plan.steps = plan.record_every = months;
    plan.records = 1;
  }
  run.tallies = Tallies(run.job.shape);
  const auto engine = make_cpu_engine(run.job, available_cpus(), 0);
  engine->run(0, scenario.trajectories, run.sample);
  engine->collect(run.tallies);
  run.tallies.trajectories = scenario.trajectories;
  run.scenario.record_every_months = months;
  const Statistics statistics = derive_statistics(run.scenario, run.tallies);
  const Shape& s = run.job.shape;
  for (int p = 0; p < s.policies; ++p)
    for (int m = 0; m < s.metrics; ++m) {
      std::vector<float> exact;
      for (std::uint64_t t = 0; t < scenario.trajectories; ++t) exact.push_back(run.sample.metrics[(p * scenario.keep + t) * s.metrics + m]);
      std::sort(exact.begin(), exact.end());
      const auto at = [&](double q) { return static_cast<double>(exact[static_cast<std::size_t>(std::ceil(q * static_cast<double>(exact.size()))) - 1]); };
      const double interdecile = at(0.9) - at(0.1);
      for (std::size_t q = 0; q < run.scenario.quantiles.size(); ++q) {
        const double level = run.scenario.quantiles[q];
        // Beyond 5 and 95 % neighbouring trajectories lie further apart than the bins: allow that gap as well.
        const std::size_t rank = static_cast<std::size_t>(std::ceil(level * static_cast<double>(exact.size()))) - 1;
        const double gap = static_cast<double>(exact[std::min(rank + 2, exact.size() - 1)]) - static_cast<double>(exact[rank < 2 ? 0 : rank - 2]);
        EXPECT_NEAR(statistics.metrics[m].quantile[std::size_t(p) * run.scenario.quantiles.size() + q], at(level), 0.002 * interdecile + gap)
            << scenario.model->metrics[m].key << ", " << scenario.policies[p].name << ", quantile " << level << " after " << months << " months";
      }
    }
}

TEST(Histograms, QuantilesAreCloseAfterThreeMonths) { expect_close_quantiles(3); }
TEST(Histograms, QuantilesAreCloseAfterTwoYears) { expect_close_quantiles(24); }
TEST(Histograms, QuantilesAreCloseAfterTenYears) { expect_close_quantiles(120); }

}  // namespace
}  // namespace chokepoint
