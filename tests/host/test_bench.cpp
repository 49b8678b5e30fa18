// `chokepoint bench`: what is in its JSON, what is measured and what only predicted. Nothing here looks at how
// fast the machine is.
// SPDX-License-Identifier: Apache-2.0
#define BOOST_BIND_GLOBAL_PLACEHOLDERS  // Boost's own JSON reader would warn of itself otherwise

#include <gtest/gtest.h>

#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>
#include <sstream>

#include "../../host/commands/cli.h"
#include "../../host/errors.h"
#include "../../host/run/bench.h"
#include "../e2e/run.h"

namespace chokepoint {
namespace {

using Json = boost::property_tree::ptree;

Json parse(const std::string& text) {
  std::istringstream stream(text);
  Json json;
  boost::property_tree::read_json(stream, json);
  return json;
}

Json bench(std::vector<std::string> options) {
  const TemporaryFolder folder;
  const std::vector<std::string> fixed = {"bench",  config_path("smoke.toml"),   "--seconds", "0.01",
                                          "--json", folder.file("bench.json"),   "--set",     "run.years=1",
                                          "--set",  "run.record_every_months=12"};
  options.insert(options.begin(), fixed.begin(), fixed.end());
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_command_line(options), 0);
  testing::internal::GetCapturedStdout();
  std::ifstream file(folder.file("bench.json"));
  return parse({std::istreambuf_iterator<char>(file), {}});
}

template <class T>
std::vector<T> column(const Json& json, const char* list, const char* key) {
  std::vector<T> values;
  for (const auto& [name, row] : json.get_child(list)) values.push_back(row.template get<T>(key));
  return values;
}

using Texts = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

// A year of the smoke test on two threads.
const Json& smoke() {
  static const Json json = bench({"--device", "cpu", "--threads", "2"});
  return json;
}

Measurement repeated(std::vector<Measurement::Repetition> repetitions) {
  return {{"cpu", 4, 8, 0}, "CPU \"quoted\"\n", 2, 100, 10, 0.5, std::move(repetitions)};
}

TEST(Bench, SaysWhereItComesFrom) {
  for (const char* name : {"version", "compiler", "build", "host", "system", "processor", "started"})
    EXPECT_FALSE(smoke().get<std::string>(std::string("provenance.") + name).empty()) << name;
  EXPECT_TRUE(smoke().get_child("provenance").count("commit"));
  EXPECT_EQ(smoke().get<int>("configuration.policies"), 10);
  EXPECT_EQ(smoke().get<int>("configuration.months"), 12);
  EXPECT_EQ(smoke().get<double>("seconds_allowed"), 0.01);
}

TEST(Bench, MeasuresEveryLaneWidthAndAllThreads) {
  std::vector<int> lanes = {1, 8}, threads = {1, 1};
  if (widest_cpu_lanes() == 16) lanes.push_back(16), threads.push_back(1);
  lanes.push_back(widest_cpu_lanes());
  threads.push_back(2);
  EXPECT_EQ(column<int>(smoke(), "rates", "options.lanes"), lanes);
  EXPECT_EQ(column<int>(smoke(), "rates", "options.threads"), threads);
  EXPECT_EQ(column<int>(smoke(), "scaling.threads", "options.threads"), (std::vector<int>{1, 2}));
  EXPECT_EQ(column<int>(smoke(), "scaling.policies", "policies"), (std::vector<int>{1, 2, 5, 10}));
}

TEST(Bench, RatesFollowFromTheRepetitions) {
  for (const char* list : {"rates", "scaling.threads", "scaling.policies"})
    for (const auto& [name, row] : smoke().get_child(list)) {
      EXPECT_EQ(row.get<std::string>("kind"), "measured");
      Measurement m = repeated({});
      m.trajectories = row.get<std::uint64_t>("trajectories_per_repetition");
      m.months = row.get<double>("months_per_trajectory");
      for (const auto& [index, repetition] : row.get_child("repetitions"))
        m.repetitions.push_back({repetition.get<double>("seconds"), repetition.get<double>("collecting_seconds")});
      ASSERT_GE(m.repetitions.size(), 5u);
      const Json& rate = row.get_child("trajectory_months_per_second");
      EXPECT_NEAR(rate.get<double>("median") / m.rate().median, 1, 1e-4);
      EXPECT_NEAR(rate.get<double>("least") / m.rate().least, 1, 1e-4);
      EXPECT_NEAR(rate.get<double>("greatest") / m.rate().greatest, 1, 1e-4);
      EXPECT_NEAR(row.get<double>("ns_per_trajectory_month") * rate.get<double>("median"), 1e9, 1e4);
    }
}

TEST(Bench, PredictionsAreTheSumOfTheirParts) {
  EXPECT_EQ(smoke().get_child("predictions").size(), smoke().get_child("rates").size());
  for (const auto& [name, row] : smoke().get_child("predictions")) {
    EXPECT_EQ(row.get<std::string>("kind"), "predicted");
    EXPECT_EQ(row.get<std::uint64_t>("trajectories"), 2000u);
    double sum = 0;
    for (const char* part : {"setup_seconds", "run_seconds", "collecting_seconds", "statistics_seconds", "writing_seconds"}) {
      EXPECT_GT(row.get<double>(part), 0) << part;
      sum += row.get<double>(part);
    }
    EXPECT_NEAR(row.get<double>("seconds.median"), sum, 1e-6 * sum);
    EXPECT_LE(row.get<double>("seconds.least"), row.get<double>("seconds.median"));
    EXPECT_GE(row.get<double>("seconds.greatest"), row.get<double>("seconds.median"));
  }
}

TEST(Bench, OnlyWhatWasRunIsCalledMeasured) {
  EXPECT_EQ(column<std::uint64_t>(smoke(), "scaling.trajectories", "trajectories"),
            (Numbers{10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000}));
  // The time allowed suffices for nothing, so that only the first was run.
  EXPECT_EQ(column<std::string>(smoke(), "scaling.trajectories", "kind"),
            (Texts{"measured", "predicted", "predicted", "predicted", "predicted", "predicted"}));
  for (const auto& [name, row] : smoke().get_child("scaling.trajectories"))
    if (row.get<std::string>("kind") == "predicted") {
      EXPECT_EQ(row.get<double>("seconds"), row.get<double>("prediction.seconds.median"));
    }
}

TEST(Bench, ListsAreMeasuredOneByOneAndTogether) {
  const Json json = bench({"--device", "cpu,cpu", "--threads", "2", "--lanes", "8"});
  EXPECT_EQ(column<std::string>(json, "rates", "options.device"), (Texts{"cpu", "cpu", "cpu,cpu"}));
  EXPECT_EQ(column<int>(json, "rates", "options.threads"), (std::vector<int>{1, 2, 2}));
  EXPECT_EQ(column<int>(json, "rates", "options.lanes"), (std::vector<int>{8, 8, 8}));
  EXPECT_EQ(json.get<std::string>("scaling.options.device"), "cpu,cpu");
}

TEST(Bench, LeavesNoTrialFileBehind) {
  smoke();
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path()))
    EXPECT_EQ(entry.path().filename().string().find("chokepoint_bench_" + std::to_string(getpid())), std::string::npos) << entry.path();
}

