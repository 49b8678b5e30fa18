// Every tally across policies, worlds and parameters against plain loops over the values of all trajectories.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "../gpu/compare.h"
#include "run.h"

namespace chokepoint {
namespace {

// Like policies, thresholds of all kinds, parameters of several laws; all records are asked what drives them.
Job brownian_job(std::vector<std::string> overrides = {}) {
  std::vector<std::string> all = {"run.trajectories=4_032_000", "run.years=2",
                                  "run.record_every_months=3",
                                  "run.keep=50",
                                  "run.reference='push'",
                                  "policies.twin={drift_push=0.05, hazard_cut=0.5}",
                                  "policies.pull={drift_push=-0.1}",
                                  "outputs.satisfice={value='> 1', log_value='<= 0.3', hazard='== 0', barrier='== 1'}",
                                  "parameters.initial={lognormal={p5=0.5, p95=2}}",
                                  "parameters.drift={uniform={low=-0.5, high=0.5}}",
                                  "parameters.barrier={mixture=[{weight=1, uniform={low=1, high=2}}, {weight=2, constant=3}]}"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  Job job = make_job(read_scenario({config_path("brownian.toml")}, all));
  job.shape.times = job.analysis.times = job.shape.records;
  for (int t = 0; t < job.shape.times; ++t) job.analysis.time[t] = t;
  return job;
}

Job race_job(std::vector<std::string> overrides = {}) {
  overrides.insert(overrides.end(),
                   {"run.trajectories=4_032_000", "run.years=1", "run.keep=50", "outputs.satisfice={capability_lag='> 0', price='< 2'}"});
  Job job = make_job(read_scenario({config_path("baseline.toml")}, overrides));
  job.shape.times = job.analysis.times = job.shape.records;
  for (int t = 0; t < job.shape.times; ++t) job.analysis.time[t] = t;
  return job;
}

std::int64_t whole_units(const Binning& b, float x) {
  if (!std::isfinite(x)) return 0;
  const double units = std::nearbyint(static_cast<double>(x) * static_cast<double>(b.inverse_unit));
  return static_cast<std::int64_t>(std::clamp(units, -0x1p43, 0x1p43));
}

void add(CellSums& sums, const Binning& b, float x) {
  const Wide units = whole_units(b, x);
  sums.units += units;
  sums.squares += static_cast<UnsignedWide>(units * units);
  sums.saturated += units == std::int64_t{1} << 43 || units == -(std::int64_t{1} << 43);
  if (std::isfinite(x)) sums.least = std::min(sums.least, x), sums.greatest = std::max(sums.greatest, x);
}

// The slot of a difference by its power of two and its sixteenth.
std::size_t slot_of_difference(float least, float d) {
  if (!std::isfinite(d)) return kDifferenceNonFinite;
  if (d == 0) return kNoDifference;
  int exponent = 0;
  const double fraction = std::frexp(static_cast<double>(std::fabs(d)) / static_cast<double>(least), &exponent);  // in [1/2, 1)
  int part = 0;
  if (exponent > 0)
    part = std::min(1 + (exponent - 1) * kOctaveParts + static_cast<int>((2 * fraction - 1) * kOctaveParts), kDifferenceSide - 1);
  return static_cast<std::size_t>(d > 0 ? kNoDifference + 1 + part : kNoDifference - 1 - part);
}

// One trajectory after another.
class PlainLoops {
 public:
  PlainLoops(const Job& job, const Evaluation& values, const Sample& sample)
      : job_(job), s_(job.shape), plan_(job.analysis), values_(values), sample_(sample), tallies(job.shape) {
    for (std::uint64_t i = 0; i < values.count; ++i) {
      add_differences(i);
      add_satisfied(i);
      add_bins(i);
      for (int d = 0; d < s_.decisions; ++d) {
        const auto at_end = [&](int p) { return value(p, s_.times - 1, plan_.decided[d], i); };
        add_pairs(d, at_end);
        add_choices(0, d, at_end);
      }
    }
    if (s_.replicates > 1)
      for (std::uint64_t world = 0; world < values.count / s_.replicates; ++world) add_world(world);
  }

 private:
  float value(int policy, int time, int metric, std::uint64_t i) const {
    return values_.outputs[s_.output(policy, time, metric) * values_.count + i];
  }
  float least(int metric) const { return std::bit_cast<float>(plan_.least_difference[metric]); }

  void add_differences(std::uint64_t i) {
    for (int p = 0; p < s_.policies; ++p) {
      if (p == plan_.reference) continue;
      for (int m = 0; m < s_.metrics; ++m)
        for (int r = 0; r < s_.records; ++r) {
          const float d = value(p, r, m, i) - value(plan_.reference, r, m, i);
          ++tallies.differences[s_.cell(p, m, r) * kDifferenceSlots + slot_of_difference(least(m), d)];
          add(tallies.difference_sums[s_.cell(p, m, r)], plan_.binning[m], d);
        }
    }
  }

  template <class Value>
  void add_pairs(int d, const Value& of) {
    for (int second = 1; second < s_.policies; ++second)
      for (int first = 0; first < second; ++first) {
        const Wide units = whole_units(plan_.binning[plan_.decided[d]], of(second) - of(first));
        tallies.pair_squares[d * s_.pairs() + s_.pair(first, second)] += static_cast<UnsignedWide>(units * units);
      }
  }

  template <class Value>
  void add_choices(int basis, int d, const Value& of) {
    const int metric = plan_.decided[d];
    bool finite = true;
    float best = plan_.higher[d] ? -INFINITY : INFINITY;
    for (int p = 0; p < s_.policies; ++p) {
      finite = finite && std::isfinite(of(p));
      best = plan_.higher[d] ? std::max(best, of(p)) : std::min(best, of(p));
    }
    for (int p = 0; p < s_.policies; ++p) {
      const std::size_t choice = s_.choice(basis, d, p);
      const float regret = finite ? std::fabs(best - of(p)) : NAN;
      ++tallies.regret[choice * kRegretSlots + slot_of_difference(least(metric), regret) - kNoDifference];
      add(tallies.regret_sums[choice], plan_.binning[metric], regret);
      int better = 0, equal = 0;
      for (int q = 0; q < s_.policies; ++q) {
        better += plan_.higher[d] ? of(q) > of(p) : of(q) < of(p);
        equal += of(q) == of(p);
      }
      for (int rank = better; finite && rank < better + equal; ++rank) tallies.ranks[choice * s_.policies + rank] += kRankParts / equal;
    }
  }

  void add_satisfied(std::uint64_t i) {
    for (int p = 0; p < s_.policies; ++p) {
      std::int64_t* counts = &tallies.satisfied[std::size_t(p) * (s_.thresholds + 1)];
      bool all = true;
      for (int t = 0; t < s_.thresholds; ++t) {
        const bool met = meets(plan_.threshold[t], p, i);
        counts[t] += met;
        all = all && met;
      }
      counts[s_.thresholds] += all;
    }
  }
  bool meets(const Threshold& t, int p, std::uint64_t i) const {
    if (t.metric < 0) return (values_.events[(p * values_.count + i) * s_.events + t.event] >= 0) == (t.happens == 1);
    const float x = value(p, s_.times - 1, t.metric, i);
    return t.comparison == Comparison::kLess        ? x < t.value
           : t.comparison == Comparison::kLessEqual ? x <= t.value
           : t.comparison == Comparison::kGreater   ? x > t.value
                                                    : x >= t.value;
  }

  void add_bins(std::uint64_t i) {
    constexpr std::int64_t kLimit = std::int64_t{1} << 42;
    for (int d = 0; d < s_.drivers; ++d) {
      const std::size_t bin = d * std::size_t(kDriverBins) + sample_.probe_bins[d * Sample::kProbe + i];
      ++tallies.bin_counts[bin];
      for (int p = 0; p < s_.policies; ++p)
        for (int t = 0; t < s_.times; ++t)
          for (int m = 0; m < s_.metrics; ++m)
            tallies.bin_sums[s_.output(p, t, m) * s_.drivers * kDriverBins + bin] +=
                std::clamp(whole_units(plan_.binning[m], value(p, t, m, i)), -kLimit, kLimit);
    }
  }

  float world_mean(int policy, int time, int metric, std::uint64_t world) const {
    const Binning& b = plan_.binning[metric];
    std::int64_t sum = 0;
    for (int k = 0; k < s_.replicates; ++k) {
      const float x = value(policy, time, metric, world * s_.replicates + k);
      if (!std::isfinite(x)) return NAN;
      sum += whole_units(b, x);
    }
    return static_cast<float>(std::round(static_cast<double>(sum) / s_.replicates)) / b.inverse_unit;
  }
  void add_world(std::uint64_t world) {
    for (int p = 0; p < s_.policies; ++p)
      for (int t = 0; t < s_.times; ++t)
        for (int m = 0; m < s_.metrics; ++m) add(tallies.world_sums[s_.output(p, t, m)], plan_.binning[m], world_mean(p, t, m, world));
    for (int d = 0; d < s_.decisions; ++d) add_choices(1, d, [&](int p) { return world_mean(p, s_.times - 1, plan_.decided[d], world); });
  }

  const Job& job_;
  const Shape& s_;
  const AnalysisPlan& plan_;
  const Evaluation& values_;
  const Sample& sample_;

 public:
  Tallies tallies;  // those across policies and parameters
};

Outputs run_all(Engine& engine, const Job& job, std::uint64_t count) {
  Outputs outputs(job);
  engine.run(0, count, outputs.sample);
  engine.collect(outputs.tallies);
  return outputs;
}

void expect_plain_loops(const Job& job, std::uint64_t count) {
  for (const int lanes : {1, 0}) {
    const auto engine = make_cpu_engine(job, 2, lanes);
    Evaluation values(job.shape, 0, count);
    engine->evaluate(values, kNothing);
    const Outputs found = run_all(*engine, job, count);
    const PlainLoops expected(job, values, found.sample);
    EXPECT_EQ(analysis_differences(job.shape, expected.tallies, found.tallies), "") << engine->describe();
  }
}

TEST(Analysis, IsWhatPlainLoopsCount) {
  expect_plain_loops(brownian_job(), 1531);
  expect_plain_loops(race_job(), 600);
}

TEST(Analysis, OfWorldsIsWhatPlainLoopsCount) {
  for (const char* replicates : {"run.replicates=3", "run.replicates=7", "run.replicates=512"}) {
    SCOPED_TRACE(replicates);
    expect_plain_loops(brownian_job({replicates}), 1531);  // the last world is not whole
  }
  expect_plain_loops(race_job({"run.replicates=3"}), 600);
}

TEST(Analysis, OfValuesBeyondAllBoundsIsWhatPlainLoopsCount) {
  for (const char* replicates : {"run.replicates=1", "run.replicates=3"}) {
    const Job job = brownian_job({replicates, "parameters.drift.uniform={low=-500, high=500}", "parameters.volatility.constant=30"});
    const Tallies tallies = run_all(*make_cpu_engine(job, 1, 0), job, 999).tallies;
    ASSERT_GT(tallies.regret[kRegretSlots - 1], 0);
    ASSERT_GT(tallies.difference_sums[job.shape.cell(0, 0, 3)].saturated, 0);
    expect_plain_loops(job, 999);
  }
}

TEST(Analysis, TheSampleHoldsWhatIsEvaluated) {
  const Job job = brownian_job();
  const std::uint64_t count = Sample::kProbe + 1000;
  const auto engine = make_cpu_engine(job, 2, 0);
  const Outputs run = run_all(*engine, job, count);
  Evaluation values(job.shape, 0, count);
  engine->evaluate(values, kNothing);
  for (std::size_t output = 0; output < job.shape.outputs(); ++output) {
    const float* from = &values.outputs[output * count];
    ASSERT_TRUE(std::equal(from, from + Sample::kProbe, &run.sample.probe[output * Sample::kProbe]));
  }
  EXPECT_TRUE(std::equal(run.sample.parameters.begin(), run.sample.parameters.end(), values.parameters.begin()));
  for (int p = 0; p < job.shape.policies; ++p)
    EXPECT_TRUE(std::equal(&run.sample.events[p * job.keep * job.shape.events], &run.sample.events[(p + 1) * job.keep * job.shape.events],
                           &values.events[p * count * job.shape.events]));
  // The bins of a uniform law: 32 of equal width.
  ASSERT_EQ(job.analysis.driver[1], 1);
  for (std::size_t i = 0; i < Sample::kProbe; ++i) {
    const double place = (static_cast<double>(values.parameters[i * job.shape.parameters + 1]) + 0.5) * kDriverBins;
    ASSERT_NEAR(place, run.sample.probe_bins[Sample::kProbe + i] + 0.5, 0.5 + 1e-4);
  }
}

TEST(Analysis, AnEvaluationFollowsItsFirstNumberAndWhatIsResampled) {
  // Of a parameter that is often clamped, on an engine that has not run yet.
  const Job job = brownian_job({"parameters.hazard={normal={mean=0, sd=1}}"});
  const auto engine = make_cpu_engine(job, 2, 0);
  const auto evaluate = [&](std::uint64_t first, std::uint64_t count, int resampled) {
    Evaluation values(job.shape, first, count);
    engine->evaluate(values, resampled);
    return values;
  };
  const std::size_t n = job.shape.parameters, count = 600;
  const Evaluation all = evaluate(0, count, kNothing), part = evaluate(77, 500, kNothing);
  EXPECT_TRUE(std::equal(part.parameters.begin(), part.parameters.end(), all.parameters.begin() + 77 * n));
  for (std::size_t output = 0; output < job.shape.outputs(); ++output)
    ASSERT_TRUE(std::equal(&part.outputs[output * 500], &part.outputs[output * 500] + 500, &all.outputs[output * count + 77]));

  for (int moved = 0; moved < job.shape.drivers; ++moved) {
    const Evaluation other = evaluate(0, count, job.analysis.driver[moved]);
    for (std::size_t k = 0; k < n; ++k) {
      std::size_t same = 0;
      for (std::size_t i = 0; i < count; ++i) same += all.parameters[i * n + k] == other.parameters[i * n + k];
      if (int(k) != job.analysis.driver[moved]) EXPECT_EQ(same, count) << "parameter " << k << " when another is resampled";
      else EXPECT_LT(same, count / 2) << "parameter " << k;  // many barriers are 3, many hazards 0
    }
    EXPECT_NE(other.events, all.events);
  }
  const Evaluation fresh = evaluate(0, count, kEverything);
  EXPECT_NE(fresh.parameters, all.parameters);

  const Outputs run = run_all(*engine, job, count);
  const Outputs expected = run_all(*make_cpu_engine(job, 1, 0), job, count);
  EXPECT_EQ(differences(job, expected, run), "") << "an evaluation is counted";
}

}  // namespace
}  // namespace chokepoint
