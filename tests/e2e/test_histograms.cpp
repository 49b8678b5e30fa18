// Quantiles interpolated in the histograms against the exact ones of the same trajectories.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "run.h"

namespace chokepoint {
namespace {

// Runs `months` months of every policy and compares, for each metric, the end's quantiles.
void expect_close_quantiles(int months, const std::string& trajectories) {
  Scenario scenario = read_scenario({config_path("baseline.toml")}, {"run.trajectories=" + trajectories, "run.keep=" + trajectories});
  Finished run(scenario);
  run.job.shape.steps = months;
  run.job.shape.records = 1;
  for (KernelPlan& plan : run.job.batches) {
    plan.steps = plan.record_every = months;
    plan.records = 1;
  }
  AnalysisPlan& analysis = run.job.analysis;
  analysis.records = analysis.times = run.job.shape.times = 1;
  analysis.time[0] = 0;
  run.scenario.sensitivity_records = {0};
  run.tallies = Tallies(run.job.shape);
  const auto engine = make_cpu_engine(run.job, available_cpus(), 0);
  engine->run(0, scenario.trajectories, run.sample);
  engine->collect(run.tallies);
  run.tallies.trajectories = scenario.trajectories;
  run.scenario.record_every_months = months;
  const Statistics statistics = derive_statistics(run.scenario, run.tallies, run.sample);
  const Shape& s = run.job.shape;
  for (int p = 0; p < s.policies; ++p)
    for (int m = 0; m < s.metrics; ++m) {
      std::vector<float> exact;
      for (std::uint64_t t = 0; t < scenario.trajectories; ++t)
        exact.push_back(run.sample.metrics[(p * scenario.keep + t) * s.metrics + m]);
      std::sort(exact.begin(), exact.end());
      const auto at = [&](double q) {
        return static_cast<double>(exact[static_cast<std::size_t>(std::ceil(q * static_cast<double>(exact.size()))) - 1]);
      };
      const double interdecile = at(0.9) - at(0.1);
      // Counts have a bin for each number: a line within it is at most half a one off.
      const double rounding = std::ranges::all_of(exact, [](float x) { return x == std::floor(x); }) ? 0.5 : 0;
      for (std::size_t q = 0; q < run.scenario.quantiles.size(); ++q) {
        // Within a bin the sample is rougher than a straight line, by a small part of its own sampling error.
        const std::size_t n = std::size_t(p) * run.scenario.quantiles.size() + q;
        const double level = run.scenario.quantiles[q],
                     sampling = statistics.metrics[m].quantile_bounds[2 * n + 1] - statistics.metrics[m].quantile_bounds[2 * n];
        EXPECT_NEAR(statistics.metrics[m].quantile[n], at(level), 0.002 * interdecile + 0.05 * sampling + rounding)
            << scenario.model->metrics[m].key << ", " << scenario.policies[p].name << ", quantile " << level << " after " << months
            << " months";
      }
    }
}

TEST(Histograms, QuantilesAreCloseAfterThreeMonths) { expect_close_quantiles(3, "400000"); }
TEST(Histograms, QuantilesAreCloseAfterTwoYears) { expect_close_quantiles(24, "200000"); }
TEST(Histograms, QuantilesAreCloseAfterTenYears) { expect_close_quantiles(120, "150000"); }

}  // namespace
}  // namespace chokepoint
