// CART against brute force, and on points whose structure is known.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "../../host/discover/cart.h"
#include "labelled_fixture.h"

namespace chokepoint {
namespace {

double cost_of(double weight, double interesting) { return weight > 0 ? interesting * (weight - interesting) / weight : 0; }

// The least cost of a tree of at most `depth` splits one above another, greedy from the top as CART is; all splits are tried.
double greedy_cost(const LabelledPoints& points, const std::vector<std::size_t>& members, int depth, std::size_t least) {
  double weight = 0, interesting = 0;
  for (const std::size_t i : members) weight += points.weights[i], interesting += points.weights[i] * points.interesting[i];
  double best = cost_of(weight, interesting);
  const double own = best;
  std::vector<std::size_t> best_left, best_right;
  for (int d = 0; depth > 0 && d < points.dimensions; ++d)
    for (const std::size_t at : members) {
      std::vector<std::size_t> left, right;
      double left_weight = 0, left_interesting = 0;
      for (const std::size_t i : members) {
        const bool below = points.value(d, i) < points.value(d, at);
        (below ? left : right).push_back(i);
        if (below) left_weight += points.weights[i], left_interesting += points.weights[i] * points.interesting[i];
      }
      if (left.size() < least || right.size() < least) continue;
      const double cost = cost_of(left_weight, left_interesting) + cost_of(weight - left_weight, interesting - left_interesting);
      if (cost >= best - 1e-9) continue;
      best = cost;
      best_left = left;
      best_right = right;
    }
  if (best_left.empty()) return own;
  return greedy_cost(points, best_left, depth - 1, least) + greedy_cost(points, best_right, depth - 1, least);
}

double total_cost(const Tree& tree) {
  double cost = 0;
  for (const int leaf : tree.leaves()) {
    const Region& region = tree.nodes[static_cast<std::size_t>(leaf)].region;
    cost += cost_of(region.weight, region.interesting);
  }
  return cost;
}

TEST(Cart, GrowsTheTreeOfBruteForce) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LabelledPoints points = uniform_points(40, 3, seed, known_box(0.9, 0.2));
    for (std::size_t i = 0; i < points.size(); ++i) points.weights[i] = static_cast<double>(1 + i % 3);
    std::vector<std::size_t> all(points.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    TreeOptions options;
    options.points = 3;
    options.depth = 2;
    EXPECT_NEAR(total_cost(grow_tree(SortedPoints(points), points.weights, options)), greedy_cost(points, all, 2, 3), 1e-9) << seed;
  }
}

TEST(Cart, NodesHoldTheirPoints) {
  const LabelledPoints points = uniform_points(3000, 4, 2, known_box(0.9, 0.1));
  const Tree tree = grow_tree(SortedPoints(points), points.weights, {});
  std::vector<Region> counted(tree.nodes.size());
  for (std::size_t i = 0; i < points.size(); ++i) counted[static_cast<std::size_t>(tree.leaf_of(points, i))].add(points, points.weights, i);
  for (const int leaf : tree.leaves()) {
    const Region &grown = tree.nodes[static_cast<std::size_t>(leaf)].region, &found = counted[static_cast<std::size_t>(leaf)];
    EXPECT_EQ(grown.weight, found.weight);
    EXPECT_EQ(grown.interesting, found.interesting);
    EXPECT_GE(found.points, TreeOptions{}.points);
    EXPECT_LE(tree.nodes[static_cast<std::size_t>(leaf)].depth, 3);
  }
}

TEST(Cart, FindsAKnownBoxAndNothingElse) {
  const LabelledPoints points = uniform_points(5000, 6, 3, known_box(0.9, 0.05));
  const Tree tree = fit_tree(SortedPoints(points), points.weights, {});
  EXPECT_EQ(tree.leaves().size(), 4u);  // three edges make four leaves
  const TreeNode& box = tree.nodes[static_cast<std::size_t>(tree.leaf_of([](int d) { return d == 0 ? 0.35 : 0.8; }))];
  EXPECT_NEAR(box.region.density(), 0.9, 0.05);
  EXPECT_NEAR(box.region.weight / 5000, 0.12, 0.015);
}

TEST(Cart, PrunesNoiseToTheRoot) {
  int splits = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const LabelledPoints points = uniform_points(500, 6, seed, [](const auto&) { return 0.3; });
    splits += fit_tree(SortedPoints(points), points.weights, {}).leaves().size() > 1;
  }
  EXPECT_LE(splits, 12);  // one standard error of ten folds
}

// Weakest links by hand: a root of cost 100 x 0.25 whose split saves 9, one leaf of which saves 1 more.
TEST(Cart, PrunesByCostComplexity) {
  Tree tree;
  tree.nodes = {{{100, 50, 100, 50}, 0, 0, 0.5, 1, 2},
                {{50, 40, 50, 40}, 1, 1, 0.5, 3, 4},
                {{50, 10, 50, 10}, 1},
                {{25, 22, 25, 22}, 2},
                {{25, 18, 25, 18}, 2}};
  const double saved = cost_of(50, 40) - cost_of(25, 22) - cost_of(25, 18),
               saved_by_root = cost_of(100, 50) - cost_of(50, 40) - cost_of(50, 10);
  EXPECT_EQ(prune_tree(tree, saved - 1e-9).leaves().size(), 3u);
  EXPECT_EQ(prune_tree(tree, saved + 1e-9).leaves().size(), 2u);
  EXPECT_EQ(prune_tree(tree, saved_by_root - 1e-9).leaves().size(), 2u);
  EXPECT_EQ(prune_tree(tree, saved_by_root + 1e-9).leaves().size(), 1u);
}

}  // namespace
}  // namespace chokepoint
