// The same findings as tables, CSV and JSON: their order, their numbers, and what a file may hold.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/property_tree/json_parser.hpp>
#include <cmath>
#include <sstream>

#include "../../host/reports/csv.h"
#include "../../host/reports/findings.h"
#include "../../host/reports/json.h"
#include "../../host/reports/pictures.h"
#include "../../host/reports/report_decision.h"
#include "../../host/reports/report_summary.h"
#include "../../host/reports/utf8.h"
#include "refusal.h"

namespace chokepoint {
namespace {

const double kNan = std::nan("");

// Three policies at one time; every number is another one.
StoredResult example() {
  StoredResult r;
  r.title = "Example";
  r.model = "brownian";
  r.policies = {"one", "two", "three"};
  r.policy_titles = {"First", "Second", "Third"};
  r.events = {"flood", "trigger_1"};
  r.years = {2031};
  r.quantiles = {0.5};
  StoredMetric m{"gain",          "USD",           "what it brings",       "higher", "linear", {1.25, 3, 2.9},
                 {0.1, 0.2, 0.3}, {1.1, 3.1, 2.8}, {0, 2, 2.5, 4, 2, 3.5}, {},       {}};
  m.paired.mean_difference = {kNan, 1.75, 1.65};
  m.paired.mean_difference_se = {kNan, 0.125, 4};
  m.paired.difference_quantile = {0, 1.5, 0.5};
  m.paired.difference_quantile_bounds = {0, 0, 1.4, 1.6, 0.4, 0.7};
  m.paired.probability_better = {kNan, 0.9, 0.5};
  m.paired.probability_better_bounds = {kNan, kNan, 0.88, 0.92, 0.48, 0.52};
  DecisionStatistics d;
  d.regret_mean = {2.2, 0.2, 1.1};
  d.regret_mean_se = {0.11, 0.01, 0.12};
  d.regret_p95 = {5, 1, 3};
  d.regret_p95_bounds = {4.8, 5.2, 0.9, 1.1, 2.9, 3.1};
  d.probability_best = {0.1, 0.6, 0.3};
  d.probability_best_bounds = {0.08, 0.12, 0.58, 0.62, 0.28, 0.32};
  d.score_rank = {3, 1, 2, 1, 3, 2, 2, 1, 3, 1, 2, 3, 3, 2, kNan};
  d.best = 1;
  d.separation = {1, 2, 0};
  d.trajectories_to_separate = {500, std::numeric_limits<double>::infinity(), 123456};
  d.winner_seen = {3, 0.2};
  d.winner_corrected = {2.8, 0.25};
  d.winner_bounds = {2.6, 3.1, 0.1, 0.4};
  m.decision = d;
  StoredMetric cost = m;
  cost.name = "cost";
  cost.direction = "lower";
  cost.mean = {7, 9, 8};
  StoredMetric plain = m;
  plain.name = "plain";
  plain.direction = "none";
  plain.decision.reset();
  plain.mean = {5, 4, kNan};
  r.metrics = {m, cost, plain};
  r.event_probability = {0.5, kNan, 0.25, 0.75, 0.125, kNan};
  r.event_probability_bounds = {0.4, 0.6, kNan, kNan, 0.2, 0.3, 0.7, 0.8, 0.1, 0.2, kNan, kNan};
  r.provenance = {{"trajectories", "10000"}, {"version", "0.1.0"}};
  return r;
}

SummaryOptions of(const std::string& metric, const std::string& sort = "") { return {{metric}, 100, true, false, sort}; }

using Numbers = std::vector<std::size_t>;
Numbers order_by(const std::string& name) {
  const StoredResult r = example();
  return make_view(r, of("gain", name)).order;
}

TEST(Order, IsBestFirstAndForEventsLowestFirst) {
  EXPECT_EQ(order_by(""), (Numbers{0, 1, 2}));
  EXPECT_EQ(order_by("gain"), (Numbers{1, 2, 0}));
  EXPECT_EQ(order_by("cost"), (Numbers{0, 2, 1}));
  EXPECT_EQ(order_by("plain"), (Numbers{0, 1, 2})) << "the greatest first, what cannot be had last";
  EXPECT_EQ(order_by("flood"), (Numbers{2, 1, 0}));
  EXPECT_EQ(order_by("trigger_1"), (Numbers{1, 0, 2})) << "equals as in the file";
}

TEST(Order, IsThatOfAllTablesAndIsSaid) {
  const StoredResult r = example();
  const std::string summary = summarise(r, of("gain", "cost")), comparison = compare_policies(r, of("gain", "flood"));
  std::string in_a_line = summary;
  std::ranges::replace(in_a_line, '\n', ' ');
  EXPECT_NE(in_a_line.find("Policies by their mean cost, the best first."), summary.npos) << summary;
  EXPECT_TRUE(make_view(r, of("gain", "plain")).order_text.ends_with("mean plain, the greatest first."));
  EXPECT_EQ(summarise(r, of("gain")).find("Policies by"), summary.npos);
  std::istringstream lines(summary + comparison);
  std::string seen;
  for (std::string line; std::getline(lines, line);)
    for (const std::string& name : r.policies)
      if (line.starts_with("  " + name + " ")) seen += name.substr(0, 2) + " ";
  EXPECT_EQ(seen, "on th tw on th tw th tw on th tw on ") << summary << comparison;
  EXPECT_NE(summary.find("  one       1    1.2 ± 0.1"), summary.npos) << "names and numbers stay together\n" << summary;
}

TEST(Order, UnknownNamesAreRefused) {
  EXPECT_EQ(message_of([] { order_by("gian"); }),
            "--sort gian: neither a metric nor an event of this result. Metrics: gain, cost, plain. Events: flood, trigger_1.");
}

std::string without_codes(std::string text) {
  for (std::size_t at; (at = text.find("\033[")) != text.npos;) text.erase(at, text.find('m', at) - at + 1);
  return text;
}

TEST(Colour, IsPutAroundTheSameText) {
  const StoredResult r = example();
  for (const int width : {40, 100, 160})
    for (const auto tell : {static_cast<std::string (*)(const StoredResult&, const SummaryOptions&)>(summarise),
                            static_cast<std::string (*)(const StoredResult&, const SummaryOptions&)>(compare_policies)}) {
      SummaryOptions options = of("gain", "gain");
      options.width = width;
      const std::string plain = tell(r, options);
      options.colour = true;
      const std::string coloured = tell(r, options);
      EXPECT_EQ(plain.find('\033'), plain.npos);
      EXPECT_EQ(without_codes(coloured), plain);
      EXPECT_NE(coloured.find("\033[1mExample\033[0m\n"), coloured.npos) << coloured;
      EXPECT_NE(coloured.find("\n  \033[1mtwo\033[0m "), coloured.npos) << "the best\n" << coloured;
      EXPECT_EQ(coloured.find("\033[1mthree"), coloured.npos);
      EXPECT_NE(coloured.find("\033[2m2 "), coloured.npos) << "a difference that is none\n" << coloured;
    }
}

TEST(Colour, HeadingsOfSeveralLinesAreBoldInEach) {
  EXPECT_EQ(styled("one\n  two \n\n", Style::kBold), "\033[1mone\033[0m\n  \033[1mtwo\033[0m \n\n");
  EXPECT_EQ(styled("one", Style::kPlain), "one");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Csv, HasWhatTheTablesOfSummaryShow) {
  const StoredResult r = example();
  const View v = make_view(r, of("gain", "gain"));
  EXPECT_EQ(
      findings_csv(v, summary_subjects(v)),
      R"(kind,name,units,policy,quantile_0.5,quantile_0.5_low,quantile_0.5_high,mean,mean_se,mean_difference,mean_difference_se,probability,probability_low,probability_high
metric,gain,USD,two,3.1,2.5,4,3,0.2,1.75,0.125,,,
metric,gain,USD,three,2.8,2,3.5,2.9,0.3,1.65,4,,,
metric,gain,USD,one,1.1,0,2,1.25,0.1,,,,,
event,flood,1,two,,,,,,,,0.25,0.2,0.3
event,flood,1,three,,,,,,,,0.125,0.1,0.2
event,flood,1,one,,,,,,,,0.5,0.4,0.6
event,trigger_1,1,two,,,,,,,,0.75,0.7,0.8
event,trigger_1,1,three,,,,,,,,,,
event,trigger_1,1,one,,,,,,,,,,
)");
}

TEST(Csv, HasWhatTheTablesOfCompareShow) {
  StoredResult r = example();
  r.thresholds = {"gain >= 2, say"};
  r.satisficing = {{0.5, 0.25, 0.75}, {0.4, 0.6, 0.2, 0.3, 0.7, 0.8}};
  const View v = make_view(r, of("gain"));
  const std::vector<std::string> lines = lines_of(findings_csv(v, compare_subjects(v)));
  EXPECT_EQ(lines[0],
            "kind,name,units,policy,mean_difference,mean_difference_se,difference_quantile_0.5,difference_quantile_0.5_low,"
            "difference_quantile_0.5_high,probability_better,probability_better_low,probability_better_high,probability_best,"
            "probability_best_low,probability_best_high,regret_mean,regret_mean_se,regret_p95,regret_p95_low,regret_p95_high,"
            "rank_expected_value,rank_maximin,rank_minimax_regret,rank_hurwicz,rank_regret_p95,separation,trajectories_to_separate,"
            "winner_expected_value_seen,winner_expected_value_corrected,winner_expected_value_corrected_low,"
            "winner_expected_value_corrected_high,winner_expected_regret_seen,winner_expected_regret_corrected,"
            "winner_expected_regret_corrected_low,winner_expected_regret_corrected_high,probability,probability_low,probability_high");
  EXPECT_EQ(lines[1], "metric,gain,USD,one,,,,,,,,,0.1,0.08,0.12,2.2,0.11,5,4.8,5.2,3,1,2,1,3,1,500,,,,,,,,,,,");
  EXPECT_EQ(lines[2],
            "metric,gain,USD,two,1.75,0.125,1.5,1.4,1.6,0.9,0.88,0.92,0.6,0.58,0.62,0.2,0.01,1,0.9,1.1,1,3,1,2,2,2,inf,3,2.8,2.6,3.1,0.2,"
            "0.25,0.1,0.4,,,");
  EXPECT_EQ(lines[3],
            "metric,gain,USD,three,1.65,4,0.5,0.4,0.7,0.5,0.48,0.52,0.3,0.28,0.32,1.1,0.12,3,2.9,3.1,2,2,3,3,,0,123456,,,,,,,,,,,");
  EXPECT_EQ(lines[6], "threshold,\"gain >= 2, say\",1,three" + std::string(32, ',') + "0.75,0.7,0.8");
  EXPECT_EQ(lines.size(), 7u);
}

TEST(Csv, WorldsHaveColumnsOfTheirOwn) {
  StoredResult r = example();
  r.bases = 2;
  DecisionStatistics& d = *r.metrics[0].decision;
  for (auto* values : {&d.regret_mean, &d.regret_mean_se, &d.regret_p95, &d.regret_p95_bounds, &d.probability_best,
                       &d.probability_best_bounds, &d.score_rank}) {
    const std::vector<double> once = *values;
    for (const double x : once) values->push_back(x + 100);
  }
  const View v = make_view(r, of("gain"));
  const std::vector<Subject> subjects = compare_subjects(v);
  const auto find = [&](const std::string& name) { return *std::ranges::find(subjects[0].findings, name, &Finding::name); };
  EXPECT_EQ(find("world_regret_mean").values, (std::vector<double>{102.2, 100.2, 101.1}));
  EXPECT_EQ(find("world_probability_best").bounds, (std::vector<double>{100.08, 100.12, 100.58, 100.62, 100.28, 100.32}));
  EXPECT_EQ(find("rank_expected_value").values, (std::vector<double>{3, 1, 2}));
}

using Json = boost::property_tree::ptree;

Json parse(const std::string& text) {
  std::istringstream stream(text);
  Json json;
  boost::property_tree::read_json(stream, json);
  return json;
}

const Json& item(const Json& list, std::size_t number) { return std::next(list.begin(), static_cast<std::ptrdiff_t>(number))->second; }

TEST(JsonOfFindings, HasNamesNumbersAndNulls) {
  StoredResult r = example();
  r.title = "A \"title\"\twith\x01 \xff and \xe2\x82\xac";
  const View v = make_view(r, of("gain", "gain"));
  const std::string text = findings_json(v, "summary", summary_subjects(v));
  const Json json = parse(text);
  EXPECT_EQ(json.get<int>("chokepoint_summary"), 1);
  EXPECT_EQ(json.get<std::string>("title"), "A \"title\"\twith\x01 \uFFFD and €");
  EXPECT_EQ(json.get<int>("trajectories"), 10000);
  EXPECT_EQ(json.get<std::string>("reference"), "one");
  EXPECT_EQ(item(json.get_child("policies"), 0).get<std::string>("title"), "Second");
  const Json& gain = item(json.get_child("metrics"), 0);
  EXPECT_EQ(gain.get<std::string>("units"), "USD");
  EXPECT_EQ(gain.get<std::string>("direction"), "higher");
  const Json& two = item(gain.get_child("policies"), 0);
  EXPECT_EQ(two.get<std::string>("policy"), "two");
  EXPECT_EQ(two.get<double>("mean"), 3);
  EXPECT_EQ(two.get<double>("mean_se"), 0.2);
  EXPECT_EQ(two.get_child(Json::path_type("quantile_0.5_high", '/')).get_value<double>(), 4);
  EXPECT_EQ(item(two.get_child(Json::path_type("quantile_0.5_over_time", '/')), 0).get_value<double>(), 3.1);
  EXPECT_EQ(item(gain.get_child("policies"), 2).get<std::string>("mean_difference"), "null");
  const Json& flood = item(json.get_child("events"), 0);
  EXPECT_EQ(flood.get<std::string>("name"), "flood");
  EXPECT_EQ(item(flood.get_child("policies"), 1).get<double>("probability_high"), 0.2);
  EXPECT_TRUE(json.get_child("thresholds").empty());
}

TEST(JsonOfFindings, HasTheHistogram) {
  StoredResult r = example();
  r.metrics[0].histogram = {{0, 1, 2}, {0, 50, 50, 0, 0, 100, 0, 0, 0, 0, 100, 0}};
  const View v = make_view(r, of("gain"));
  const Json json = parse(findings_json(v, "summary", summary_subjects(v))), &gain = item(json.get_child("metrics"), 0);
  ASSERT_EQ(gain.get_child("histogram_edges").size(), 51u);
  EXPECT_EQ(item(gain.get_child("histogram_edges"), 50).get_value<double>(), 2);
  const Json& two = item(gain.get_child("policies"), 1).get_child("histogram");
  ASSERT_EQ(two.size(), 50u);
  EXPECT_NEAR(item(two, 0).get_value<double>(), 1.0 / 25, 1e-12);
  EXPECT_EQ(item(two, 49).get_value<double>(), 0);
}

TEST(Coarsen, ReachesFromTheLeastToTheGreatestPercent) {
  StoredMetric m = example().metrics[0];
  // Of the first policy 1 % are below 10 and 1 % above 50; the second lies between 30 and 40.
  m.histogram = {{0, 10, 20, 30, 40, 50, 60}, {0, 10, 490, 0, 0, 490, 10, 0, 0, 0, 0, 0, 1000, 0, 0, 0}};
  const CoarseHistogram h = coarsen(m, 2, 8);
  EXPECT_EQ(h.edges, (std::vector<double>{10, 15, 20, 25, 30, 35, 40, 45, 50}));
  EXPECT_EQ(h.shares, (std::vector<double>{0.245, 0.245, 0, 0, 0, 0, 0.245, 0.245, 0, 0, 0, 0, 0.5, 0.5, 0, 0}));
  EXPECT_FALSE(h.logarithmic);
}

TEST(Coarsen, UsesTheScaleOfTheMetric) {
  StoredMetric m = example().metrics[0];
  m.scale = "log";
  m.histogram = {{1, 10, 100, 1000}, {0, 100, 100, 100, 0}};
  CoarseHistogram h = coarsen(m, 1, 3);
  EXPECT_EQ(h.edges, (std::vector<double>{1, 10, 100, 1000}));
  for (const double share : h.shares) EXPECT_NEAR(share, 1.0 / 3, 1e-12);
  EXPECT_TRUE(h.logarithmic);
  m.scale = "signed_log";
  EXPECT_TRUE(coarsen(m, 1, 3).logarithmic) << "two thirds would be in one bin";
  m.histogram->counts = {0, 4, 36, 360, 0};
  EXPECT_FALSE(coarsen(m, 1, 30).logarithmic);
}

TEST(Coarsen, BearsWhatLiesBeyondTheEdges) {
  StoredMetric m = example().metrics[0];
  m.histogram = {{0, 1, 2}, {100, 0, 0, 0}};
  EXPECT_EQ(coarsen(m, 1, 2).edges, (std::vector<double>{0, 0.5, 1}));
  m.histogram->counts = {0, 0, 0, 100};
  EXPECT_EQ(coarsen(m, 1, 2).edges, (std::vector<double>{1, 1.5, 2}));
  m.histogram->counts = {0, 0, 0, 0};
  for (const double share : coarsen(m, 1, 2).shares) EXPECT_TRUE(std::isnan(share));
}

TEST(CsvFields, AreQuotedWhereTheyMustBe) {
  EXPECT_EQ(csv::field(std::string_view("plain text")), "plain text");
  EXPECT_EQ(csv::field(std::string_view("a,b")), "\"a,b\"");
  EXPECT_EQ(csv::field(std::string_view("\"x\"")), "\"\"\"x\"\"\"");
  EXPECT_EQ(csv::field(std::string_view("two\nlines")), "\"two\nlines\"");
  EXPECT_EQ(csv::field(0.1), "0.1");
  EXPECT_EQ(csv::field(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(csv::field(kNan), "");
  EXPECT_EQ(csv::field(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(csv::row({"a", "", "b"}), "a,,b\n");
}

TEST(Utf8, KeepsCharactersAndReplacesWhatIsNone) {
  EXPECT_EQ(repair_utf8("aß€😀"), "aß€😀");
  EXPECT_EQ(repair_utf8("\xc3"), "\uFFFD");
  EXPECT_EQ(repair_utf8("\xc0\xaf"), "\uFFFD\uFFFD") << "longer than need be";
  EXPECT_EQ(repair_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(repair_utf8("\xe0\x80\x80|\xf0\x80\x80\x80|\xf4\x90\x80\x80"),
            "\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(repair_utf8("\xf0\x9f\x98"), "\uFFFD\uFFFD\uFFFD") << "cut off";
  EXPECT_EQ(json::quoted("\xfe"), "\"\uFFFD\"");
  EXPECT_EQ(json::exact(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(json::exact(kNan), "null");
}

}  // namespace
}  // namespace chokepoint
