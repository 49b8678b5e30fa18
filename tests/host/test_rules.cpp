// Export rules on chips: thresholds at their edges, the chips that everybody knows under each rule, and what is said about bad tables.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "../../host/rules/rules.h"
#include "config_fixture.h"
#include "program.h"
#include "refusal.h"

namespace chokepoint {
namespace {

using std::chrono::year_month;
using std::chrono::year_month_day;

const std::string kData = CHOKEPOINT_SOURCE_DIR "/configs/data/";

year_month month(int year, unsigned number) { return {std::chrono::year(year), std::chrono::month(number)}; }
year_month_day day(int year, unsigned number, unsigned of_month) { return month(year, number) / std::chrono::day(of_month); }

const std::vector<Chip>& table() {
  static const std::vector<Chip> chips = read_chips(kData + "chips.csv");
  return chips;
}

const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> rules = [] {
    Problems problems;
    auto read = read_rules(kData + "rules.toml", problems);
    problems.throw_if_any();
    return read;
  }();
  return rules;
}

const Rule& rule(const std::string& name) { return *std::ranges::find(all_rules(), name, &Rule::name); }

// A chip with these numbers; 0: not known.
Chip chip(double tpp, double density = 0, double memory_bandwidth = 0, double interconnect = 0) {
  const auto known = [](double value) { return value > 0 ? std::optional(value) : std::nullopt; };
  Chip made;
  made.tpp = tpp;
  made.density = known(density);
  made.memory_bandwidth = known(memory_bandwidth);
  made.interconnect = known(interconnect);
  return made;
}

Access access(const std::string& name, const Chip& chip) { return judge(rule(name), chip).access; }

// For each of the known chips F (free), L (licence) or D (denied).
std::string verdicts(const std::string& name) {
  std::string text;
  for (const char* chip : {"NVIDIA A100 SXM", "NVIDIA H100 SXM", "NVIDIA A800 SXM", "NVIDIA H800 SXM", "NVIDIA H20", "NVIDIA H200 SXM",
                           "NVIDIA B200", "NVIDIA B30A", "AMD MI308", "AMD MI325X", "AMD MI210"}) {
    const auto found = std::ranges::find(table(), chip, &Chip::name);
    EXPECT_NE(found, table().end()) << chip;
    text += "FLD"[static_cast<int>(judge(rule(name), *found).access)];
  }
  return text;
}

TEST(Rules, ThresholdsOf2022AreAtTheirEdges) {
  EXPECT_EQ(access("bis_2022", chip(4799, 50, 9000, 600)), Access::kFree);
  EXPECT_EQ(access("bis_2022", chip(4800, 50, 9000, 599)), Access::kFree);
  EXPECT_EQ(access("bis_2022", chip(4800, 1, 1, 600)), Access::kDenied);
}

TEST(Rules, ThresholdsOf2023AreAtTheirEdges) {
  EXPECT_EQ(access("bis_2023", chip(4800, 0.1, 1, 1)), Access::kDenied);
  EXPECT_EQ(access("bis_2023", chip(4799, 5.92, 1, 1)), Access::kDenied);
  EXPECT_EQ(access("bis_2023", chip(4799, 5.91, 1, 1)), Access::kPermitted);  // the tier below: after notice
  EXPECT_EQ(access("bis_2023", chip(1600, 5.92, 1, 1)), Access::kDenied);
  EXPECT_EQ(access("bis_2023", chip(1599, 5.92, 1, 1)), Access::kFree);
  EXPECT_EQ(access("bis_2023", chip(2399, 3.19, 1, 1)), Access::kFree);
  EXPECT_EQ(access("bis_2023", chip(2400, 1.6, 1, 1)), Access::kPermitted);
  EXPECT_EQ(access("bis_2023", chip(2400, 1.59, 1, 1)), Access::kFree);
  EXPECT_EQ(access("bis_2023", chip(1600, 3.2, 1, 1)), Access::kPermitted);
}

TEST(Rules, ThresholdsOf2026AreAtTheirEdges) {
  EXPECT_EQ(access("bis_2026", chip(20999, 20, 6499, 900)), Access::kPermitted);
  EXPECT_EQ(access("bis_2026", chip(21000, 20, 6499, 900)), Access::kDenied);
  EXPECT_EQ(access("bis_2026", chip(20999, 20, 6500, 900)), Access::kDenied);
  EXPECT_EQ(judge(rule("bis_2026"), chip(21000, 20, 6500)).why, "tpp 21000 >= 21000, memory_bandwidth 6500 >= 6500");
}

TEST(Rules, WhatIsNotKnownIsAboveEveryThreshold) {
  EXPECT_EQ(access("bis_2022", chip(4800)), Access::kDenied);
  EXPECT_EQ(access("bis_2026", chip(4800)), Access::kDenied);
  EXPECT_EQ(judge(rule("bis_2026"), chip(4800)).why, "memory_bandwidth not known, the limit is 6500");
}

TEST(Rules, KnownChipsUnderEachRule) {
  // A100 H100 A800 H800 H20 H200 B200 B30A MI308 MI325X MI210
  EXPECT_EQ(verdicts("bis_2022"), "DDFFFDDDFDF");
  EXPECT_EQ(verdicts("bis_2023"), "DDDDFDDDFDL");
  EXPECT_EQ(verdicts("h20_stop_2025"), "DDDDDDDDDDL");
  EXPECT_EQ(verdicts("h20_release_2025"), "DDDDLDDDLDL");
  EXPECT_EQ(verdicts("bis_2026"), "LLLLLLDDLLL");
}

TEST(Rules, AreInForceFromTheirFirstDayToTheDayBeforeTheyEnd) {
  const auto in_force = [](year_month_day day) {
    std::string names;
    for (const Rule& one : all_rules())
      if (one.in_force(day)) names += one.name + " ";
    return names;
  };
  EXPECT_EQ(in_force(day(2022, 10, 6)), "");
  EXPECT_EQ(in_force(day(2022, 10, 7)), "bis_2022 ");
  EXPECT_EQ(in_force(day(2023, 11, 16)), "bis_2022 ");
  EXPECT_EQ(in_force(day(2023, 11, 17)), "bis_2023 ");
  EXPECT_EQ(in_force(day(2025, 1, 13)), "bis_2023 diffusion_2025 ");
  EXPECT_EQ(in_force(day(2025, 5, 12)), "diffusion_2025 h20_stop_2025 ");
  EXPECT_EQ(in_force(day(2025, 5, 13)), "h20_stop_2025 ");
  EXPECT_EQ(in_force(day(2026, 1, 14)), "h20_release_2025 ");
  EXPECT_EQ(in_force(day(2026, 1, 15)), "bis_2026 ");
  EXPECT_FALSE(rule("diffusion_2025").on_chips);
}

TEST(Rules, GiveTheQualityOfTheBestLicensableChipOnSale) {
  const Quality now = licensed_quality(rule("bis_2026"), table(), month(2026, 2));
  EXPECT_EQ(quality_text(now), "AMD MI300X (1.32 H100e) over AMD MI355X (2.54 H100e)");
  EXPECT_NEAR(now.value, 2614.9 / 5033.2, 1e-4);
  EXPECT_NEAR(licensed_quality(rule("bis_2026"), table(), month(2026, 10)).value, 2614.9 / 17500, 1e-4);  // the Rubin is on sale
  EXPECT_EQ(licensed_quality(rule("bis_2022"), table(), month(2023, 3)).value, 1);                        // H800 and H100
  EXPECT_NEAR(licensed_quality(rule("bis_2022"), table(), month(2023, 2)).value, 0.3153, 1e-9);           // A800
  EXPECT_NEAR(licensed_quality(rule("bis_2023"), table(), month(2024, 5)).value, 296 / 2614.9, 1e-4);     // H20 and MI300X
  EXPECT_EQ(licensed_quality(rule("bis_2022"), table(), month(2020, 5)).value, 0);                        // only the A100 is on sale
  const Quality none = licensed_quality(rule("bis_2022"), table(), month(2020, 4));
  EXPECT_EQ(none.value, 0);
  EXPECT_EQ(quality_text(none), "no chip is on sale");
}

TEST(Rules, ChipsThatWereNeverSoldAreNoCandidates) {
  std::vector<Chip> chips(2);
  chips[0].h100e = 1, chips[0].on_sale = month(2024, 1);
  chips[1].h100e = 5;
  const Rule any = rule_of({{{Quantity::kTpp, false, 1e6}}, ""});
  EXPECT_EQ(licensed_quality(any, chips, month(2024, 1)).value, 1);
  EXPECT_EQ(licensed_quality(any, chips, month(2023, 12)).value, 0);
}

TEST_F(ConfigTest, MalformedChipsAreNamedByTheirLines) {
  const std::string header = "chip,vendor,on_sale,date_known_to,tpp,density,memory_bandwidth,interconnect,h100e,source,confidence\n";
  const auto about = [&](const std::string& rows) {
    write("chips.csv", header + rows);
    return without_folder(message_of([&] { read_chips(path("chips.csv")); }));
  };
  EXPECT_EQ(about(""), "chips.csv: there is no chip in it");
  EXPECT_EQ(about("A,V,2024-13,month,x,1,1,1,1,S,read\nA,V,2024-1,month,0,,,,,,guess\n"),
            "chips.csv:2: on_sale = '2024-13' is not a month such as 2024-03; it is empty for a chip that was never sold\n"
            "chips.csv:2: tpp = 'x' is not a number\n"
            "chips.csv:3: on_sale = '2024-1' is not a month such as 2024-03; it is empty for a chip that was never sold\n"
            "chips.csv:3: tpp = 0 is outside [1, 10000000]\n"
            "chips.csv:3: h100e is missing\n"
            "chips.csv:3: source is missing\n"
            "chips.csv:3: confidence = 'guess' is not one of read, estimate\n"
            "chips.csv:3: chip 'A' is given twice, first in line 2");
  EXPECT_EQ(about("A,V,2024-01,week,1,1,1,1,1,S,read\n"), "chips.csv:2: date_known_to = 'week' is not one of month, quarter, year");
  EXPECT_EQ(about("A,V,,,1,1,1,1\n"), "chips.csv:2: 8 cells; the header names 11 columns");
  write("chips.csv", "chip,vendor\n");
  EXPECT_THROW(read_chips(path("chips.csv")), UserError);
}

TEST_F(ConfigTest, MalformedRulesAreNamedByTheirPlaces) {
  const auto about = [&](const std::string& text) {
    write("rules.toml", text);
    return without_folder(message_of([&] {
      Problems problems;
      read_rules(path("rules.toml"), problems);
      problems.throw_if_any();
    }));
  };
  const std::string good = "[rules.a]\ntitle = \"T\"\nsource = \"S\"\nfrom = 2024-01-01\n";
  EXPECT_EQ(about(""), "rules.toml: there is no rule; give at least one, [rules.NAME]");
  EXPECT_EQ(about("[rules.a]\n"),
            "rules.toml:1:8: rules.a.title is missing\nrules.toml:1:8: rules.a.source is missing\n"
            "rules.toml:1:8: rules.a.from is missing; give the first day on which it is in force");
  EXPECT_EQ(about(good + "until = 2024-01-01\n"), "rules.toml:1:8: rules.a.until must be after from");
  EXPECT_EQ(about(good + "controls = [ { tpp_above = 1 } ]\n"),
            "rules.toml:5:14: rules.a.controls has no threshold; give at least one, such as tpp_below = 21_000\n"
            "rules.toml:5:16: unknown key 'rules.a.controls.tpp_above' (nothing reads it). Legal here: tpp_below, tpp_at_least, "
            "density_below, density_at_least, memory_bandwidth_below, memory_bandwidth_at_least, interconnect_below, "
            "interconnect_at_least, bandwidth_sum_below, bandwidth_sum_at_least.");
  EXPECT_EQ(about(good + "controls = [ { tpp_at_least = 0 } ]\n"), "rules.toml:5:31: rules.a.controls.tpp_at_least = 0 must be above 0");
  EXPECT_EQ(about(good + "permits = [ { tpp_below = 1 } ]\n"),
            "rules.toml:1:8: rules.a.permits without controls: nothing needs a licence\n"
            "rules.toml:5:13: rules.a.permits.review is missing; say how a licence is judged");
  EXPECT_EQ(about(good + "levers = { third_country_cap = 2, cap = 1 }\n"),
            "rules.toml:5:32: rules.a.levers.third_country_cap = 2 is outside [0, 1]\n"
            "rules.toml:5:35: rules.a.levers.cap is a lever of no model");
  EXPECT_EQ(about(good + "adds_to = \"b\"\n"), "rules.toml:5:11: rules.a.adds_to = 'b' is no rule before this one");
}

// ---- the command

Answer rules_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"rules", "--rules", kData + "rules.toml", "--chips", kData + "chips.csv"});
  return chokepoint_(arguments);
}

