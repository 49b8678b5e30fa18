// A traced trajectory is the one that a run counts, bit for bit, and its history tells what the model did.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>
#include <set>

#include "../../kernels/trace.h"
#include "../e2e/run.h"

namespace chokepoint {
namespace {

void expect_same(float traced, float expected, const std::string& what) {
  if (std::isnan(traced) && std::isnan(expected)) return;
  EXPECT_EQ(std::bit_cast<std::uint32_t>(traced), std::bit_cast<std::uint32_t>(expected)) << what << ": " << traced << ", " << expected;
}

// Two years with every month recorded, and its drivers sought, so that evaluate() gives all months.
Scenario two_years(const std::string& file, const std::string& more = "") {
  TemporaryFolder folder;
  std::vector<std::string> files = {config_path(file), folder.write("more.toml", more)};
  Scenario s = read_scenario(files, {"run.years=2", "run.record_every_months=1", "run.keep=0"});
  s.sensitivity_records.resize(static_cast<std::size_t>(s.records()));
  std::iota(s.sensitivity_records.begin(), s.sensitivity_records.end(), 0);
  return s;
}

void expect_equal(const Scenario& s, std::uint64_t first, std::uint64_t count) {
  const Job job = make_job(s);
  for (const int lanes : {1, 8, 16}) {
    if (lanes > widest_cpu_lanes()) continue;
    Evaluation run(job.shape, first, count);
    make_cpu_engine(job, 1, lanes)->evaluate(run, kNothing);
    for (std::uint64_t t = 0; t < count; ++t) {
      const Trace one = trace(job, first + t);
      EXPECT_EQ(one.world, (first + t) / s.replicates);
      for (int i = 0; i < job.shape.parameters; ++i)
        expect_same(one.parameters[i], run.parameters[t * job.shape.parameters + i], s.model->parameters[i].key);
      for (int p = 0; p < job.shape.policies; ++p) {
        for (int step = 0; step < job.shape.steps; ++step)
          for (int m = 0; m < job.shape.metrics; ++m)
            expect_same(one.policies[p].months[step].metrics[m], run.outputs[job.shape.output(p, step, m) * count + t],
                        std::string(s.model->metrics[m].key) + " under " + s.policies[p].name);
        for (int e = 0; e < job.shape.events; ++e)
          EXPECT_EQ(one.policies[p].events[e], run.events[(p * count + t) * job.shape.events + e]) << s.policies[p].name << " " << e;
      }
    }
  }
}

const std::string kScheduled = R"(
[policies.scheduled]
title = "Strict from 2027, stricter when China closes in"
schedule = [ { from = 2027-01-01, enforcement = 0.6, equipment_control = 0.8 } ]
[[policies.scheduled.trigger]]
when = "capability_lag < 8"
set = { enforcement = 0.9 }
release = "capability_lag > 8.5"
[[policies.scheduled.trigger]]
when = "revenue > 60"
months = 2
set = { us_open_share = 0 }
)";

TEST(Trace, EqualsTheRunOfRace) { expect_equal(two_years("baseline.toml", kScheduled), 0, 20); }
TEST(Trace, EqualsTheRunWithReplicates) { expect_equal(two_years("baseline.toml", kScheduled + "[run]\nreplicates = 4\n"), 8, 8); }
TEST(Trace, EqualsTheRunFarOut) { expect_equal(two_years("baseline.toml"), (std::uint64_t{1} << 33) + 48, 17); }
TEST(Trace, EqualsTheRunOfBrownian) { expect_equal(two_years("brownian.toml"), 0, 40); }
TEST(Trace, EqualsTheRunOfInspection) { expect_equal(two_years("inspection.toml"), 2'655'980, 40); }
TEST(Trace, EqualsTheRunOfTextbook) {
  TemporaryFolder folder;
  std::string text = "[run]\nmodel = \"textbook\"\ntrajectories = 100\nyears = 2\n[policies.a]\n[policies.b]\nnoise = 1\n[parameters]\n";
  for (int i = 1; i <= 8; ++i) text += "x" + std::to_string(i) + " = { uniform = { low = -1, high = 1 }, source = \"chosen\" }\n";
  Scenario s = read_scenario({folder.write("textbook.toml", text)}, {"run.record_every_months=1"});
  s.sensitivity_records.resize(24);
  std::iota(s.sensitivity_records.begin(), s.sensitivity_records.end(), 0);
  expect_equal(s, 0, 20);
}

// What a run stores when it records every quarter.
TEST(Trace, EqualsTheStoredSample) {
  const Finished run = run_scenario(read_scenario({config_path("smoke.toml")}, {"run.trajectories=64", "run.keep=64"}));
  for (const std::uint64_t t : {0u, 1u, 31u, 63u}) {
    const Trace one = trace(run.job, t);
    for (int p = 0; p < run.job.shape.policies; ++p) {
      const std::size_t row = static_cast<std::size_t>(p) * 64 + t;
      for (int m = 0; m < run.job.shape.metrics; ++m)
        expect_same(one.policies[p].months.back().metrics[m], run.sample.metrics[row * run.job.shape.metrics + m],
                    run.scenario.model->metrics[m].key);
      for (int e = 0; e < run.job.shape.events; ++e)
        EXPECT_EQ(one.policies[p].events[e], run.sample.events[row * run.job.shape.events + e]);
    }
  }
}

// ---- histories

std::size_t row_of(const std::string& key, const ModelInfo& model) {
  const std::vector<HistoryRow> rows = history_rows(model);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (key == rows[i].key) return i;
  ADD_FAILURE() << "no row " << key;
  return 0;
}

int lever_of(const std::string& key, const ModelInfo& model) {
  for (std::size_t i = 0; i < model.levers.size(); ++i)
    if (key == model.levers[i].key) return static_cast<int>(i);
  ADD_FAILURE() << "no lever " << key;
  return 0;
}

Trace trace_with(const std::vector<std::string>& overrides, std::uint64_t trajectory = 0) {
  return trace(make_job(read_scenario({config_path("baseline.toml")}, overrides)), trajectory);
}

TEST(History, NoNameIsUsedTwice) {
  for (const ModelInfo& model : models()) {
    std::multiset<std::string> names;
    for (const MetricRow& row : model.metrics) names.insert(row.key);
    for (const LeverRow& row : model.levers) names.insert(row.key);
    for (const HistoryRow& row : history_rows(model)) {
      names.insert(row.key);
      EXPECT_EQ(row.ends != nullptr, row.kind == HistoryKind::kLasting) << row.key;
    }
    for (const std::string& name : names) EXPECT_EQ(names.count(name), 1u) << model.name << ": " << name;
  }
}

// The month in which a row is first on is the month of its event.
TEST(History, AgreesWithTheEvents) {
  for (const char* file : {"baseline.toml", "brownian.toml"}) {
    const Scenario s = read_scenario({config_path(file)}, {});
    const Job job = make_job(s);
    int happened = 0;
    for (std::uint64_t t = 0; t < 200; ++t) {
      const Trace one = trace(job, t);
      for (std::size_t e = 0; e < s.model->events.size(); ++e) {
        const std::size_t row = row_of(s.model->events[e].key, *s.model);
        for (const TracedPolicy& policy : one.policies) {
          int first = -1;
          for (int step = s.steps() - 1; step >= 0; --step)
            if (policy.months[step].history[row] != 0) first = step;
          ASSERT_EQ(first, policy.events[e]) << s.model->events[e].key << " in trajectory " << t;
          happened += first >= 0;
        }
      }
    }
    EXPECT_GT(happened, 100);
  }
}

// A crisis that must come begins in the first month and lasts for its six; the next one begins a month later.
TEST(History, ACrisisEndsAfterItsDuration) {
  const Trace one = trace_with({"parameters.taiwan_rate={constant=1e6}", "parameters.taiwan_duration={constant=0.5}"});
  const std::size_t row = row_of("taiwan_crisis", *find_model("race"));
  for (const TracedPolicy& policy : one.policies)
    for (int step = 0; step < 21; ++step) EXPECT_EQ(policy.months[step].history[row], step % 7 < 6 ? 1 : 0) << step;
  EXPECT_EQ(one.policies[0].events[0], 0);
}

// Controls that fall back at once and for good: then every policy has the status quo of the export controls, and its own other levers.
TEST(History, LeversAreThoseInForce) {
  const ModelInfo& model = *find_model("race");
  const Scenario s = read_scenario({config_path("baseline.toml")}, {});
  const std::size_t reversed = row_of("policy_reversal", model);
  int under_reversal = 0, tight = 0, triggered = 0;
  for (std::uint64_t t = 0; t < 40; ++t) {
    const Trace one = trace(make_job(s), t);
    for (std::size_t p = 0; p < s.policies.size(); ++p)
      for (const TracedMonth& month : one.policies[p].months) {
        std::vector<float> expected;
        for (const LeverRow& row : model.levers) expected.push_back(row.status_quo);
        const auto set = [&](const std::vector<LeverSetting>& settings) {
          for (const LeverSetting& one_lever : settings) expected[one_lever.lever] = static_cast<float>(one_lever.value);
        };
        set(s.policies[p].schedule[0].levers);
        if (month.triggers[0]) set(s.policies[p].triggers[0].levers);
        triggered += month.triggers[0];
        for (std::size_t i = 0; i < expected.size(); ++i)
          if (month.history[reversed] != 0 && model.levers[i].export_control) expected[i] = model.levers[i].status_quo;
        ASSERT_EQ(month.levers, expected) << s.policies[p].name;
        under_reversal += month.history[reversed] != 0;
        tight += month.levers[lever_of("enforcement", model)] == 0.8f;
      }
  }
  EXPECT_GT(under_reversal, 100);
  EXPECT_GT(tight, 100);
  EXPECT_GT(triggered, 100);
}

// A change of paradigm in every month, each worth 50 nats: the bloc that finds it is the one that gains.
TEST(History, AParadigmIsFoundByTheBlocThatGains) {
  const ModelInfo& model = *find_model("race");
  const Trace one = trace_with({"parameters.paradigm_rate={constant=1e6}", "parameters.paradigm_jump={constant=50}",
                                "parameters.diffusion_half_life={constant=1e6}", "parameters.takeoff_factor={constant=1}"});
  const std::size_t us = row_of("paradigm_us", model), china = row_of("paradigm_china", model);
  std::size_t gap = 0;
  while (std::string("algorithm_gap") != model.metrics[gap].key) ++gap;
  int found[2] = {};
  for (std::size_t step = 1; step < one.policies[0].months.size(); ++step) {
    const TracedMonth &before = one.policies[0].months[step - 1], &month = one.policies[0].months[step];
    EXPECT_EQ(month.history[us] + month.history[china], 1);
    EXPECT_NEAR(static_cast<double>(month.metrics[gap] - before.metrics[gap]), month.history[us] != 0 ? 50 : -50, 10);
    ++found[month.history[us] != 0];
  }
  EXPECT_GT(found[0], 10);
  EXPECT_GT(found[1], 10);
}

// The noise of a release is told only of releases, and shocks are those of a standard normal law.
TEST(History, ShocksAreStandardNormal) {
  const ModelInfo& model = *find_model("race");
  const std::vector<HistoryRow> rows = history_rows(model);
  const Job job = make_job(read_scenario({config_path("baseline.toml")}, {}));
  const std::size_t releases = row_of("us_release", model), noise = row_of("z_release_us", model), revenue = row_of("z_revenue", model);
  double squares = 0;
  int months = 0;
  for (std::uint64_t t = 0; t < 50; ++t) {
    const Trace one = trace(job, t);
    for (const TracedMonth& month : one.policies[0].months) {
      EXPECT_EQ(month.history[noise] != 0, month.history[releases] != 0);
      squares += static_cast<double>(month.history[revenue] * month.history[revenue]);
      ++months;
    }
  }
  EXPECT_NEAR(squares / months, 1, 5 * std::sqrt(2.0 / months));
}

}  // namespace
}  // namespace chokepoint
