// SPDX-License-Identifier: Apache-2.0
#include "cart.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chokepoint {

namespace {

double cost(const Region& region) {
  return region.weight > 0 ? region.interesting * (region.weight - region.interesting) / region.weight : 0;
}

struct Split {
  double fall = 0;  // of the cost
  int dimension = -1;
  double at = 0;
};

// The best splits of all leaves of one depth: one walk along each dimension.
class Level {
 public:
  Level(const SortedPoints& sorted, std::span<const double> weights, const TreeOptions& options, const Tree& tree,
        const std::vector<int>& node_of)
      : sorted_(sorted), points_(sorted.points()), weights_(weights), options_(options), tree_(tree), node_of_(node_of) {}

  // (node)
  std::vector<Split> best_splits(int depth) const {
    std::vector<Split> best(tree_.nodes.size());
    for (int d = 0; d < points_.dimensions; ++d) walk(d, depth, best);
    return best;
  }

 private:
  void walk(int dimension, int depth, std::vector<Split>& best) const {
    struct Walk {
      Region left;
      double value = 0;
    };
    std::vector<Walk> walks(tree_.nodes.size());
    for (const std::uint32_t i : sorted_.order(dimension)) {
      const int node = node_of_[i];
      if (weights_[i] == 0 || tree_.nodes[node].depth != depth) continue;
      Walk& walk = walks[node];
      const double value = static_cast<double>(points_.value(dimension, i));
      if (walk.left.points > 0 && value != walk.value)
        consider(tree_.nodes[node].region, walk.left, {0, dimension, (walk.value + value) / 2}, best[node]);
      walk.left.add(points_, weights_, i);
      walk.value = value;
    }
  }

  void consider(const Region& all, const Region& left, Split split, Split& best) const {
    Region right = all;
    right.remove(left);
    if (left.points < options_.points || right.points < options_.points) return;
    split.fall = cost(all) - cost(left) - cost(right);
    if (split.fall > best.fall * (1 + 1e-12)) best = split;
  }

  const SortedPoints& sorted_;
  const LabelledPoints& points_;
  std::span<const double> weights_;
  const TreeOptions& options_;
  const Tree& tree_;
  const std::vector<int>& node_of_;
};

// What a node and all below it cost, and how many leaves they have.
struct Branch {
  double cost = 0;
  int leaves = 0;
};

Branch branch_of(const Tree& tree, int node) {
  const TreeNode& n = tree.nodes[node];
  if (n.is_leaf()) return {cost(n.region), 1};
  const Branch left = branch_of(tree, n.left), right = branch_of(tree, n.right);
  return {left.cost + right.cost, left.leaves + right.leaves};
}

// The split that saves least per leaf.
struct Link {
  int node = -1;
  double alpha = std::numeric_limits<double>::infinity();
};

void find_weakest(const Tree& tree, int node, Link& weakest) {
  const TreeNode& n = tree.nodes[node];
  if (n.is_leaf()) return;
  const Branch branch = branch_of(tree, node);
  const double alpha = (cost(n.region) - branch.cost) / (branch.leaves - 1);
  if (alpha < weakest.alpha) weakest = {node, alpha};
  find_weakest(tree, n.left, weakest);
  find_weakest(tree, n.right, weakest);
}

Link weakest_link(const Tree& tree) {
  Link weakest;
  find_weakest(tree, 0, weakest);
  return weakest;
}

void collapse(Tree& tree, int node) {
  TreeNode& n = tree.nodes[node];
  n.dimension = n.left = n.right = -1;
}

int copy_branch(const Tree& from, int node, Tree& to) {
  const int place = static_cast<int>(to.nodes.size());
  to.nodes.push_back(from.nodes[node]);
  if (from.nodes[node].is_leaf()) return place;
  const int left = copy_branch(from, from.nodes[node].left, to), right = copy_branch(from, from.nodes[node].right, to);
  to.nodes[place].left = left;
  to.nodes[place].right = right;
  return place;
}

// From the whole tree to the root: the alphas at which a split goes.
std::vector<double> alphas_of(Tree tree) {
  std::vector<double> alphas = {0};
  for (Link weakest = weakest_link(tree); weakest.node >= 0; weakest = weakest_link(tree)) {
    alphas.push_back(std::max(alphas.back(), weakest.alpha));
    collapse(tree, weakest.node);
  }
  return alphas;
}

// Squared errors of the trees of all alphas on what they were not grown from: (fold, alpha).
class CrossValidation {
 public:
  CrossValidation(const SortedPoints& sorted, std::span<const double> weights, const TreeOptions& options, std::vector<double> alphas)
      : sorted_(sorted), points_(sorted.points()), weights_(weights), options_(options), alphas_(std::move(alphas)) {}