std::string printed(const std::vector<std::string>& arguments) {
  const Answer answer = rules_command(arguments);
  EXPECT_EQ(answer.code, 0) << answer.err;
  return answer.out;
}

TEST(RulesCommand, ShowsChipsReasonsAndLevers) {
  const std::string text = printed({"--date", "2026-02-01"});
  for (const char* part :
       {"2026-02-01: 1 rule, 19 chips on sale\n", "bis_2026: Case by case up to the H200 (from 2026-01-15)\n",
        "\nNVIDIA B200        2.27  denied   tpp 36000 >= 21000, memory_bandwidth 8000 >= 6500\n",
        "\nNVIDIA H200 SXM    1.00  licence  case by case\n", "\n  licensed_chip_quality = 0.520 # AMD MI300X (1.32 H100e) over AMD MI355X",
        "\n  chip_licence_share = 0.02\n", "Not on sale then: NVIDIA Rubin (from 2026-10), NVIDIA B30A (never sold)\n"})
    EXPECT_NE(text.find(part), text.npos) << part << text;
  EXPECT_EQ(printed({"--date", "2022-10-06"}).substr(0, 38), "2022-10-06: 0 rules, 5 chips on sale\n\n");
}

TEST(RulesCommand, ShowsARuleThatIsNotInForce) {
  const std::string text = printed({"--date", "2026-02-01", "--rule", "bis_2023"});
  EXPECT_NE(text.find("licensed_chip_quality = 0.059 # NVIDIA H20 (0.15 H100e)"), text.npos) << text;
  EXPECT_EQ(text.find("bis_2026"), text.npos);
}

