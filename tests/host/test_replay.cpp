// One trajectory told month by month: from a result or a configuration to tables, files and a page.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "../../host/errors.h"
#include "../../host/replay/replay.h"
#include "../../host/reports/replay_report.h"
#include "../../host/reports/terminal.h"
#include "../e2e/run.h"
#include "program.h"

namespace chokepoint {
namespace {

// Three years of the baseline, of which 50 trajectories are stored.
class ReplaySmoke : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const Answer run = chokepoint_(
        {"run", config_path("smoke.toml"), "--trajectories", "400", "--set", "run.keep=50", "-o", path(), "--quiet", "--device", "cpu"});
    ASSERT_EQ(run.code, 0) << run.err;
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::string path() { return folder_->file("smoke.h5"); }
  static Answer replay_(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"replay", path()});
    return chokepoint_(arguments);
  }

  static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> ReplaySmoke::folder_;

// Plain CSV: quoted fields have no line breaks.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

std::vector<std::map<std::string, std::string>> rows_of(const std::string& csv) {
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = fields_of(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> fields = fields_of(line);
    EXPECT_EQ(fields.size(), header.size()) << line;
    std::map<std::string, std::string>& row = rows.emplace_back();
    for (std::size_t i = 0; i < std::min(fields.size(), header.size()); ++i) row[header[i]] = fields[i];
  }
  return rows;
}

