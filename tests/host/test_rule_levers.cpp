// Levers that a configuration gives as a rule on chips.
// SPDX-License-Identifier: Apache-2.0
#include "../../host/rules/rule_levers.h"
#include "config_fixture.h"

namespace chokepoint {
namespace {

const char* const kChips =
    "chip,vendor,on_sale,date_known_to,tpp,density,memory_bandwidth,interconnect,h100e,source,confidence\n"
    "Small,V,2025-01,month,1000,1,1000,100,1,S,read\n"
    "Big,V,2025-01,month,30000,9,8000,900,4,S,read\n"
    "Medium,V,2027-03,month,20000,9,6000,900,2,S,read\n"
    "Huge,V,2028-01,month,90000,9,9000,900,8,S,estimate\n";
const char* const kRules =
    "[rules.law]\ntitle = \"T\"\nsource = \"S\"\nfrom = 2026-01-15\ncontrols = [ { tpp_at_least = 500 } ]\n"
    "permits = [ { tpp_below = 21_000, memory_bandwidth_below = 6_500, review = \"R\" } ]\n"
    "[rules.places]\ntitle = \"T\"\nsource = \"S\"\nfrom = 2026-01-15\n";

class RuleLevers : public ConfigTest {
 protected:
  RuleLevers() {
    std::filesystem::create_directories(path("data"));
    write("data/chips.csv", kChips);
    write("data/rules.toml", kRules);
  }

  // A policy of the race model that the lines belong to.
  std::vector<std::string> files(const std::string& lines) const {
    write("x.toml", "extends = \"" CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml\"\n[policies.p]\n" + lines);
    return {path("x.toml")};
  }
  Scenario race(const std::string& lines) const { return read_scenario(files(lines), {}); }

