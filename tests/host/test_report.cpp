// What people read: rounding to the sampling error, tables that fit, and texts in full, errors included.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "../../host/reports/report.h"
#include "../../host/reports/terminal.h"
#include "refusal.h"

namespace chokepoint {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();

// Two policies, three years, quantiles 5, 50 and 95 %. Medians of "value" go up under one policy and down under the other.
StoredResult example() {
  StoredResult r;
  r.title = "A small example";
  r.model = "brownian";
  r.result_hash = "0123456789abcdef0123456789abcdef";
  r.policies = {"base", "push_harder"};
  r.policy_titles = {"Neither lever", "More drift"};
  r.events = {"barrier", "very_long_name", "hazard", "trigger_1"};
  r.years = {2027, 2028, 2029};
  r.quantiles = {0.05, 0.5, 0.95};
  StoredMetric value{"value", "USD bn/yr", "what is measured", "higher", "log", {}, {}, {}, {}};
  value.mean = {1, 2, 12.3456, 1, 0.5, 0.987654};
  value.mean_se = {0.1, 0.1, 0.02, 0.1, 0.1, 0.0031};
  value.quantile = {1, 3, 5, 1, 20, 30, 1, 100, 1234, 1, 1.2, 2, 0.05, 0.12, 0.2, 0.001, 0.01, 0.5};
  for (const double x : value.quantile) value.quantile_bounds.insert(value.quantile_bounds.end(), {x * 0.98, x * 1.02});
  value.histogram = {{0.001, 0.01, 0.1, 1, 10, 100, 1000}, {}};
  value.histogram->counts = {0, 0, 0, 0, 200, 800, 8500, 500, 50, 4950, 0, 5000, 0, 0, 0, 0};
  StoredMetric share{"share", "1", "share of the whole", "none", "linear", {}, {}, {}, {}};
  share.mean = {kNan, kNan, kNan, 0.25, 0.25, -0.0001};
  share.mean_se = {kNan, kNan, kNan, 0, 0, 0.004};
  share.quantile.assign(18, kNan);
  share.quantile_bounds.assign(36, kNan);
  r.metrics = {value, share};
  r.event_probability = {0.248, 0.0301, 0.5, 0, 0.1, 1, 0.5, 0};
  r.event_probability_bounds = {0.2472, 0.2489, 0.025, 0.0362, 0.49, 0.51, 0, 0.00037, 0.08, 0.12, 0.99963, 1, 0.49, 0.51, 0, 0.00037};
  r.provenance = {{"trajectories", "10000"}, {"device", "CPU, 2 threads"}, {"seconds", "0.25"}, {"version", "0.1.0"}, {"ended_early", ""}};
  return r;
}

int widest_line(const std::string& text) {
  int widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, text_width(line));
  return widest;
}

TEST(RoundToError, KeepsTheDecimalPlaceOfTheErrorsFirstDigit) {
  const struct {
    double x, error;
    const char* text;
  } kTable[] = {
      {12.3456, 0.02, "12.35"},
      {12.3456, 0.099, "12.35"},
      {12.3456, 0.1, "12.3"},
      {1234, 60, "1230"},
      {-1236, 60, "-1240"},
      {1234, 100, "1200"},
      {1234, 5000, "1000"},
      {1234, 9000, "1000"},
      {234, 9000, "0"},
      {-234, 9000, "0"},
      {-0.04, 0.1, "0.0"},
      {-0.06, 0.1, "-0.1"},
      {0, 0.001, "0.000"},
      {2, 0.5, "2.0"},
      {0.0001234, 0.000002, "0.000123"},
      {1.234e-12, 2e-14, "1.23e-12"},
      {1e-15, 2e-12, "0"},
      {123456789, 1, "123456789"},
      {1.23456789e12, 1e9, "1.235e+12"},
      {9.9996e9, 1e7, "1.000e+10"},
      {1.5, 1e-300, "1.5"},
      {1234567.8, 0, "1.23457e+06"},
      {0.25, 0, "0.25"},
      {3.14159265, kNan, "3.14159"},
      {3.14159265, kInf, "3.14159"},
      {-0.0, 0, "0"},
      {kNan, 0.1, "nan"},
      {-kInf, 0.1, "-inf"},
  };
  for (const auto& row : kTable) EXPECT_EQ(round_to_error(row.x, row.error), row.text) << row.x << " with error " << row.error;
}

