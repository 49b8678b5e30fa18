// Scenario discovery from a result file to the terminal, and the figures that it counts.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <numeric>

#include "../../host/commands/cli.h"
#include "../../host/config/distribution_config.h"
#include "../../host/discover/discover.h"
#include "../../host/discover/when.h"
#include "../../host/errors.h"
#include "../e2e/run.h"
#include "labelled_fixture.h"

namespace chokepoint {
namespace {

Scenario brownian() { return read_scenario({config_path("brownian.toml")}, {}); }  // five years from January 2026

std::string refusal(const std::string& when) {
  try {
    parse_when(when, brownian());
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(When, ReadsBoundsAndEvents) {
  const auto clauses = parse_when("value < 0.5 and  barrier == 0 and hazard", brownian());
  ASSERT_EQ(clauses.size(), 3u);
  EXPECT_TRUE(holds(clauses[0], 0.4f));
  EXPECT_FALSE(holds(clauses[0], 0.5f));
  EXPECT_FALSE(holds(clauses[0], std::numeric_limits<float>::quiet_NaN()));
  EXPECT_TRUE(holds(clauses[1], -1));
  EXPECT_FALSE(holds(clauses[1], 0));
  EXPECT_TRUE(holds(clauses[2], 1));
  EXPECT_FALSE(holds(clauses[2], -1));
  EXPECT_EQ(when_text(clauses, false), "value < 0.5 and barrier does not happen and hazard happens");
}

TEST(When, ADifferenceIsOfMetricsOrOfWhatHappens) {
  const auto clauses = parse_when("value < 0 and hazard", brownian());
  EXPECT_TRUE(holds_against(clauses[0], 1, 2));
  EXPECT_FALSE(holds_against(clauses[0], 2, 2));
  EXPECT_TRUE(holds_against(clauses[1], 1, -1));
  EXPECT_FALSE(holds_against(clauses[1], 1, 1));
  EXPECT_FALSE(holds_against(clauses[1], -1, -1));
}

// The run goes from January 2026 to December 2030: step 36 is January 2029.
TEST(When, EventsHaveDates) {
  const auto clauses = parse_when("barrier before 2029 and barrier after 2028-07 and hazard before 2028.5", brownian());
  ASSERT_EQ(clauses.size(), 3u);
  EXPECT_TRUE(holds(clauses[0], 35));
  EXPECT_FALSE(holds(clauses[0], 36));
  EXPECT_FALSE(holds(clauses[0], -1));
  EXPECT_TRUE(holds(clauses[1], 30));
  EXPECT_FALSE(holds(clauses[1], 29));
  EXPECT_FALSE(holds(clauses[1], -1));
  EXPECT_TRUE(holds(clauses[2], 29));
  EXPECT_FALSE(holds(clauses[2], 30));
  EXPECT_TRUE(holds_against(clauses[0], 35, 36));
  EXPECT_EQ(when_text(clauses, false),
            "barrier happens before 2029 and barrier happens after 2028-07 and hazard happens before 2028.5");
  EXPECT_EQ(refusal("barrier before 2032"),
            "--when, column 9: 'before 2032' is outside the run, which goes from 2026-01 to the start of 2031-01");
  EXPECT_EQ(refusal("barrier after 2031"),
            "--when, column 9: 'after 2031' is outside the run, which goes from 2026-01 to the start of 2031-01");
  EXPECT_EQ(refusal("value before 2029"), "--when, column 7: 'before 2029': bounds on metrics are those at the end; only events have dates");
  for (const char* date : {"soon", "", "2028-13", "2028.5-01", "2028-"})
    EXPECT_EQ(refusal(std::string("barrier before ") + date),
              std::string("--when, column 9: '") + date + "' is no date; write a year or a month, such as 2029, 2028.5 or 2028-07");
}

TEST(When, RefusalsNameThePlace) {
  EXPECT_EQ(refusal("valeu < 1"),
            "--when, column 1: 'valeu' is no metric or event of the model 'brownian'. There are: value, log_value, barrier, hazard.");
  EXPECT_EQ(refusal("value < 1 and value = 3"),
            "--when, column 21: '= 3' is not a bound on a metric: write one of < <= > >= and a number, such as \">= 6\"");
  EXPECT_EQ(refusal("hazard > 1"),
            "--when, column 8: '> 1' is not a statement about an event: write \"== 0\" (it does not happen), \"== 1\", "
            "\"before 2029\" or \"after 2029\"");
  EXPECT_EQ(refusal("value < 1 and "), "--when, column 15: a metric or an event is missing; write for example \"value < 3\"");
}

TEST(PriorLevel, OfEveryKindOfLaw) {
  using Kind = Prior::Kind;
  const Prior uniform_prior{Kind::kUniform, {0, 10}, {}, {}}, normal{Kind::kNormal, {0, 1}, {}, {}};
  EXPECT_DOUBLE_EQ(probability_level(uniform_prior, 3), 0.3);
  EXPECT_DOUBLE_EQ(probability_level({Kind::kChoice, {1, 0}, {0.3, 0.7}, {}}, 0.5), 0.7);
  EXPECT_DOUBLE_EQ(probability_level({Kind::kMixture, {}, {0.25, 0.75}, {uniform_prior, normal}}, 0), 0.375);
  EXPECT_DOUBLE_EQ(probability_level({Kind::kTruncated, {0, 5}, {}, {normal}}, 0), 0);
  EXPECT_DOUBLE_EQ(probability_level({Kind::kTruncated, {0, 4}, {}, {uniform_prior}}, 1), 0.25);
}

// Wilson's interval for a density and for a coverage of a fixed box, over seeded small samples.
TEST(Counted, BoundsCover) {
  constexpr int kRuns = 4000, kPoints = 800;
  int density = 0, coverage = 0, mass = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::mt19937_64 words(static_cast<std::uint64_t>(run));
    Counts inside, all;
    for (int i = 0; i < kPoints; ++i) {
      const bool in = uniform(words) < 0.2, interesting = uniform(words) < (in ? 0.3 : 0.05);
      all.add(interesting);
      if (in) inside.add(interesting);
    }
    const auto covers = [](const Share& s, double truth) { return s.low <= truth && truth <= s.high; };
    density += covers(share_of(inside.interesting, inside.trajectories, 1), 0.3);
    coverage += covers(share_of(inside.interesting, all.interesting, 1), 0.06 / 0.1);
    mass += covers(share_of(inside.trajectories, all.trajectories, 1), 0.2);
  }
  for (const int count : {density, coverage, mass}) {
    EXPECT_GE(count, 0.935 * kRuns);
    EXPECT_LE(count, 0.965 * kRuns);
  }
}

// P(X >= 3) of 5 draws at 1/2: (10 + 5 + 1) / 32.
TEST(Counted, QuasiP) {
  EXPECT_NEAR(quasi_p({5, 3}, {100, 50}, 1), 0.5, 1e-12);
  EXPECT_NEAR(quasi_p({10, 6}, {100, 50}, 2), 0.5, 1e-12);  // two to a world
  EXPECT_EQ(quasi_p({5, 0}, {100, 50}, 1), 1);
}

// 30 of 100 against 10 of 100: twice the gain is 2 (30 ln 1.5 + 70 ln 0.875 + 10 ln 0.5 + 90 ln 1.125) = 12.97, whose root is
// 3.60.
TEST(Counted, RemovalP) {
  EXPECT_NEAR(removal_p({100, 30}, {200, 40}, 1), cdf(complement(boost::math::normal(), 3.6015)), 1e-6);
  EXPECT_EQ(removal_p({100, 10}, {200, 40}, 1), 0.5);  // thinner: no sign of a difference
}

Facts facts_of(std::uint64_t first, const std::vector<std::uint8_t>& interesting) {
  Facts facts;
  facts.first = first;
  facts.width = 2;
  facts.interesting = interesting;
  for (std::size_t i = 0; i < interesting.size(); ++i)
    facts.parameters.insert(facts.parameters.end(), {static_cast<float>(first + i), 7.0f});
  return facts;
}

TEST(CaseControl, KeepsBoundedNumbersThatStandForAll) {
  std::vector<std::uint8_t> rare(10000);
  for (std::size_t i = 0; i < rare.size(); i += 100) rare[i] = 1;
  CaseControl whole(200, {0}), parts(200, {0});
  whole.offer(facts_of(0, rare));
  parts.offer(facts_of(5000, {rare.begin() + 5000, rare.end()}));  // the order does not matter
  parts.offer(facts_of(0, {rare.begin(), rare.begin() + 5000}));
  const LabelledPoints points = whole.points(1), again = parts.points(1);
  EXPECT_EQ(points.values, again.values);
  ASSERT_EQ(points.size(), 300u);
  EXPECT_EQ(std::accumulate(points.interesting.begin(), points.interesting.end(), 0), 100);
  EXPECT_NEAR(std::accumulate(points.weights.begin(), points.weights.end(), 0.0), 10000, 1e-6);
  EXPECT_TRUE(std::ranges::is_sorted(points.worlds));
  double mean = 0;
  for (std::size_t i = 0; i < points.size(); ++i) mean += points.weights[i] * static_cast<double>(points.values[i]) / 10000;
  EXPECT_NEAR(mean, 5000, 3 * 10000 / std::sqrt(12.0 * 200));
}

// Brownian motion with priors: P(log_value < c) has a closed form for every pair of drift and volatility.
class DiscoverBrownian : public testing::Test {
 protected:
  static constexpr const char* kPriors = R"([parameters]
drift = { uniform = { low = -0.5, high = 0.5 } }
volatility = { uniform = { low = 0.05, high = 0.1 } }
barrier = { uniform = { low = 1.2, high = 2 } }
hazard = { choice = { values = [0.01, 0.1, 0.4], weights = [0.2, 0.3, 0.5] } }
)";

  void run(const std::string& more = "", const std::string& trajectories = "6000") {
    const std::string file = folder_.write("x.toml", "extends = \"" + config_path("brownian.toml") + "\"\n" + kPriors + more);
    ASSERT_EQ(run_command_line({"run", file, "--trajectories", trajectories, "-o", path(), "--quiet", "--force", "--device", "cpu"}), 0);
  }
  std::string path() const { return folder_.file("out.h5"); }
  Discovery discover_(const DiscoverOptions& options) const {
    DeviceOptions cpu;
    cpu.device = "cpu";
    return discover(StoredRun(path()), options, cpu, [](auto, auto) {});
  }
  static DiscoverOptions asking(const std::string& when, std::uint64_t trajectories = 0) {
    DiscoverOptions options;
    options.when = when;
    options.trajectories = trajectories;
    options.resamples = 40;
    options.boxes = 1;
    return options;
  }

  TemporaryFolder folder_;
};

// log S(5) is 5 (drift - volatility^2 / 2) + volatility B(5): below 0 just where the drift is, up to 0.05.
TEST_F(DiscoverBrownian, FindsTheDriftThatDecides) {
  run();
  for (const std::uint64_t trajectories : {0, 20000}) {
    const Discovery found = discover_(asking("log_value < 0", trajectories));
    const Box& box = found.boxes[0].learnt.box;
    ASSERT_EQ(box.edges.size(), 1u);
    EXPECT_EQ(found.parameters[static_cast<std::size_t>(box.edges[0].dimension)], 1);
    EXPECT_TRUE(box.edges[0].upper);
    EXPECT_NEAR(box.edges[0].at, 0, 0.02);
    // Density of the box by integration of the closed form.
    double interesting = 0;
    constexpr int kSteps = 200;
    for (int i = 0; i < kSteps; ++i)
      for (int j = 0; j < kSteps; ++j) {
        const double drift = -0.5 + (box.edges[0].at + 0.5) * (i + 0.5) / kSteps, volatility = 0.05 + 0.05 * (j + 0.5) / kSteps;
        interesting +=
            cdf(boost::math::normal(), -5 * (drift - volatility * volatility / 2) / (volatility * std::sqrt(5.0))) / kSteps / kSteps;
      }
    const Counts& inside = found.boxes[0].inside;
    EXPECT_NEAR(inside.density(), interesting, 5 * std::sqrt(interesting * (1 - interesting) / static_cast<double>(inside.trajectories)));
    EXPECT_EQ(found.counting.trajectories, trajectories ? 10000u : 3000u);
    EXPECT_LT(quasi_p(inside, found.boxes[0].without[0], 1), 1e-100);
    EXPECT_EQ(found.tree.nodes[0].dimension, box.edges[0].dimension);
    EXPECT_TRUE(is_told_apart(found.boxes[0], 1));
  }
}

TEST_F(DiscoverBrownian, EventsAndChoices) {
  run();
  const Discovery found = discover_(asking("hazard == 0"));
  const Box& box = found.boxes[0].learnt.box;
  ASSERT_FALSE(box.edges.empty());
  EXPECT_EQ(found.parameters[static_cast<std::size_t>(box.edges[0].dimension)], 4);
  EXPECT_NEAR(box.edges[0].at, 0.25, 1e-6);  // midway between 0.1 and 0.4
}

// With `push`, drift rises by 0.05 and hazard is halved: the event happens under base and not under push where hazard is high.
TEST_F(DiscoverBrownian, OnePolicyAgainstAnother) {
  run();
  DiscoverOptions options = asking("hazard", 20000);
  options.policy = "base";
  options.against = "push";
  const Discovery found = discover_(options);
  const double expected = [] {
    double sum = 0;
    for (const auto& [hazard, weight] : {std::pair{0.01, 0.2}, {0.1, 0.3}, {0.4, 0.5}})
      sum += weight * (std::exp(-2.5 * hazard) - std::exp(-5 * hazard));
    return sum;
  }();
  EXPECT_NEAR(found.counting.density(), expected, 5 * std::sqrt(expected / 10000));
  options.policy = "push";
  options.against = "base";
  EXPECT_EQ(discover_(options).counting.interesting, 0u);  // push never makes it worse
}

// A box of mass 1e-3 or so, sought among more trajectories than are kept.
TEST_F(DiscoverBrownian, RareConditionsInBoundedMemory) {
  run();
  const Discovery found = discover_(asking("log_value > 2.7", 400000));
  EXPECT_LT(found.points, 45000u);
  EXPECT_GT(found.learning.trajectories, 200000u);
  const FoundBox& box = found.boxes[0];
  ASSERT_FALSE(box.learnt.box.edges.empty());
  EXPECT_GT(box.inside.density(), 10 * found.counting.density());
  const Share counted = share_of(box.inside.trajectories, found.counting.trajectories, 1);
  EXPECT_NEAR(box.learnt.region.weight / box.learnt.all.weight, counted.value, 0.5 * counted.value);  // weights stand for all
}

TEST_F(DiscoverBrownian, WholeWorlds) {
  run("[run]\nreplicates = 4\n");
  const Discovery found = discover_(asking("log_value < 0", 8000));
  EXPECT_EQ(found.replicates, 4u);
  EXPECT_EQ(found.counting.trajectories % 4, 0u);
  const Share with = share_of(100, 400, 4), without = share_of(25, 100, 1);
  EXPECT_EQ(with.low, without.low);
}

TEST_F(DiscoverBrownian, ATamperedSampleIsRefused) {
  run();
  StoredRun stored(path());
  const_cast<Scenario&>(stored.scenario()).seed_chance += 1;
  DeviceOptions cpu;
  cpu.device = "cpu";
  try {
    discover(stored, asking("log_value < 0", 1000), cpu, [](auto, auto) {});
    FAIL() << "accepted";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("does not come out again with the same bits"), std::string::npos);
  }
}

TEST_F(DiscoverBrownian, TheStoredConfigurationGivesTheSameResult) {
  run("[[correlation]]\nbetween = [\"drift\", \"barrier\"]\nrank = 0.5\n");
  const StoredRun stored(path());
  EXPECT_EQ(run_scenario(stored.scenario()).hash(), read_result(path()).result_hash);
}

struct Answer {
  int code;
  std::string out, err;
};

Answer chokepoint_(const std::vector<std::string>& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run_command_line(arguments);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST_F(DiscoverBrownian, TheCommand) {
  run();
  const std::string json = folder_.file("out.json"), csv = folder_.file("out.csv");
  const Answer good = chokepoint_({"discover", path(), "--when", "log_value < 0", "--resamples", "40", "--json", json, "--csv", csv});
  EXPECT_EQ(good.code, 0) << good.err;
  for (const char* part : {"log_value < 0 under base", "\nBox 1\n", "drift", "quasi-p", "\nTree\n"})
    EXPECT_NE(good.out.find(part), std::string::npos) << part;
  const Answer piped = chokepoint_({"discover", path(), "--when", "log_value < 0", "--resamples", "40", "--csv", "-"});
  EXPECT_TRUE(piped.out.starts_with("box,parameter,unit,")) << piped.out;
  std::ifstream written(csv);
  EXPECT_EQ(piped.out, std::string(std::istreambuf_iterator<char>(written), {}));
  EXPECT_GT(std::filesystem::file_size(json), 500u);
  std::ifstream lines(csv);
  std::string header, line;
  std::getline(lines, header);
  std::getline(lines, line);
  EXPECT_EQ(line.substr(0, 16), "1,drift,1/yr,,,,");
  EXPECT_EQ(std::ranges::count(line, ','), std::ranges::count(header, ','));

  const Answer none = chokepoint_({"discover", path(), "--when", "value < 0"});
  EXPECT_EQ(none.code, 0);
  EXPECT_NE(none.out.find("No trajectory to learn from is interesting"), std::string::npos);
  const Answer all = chokepoint_({"discover", path(), "--when", "value > 0"});
  EXPECT_NE(all.out.find("Every trajectory to learn from is interesting"), std::string::npos);

  EXPECT_EQ(chokepoint_({"discover", path(), "--when", "value > 0", "--policy", "pull"}).err,
            "--policy pull: no policy of the scenario. There are: base, push.\n");
  EXPECT_EQ(chokepoint_({"discover", path(), "--when", "value > 0", "--against", "base"}).code, 2);
  EXPECT_EQ(chokepoint_({"discover", path()}).code, 2);
  EXPECT_EQ(chokepoint_({"discover", path(), "--when", "value > 0", "--trajectories", "1e9"}).err,
            "--trajectories 1e9: not a whole number from 0 to 100000000\n");
}

// On the baseline nobody knows the answer: what is counted again must agree with what was learnt, and boxes with one another.
TEST(DiscoverBaseline, FiguresAgree) {
  TemporaryFolder folder;
  const std::string path = folder.file("base.h5");
  ASSERT_EQ(run_command_line({"run", config_path("baseline.toml"), "--trajectories", "4000", "-o", path, "--quiet", "--device", "cpu"}), 0);
  DiscoverOptions options;
  options.when = "capability_lag < 2";
  options.resamples = 40;
  options.prim.splits = 10;
  options.trajectories = 4000;
  DeviceOptions cpu;
  cpu.device = "cpu";
  const Discovery found = discover(StoredRun(path), options, cpu, [](auto, auto) {});
  ASSERT_FALSE(found.boxes[0].learnt.box.edges.empty());
  std::uint64_t in_boxes = 0, in_leaves = 0;
  for (const FoundBox& box : found.boxes) in_boxes += box.inside.trajectories;
  for (const Counts& leaf : found.leaves) in_leaves += leaf.trajectories;
  EXPECT_EQ(in_boxes, found.together.trajectories);
  EXPECT_EQ(in_leaves, found.counting.trajectories);
  EXPECT_EQ(found.learning.trajectories, 6000u);
  EXPECT_TRUE(is_told_apart(found.boxes[0], 1));
  for (const Counts& wider : found.boxes[0].without) EXPECT_GT(wider.trajectories, found.boxes[0].inside.trajectories);
}

}  // namespace
}  // namespace chokepoint
