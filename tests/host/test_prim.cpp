// PRIM on points whose interesting region is known.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "../../host/discover/prim.h"
#include "labelled_fixture.h"

namespace chokepoint {
namespace {

PrimBox find(const LabelledPoints& points, const PrimOptions& options = {}) {
  return find_box(SortedPoints(points), points.weights, options);
}

void expect_known_box(const Box& box, double error) {
  ASSERT_EQ(box.edges.size(), 3u);
  EXPECT_NEAR(box.low(0), 0.2, error);
  EXPECT_NEAR(box.high(0), 0.5, error);
  EXPECT_NEAR(box.low(1), 0.6, error);
  EXPECT_EQ(box.high(1), std::numeric_limits<double>::infinity());
}

TEST(Prim, FindsASharpBoxAmongIdleParameters) {
  const LabelledPoints points = uniform_points(5000, 6, 1, known_box(1, 0));
  const PrimBox found = find(points);
  expect_known_box(found.box, 0.004);  // 5000 points: neighbours along a side of the box are about 0.0005 to 0.002 apart
  EXPECT_EQ(found.region.density(), 1);
  EXPECT_EQ(found.region.interesting, found.all.interesting);
}

TEST(Prim, FindsANoisyBox) {
  const PrimBox found = find(uniform_points(10000, 6, 2, known_box(0.8, 0.1)));
  expect_known_box(found.box, 0.01);
  EXPECT_NEAR(found.region.density(), 0.8, 0.05);
  EXPECT_NEAR(found.region.interesting / found.all.interesting, 0.096 / 0.184, 0.05);
}

TEST(Prim, ClaimsNothingWhereNothingIs) {
  int claims = 0;
  PrimOptions options;
  options.splits = 20;
  for (std::uint64_t seed = 1; seed <= 200; ++seed)
    claims += !find(uniform_points(500, 10, seed, [](const auto&) { return 0.3; }), options).box.edges.empty();
  EXPECT_LE(claims, 2);  // of 200 searches along 20 sides each
}

TEST(Prim, TheCurveIsWhatItsBoxesHold) {
  const LabelledPoints points = uniform_points(2000, 3, 3, known_box(0.7, 0.1));
  const PrimBox found = find(points);
  Box box;
  for (const PeelStep& step : found.curve) {
    if (&step != &found.curve.front()) {
      std::erase_if(box.edges, [&](const Edge& e) { return e.dimension == step.edge.dimension && e.upper == step.edge.upper; });
      box.edges.push_back(step.edge);
    }
    double weight = 0, interesting = 0;
    for (std::size_t i = 0; i < points.size(); ++i)
      if (box.contains(points, i)) weight += 1, interesting += points.interesting[i];
    EXPECT_EQ(step.region.weight, weight);
    EXPECT_EQ(step.region.interesting, interesting);
    EXPECT_DOUBLE_EQ(step.coverage, interesting / found.all.interesting);
  }
  for (std::size_t k = 1; k < found.curve.size(); ++k) {  // patient: never more than one peel
    const double lost = found.curve[k - 1].region.weight - found.curve[k].region.weight;
    EXPECT_GT(lost, 0);
    EXPECT_LE(lost, std::max(1.0, 0.05 * found.curve[k - 1].region.weight));
  }
}

TEST(Prim, TheChoiceIsTheUsers) {
  const LabelledPoints points = uniform_points(5000, 3, 4, [](const auto& x) { return x[0] * x[1]; });
  PrimOptions by_coverage, by_density;
  by_coverage.coverage = 0.3;
  by_density.density = 0.6;
  const PrimBox covering = find(points, by_coverage), dense = find(points, by_density);
  const PeelStep &a = covering.curve[covering.chosen], &b = dense.curve[dense.chosen];
  EXPECT_GE(a.coverage, 0.3);
  for (const PeelStep& step : covering.curve) EXPECT_TRUE(step.coverage < 0.3 || step.region.density() <= a.region.density());
  EXPECT_GE(b.region.density(), 0.6);
  for (const PeelStep& step : dense.curve) EXPECT_TRUE(step.region.density() < 0.6 || step.coverage <= b.coverage);
}

// A weight of 3 is the point three times.
TEST(Prim, WeightsAreRepetitions) {
  LabelledPoints weighted = uniform_points(600, 3, 5, known_box(0.8, 0.1)), repeated = weighted;
  repeated.values.clear();
  repeated.interesting.clear();
  repeated.worlds.clear();
  for (int d = 0; d < weighted.dimensions; ++d)
    for (std::size_t i = 0; i < weighted.size(); ++i)
      for (std::size_t k = 0; k < 1 + i % 3; ++k) repeated.values.push_back(weighted.value(d, i));
  for (std::size_t i = 0; i < weighted.size(); ++i) {
    weighted.weights[i] = static_cast<double>(1 + i % 3);
    repeated.interesting.insert(repeated.interesting.end(), 1 + i % 3, weighted.interesting[i]);
    repeated.worlds.insert(repeated.worlds.end(), 1 + i % 3, i);
  }
  repeated.weights.assign(repeated.size(), 1);
  PrimOptions options;
  options.cases = 1;
  const PrimBox a = find(weighted, options), b = find(repeated, options);
  EXPECT_FALSE(a.box.edges.empty());
  EXPECT_EQ(a.box.edges, b.box.edges);
  EXPECT_EQ(a.region.weight, b.region.weight);
  EXPECT_EQ(a.region.interesting, b.region.interesting);
}

TEST(Prim, EqualValuesGoTogether) {
  LabelledPoints points = uniform_points(3000, 2, 6, [](const auto& x) { return x[0] < 0.3 ? 0.1 : x[0] < 0.6 ? 0.7 : 0.2; });
  for (std::size_t i = 0; i < points.size(); ++i) points.values[i] = points.values[i] < 0.3f ? 1.0f : points.values[i] < 0.6f ? 2.0f : 5.0f;
  const PrimBox found = find(points);
  ASSERT_EQ(found.box.edges.size(), 2u);
  EXPECT_EQ(found.box.low(0), 1.5);
  EXPECT_EQ(found.box.high(0), 3.5);
}

// The gain is the logarithm of a ratio of likelihoods, written out.
TEST(Prim, SplitGain) {
  const Region part{10, 8, 10, 8}, all{30, 10, 30, 10};
  const double two_rates = 8 * std::log(0.8) + 2 * std::log(0.2) + 2 * std::log(0.1) + 18 * std::log(0.9);
  const double one_rate = 10 * std::log(1.0 / 3) + 20 * std::log(2.0 / 3);
  EXPECT_NEAR(split_gain(part, all), two_rates - one_rate, 1e-12);
  EXPECT_EQ(split_gain({10, 1, 10, 1}, all), 0);  // thinner than the rest
}

TEST(Prim, SplitsTellWhatMatters) {
  const PrimBox found = find(uniform_points(2000, 5, 7, known_box(0.8, 0.1)));
  for (const std::size_t real : {0, 1}) EXPECT_GT(found.selected[real], 0.95);
  for (const std::size_t idle : {2, 3, 4}) EXPECT_LT(found.selected[idle], 0.2);
}

// Thinning the points that are not interesting, with weights that make up for it, moves nothing but by chance.
TEST(Prim, ThinnedPointsGiveTheSameBox) {
  LabelledPoints points = uniform_points(20000, 3, 8, known_box(0.2, 0.01));
  for (std::size_t i = 0; i < points.size(); ++i)
    if (!points.interesting[i]) points.weights[i] = i % 4 == 0 ? 4 : 0;
  const PrimBox found = find(points);
  expect_known_box(found.box, 0.03);
  EXPECT_NEAR(found.region.density(), 0.2, 0.03);
}

// Bounds of edges are honest, though wider than they need be: they may cover more often than they say, never less.
TEST(Prim, BoundsOfEdgesCover) {
  constexpr int kRuns = 1000, kResamples = 40;
  const double truth[] = {0.2, 0.5, 0.6};
  int covered[3] = {}, found_all = 0;
  for (int run = 0; run < kRuns; ++run) {
    const LabelledPoints points = uniform_points(500, 2, 1000 + static_cast<std::uint64_t>(run), known_box(0.9, 0.1));
    const SortedPoints sorted(points);
    PrimOptions options;
    options.splits = 10;
    const PrimBox found = find_box(sorted, points.weights, options);
    if (found.box.edges.size() != 3 || !found.box.find(0, false) || !found.box.find(0, true) || !found.box.find(1, false)) continue;
    ++found_all;
    const std::vector<EdgeBounds> bounds = resample_edges(sorted, points.weights, {}, found.box, kResamples);
    for (std::size_t e = 0; e < 3; ++e) covered[e] += bounds[e].low <= truth[e] && truth[e] <= bounds[e].high;
  }
  EXPECT_GT(found_all, 850);
  for (const int count : covered) EXPECT_GE(count, 0.95 * found_all) << "of " << found_all;
}

}  // namespace
}  // namespace chokepoint