TEST_F(ReplaySmoke, TellsAStoredTrajectory) {
  const Answer answer = replay_({"--trajectory", "7", "--policy", "status_quo,tripwire"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  for (const char* part : {"Smoke test: trajectory 7\n", "its parameters, events and end equal those in the file, bit for bit",
                           "A      status_quo: Status quo\n", "B      tripwire:", "At a glance\n", "First month of each event\n",
                           "what happened", "\n2026-01  ", "\n2028-12  "})
    EXPECT_NE(answer.out.find(part), std::string::npos) << part << answer.out;
}

TEST_F(ReplaySmoke, ByDefaultTellsOfTheReferenceAndTheBest) {
  const Answer answer = replay_({"--trajectory", "7"});
  EXPECT_NE(answer.out.find("A      status_quo:"), std::string::npos);
  EXPECT_NE(answer.out.find("B      tight_controls:"), std::string::npos) << answer.out;
}

// The file's own numbers, read back from the text.
TEST_F(ReplaySmoke, CsvHasTheBitsOfTheFile) {
  const StoredRun stored(path());
  const ModelInfo& model = *stored.scenario().model;
  for (const std::uint64_t t : {0u, 49u}) {
    const Answer answer = replay_({"--trajectory", std::to_string(t), "--policy", "tripwire,status_quo", "--csv", "-"});
    ASSERT_EQ(answer.code, 0) << answer.err;
    const auto rows = rows_of(answer.out);
    ASSERT_EQ(rows.size(), 72u);
    const std::size_t policies[] = {9, 0};
    for (int p = 0; p < 2; ++p) {
      const auto& end = rows[static_cast<std::size_t>(36 * p + 35)];
      EXPECT_EQ(end.at("policy"), p == 0 ? "tripwire" : "status_quo");
      EXPECT_EQ(end.at("year") + " " + end.at("month"), "2028 12");
      for (std::size_t m = 0; m < model.metrics.size(); ++m)
        EXPECT_EQ(std::stof(end.at(model.metrics[m].key)), stored.metric(static_cast<int>(m))[policies[p] * stored.kept() + t])
            << model.metrics[m].key;
    }
  }
}

// Every trajectory of the run can be told, stored or not; what a configuration gives is the same.
TEST_F(ReplaySmoke, AConfigurationGivesTheSameTrajectory) {
  const Answer result = replay_({"--trajectory", "3_99", "--csv", "-", "--policy", "status_quo"});
  const Answer files = chokepoint_(
      {"replay", config_path("smoke.toml"), "--trajectories", "400", "--trajectory", "399", "--csv", "-", "--policy", "status_quo"});
  EXPECT_EQ(files.code, 0) << files.err;
  EXPECT_EQ(result.out, files.out);
  EXPECT_NE(replay_({"--trajectory", "399"}).out.find("the file does not store it; its trajectory 0"), std::string::npos);
  const Answer other = chokepoint_(
      {"replay", config_path("smoke.toml"), "--trajectory", "399", "--csv", "-", "--policy", "status_quo", "--set", "run.seed_chance=8"});
  EXPECT_NE(other.out, files.out);
}

TEST_F(ReplaySmoke, Refusals) {
  EXPECT_EQ(replay_({"--trajectory", "400"}).err, "--trajectory 400: not part of this run, whose trajectories are 0 to 399\n");
  EXPECT_EQ(replay_({"--trajectory", "-1"}).code, 2);
  EXPECT_EQ(replay_({"--trajectory", "1e3"}).err, "--trajectory 1e3: not a whole number from 0 to 999999999999\n");
  EXPECT_NE(replay_({}).err.find("replay: --trajectory is missing"), std::string::npos);
  EXPECT_NE(replay_({"--trajectory", "1", "--policy", "x"}).err.find("--policy x: no policy of the scenario. There are: status_quo, "),
            std::string::npos);
  EXPECT_NE(replay_({"--trajectory", "1", "-m", "x"}).err.find("'x' is no metric of this model."), std::string::npos);
  EXPECT_NE(replay_({"--trajectory", "1", "--set", "run.years=2"}).err.find("is a result and keeps its own configuration"),
            std::string::npos);
  EXPECT_EQ(chokepoint_({"replay", folder_->file("none.h5"), "--trajectory", "1"}).code, 3);
  const std::string csv = folder_->write("there.csv", "x");
  EXPECT_NE(replay_({"--trajectory", "1", "--csv", csv}).err.find("exists already"), std::string::npos);
}

// A file that another version made.
TEST_F(ReplaySmoke, AnotherTrajectoryIsRefused) {
  const StoredRun stored(path());
  Scenario changed = stored.scenario();
  changed.seed_chance += 1;
  Replay told = replay(changed, {0}, 3, 400);
  EXPECT_THROW(check_replay(stored, {0}, told), UserError);
  EXPECT_TRUE(told.check.empty());
}

TEST_F(ReplaySmoke, TablesFitTheTerminal) {
  for (const int width : {60, 80, 100, 160}) {
    const Answer answer =
        replay_({"--trajectory", "5", "--policy", "status_quo,tight_controls,tripwire", "--width", std::to_string(width)});
    std::istringstream lines(answer.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(text_width(line), width) << line;
  }
}

TEST_F(ReplaySmoke, BriefLeavesOutMonthsOfWhichThereIsNothingToTell) {
  const Replay told = replay(StoredRun(path()).scenario(), {0, 1}, 5, 400);
  const std::string all = replay_tables(told, {{9}, 100, true, false}), brief = replay_tables(told, {{9}, 100, true, true});
  for (int step = 0; step < told.steps(); ++step) {
    const std::string line = "\n" + told.date(step) + "  ";
    const bool must = std::ranges::any_of(told.happenings, [&](const Happening& h) { return h.step == step; }) || step % 12 == 11;
    EXPECT_NE(all.find(line), std::string::npos) << line;
    EXPECT_EQ(brief.find(line) != std::string::npos, must) << line;
  }
}

TEST_F(ReplaySmoke, TheCommandTellsTheSame) {
  const Scenario s = read_scenario({config_path("smoke.toml")}, {"run.seed_chance=8", "title=\"it's mine\""});
  Replay told = replay(s, {0, 9}, 3, 10);
  told.files = {"a b.toml"};
  EXPECT_EQ(
      replay_command(told),
      "chokepoint replay 'a b.toml' --set run.seed_chance=8 --set 'title=\"it'\\''s mine\"' --trajectory 3 --policy status_quo,tripwire");
}

// What every policy shares is told once, without its name.
TEST(Happenings, AreOfThePoliciesThatTheyConcern) {
  const Scenario s =
      read_scenario({config_path("smoke.toml")}, {"parameters.taiwan_rate={constant=1e6}", "parameters.taiwan_duration={constant=0.5}",
                                                  "parameters.reversal_rate={constant=1e6}", "policies.tight_controls.durability=1",
                                                  "parameters.restoration_rate={constant=1e-9}"});
  const Replay told = replay(s, {0, 1}, 0, 1);
  std::map<std::pair<int, std::string>, std::vector<int>> by_text;
  for (const Happening& h : told.happenings) by_text[{h.step, h.text}] = h.policies;
  const std::vector<int> both = {0, 1}, first = {0};
  EXPECT_EQ((by_text[{0, "Taiwan crisis begins"}]), both);
  EXPECT_EQ((by_text[{6, "Taiwan crisis ends"}]), both);
  EXPECT_EQ((by_text[{7, "Taiwan crisis begins"}]), both);
  EXPECT_EQ((by_text[{0, "export controls fall back to the status quo"}]), first);
}

TEST(Happenings, SchedulesAndTriggersAreTold) {
  TemporaryFolder folder;
  const std::string more = folder.write("more.toml", R"(
[policies.mine]
schedule = [ { from = 2027-03-01, enforcement = 0.6 } ]
[[policies.mine.trigger]]
when = "revenue > 0"
months = 2
set = { enforcement = 0.9 }
release = "revenue > 0"
release_months = 3
)");
  const Scenario s = read_scenario({config_path("smoke.toml"), more}, {});
  const Replay told = replay(s, {static_cast<int>(s.policies.size()) - 1}, 0, 1);
  std::map<std::string, std::vector<int>> steps;
  for (const Happening& h : told.happenings) steps[h.text].push_back(h.step);
  EXPECT_EQ(steps["schedule: enforcement 0.6"], (std::vector<int>{14}));
  const std::vector<int> fires = steps["trigger 1 fires (revenue > 0 for 2 months)"], released = steps["trigger 1 is released"];
  ASSERT_GE(fires.size(), 2u);
  EXPECT_EQ(fires[0], 2);
  EXPECT_EQ(released[0], 5);
  EXPECT_EQ(fires[1], 7);
}

TEST(Unusual, IsWhatIsFarFromTheMiddleOfItsPrior) {
  const Scenario s = read_scenario({config_path("smoke.toml")}, {});
  const Replay told = replay(s, {0}, 3, 10);
  const std::vector<Unusual> unusual = by_unusualness(told);
  double before = 0.5;
  for (const Unusual& one : unusual) {
    EXPECT_LE(std::abs(one.level - 0.5), before);
    before = std::abs(one.level - 0.5);
  }
  EXPECT_GT(std::abs(unusual.front().level - 0.5), 0.45);
}

// Nothing that a configuration says becomes markup or ends the script, and the page loads nothing.
TEST(ReplayPage, IsSelfContainedAndSafe) {
  TemporaryFolder folder;
  const std::string hostile = folder.write("hostile.toml", "title = \"</script><script>alert(1)</script> <b>\"\n");
  const Scenario s = read_scenario({config_path("smoke.toml"), hostile}, {});
  Replay told = replay(s, {0, 9}, 3, 10);
  told.files = {"<img src=x>"};
  const std::string page = replay_page(told, {9, 17});
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<img src=x>"), std::string::npos);
  EXPECT_NE(page.find("&lt;img src=x&gt;"), std::string::npos);
  EXPECT_EQ(page.find(" src=\"http"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(page.find("\"capability_lag\""), std::string::npos);
  EXPECT_LT(page.size(), 3'000'000u);
}

}  // namespace
}  // namespace chokepoint