TEST(Sparkline, SpansTheScaleAndLeavesGapsForMissingValues) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 0, 7, 20, true), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6}, 0, 6, 20, false), "_.-=+*#");
  EXPECT_EQ(sparkline({0, kNan, 7, kInf}, 0, 7, 20, true), "▁ █ ");
  EXPECT_EQ(sparkline({0, 0, 0, 7, 0, 7}, 0, 7, 3, true), "▁██");  // the value at the end of each pair
  EXPECT_EQ(sparkline({5, 5}, 5, 5, 20, true), "▁▁");
  EXPECT_EQ(sparkline({5, 5}, kInf, -kInf, 20, true), "▁▁");
  EXPECT_EQ(sparkline({1, 2}, 0, 7, 0, true), "");
  EXPECT_EQ(sparkline({}, 0, 7, 20, true), "");
}

TEST(Terminal, AlignsPointsWrapsAndShortens) {
  EXPECT_EQ(align_points({"1", "23.5", "<0.02", "nan"}), (std::vector<std::string>{"  1   ", " 23.5 ", " <0.02", "nan   "}));
  EXPECT_EQ(wrap_text("one two  three\nfour", 9, "  "), "one two\n  three\n  four\n");
  EXPECT_EQ(wrap_text("indivisible", 4, "  ", "a: "), "a: indivisible\n");
  EXPECT_EQ(shorten("größer", 6, "…"), "größer");
  EXPECT_EQ(shorten("größer", 5, "…"), "größ…");
  EXPECT_EQ(shorten_all({"größer_als", "größer_war", "kurz"}, 7, "…"), (std::vector<std::string>{"größ…ls", "größ…ar", "kurz"}));
  EXPECT_EQ(shorten_all({"größer_als", "kleiner"}, 6, "…"), (std::vector<std::string>{"größe…", "klein…"}));
  EXPECT_EQ(group_digits("1234567"), "1 234 567");
  EXPECT_EQ(group_digits("123"), "123");
  EXPECT_EQ(group_digits("about 1234"), "about 1234");
  EXPECT_EQ(break_name("transformative_china", 10), (std::vector<std::string>{"transformative_", "china"}));
  EXPECT_EQ(break_name("a_b_", 10), (std::vector<std::string>{"a_b_"}));
}

TEST(Terminal, KeepsGroupsOfColumnsTogether) {
  const TableColumn names{{"n"}, {"a"}, true}, x{{"xxxx"}, {"1"}}, y{{"yyyy"}, {"2"}};
  EXPECT_EQ(format_groups(names, {{x, x}, {y, y}}, 24), "n  xxxx  xxxx\na     1     1\n\nn  yyyy  yyyy\na     2     2\n");
  EXPECT_EQ(format_groups(names, {{x, x}, {y, y}}, 25), "n  xxxx  xxxx  yyyy  yyyy\na     1     1     2     2\n");
  EXPECT_EQ(format_groups(names, {{x}, {y, y}}, 13), "n  xxxx\na     1\n\nn  yyyy  yyyy\na     2     2\n");
  EXPECT_EQ(format_groups(names, {{x, x}, {y}}, 7), "n  xxxx\na     1\n\nn  xxxx\na     1\n\nn  yyyy\na     2\n") << "too wide together";
}

