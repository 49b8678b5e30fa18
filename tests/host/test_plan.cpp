// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <cstring>

#include "../../host/errors.h"
#include "../../host/run/plan.h"
#include "../../host/statistics/statistics.h"
#include "../../kernels/tally.h"

namespace chokepoint {
namespace {

using Kind = Prior::Kind;

// The brownian model with constants, two years, two policies.
Scenario scenario() {
  Scenario s;
  s.model = find_model("brownian");
  s.start_year = 2026;
  s.start_month = 3;
  s.years = 2;
  s.trajectories = 100;
  s.record_every_months = 6;
  s.quantiles = {0.5};
  for (const double value : {1.0, 0.05, 0.2, 1.5, 0.1}) s.parameters.push_back({{Kind::kConstant, {value}, {}, {}}, "", "", "", "", ""});
  s.policies = {{"base", "", "", {{0, {}}}, {}}, {"push", "", "", {{0, {{0, 0.25}}}, {6, {{1, 0.5}}}}, {}}};
  return s;
}

KernelPlan plan_of(const Scenario& s) { return make_job(s).batches.at(0); }

TEST(Plan, ShapeFollowsTheScenario) {
  const Shape s = shape_of(scenario());
  EXPECT_EQ(s.policies, 2);
  EXPECT_EQ(s.metrics, 2);
  EXPECT_EQ(s.steps, 24);
  EXPECT_EQ(s.records, 4);
  EXPECT_EQ(s.events, 2);
  EXPECT_EQ(plan_of(scenario()).start_month, 2);
}

TEST(Plan, SegmentsStartFromTheStatusQuoAndAddUp) {
  const KernelPlan plan = plan_of(scenario());
  EXPECT_EQ(plan.policy[0].segments, 1);
  EXPECT_EQ(plan.policy[1].segments, 2);
  const Segment &first = plan.segment[plan.policy[1].first_segment], &second = plan.segment[plan.policy[1].first_segment + 1];
  EXPECT_EQ(first.from_step, 0);
  EXPECT_EQ(first.levers[0], 0.25f);
  EXPECT_EQ(first.levers[1], 0);
  EXPECT_EQ(second.from_step, 6);
  EXPECT_EQ(second.levers[0], 0.25f);
  EXPECT_EQ(second.levers[1], 0.5f);
}

TEST(Plan, TriggersCarryLeversAndRelease) {
  Scenario s = scenario();
  s.policies[1].triggers = {{{0, Comparison::kLess, 0.9f, 3}, Condition{0, Comparison::kGreater, 1.1f, 6}, {{1, 0.75}}, ""}};
  const Trigger trigger = plan_of(s).trigger[0];
  EXPECT_EQ(shape_of(s).events, 3);
  EXPECT_EQ(trigger.sets, 2u);
  EXPECT_EQ(trigger.values[1], 0.75f);
  EXPECT_EQ(trigger.releases, 1);
  EXPECT_EQ(trigger.release.months, 6);
}

TEST(Plan, LawsBecomeQuantileFunctions) {
  Scenario s = scenario();
  s.parameters[0].prior = {Kind::kLognormal, {0.5, 0.25}, {}, {}};
  s.parameters[1].prior = {Kind::kUniform, {0.2, 0.5}, {}, {}};
  s.parameters[2].prior = {Kind::kChoice, {1, 2, 3}, {0.5, 0.3, 0.2}, {}};
  s.parameters[3].prior = {Kind::kBeta, {2, 3, 10, 20}, {}, {}};
  const Job job = make_job(s);
  const Distribution* d = job.batches[0].distribution;
  EXPECT_EQ(d[0].law, Law::kLognormal);
  EXPECT_EQ(d[0].a, 0.5f);
  EXPECT_EQ(d[1].a, 0.2f);
  EXPECT_FLOAT_EQ(d[1].b, 0.3f);
  EXPECT_FLOAT_EQ(job.knots[static_cast<std::size_t>(d[2].first) + 2], 0.8f);  // cumulative probability of the second value
  EXPECT_EQ(d[3].law, Law::kNormalTable);
  // The middle knot is the beta law's median, scaled.
  const double median = quantile(boost::math::beta_distribution<double>(2, 3), 0.5);
  EXPECT_FLOAT_EQ(job.knots[static_cast<std::size_t>(d[3].first + d[3].count / 2)], static_cast<float>(10 + 10 * median));
  EXPECT_EQ(d[0].low, kPositive.low);
}

TEST(Plan, PertIsABetaLawWithItsMean) {
  Scenario s = scenario();
  s.parameters[1].prior = {Kind::kPert, {0, 1, 4}, {}, {}};
  const Job job = make_job(s);
  const Distribution& d = job.batches[0].distribution[1];
  // Mean (low + 4 mode + high) / 6, integrated over the knots' normal weights.
  double mean = 0, weight = 0;
  for (int k = 0; k < d.count; ++k) {
    const double z = double(d.a) + (double(d.b) - double(d.a)) * k / (d.count - 1), w = pdf(boost::math::normal_distribution<double>(), z);
    mean += w * double(job.knots[static_cast<std::size_t>(d.first + k)]);
    weight += w;
  }
  EXPECT_NEAR(mean / weight, 8.0 / 6, 1e-3);
}

TEST(Plan, TruncationKeepsTheRightPartOfTheLaw) {
  Scenario s = scenario();
  s.parameters[1].prior = {Kind::kTruncated, {-1, 0.5}, {}, {{Kind::kNormal, {0, 1}, {}, {}}}};
  const KernelPlan plan = plan_of(s);
  const boost::math::normal_distribution<double> normal;
  EXPECT_FLOAT_EQ(plan.distribution[1].from, static_cast<float>(cdf(normal, -1)));
  EXPECT_FLOAT_EQ(plan.distribution[1].span, static_cast<float>(cdf(normal, 0.5) - cdf(normal, -1)));
}

TEST(Plan, CorrelationFactorSquaresToTheMatrix) {
  Scenario s = scenario();
  for (int i = 0; i < 3; ++i) s.parameters[static_cast<std::size_t>(i)].prior = {Kind::kLognormal, {0, 1}, {}, {}};
  s.correlations = {{0, 1, 0.5}, {1, 2, -0.3}};
  const KernelPlan plan = plan_of(s);
  ASSERT_EQ(plan.correlated, 3);
  const auto linear = [](double rank) { return 2 * std::sin(3.14159265358979 / 6 * rank); };
  const float* f = plan.correlation_factor;
  EXPECT_NEAR(double(f[1] * f[0]), linear(0.5), 1e-6);
  EXPECT_NEAR(double(f[3] * f[0]), 0, 1e-6);
  EXPECT_NEAR(double(f[3] * f[1] + f[4] * f[2]), linear(-0.3), 1e-6);
  EXPECT_NEAR(double(f[3] * f[3] + f[4] * f[4] + f[5] * f[5]), 1, 1e-6);
}

TEST(Plan, BatchesHoldAllPoliciesInOrder) {
  Scenario s = scenario();
  s.policies.assign(37, s.policies[1]);
  const Job job = make_job(s);
  int next = 0;
  for (const KernelPlan& plan : job.batches) {
    EXPECT_EQ(plan.first_policy, next);
    EXPECT_LE(plan.policies, kMaxBatch);
    next += plan.policies;
  }
  EXPECT_EQ(next, 37);
}

TEST(Plan, TooManyDatesOfOnePolicyAreRefused) {
  Scenario s = scenario();
  s.years = 100;
  for (int step = 1; step <= kMaxSegments; ++step) s.policies[1].schedule.push_back({step + 6, {{0, 0.1}}});
  try {
    make_job(s);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "policies.push.schedule: 161 dated changes, at most 159 fit. Use fewer dates.");
  }
}

TEST(Plan, BinsOfTheKernelAreTheEdgesOfTheFile) {
  for (const ModelInfo& model : models())
    for (std::size_t m = 0; m < model.metrics.size(); ++m) {
      Scenario s = scenario();
      if (std::strcmp(model.name, "brownian") != 0) {
        s.model = &model;
        s.parameters.assign(model.parameters.size(), s.parameters[0]);
      }
      const Binning binning = plan_of(s).binning[m];
      const std::vector<double> edges = bin_edges(model.metrics[m]);
      ASSERT_EQ(edges.size(), static_cast<std::size_t>(kBins) + 1);
      for (std::size_t bin = 0; bin < kBins; bin += 7) {
        const double middle = to_bin_scale(model.metrics[m], edges[bin]) / 2 + to_bin_scale(model.metrics[m], edges[bin + 1]) / 2;
        double x = middle;
        if (model.metrics[m].scale == Scale::kLog) x = std::exp(middle);
        if (model.metrics[m].scale == Scale::kSignedLog)
          x = std::copysign(double(model.metrics[m].knee) * std::expm1(std::abs(middle)), middle);
        EXPECT_EQ(slot_of(binning, Pack<1>(static_cast<float>(x))).v, bin + 1) << model.metrics[m].key;
      }
    }
}

TEST(Plan, MemoryDoesNotDependOnTrajectories) {
  Scenario s = scenario();
  const std::size_t before = estimate_memory(make_job(s), 2);
  s.trajectories = 1'000'000'000'000;
  EXPECT_EQ(estimate_memory(make_job(s), 2), before);
}

}  // namespace
}  // namespace chokepoint