// ---- made by hand

TEST(Bench, TheShortestCollectionIsTakenOffTheRate) {
  const Measurement m = repeated({{6, 1}, {5, 9}, {11, 2}});
  EXPECT_DOUBLE_EQ(m.rate().median, 200);
  EXPECT_DOUBLE_EQ(m.rate().least, 100);
  EXPECT_DOUBLE_EQ(m.rate().greatest, 250);
  EXPECT_DOUBLE_EQ(m.collecting(), 2);
  EXPECT_DOUBLE_EQ(repeated({{4, 3}}).rate().median, 1000.0 / 3);  // at most a quarter of the time
}

TEST(Bench, TextsAndMarksReachBothOutputs) {
  Scenario scenario = read_scenario({config_path("brownian.toml")}, {});
  scenario.title = "a \"title\" with a \\ and a\ttab";
  const Measurement m = repeated({{3, 0.5}, {3, 0.5}});
  const Prediction p{1000, 1, 2, 3, 4, 5, 2.5, 1.5};
  const BenchOptions options;
  Benchmark b{scenario, options, {}, {}};
  b.devices = b.threads = b.policies = {m};
  b.predictions = {p};
  b.whole_runs = {{p, true, 14}, {p, false, 15}};
  const Json json = parse(bench_json(b));
  EXPECT_EQ(json.get<std::string>("configuration.title"), scenario.title);
  EXPECT_EQ(json.get_child("rates").front().second.get<std::string>("description"), "CPU \"quoted\"\n");
  EXPECT_EQ(column<std::string>(json, "scaling.trajectories", "kind"), (Texts{"measured", "predicted"}));
  const std::string tables = bench_tables(b, 100);
  EXPECT_NE(tables.find("  cpu, 4 threads, 8 lanes   400    400       400  2500000      10000000\n"), std::string::npos) << tables;
  EXPECT_NE(tables.find("1 000  14 s   measured        15 s\n"), std::string::npos) << tables;
  EXPECT_NE(tables.find("1 000  15 s  predicted        15 s\n"), std::string::npos) << tables;
}

// ---- refusals

void expect_refusal(const std::vector<std::string>& arguments, int code, const std::string& text) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_command_line(arguments), code);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), text + "\n");
}

TEST(Bench, BadInputIsRefusedBeforeAnythingIsMeasured) {
  const std::string smoke_file = config_path("smoke.toml");
  expect_refusal({"bench", smoke_file, "--seconds", "0"}, 2, "--seconds 0: outside 0 to 86400 (a day)");
  expect_refusal({"bench", smoke_file, "--seconds", "nan"}, 2, "--seconds nan: outside 0 to 86400 (a day)");
  expect_refusal({"bench", smoke_file, "--device", "cpu,gpu"}, 2,
                 "--device cpu,gpu: 'gpu' is not a device. Use auto, cpu, cuda, cuda:N, all, or a list such as cuda:0,cuda:1.");
  expect_refusal({"bench", smoke_file, "--json", "nowhere/bench.json"}, 3,
                 "nowhere/bench.json: there is no directory 'nowhere'. Make it with mkdir -p?");
  const TemporaryFolder folder;
  const std::string precious = folder.write("bench.json", "precious");
  expect_refusal({"bench", smoke_file, "--json", precious}, 2,
                 precious + ": exists already and would be overwritten. Choose another name, or allow it with --force?");
  EXPECT_EQ(std::filesystem::file_size(precious), 8u);
}

}  // namespace
}  // namespace chokepoint