TEST(Summary, ShowsWhatTheResultHolds) {
  EXPECT_EQ(summarise(example(), {}),
            R"(A small example
model        brownian
trajectories 10 000 for each of 2 policies
device       CPU, 2 threads
run time     0.25 s
version      0.1.0
result hash  0123456789abcdef0123456789abcdef

value — what is measured (USD bn/yr), end of 2028
policy             5 %    median     95 %       mean ± se
  base         1.00     100       1230     12.35  ± 0.02
  push_harder  0.00100    0.0100     0.50   0.988 ± 0.003

               5 %, log   median, log  95 %, log
               over time  over time    over time   at end, log
policy         ▁0.001 █1  ▁0.01 █100   ▁0.2 █1234  0.001                                       1000
  base         ███        ▅▇█          ▃▅█                                 ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████
  push_harder  █▅▁        ▅▃▁          ▃▁▁         ▅▅▅▅▅▅▅▅        ▅▅▅▅▅▅▅▅

share — share of the whole, end of 2028
policy         5 %  median  95 %      mean ± se
  base           —       —     —  —
  push_harder    —       —     —  0.000 ± 0.004

Probability of events in percent, up to the end of 2028
                             very_long_
policy             barrier         name
  base         24.80 ±0.09    3.0  ±0.6
  push_harder  10    ±2     >99.96

The same under every policy: hazard 50 ±1, trigger_1 <0.04

± is one standard error for means, half a 95 % interval for probabilities; quantiles are rounded to
their sampling error. Lines over time rise from ▁ to █, whose values stand above them; histograms
reach from 1 % to 99 %; all policies have one scale.
)");
}

TEST(Summary, WithoutUnicodeIsAscii) {
  const std::string text = summarise(example(), {{"value"}, 100, false});
  for (const char byte : text) ASSERT_GE(byte, 0) << text;
  EXPECT_NE(text.find("value - what is measured"), text.npos) << text;
  EXPECT_NE(text.find("12.35  +/- 0.02\n"), text.npos) << text;
  EXPECT_NE(text.find("  _0.01 #100   "), text.npos) << text;
  EXPECT_NE(text.find("  +*#          -+#        "), text.npos) << text;  // base: the median, then 95 %
  EXPECT_EQ(text.find("share"), text.npos) << text;
}

TEST(Summary, FitsAnyWidth) {
  StoredResult result = example();
  result.title = "A title that is longer than the narrowest terminal and has to go on in a second line";
  result.policies[1] = "a_policy_with_a_very_long_name_that_nobody_would_type";
  for (int width = 40; width <= 200; ++width) {
    const std::string text = summarise(result, {{}, width, true});
    EXPECT_LE(widest_line(text), std::max(width, 45)) << text;  // the hash is one word
    EXPECT_NE(text.find("0.988 ± 0.003"), text.npos) << text;
    EXPECT_NE(text.find("▅▃▁"), text.npos) << "the median over time\n" << text;
    EXPECT_EQ(text.find("at end, log") == text.npos, width < 43) << text;
  }
  EXPECT_EQ(summarise(result, {{}, 1, true}), summarise(result, {{}, 40, true}));
}

TEST(Summary, WideTablesStandBesideEachOther) {
  const auto lines_with = [](int width, const char* what) {
    std::istringstream lines(summarise(example(), {{"value"}, width, true}));
    int count = 0;
    for (std::string line; std::getline(lines, line);) count += line.find(what) != line.npos;
    return count;
  };
  EXPECT_EQ(lines_with(160, "  push_harder"), 2);  // with all its pictures, and the events
  EXPECT_EQ(lines_with(100, "  push_harder"), 3);
  EXPECT_EQ(lines_with(40, "  push_harder"), 4);  // the mean apart from the quantiles
  EXPECT_EQ(lines_with(64, "95 %, log"), 1);
  EXPECT_EQ(lines_with(40, "95 %, log"), 0);  // of the fan the median remains
}

TEST(Summary, EventsThatDoNotFitGoOnInAnotherTable) {
  StoredResult result = example();
  result.events = {"one", "two", "three", "four", "five", "six", "seven", "eight"};
  result.event_probability.clear();
  result.event_probability_bounds.clear();
  for (int at = 0; at < 16; ++at) {
    const double share = 0.1 + 0.01 * at;
    result.event_probability.push_back(share);
    result.event_probability_bounds.insert(result.event_probability_bounds.end(), {share - 0.005, share + 0.005});
  }
  const std::string text = summarise(result, {{"value"}, 60, true});
  EXPECT_NE(text.find("\npolicy               one        two      three       four\n"), text.npos) << text;
  EXPECT_NE(text.find("\n\npolicy              five        six      seven      eight\n"), text.npos) << text;
}