TEST(RulesCommand, WritesTables) {
  const std::string csv = printed({"--date", "2022-12-01", "--csv", "-"});
  EXPECT_EQ(csv.substr(0, csv.find("AMD")),
            "date,rule,chip,vendor,on_sale,date_known_to,tpp,density,memory_bandwidth,interconnect,h100e,access,why\n"
            "2022-12-01,bis_2022,NVIDIA H100 SXM,NVIDIA,2022-10,month,15832,19.45,3350,900,1,denied,\"tpp 15832 >= 4800, interconnect 900 "
            ">= 600\"\n"
            "2022-12-01,bis_2022,NVIDIA A100 SXM,NVIDIA,2020-05,month,4992,6.04,1600,600,0.3153,denied,\"tpp 4992 >= 4800, interconnect "
            "600 >= 600\"\n"
            "2022-12-01,bis_2022,NVIDIA A800 SXM,NVIDIA,2022-11,month,4992,6.04,2000,400,0.3153,free,below every threshold\n"
            "2022-12-01,bis_2022,");
  const std::string json = printed({"--date", "2025-03-01", "--json", "-"});
  EXPECT_NE(json.find("\"levers\": {\"third_country_cap\": 0.7}"), json.npos) << json;
  EXPECT_NE(json.find("\"best_licensable\": \"NVIDIA H20\",\n     \"best_on_sale\": \"NVIDIA B200\""), json.npos) << json;
}

TEST(RulesCommand, RefusesWhatItCannotShow) {
  const auto refused = [](const std::vector<std::string>& arguments) {
    const Answer answer = rules_command(arguments);
    EXPECT_EQ(answer.code, 2);
    return answer.err;
  };
  EXPECT_EQ(refused({"--date", "2026-02-30"}), "--date 2026-02-30: not a date, such as 2024-12-31\n");
  EXPECT_EQ(refused({"--rule", "bis_2025"}), "--rule bis_2025: not in " + kData + "rules.toml. Did you mean 'bis_2022'?\n");
  EXPECT_EQ(chokepoint_({"rules", "--chips", "/nowhere/chips.csv", "--rules", kData + "rules.toml"}).code, 3);
}

}  // namespace
}  // namespace chokepoint
