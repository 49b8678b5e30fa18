// Observations: the section [history], its file, and what trajectories say about it.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "../../host/history/ensemble.h"
#include "../../host/run/plan.h"
#include "config_fixture.h"
#include "refusal.h"

namespace chokepoint {
namespace {

constexpr const char* kHeader = "series,date,value,low,high,unit,source,confidence\n";
constexpr const char* kSection =
    "[history]\nfile = \"seen.csv\"\n[history.series.level]\nmetric = \"value\"\nerror = 0.05\n"
    "[history.series.growth]\nmetric = \"log_value\"\nchange_months = 12\nerror = 0.1\n";

class HistoryTest : public ConfigTest {
 protected:
  History history(const std::string& rows, const std::string& section = kSection) const {
    write("seen.csv", kHeader + rows);
    return read_history(read(section));
  }
  // What is said about the rows, the first of which is line 2 of the file.
  std::string said_of(const std::string& rows) const {
    return without_folder(message_of([&] { history(rows + "level,2027-12-31,1.1,,,,,\ngrowth,2027-12-31,0.1,,,,,\n"); }));
  }
};

TEST_F(HistoryTest, RowsLieAtTheEndsOfMonths) {
  const History h = history(
      "growth,2027-12-31,0.02,,,1,A,high\n"
      "other,some day,1,,,,,\n"
      "level,2026-01-31,1.1,1,1.21,,B,\n"
      "level,2025-12-31,0.9,,,,,\n"
      "growth,2026-12-31,0.02,,,1,the change would begin before the run,\n"
      "level,2031-01-31,9,,,,after the run,\n"
      "level,2030-12-31,,1,4,,C,\n");
  ASSERT_EQ(h.observations.size(), 3u);
  ASSERT_EQ(h.past.size(), 1u);
  const Observation &first = h.observations[0], &last = h.observations[1], &growth = h.observations[2];
  EXPECT_EQ(h.past[0].step, -1);
  EXPECT_EQ(first.step, 0);
  EXPECT_EQ(first.months(), 1);
  EXPECT_EQ(first.source, "B");
  EXPECT_NEAR(first.centre, std::log(1.1), 1e-12);
  EXPECT_NEAR(first.error, std::log(1.21) / 2 / kIntervalHalfWidth, 1e-12);
  EXPECT_EQ(last.step, 59);
  EXPECT_TRUE(last.censored);
  EXPECT_NEAR(last.centre, std::log(2), 1e-12);
  EXPECT_EQ(growth.series, 1);
  EXPECT_EQ(growth.step, 23);
  EXPECT_EQ(growth.error, 0.1);
  EXPECT_DOUBLE_EQ(h.series[0].least, 0.9e-3);
}

TEST_F(HistoryTest, MistakesOfRowsAreNamedWithTheirLines) {
  EXPECT_EQ(said_of("level,2026-06-29,1,,,,,\n"), "seen.csv:2: date = 2026-06-29 is not the end of a month, which 2026-06-30 is");
  EXPECT_EQ(said_of("level,2026-02-30,1,,,,,\n"), "seen.csv:2: date = '2026-02-30' is not a date, such as 2024-12-31");
  EXPECT_EQ(said_of("level,,1,,,,,\n"), "seen.csv:2: date = '' is not a date, such as 2024-12-31");
  EXPECT_EQ(said_of("level,2026-06-30,,,,,,\n"), "seen.csv:2: neither a value nor low and high are given");
  EXPECT_EQ(said_of("level,2026-06-30,,1,,,,\n"), "seen.csv:2: one of low and high is given; give both or none");
  EXPECT_EQ(said_of("level,2026-06-30,,3,2,,,\n"), "seen.csv:2: low = 3 is not below high = 2");
  EXPECT_EQ(said_of("level,2026-06-30,5,1,2,,,\n"), "seen.csv:2: value = 5 is not between low = 1 and high = 2");
  EXPECT_EQ(said_of("level,2026-06-30,many,,,,,\n"), "seen.csv:2: value = 'many' is not a number");
  EXPECT_EQ(said_of("level,2026-06-30,0,,,,,\n"),
            "seen.csv:2: value = 0: value is compared by logarithms and must be above 0; leave the row out");
  EXPECT_EQ(said_of("level,2026-06-30,1,,,kg,,\n"),
            "seen.csv:2: series level is given in 'kg', but the metric value is in '1'; convert the numbers");
  EXPECT_EQ(said_of("level,2027-12-31,1,,,,,\n"), "seen.csv: series level has two rows of 2027-12-31; keep one");
  EXPECT_EQ(said_of("level,2026-06-29,1,,,,,\nlevel,x,,,,,,\n").substr(0, 95),
            "seen.csv:2: date = 2026-06-29 is not the end of a month, which 2026-06-30 is\nseen.csv:3: date =");  // all at once
}

TEST_F(HistoryTest, SeriesWithoutRowsAndMeasurementsWithoutErrorAreRefused) {
  const std::string rows = "level,2026-06-30,1,,,,,\n";
  EXPECT_EQ(without_folder(message_of([&] { history(rows); })),
            "x.toml:7:17: history.series.growth: no row of seen.csv is of this series and within the run, change_months after its start");
  EXPECT_EQ(without_folder(message_of([&] { history(rows, "[history]\nfile = \"seen.csv\"\nseries.level.metric = \"value\"\n"); })),
            "seen.csv:2: the measurement has no error: give low and high, or history.series.level.error");
  EXPECT_NE(without_folder(message_of([&] { read_history(read("")); })).find("x.toml: no [history]"), std::string::npos);
}

TEST_F(HistoryTest, MistakesOfTheSection) {
  const std::string file = "[history]\nfile = \"seen.csv\"\n";
  EXPECT_EQ(complaint("[history]\nseries.a.metric = \"value\"\n"), "2:2: history.file is missing; name the CSV file of observations");
  EXPECT_EQ(complaint(file), "2:2: history.series has no series; give at least one, [history.series.NAME]");
  EXPECT_EQ(complaint(file + "series.a.metric = \"valu\"\n"),
            "4:19: history.series.a.metric: 'valu' is no metric of the model 'brownian'. Did you mean 'value'?");
  EXPECT_EQ(complaint(file + "series.a.error = 1\n"), "4:8: history.series.a.metric is missing; name the metric that the series observes");
  EXPECT_EQ(complaint(file + "series.a = { metric = \"value\", error = 0 }\n"),
            "4:40: history.series.a.error = 0 is not above 0: it is the standard deviation of a measurement");
  EXPECT_EQ(complaint(file + "policy = \"pusch\"\nseries.a.metric = \"value\"\n"),
            "4:10: history.policy = \"pusch\" is no policy. Did you mean 'push'?");
}

// The file lies beside the file that names it, not beside the one that extends that; policy: the reference.
TEST_F(HistoryTest, TheFileIsFoundBesideWhatNamesIt) {
  std::filesystem::create_directories(path("below"));
  write("x.toml", std::string("extends = \"base.toml\"\n") + kSection);
  write("below/y.toml", "extends = \"../x.toml\"\nrun.reference = \"push\"\n");
  const Scenario s = read_scenario({path("below/y.toml")}, {});
  EXPECT_EQ(without_folder(s.history->file), "seen.csv");
  EXPECT_EQ(s.history->policy, "push");
}

TEST_F(HistoryTest, DatesCanBeKeptBetween) {
  const std::string rows = "level,2026-06-30,1,,,,,\nlevel,2026-12-31,1,,,,,\nlevel,2027-12-31,1,,,,,\ngrowth,2027-12-31,0,,,,,\n";
  History h = history(rows);
  keep_between(h, "2026-12-31", "2027-06-30");
  ASSERT_EQ(h.observations.size(), 1u);
  EXPECT_EQ(h.observations[0].date, "2026-12-31");
  EXPECT_NE(message_of([&] { keep_between(h, "2028-01-01", ""); }).find("no observation within the run lies between"), std::string::npos);
  EXPECT_EQ(message_of([&] { keep_between(h, "soon", ""); }), "'soon' is not a date, such as 2024-12-31");
}

// What is said at an observation is what a run records there, under every policy; more months than fit take several passes.
TEST_F(HistoryTest, TheEnsembleIsWhatTheRunRecords) {
  std::string rows;
  for (int year = 2026; year < 2030; ++year)
    for (const char* end : {"01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31"})
      if (std::string(end) != "02-28" || year != 2028)
        for (const char* series : {"level", "growth"}) rows += std::string(series) + "," + std::to_string(year) + "-" + end + ",1,,,,,\n";
  const History h = history(rows);
  ASSERT_EQ(h.observations.size(), 47u + 35u);
  const Scenario s = read(kSection);
  DeviceOptions one;
  one.device = "cpu";
  one.threads = 1;
  HistoryRun run(s, h, one);
  Ensemble e{.first = 16, .count = 48};
  run.evaluate(e);
  ASSERT_EQ(e.predicted.size(), 3 * h.observations.size() * 48);

  for (const int step : {0, 23, 47}) {
    Scenario at = s;
    at.record_every_months = 1;
    at.sensitivity_records = {step, at.records() - 1};
    const Job job = make_job(at);
    Evaluation whole(job.shape, 16, 48);
    make_engine(job, one)->evaluate(whole, kNothing);
    for (std::size_t o = 0; o < h.observations.size(); ++o) {
      if (h.observations[o].series != 0 || h.observations[o].step != step) continue;
      for (int p = 0; p < 3; ++p)
        for (std::size_t i = 0; i < 48; ++i)
          EXPECT_EQ(e.at(p, o, h.observations.size())[i], whole.outputs[job.shape.output(p, 0, 0) * 48 + i]);
    }
    EXPECT_EQ(e.parameters, whole.parameters);
  }

  DeviceOptions two = one;
  two.threads = 2;
  Ensemble again{.first = 16, .count = 48};
  HistoryRun(s, h, two).evaluate(again);
  EXPECT_EQ(again.predicted, e.predicted);
}

// A change is the later value less the earlier one.
TEST_F(HistoryTest, ChangesAreDifferences) {
  const std::string section =
      "[history]\nfile = \"seen.csv\"\n[history.series]\nnow = { metric = \"log_value\", error = 1 }\n"
      "change = { metric = \"log_value\", change_months = 12, error = 1 }\n";
  const History h = history("now,2026-12-31,1,,,,,\nnow,2027-12-31,1,,,,,\nchange,2027-12-31,1,,,,,\n", section);
  DeviceOptions cpu;
  cpu.device = "cpu";
  Ensemble e{.first = 0, .count = 100};
  HistoryRun(read(section), h, cpu).evaluate(e);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(e.at(1, 2, 3)[i], e.at(1, 1, 3)[i] - e.at(1, 0, 3)[i]);
}

}  // namespace
}  // namespace chokepoint