TEST(Summary, ToleratesMissingProvenanceAndOddQuantiles) {
  StoredResult result = example();
  result.provenance = {{"ended_early", "time limit"}};
  result.quantiles = {0.1, 0.25, 0.4};
  result.years = {2026.25, 2026.5, 2026.75};
  const std::string text = summarise(result, {});
  EXPECT_NE(text.find("model        brownian\nended early  time limit\nresult hash "), text.npos) << text;
  EXPECT_NE(text.find("\npolicy            10 %     40 %       mean ± se  ▁0.001 █1  ▁0.2 █1234  0.001 "), text.npos) << text;
  EXPECT_NE(text.find(" 10 %, log  40 %, log\n"), text.npos) << text;
  EXPECT_NE(text.find("end of September 2026"), text.npos) << text;
}

TEST(Summary, NothingFromTheFileSteersTheTerminal) {
  StoredResult result = example();
  result.title = "red \x1b[31m";
  result.policies[0] = "a\tb";
  result.events[1] =
      "c\xc2\x9b"
      "1m\xff";  // U+009B begins a sequence as ESC [ does; the last byte is no UTF-8
  const std::string text = summarise(result, {});
  EXPECT_EQ(text.find('\x1b'), text.npos);
  EXPECT_EQ(text.find('\xff'), text.npos);
  EXPECT_NE(text.find(" c?1m?\n"), text.npos) << text;
  EXPECT_NE(text.find("red ?[31m\n"), text.npos);
  EXPECT_NE(text.find("  a?b "), text.npos);
}

TEST(Summary, WhatOnlyOnePolicyHasIsALine) {
  StoredResult result = example();
  result.event_probability[3] = kNan;
  const std::string text = summarise(result, {});
  EXPECT_NE(text.find("\nOf one policy alone: trigger_1 under push_harder <0.04\n"), text.npos) << text;
  result.event_probability[7] = kNan;
  EXPECT_EQ(summarise(result, {}).find("trigger_1"), text.npos) << "nobody has it";
}

TEST(Summary, PicturesKeepToTheOrder) {
  const std::string text = summarise(example(), {{"value"}, 100, true, false, "barrier"});
  EXPECT_NE(text.find("\n  push_harder  █▅▁        ▅▃▁          ▃▁▁         ▅▅▅▅▅▅▅▅        ▅▅▅▅▅▅▅▅\n  base         ███ "), text.npos)
      << text;
}

TEST(Summary, PrefersTheMetricsOfThePolicyDebate) {
  StoredResult result = example();
  for (const char* name : {"c", "d", "e", "f", "g"}) {
    result.metrics.push_back(result.metrics[0]);
    result.metrics.back().name = name;
  }
  EXPECT_NE(summarise(result, {}).find("\nf — "), std::string::npos);
  EXPECT_EQ(summarise(result, {}).find("\ng — "), std::string::npos);  // six at most
  result.metrics.back().name = "revenue";
  EXPECT_NE(summarise(result, {}).find("\nrevenue — "), std::string::npos);
  EXPECT_EQ(summarise(result, {}).find("\nvalue — "), std::string::npos);
}

TEST(Summary, ComplainsAboutEveryUnknownMetric) {
  EXPECT_EQ(message_of([] {
              summarise(example(), {{"valu", "share", "x"}, 100, true});
            }),
            "'valu' is no metric of this result. It has: value, share.\n'x' is no metric of this result. It has: value, share.");
  StoredResult empty = example();
  empty.years.clear();
  EXPECT_EQ(message_of([&] { summarise(empty, {}); }), "the result has no policies, times or quantiles: there is nothing to show");
}

}  // namespace
}  // namespace chokepoint