  // The number of the chosen alpha.
  std::size_t choose() const {
    std::vector<std::vector<double>> errors;
    for (int fold = 0; fold < options_.folds; ++fold) errors.push_back(errors_of(fold));
    std::vector<double> total(alphas_.size());
    for (const auto& of_fold : errors)
      for (std::size_t k = 0; k < total.size(); ++k) total[k] += of_fold[k];
    const auto best = static_cast<std::size_t>(std::ranges::min_element(total) - total.begin());
    for (std::size_t k = total.size() - 1; k > best; --k)
      if (total[k] - total[best] <= error_of_difference(errors, k, best)) return k;
    return best;
  }

  double alpha_between(std::size_t k) const {  // stands for all up to the next
    return k + 1 < alphas_.size() ? std::sqrt(alphas_[k] * alphas_[k + 1]) : std::numeric_limits<double>::infinity();
  }

 private:
  int fold_of(std::size_t point) const {
    return static_cast<int>(hashed(options_.seed, 0, points_.worlds[point]) % static_cast<std::uint64_t>(options_.folds));
  }

  std::vector<double> errors_of(int fold) const {
    std::vector<double> kept(weights_.begin(), weights_.end());
    for (std::size_t i = 0; i < kept.size(); ++i)
      if (fold_of(i) == fold) kept[i] = 0;
    const Tree grown = grow_tree(sorted_, kept, options_);
    const double share = grown.nodes[0].region.weight / whole(points_, weights_).weight;
    std::vector<double> errors(alphas_.size());
    for (std::size_t k = 0; k < alphas_.size(); ++k) {
      const Tree tree = prune_tree(grown, alpha_between(k) * share);
      for (std::size_t i = 0; i < points_.size(); ++i) {
        if (weights_[i] == 0 || fold_of(i) != fold) continue;
        const double miss = points_.interesting[i] - tree.nodes[tree.leaf_of(points_, i)].region.density();
        errors[k] += weights_[i] * miss * miss;
      }
    }
    return errors;
  }

  double error_of_difference(const std::vector<std::vector<double>>& errors, std::size_t a, std::size_t b) const {
    const double n = static_cast<double>(errors.size());
    double sum = 0, squares = 0;
    for (const auto& of_fold : errors) {
      const double difference = of_fold[a] - of_fold[b];
      sum += difference;
      squares += difference * difference;
    }
    return std::sqrt(std::max(0.0, squares - sum * sum / n) * n / (n - 1));
  }

  const SortedPoints& sorted_;
  const LabelledPoints& points_;
  std::span<const double> weights_;
  const TreeOptions& options_;
  std::vector<double> alphas_;
};

}  // namespace

std::vector<int> Tree::leaves() const {
  std::vector<int> all, open = {0};
  while (!open.empty()) {
    const int node = open.back();
    open.pop_back();
    if (nodes[node].is_leaf()) {
      all.push_back(node);
    } else {
      open.insert(open.end(), {nodes[node].right, nodes[node].left});
    }
  }
  return all;
}

Tree grow_tree(const SortedPoints& sorted, std::span<const double> weights, const TreeOptions& options) {
  const LabelledPoints& points = sorted.points();
  Tree tree;
  tree.nodes.push_back({whole(points, weights), 0});
  std::vector<int> node_of(points.size(), 0);
  for (int depth = 0; depth < options.depth; ++depth) {
    const std::vector<Split> splits = Level(sorted, weights, options, tree, node_of).best_splits(depth);
    for (std::size_t node = 0; node < splits.size(); ++node) {
      if (splits[node].dimension < 0) continue;
      const int left = static_cast<int>(tree.nodes.size());
      tree.nodes[node].dimension = splits[node].dimension;
      tree.nodes[node].at = splits[node].at;
      tree.nodes[node].left = left;
      tree.nodes[node].right = left + 1;
      tree.nodes.resize(left + 2, {{}, depth + 1});
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      const TreeNode& node = tree.nodes[node_of[i]];
      if (node.is_leaf()) continue;
      node_of[i] = static_cast<double>(points.value(node.dimension, i)) < node.at ? node.left : node.right;
      tree.nodes[node_of[i]].region.add(points, weights, i);
    }
  }
  return tree;
}

Tree prune_tree(const Tree& tree, double alpha) {
  Tree pruned = tree;
  for (Link weakest = weakest_link(pruned); weakest.node >= 0 && weakest.alpha <= alpha; weakest = weakest_link(pruned))
    collapse(pruned, weakest.node);
  Tree compact;
  copy_branch(pruned, 0, compact);
  return compact;
}

Tree fit_tree(const SortedPoints& sorted, std::span<const double> weights, const TreeOptions& options) {
  const Tree tree = grow_tree(sorted, weights, options);
  const CrossValidation validation(sorted, weights, options, alphas_of(tree));
  return prune_tree(tree, validation.alpha_between(validation.choose()));
}

}  // namespace chokepoint
