// What leaves a result as CSV is what the file holds, value for value.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "../../host/reports/export.h"
#include "../e2e/run.h"
#include "program.h"
#include "refusal.h"

namespace chokepoint {
namespace {

using Words = std::vector<std::string>;
using Lines = std::vector<Words>;

// Fields of lines without quotes.
Lines split(const std::string& csv) {
  Lines lines;
  std::istringstream text(csv);
  for (std::string line; std::getline(text, line);) {
    auto& fields = lines.emplace_back();
    for (std::size_t at = 0, comma = 0; comma != line.npos; at = comma + 1) {
      comma = line.find(',', at);
      fields.push_back(line.substr(at, comma - at));
    }
  }
  return lines;
}

// A year of the brownian model: two policies, one with a title that CSV must quote, and 300 stored trajectories.
class Export : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Finished run = run_scenario(read_scenario(
        {config_path("brownian.toml")}, {"run.trajectories=2000", "run.years=1", "run.keep=300", "parameters.drift.normal.mean=0.05",
                                         "parameters.drift.normal.sd=0.01", R"(policies.push.title="More drift, \"pushed\"")"}));
    write_result(path(), {run.scenario, run.tallies, run.sample, run.statistics, {{"configuration_resolved", "a = 1\nb = 2\n"}}});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path() { return folder_->file("export.h5"); }
  static std::string csv(const Words& datasets, bool wide = false) {
    std::string text;
    export_csv(path(), {datasets, wide}, [&](std::string_view part) { text += part; });
    return text;
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(Export, ARowForEachPointOfTheAxes) {
  const StoredResult stored = read_result(path());
  const Lines lines = split(csv({"value_mean", "value_mean_se"}));
  ASSERT_EQ(lines.size(), 1 + 2 * 4u);
  EXPECT_EQ(lines[0], (Words{"policy", "time", "year", "value_mean", "value_mean_se"}));
  EXPECT_EQ(lines[1][1], "2026-04-01");
  EXPECT_EQ(lines[8][1], "2027-01-01");
  for (std::size_t i = 0; i < 8; ++i) {
    const auto& line = lines[i + 1];
    EXPECT_EQ(line[0], stored.policies[i / 4]);
    EXPECT_EQ(std::stod(line[2]), stored.years[i % 4]);
    EXPECT_EQ(std::stod(line[3]), stored.metrics[0].mean[i]);  // every bit
    EXPECT_EQ(std::stod(line[4]), stored.metrics[0].mean_se[i]);
  }
}

TEST_F(Export, WideSpreadsTheLastAxisAndKeepsWhatHasNone) {
  const StoredResult stored = read_result(path());
  const Lines lines = split(csv({"log_value_mean", "log_value_quantile"}, true));
  ASSERT_EQ(lines.size(), 1 + 2 * 4u);
  ASSERT_EQ(lines[0].size(), 4 + stored.quantiles.size());
  EXPECT_EQ(lines[0][3], "log_value_mean");
  EXPECT_EQ(lines[0][5], "log_value_quantile_0.05");
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t q = 0; q < stored.quantiles.size(); ++q)
      EXPECT_EQ(std::stod(lines[i + 1][4 + q]), stored.metrics[1].quantile[i * stored.quantiles.size() + q]);
}

TEST_F(Export, WideDatesAreColumns) {
  EXPECT_EQ(split(csv({"event_cdf"}, true))[0],
            (Words{"policy", "event", "event_cdf_2026-04-01", "event_cdf_2026-07-01", "event_cdf_2026-10-01", "event_cdf_2027-01-01"}));
}

TEST_F(Export, GroupsHaveAxesOfTheirOwnAndOfTheRoot) {
  const Lines sample = split(csv({"sample/parameters"}));
  EXPECT_EQ(sample[0], (Words{"trajectory", "parameter", "parameters"}));
  EXPECT_EQ(sample.size(), 1 + 300 * 5u);
  EXPECT_EQ(sample[1][2], "1");
  const Lines counts = split(csv({"/histogram/value_count"}));
  EXPECT_EQ(counts[0], (Words{"policy", "time", "year", "value_bin", "value_count"}));
  std::int64_t all = 0;
  for (std::size_t i = 1; i < counts.size(); ++i) all += std::stoll(counts[i][4]);
  EXPECT_EQ(all, 2 * 4 * 2000);
}

TEST_F(Export, MissingValuesAreEmptyCells) {
  const Lines lines = split(csv({"sample/event_year"}));
  int missing = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i].size(), 4u);
    missing += lines[i][3].empty();
  }
  EXPECT_GT(missing, 300);
  EXPECT_LT(missing, 1200);
}

TEST_F(Export, TextsAreQuotedWhereCsvAsksForIt) {
  EXPECT_EQ(csv({"policy_title"}), "policy,policy_title\nbase,Neither lever\npush,\"More drift, \"\"pushed\"\"\"\n");
  EXPECT_EQ(csv({"provenance/configuration_resolved"}), "configuration_resolved\n\"a = 1\nb = 2\n\"\n");
}

TEST_F(Export, CoordinatesStandOnce) {
  EXPECT_EQ(csv({"bound"}), "bound\n0.025\n0.975\n");
  EXPECT_EQ(split(csv({"time", "year"}))[0], (Words{"time", "year"}));
}

// More values of each policy than are read at a time, in blocks of which the last one is shorter.
TEST_F(Export, BlocksOfALongDatasetJoin) {
  constexpr std::size_t kTrajectories = 600'000;
  const Finished run = run_scenario(read_scenario(
      {config_path("brownian.toml")}, {"run.trajectories=600000", "run.years=1", "run.record_every_months=12", "run.keep=600000"}));
  const std::string file = folder_->file("long.h5");
  write_result(file, {run.scenario, run.tallies, run.sample, run.statistics, {}});
  std::size_t lines = 0, parts = 0;
  std::vector<std::size_t> happened(4);  // policy and event
  export_csv(file, {{"sample/event_year"}, false}, [&](std::string_view part) {
    ++parts;
    for (std::size_t at = 0, end = 0; (end = part.find('\n', at)) != part.npos; at = end + 1, ++lines) {
      const std::string_view line = part.substr(at, end - at);
      if (lines > 0) happened[2 * line.starts_with("push,") + (line.find(",hazard,") != line.npos)] += line.back() != ',';
    }
  });
  EXPECT_EQ(lines, 1 + 2 * kTrajectories * 2);
  EXPECT_EQ(parts, 1 + 2 * 2u);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_DOUBLE_EQ(static_cast<double>(happened[i]) / kTrajectories, run.statistics.event_probability[i]);
}

TEST_F(Export, RefusalsSayWhatWouldDo) {
  EXPECT_NE(message_of([] { csv({"value_meen"}); }).find("Did you mean 'value_mean'?"), std::string::npos);
  EXPECT_NE(message_of([] { csv({"value_count"}); }).find("histogram/value_count"), std::string::npos);
  EXPECT_EQ(message_of([] {
              csv({"value_mean", "event_cdf"});
            }),
            "event_cdf(policy, event, time) and value_mean(policy, time) have different axes. Export them one by one?");
  EXPECT_NE(message_of([] { csv({"provenance/configuration_resolved"}, true); }).find("no axis to spread"), std::string::npos);
  const std::string text = folder_->write("foreign.h5", "no HDF5");
  EXPECT_NE(message_of([&] { list_datasets(text); }).find("is not an HDF5 file"), std::string::npos);
}

TEST_F(Export, DamageIsRefusedOrHarmless) {
  std::ifstream whole(path(), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(whole), {}};
  for (std::size_t kept = 1; kept < bytes.size(); kept = kept * 3 + 7) {
    const std::string part = folder_->write("part.h5", bytes.substr(0, kept));
    EXPECT_THROW(list_datasets(part), std::runtime_error) << kept;
  }
}

TEST_F(Export, TheListNamesEveryDatasetWithAxesUnitAndMeaning) {
  const std::string list = list_datasets(path());
  EXPECT_NE(list.find("paired/value_difference_quantile (policy, time, quantile)"), std::string::npos);
  EXPECT_NE(list.find("ends of the 95 % interval"), std::string::npos);
  EXPECT_NE(list.find("provenance/configuration_resolved ()"), std::string::npos);
  EXPECT_EQ(list.find("(?"), std::string::npos);
}

TEST_F(Export, TheCommandWritesToStandardOutputOrToAFile) {
  const Answer shown = chokepoint_({"export", path(), "bound"});
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ(shown.out, "bound\n0.025\n0.975\n");
  const std::string file = folder_->file("bound.csv");
  EXPECT_EQ(chokepoint_({"export", path(), "bound", "-o", file}).code, 0);
  std::ifstream written(file);
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(written), {}}), shown.out);
  EXPECT_EQ(chokepoint_({"export", path(), "bound", "-o", file}).code, 2);
  EXPECT_EQ(chokepoint_({"export", path(), "bound", "-o", file, "--force"}).code, 0);
  EXPECT_EQ(chokepoint_({"export"}).code, 2);
}

}  // namespace
}  // namespace chokepoint