  // What stands in the schedule of the policy, by step: "1: 0.25".
  static std::string schedule(const Scenario& scenario) {
    std::string text;
    for (const ScheduleEntry& entry : scenario.policies.back().schedule)
      for (const LeverSetting& setting : entry.levers)
        text += std::to_string(entry.from_step) + ": " + scenario.model->levers[setting.lever].key + " " + shortest(setting.value) + "\n";
    return text;
  }
  static std::string shortest(double value) {
    std::string text = std::to_string(value);
    return text.substr(0, text.find_last_not_of('0') + 1);
  }
  std::string refused(const std::string& lines) const {
    files(lines);
    std::string said = refusal({"x.toml"});
    for (std::size_t at; (at = said.find("x.toml:")) != std::string::npos;) said.erase(at, 7);
    return said;
  }
};

constexpr const char* kByMonths = "licensed_chip_quality 0.25\n";

TEST_F(RuleLevers, ChangeWhenNewChipsComeOnSale) {
  // Small over Big from February, Medium over Big from March 2027, Medium over Huge from January 2028.
  const std::string expected = std::string("1: ") + kByMonths + "14: licensed_chip_quality 0.5\n24: " + kByMonths;
  EXPECT_EQ(
      schedule(race("licensed_chip_quality = { rule = { tpp_below = 21_000, memory_bandwidth_below = 6_500 }, from = 2026-01-13 }\n")),
      expected);
  EXPECT_EQ(schedule(race("licensed_chip_quality = { rule = \"law\" }\n")), expected);
}

TEST_F(RuleLevers, CountFromTheFirstOfAMonthOrTheNext) {
  const auto from = [&](const std::string& date) {
    const std::string all = schedule(race("licensed_chip_quality = { rule = { tpp_below = 2_000 }, from = " + date + " }\n"));
    return all.substr(0, all.find(':'));
  };
  EXPECT_EQ(from("2026-03-01"), "2");
  EXPECT_EQ(from("2026-03-02"), "3");
  EXPECT_EQ(from("2026-12-31"), "12");
  EXPECT_EQ(from("2020-06-15"), "0");
  EXPECT_EQ(from("2025-12-31"), "0");
}

TEST_F(RuleLevers, EndWithTheNextNumberInTheSchedule) {
  EXPECT_EQ(schedule(race("licensed_chip_quality = { rule = \"law\", from = 2026-01-01 }\nenforcement = 0.5\n"
                          "schedule = [ { from = 2027-01-01, licensed_chip_quality = 0.9 }, { from = 2026-07-01, enforcement = 1 } ]\n")),
            "0: enforcement 0.5\n0: licensed_chip_quality 0.25\n6: enforcement 1.\n12: licensed_chip_quality 0.9\n");
}

TEST_F(RuleLevers, StandInASchedule) {
  EXPECT_EQ(schedule(race("licensed_chip_quality = 0.1\n"
                          "schedule = [ { from = 2027-01-01, enforcement = 1, licensed_chip_quality = { rule = \"law\" } } ]\n")),
            "0: licensed_chip_quality 0.1\n12: licensed_chip_quality 0.25\n12: enforcement 1.\n14: licensed_chip_quality 0.5\n"
            "24: licensed_chip_quality 0.25\n");
}

TEST_F(RuleLevers, AreNumbersWithTheirReasonsInTheResolvedConfiguration) {
  const Scenario scenario = race("licensed_chip_quality = { rule = \"law\" }\n");
  EXPECT_NE(scenario.resolved.find("{ from = 2026-02-01, licensed_chip_quality = 0.25, reason = \"licensed_chip_quality by the rule law: "
                                   "Small (1 H100e) over Big (4 H100e)\" }"),
            std::string::npos)
      << scenario.resolved;
  EXPECT_LT(scenario.resolved.find("from = 2026-02-01, licensed"), scenario.resolved.find("from = 2027-03-01, licensed"));
  EXPECT_EQ(scenario.resolved.find("rule ="), std::string::npos);
  // It needs no file any more, and says the same.
  std::filesystem::remove_all(path("data"));
  const Scenario again = parse_scenario("stored", scenario.resolved);
  EXPECT_EQ(schedule(again), schedule(scenario));
  EXPECT_EQ(again.settings, scenario.settings);
  EXPECT_EQ(scenario.files.back().text, kChips);
}

TEST_F(RuleLevers, ReadTheFilesThatTheScenarioNames) {
  std::filesystem::create_directories(path("elsewhere"));
  write("elsewhere/c.csv",
        "chip,vendor,on_sale,date_known_to,tpp,density,memory_bandwidth,interconnect,h100e,source,confidence\n"
        "Only,V,2025-01,month,1000,1,1000,100,1,S,read\n");
  const std::string lines = "licensed_chip_quality = { rule = { tpp_below = 2_000 } }\n";
  EXPECT_EQ(schedule(race(lines + "[data]\nchips = \"elsewhere/c.csv\"\n")), "0: licensed_chip_quality 1.\n");
  EXPECT_THROW(race(lines + "[data]\nchips = \"none.csv\"\n"), EnvironmentError);
  EXPECT_EQ(refused("[data]\nchip = 1\n"), "4:1: unknown key 'data.chip' (nothing reads it). Did you mean 'chips'?");
  // Beside the file that is extended, if not beside the first.
  std::filesystem::remove_all(path("data"));
  EXPECT_EQ(schedule(race("licensed_chip_quality = { rule = \"bis_2026\" }\n")).substr(0, 2), "1:");
}

TEST_F(RuleLevers, AreRefusedWithTheirPlace) {
  const std::string quality = "licensed_chip_quality = ";
  EXPECT_EQ(refused(quality + "{ rule = \"lax\" }\n"),
            "3:34: policies.p.licensed_chip_quality.rule = \"lax\" is no rule on chips. Did you mean 'law'?");
  EXPECT_EQ(refused(quality + "{ rule = \"places\" }\n"),
            "3:34: policies.p.licensed_chip_quality.rule = \"places\" is no rule on chips. Legal here: law.");
  EXPECT_EQ(refused(quality + "{ rule = 3 }\n"),
            "3:34: policies.p.licensed_chip_quality.rule = 3 is a whole number; the name of a rule or a table of thresholds is needed");
  EXPECT_EQ(refused(quality + "{ rule = {} }\n"),
            "3:34: policies.p.licensed_chip_quality.rule has no threshold; give at least one, such as tpp_below = 21_000");
  EXPECT_EQ(refused(quality + "{ rule = \"law\", to = 1 }\n"),
            "3:41: unknown key 'policies.p.licensed_chip_quality.to' (nothing reads it). Legal here: rule, from.");
  EXPECT_EQ(refused(quality + "{ rule = \"law\", from = \"2026\" }\n").substr(0, 76),
            "3:48: policies.p.licensed_chip_quality.from = \"2026\" is a string; a date wit");
  EXPECT_EQ(refused(quality + "{ rule = \"law\", from = 2036-01-01 }\n"),
            "3:48: policies.p.licensed_chip_quality: from = 2036-01-01 is outside the run, which starts on 2026-01-01 and lasts 10 years");
  EXPECT_EQ(refused("schedule = [ { from = 2027-01-01, licensed_chip_quality = { rule = \"law\", from = 2027-01-01 } } ]\n"),
            "3:75: policies.p.schedule.licensed_chip_quality.from: the entry of the schedule says from when; take this one out");
  EXPECT_EQ(refused("enforcement = { rule = \"law\" }\n"),
            "3:15: policies.p.enforcement: no rule on chips gives this lever; give a number");
  EXPECT_EQ(
      refused("[[policies.p.trigger]]\nwhen = \"capability_lag < 3\"\nset = { licensed_chip_quality = { rule = \"law\" } }\n"),
      "5:33: policies.p.trigger.set.licensed_chip_quality: no rule here, as it is not known when a trigger fires; give a number, such "
      "as `chokepoint rules` prints");
  EXPECT_EQ(refused("schedule = [ { from = 2027-01-01, reason = \"R\" } ]\n"),
            "3:14: policies.p.schedule: an entry changes no lever; name at least one");
  write("data/chips.csv", "chip\n");
  EXPECT_EQ(refused(quality + "{ rule = \"law\" }\n").substr(0, 24), "data/chips.csv:1: column");
}

}  // namespace
}  // namespace chokepoint
