// A small classification tree whose leaves differ in how dense interesting points are.
// Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees" (1984).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "labelled_points.h"

namespace chokepoint {

// Node 0 is the root; children follow their parent.
struct TreeNode {
  Region region;  // of the data that the tree was grown from
  int depth = 0;
  int dimension = -1;  // of the split; -1: a leaf
  double at = 0;       // values below go left; it lies between values that occur
  int left = -1, right = -1;

  bool is_leaf() const { return dimension < 0; }
};

struct Tree {
  std::vector<TreeNode> nodes;

  // `value_of(dimension)`: a point's value.
  template <class Values>
  int leaf_of(Values&& value_of) const {
    int node = 0;
    while (!nodes[node].is_leaf())
      node = static_cast<double>(value_of(nodes[node].dimension)) < nodes[node].at ? nodes[node].left : nodes[node].right;
    return node;
  }
  int leaf_of(const LabelledPoints& points, std::size_t point) const {
    return leaf_of([&](int dimension) { return points.value(dimension, point); });
  }
  std::vector<int> leaves() const;  // from left to right
};

struct TreeOptions {
  int depth = 3;            // of the deepest leaf; the root's is 0
  std::size_t points = 50;  // in a leaf, at least
  int folds = 10;           // of the cross-validation that prunes
  std::uint64_t seed = 0;   // which worlds go into which fold
};

// Splits by the greatest fall of the Gini impurity (section 4.3), not pruned.
Tree grow_tree(const SortedPoints& sorted, std::span<const double> weights, const TreeOptions& options);

// The subtree of least cost + alpha x leaves; the cost of a node is weight x density x (1 - density) (section 3.3).
Tree prune_tree(const Tree& tree, double alpha);

// Grown, and pruned with the alpha that cross-validation chooses: the smallest tree whose squared error on the held-out
// folds exceeds the least one by at most one standard error of their difference (section 3.4.3, with paired errors).
Tree fit_tree(const SortedPoints& sorted, std::span<const double> weights, const TreeOptions& options);

}  // namespace chokepoint
