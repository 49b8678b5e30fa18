// The race model against an independent implementation of its equations: tests/golden/reference_quantiles.csv
// holds that one's quantiles, means and event probabilities (400,000 trajectories, its own generator), each
// with its standard error.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "run.h"

namespace chokepoint {
namespace {

constexpr double kHalfWidth = 1.96;

struct Figure {
  double value, error;
};

template <class Rows>
std::size_t index_of(const Rows& rows, const std::string& key) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (key == rows[i].key) return i;
  throw std::out_of_range(key);
}

Figure figure(const Finished& run, int policy, const std::string& kind, const std::string& name, int record, double quantile) {
  const Shape& s = run.job.shape;
  const Statistics& st = run.statistics;
  if (kind == "probability") {
    const std::size_t event = name == "trigger" ? run.scenario.model->events.size() : index_of(run.scenario.model->events, name);
    const std::size_t at = std::size_t(policy) * s.events + event;
    return {st.event_probability[at], (st.event_probability_bounds[2 * at + 1] - st.event_probability_bounds[2 * at]) / (2 * kHalfWidth)};
  }
  const MetricStatistics& m = st.metrics[index_of(run.scenario.model->metrics, name)];
  const std::size_t at = std::size_t(policy) * s.records + record;
  if (kind == "mean") return {m.mean[at], m.mean_se[at]};
  std::size_t q = 0;
  while (std::abs(run.scenario.quantiles[q] - quantile) > 1e-9) ++q;
  const std::size_t n = at * run.scenario.quantiles.size() + q;
  return {m.quantile[n], (m.quantile_bounds[2 * n + 1] - m.quantile_bounds[2 * n]) / (2 * kHalfWidth)};
}

TEST(Reference, EveryFigureIsWithinItsErrors) {
  Scenario scenario = read_scenario({config_path("baseline.toml")}, {"run.trajectories=400000", "run.keep=0"});
  std::erase_if(scenario.policies, [](const PolicySetting& p) { return p.name != "status_quo" && p.name != "tripwire"; });
  const Finished run = run_scenario(scenario);

  std::ifstream file(CHOKEPOINT_SOURCE_DIR "/tests/golden/reference_quantiles.csv");
  ASSERT_TRUE(file);
  std::string line;
  std::getline(file, line);
  ASSERT_EQ(line, "policy,kind,name,year_end,quantile,value,se");
  int figures = 0;
  double squares = 0;
  while (std::getline(file, line)) {
    std::stringstream fields(line);
    std::string policy, kind, name, year, quantile, value, error;
    for (std::string* field : {&policy, &kind, &name, &year, &quantile, &value, &error}) std::getline(fields, *field, ',');
    const Figure ours =
        figure(run, policy == "tripwire", kind, name, (std::stoi(year) - 2025) * 4 - 1, quantile.empty() ? 0 : std::stod(quantile));
    const double z = (ours.value - std::stod(value)) / std::hypot(std::stod(error), ours.error);
    EXPECT_LT(std::abs(z), 4.5) << line << " but here " << ours.value << " +- " << ours.error;
    squares += z * z;
    ++figures;
  }
  EXPECT_EQ(figures, 1179);
  // Figures of one run are correlated, so this is no chi-square; but errors that were far too large would show.
  EXPECT_GT(squares / figures, 0.3);
  EXPECT_LT(squares / figures, 2.5);
}

}  // namespace
}  // namespace chokepoint
