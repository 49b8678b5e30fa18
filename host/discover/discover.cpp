// SPDX-License-Identifier: Apache-2.0
#include "discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "../errors.h"
#include "../run/plan.h"
#include "../statistics/estimate.h"
#include "when.h"

namespace chokepoint {

namespace {

constexpr std::size_t kMostOfEach = 10'000;  // points to learn from: interesting ones, and others
constexpr std::uint64_t kThinning = 3;       // stream of hashed()

Question question_of(const Scenario& s, const DiscoverOptions& options) {
  Question question{parse_when(options.when, s), s.reference, -1};
  if (!options.policy.empty()) question.policy = policy_number(s, options.policy, "--policy");
  if (!options.against.empty()) question.against = policy_number(s, options.against, "--against");
  if (question.against == question.policy)
    throw UserError(fmt::format("--against {}: the same as the policy that is asked about; name another", options.against));
  return question;
}

// Trajectories first .. end - 1 of some facts.
Facts part_of(const Facts& facts, std::size_t first, std::size_t end) {
  Facts part;
  part.first = facts.first + first;
  part.width = facts.width;
  const auto at = [&](std::size_t i) {
    return facts.parameters.begin() + static_cast<std::ptrdiff_t>(i * static_cast<std::size_t>(facts.width));
  };
  part.parameters.assign(at(first), at(end));
  part.interesting.assign(facts.interesting.begin() + static_cast<std::ptrdiff_t>(first),
                          facts.interesting.begin() + static_cast<std::ptrdiff_t>(end));
  return part;
}

// Box after box, each from what the ones before left.
void find_boxes(const SortedPoints& sorted, const DiscoverOptions& options, Discovery& found) {
  const LabelledPoints& points = sorted.points();
  std::vector<double> weights = points.weights;
  for (int k = 0; k < options.boxes; ++k) {
    FoundBox box;
    box.learnt = find_box(sorted, weights, options.prim);
    if (box.learnt.box.edges.empty() && k > 0) return;
    box.bounds = resample_edges(sorted, weights, options.prim, box.learnt.box, options.resamples);
    box.without.resize(box.learnt.box.dimensions().size());
    const bool nothing = box.learnt.box.edges.empty();
    found.boxes.push_back(std::move(box));
    if (nothing) return;
    for (std::size_t i = 0; i < points.size(); ++i)
      if (found.boxes.back().learnt.box.contains(points, i)) weights[i] = 0;
  }
}

// The dimensions of a box that a point violates; only none or one matters.
struct Violation {
  int count = 0;
  std::size_t which = 0;  // place among Box::dimensions()
};

template <class Values>
Violation violation_of(const Box& box, Values&& value_of) {
  Violation violation;
  std::size_t place = 0;
  for (std::size_t e = 0; e < box.edges.size(); ++e) {
    if (e > 0 && box.edges[e].dimension != box.edges[e - 1].dimension) ++place;
    const bool again = violation.count > 0 && violation.which == place;
    if (again || box.edges[e].admits(static_cast<double>(value_of(box.edges[e].dimension)))) continue;
    if (++violation.count == 2) break;
    violation.which = place;
  }
  return violation;
}

void count(const Facts& facts, Discovery& found) {
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const bool interesting = facts.interesting[i];
    const auto value_of = [&](int dimension) { return facts.parameter(i, found.parameters[dimension]); };
    found.counting.add(interesting);
    found.leaves[found.tree.leaf_of(value_of)].add(interesting);
    for (FoundBox& box : found.boxes) {
      if (box.learnt.box.edges.empty()) break;
      box.left.add(interesting);
      const Violation violation = violation_of(box.learnt.box, value_of);
      if (violation.count == 1) box.without[violation.which].add(interesting);
      if (violation.count > 0) continue;
      box.inside.add(interesting);
      for (Counts& counts : box.without) counts.add(interesting);
      found.together.add(interesting);
      break;
    }
  }
}

// Where trajectories come from: which are learnt from, and which are counted.
class Source {
 public:
  using Take = std::function<void(const Facts&)>;

  Source(const StoredRun& stored, const Question& question, const DiscoverOptions& options, const DeviceOptions& device,
         const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : stored_(stored), replicates_(stored.scenario().replicates), progress_(progress) {
    if (stored.kept() == 0 && options.trajectories == 0)
      throw UserError(fmt::format("{}: stores no trajectories (run.keep = 0). Give --trajectories N to run them again.", stored.path()));
    if (stored.kept() > 0) sample_ = stored_facts(stored, question);
    if (options.trajectories == 0) return;
    rerun_.emplace(stored, question, device);
    half_ = whole_worlds((options.trajectories + 1) / 2);
  }

  void learn(const Take& take) {
    if (rerun_) {
      if (sample_.size() > 0) take(sample_);
      run(first_fresh(), take, 0);
    } else {
      take(part_of(sample_, 0, middle()));
    }
  }
  void count(const Take& take) {
    if (rerun_) {
      run(first_fresh() + half_, take, half_);
    } else {
      take(part_of(sample_, middle(), sample_.size()));
    }
  }
  std::string device() const { return rerun_ ? rerun_->device() : ""; }

 private:
  std::uint64_t whole_worlds(std::uint64_t count) const { return (count + replicates_ - 1) / replicates_ * replicates_; }
  std::size_t middle() const { return std::min<std::size_t>(sample_.size(), whole_worlds(sample_.size() / 2)); }
  std::uint64_t first_fresh() const { return whole_worlds(stored_.kept()); }

  void run(std::uint64_t first, const Take& take, std::uint64_t before) {
    for (std::uint64_t done = 0; done < half_;) {
      const std::uint64_t size = std::min(rerun_->together(), half_ - done);
      take(rerun_->run(first + done, size));
      done += size;
      progress_(before + done, 2 * half_);
    }
  }

  const StoredRun& stored_;
  std::uint64_t replicates_, half_ = 0;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  Facts sample_;
  std::optional<Rerun> rerun_;
};

}  // namespace

Share share_of(std::uint64_t part, std::uint64_t all, std::uint64_t replicates) {
  if (all == 0) return {0, 0, 1};
  const double p = static_cast<double>(part) / static_cast<double>(all);
  const double n = std::max(1.0, static_cast<double>(all) / static_cast<double>(replicates));
  const Interval interval = share_interval(p, n);
  return {p, interval.low, interval.high};
}

double quasi_p(const Counts& inside, const Counts& without, std::uint64_t replicates) {
  if (inside.interesting == 0 || without.interesting == without.trajectories) return 1;
  const double k = static_cast<double>(inside.interesting) / static_cast<double>(replicates),
               n = static_cast<double>(inside.trajectories) / static_cast<double>(replicates);
  return boost::math::ibeta(k, n - k + 1, without.density());  // P(X >= k) of a binomial X, for any k > 0
}

double removal_p(const Counts& inside, const Counts& without, std::uint64_t replicates) {
  const auto region = [](const Counts& counts) {
    return Region{static_cast<double>(counts.trajectories), static_cast<double>(counts.interesting), counts.trajectories,
                  counts.interesting};
  };
  return p_of_gain(split_gain(region(inside), region(without)) / static_cast<double>(replicates));
}

bool is_told_apart(const FoundBox& box, std::uint64_t replicates) {
  const Counts rest{box.left.trajectories - box.inside.trajectories, box.left.interesting - box.inside.interesting};
  return box.inside.trajectories > 0 && share_of(box.inside.interesting, box.inside.trajectories, replicates).low > rest.density();
}

CaseControl::CaseControl(std::size_t most_of_each, std::vector<int> parameters) : most_(most_of_each), parameters_(std::move(parameters)) {
  std::ranges::fill(limit_, std::numeric_limits<std::uint64_t>::max());
}

void CaseControl::offer(const Facts& facts) {
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const int kind = facts.interesting[i];
    ++offered_[kind];
    const std::uint64_t hash = hashed(0, kThinning, facts.first + i);
    if (hash > limit_[kind]) continue;
    Kept kept{hash, facts.first + i, {}};
    for (const int parameter : parameters_) kept.values.push_back(facts.parameter(i, parameter));
    kept_[kind].push_back(std::move(kept));
    if (kept_[kind].size() >= 2 * most_) shrink(kind);
  }
}

void CaseControl::shrink(int kind) {
  std::vector<Kept>& kept = kept_[kind];
  if (kept.size() <= most_) return;
  std::ranges::nth_element(kept, kept.begin() + static_cast<std::ptrdiff_t>(most_) - 1, {}, &Kept::hash);
  kept.resize(most_);
  limit_[kind] = kept.back().hash;
}

LabelledPoints CaseControl::points(std::uint64_t replicates) {
  double weight[2];
  std::vector<std::pair<const Kept*, int>> all;
  for (const int kind : {0, 1}) {
    shrink(kind);
    weight[kind] = static_cast<double>(offered_[kind]) / static_cast<double>(std::max<std::size_t>(1, kept_[kind].size()));
    for (const Kept& kept : kept_[kind]) all.emplace_back(&kept, kind);
  }
  std::ranges::sort(all, {}, [](const auto& one) { return one.first->trajectory; });
  LabelledPoints points;
  points.dimensions = static_cast<int>(parameters_.size());
  points.replicates = static_cast<double>(replicates);
  for (std::size_t d = 0; d < parameters_.size(); ++d)
    for (const auto& [kept, kind] : all) points.values.push_back(kept->values[d]);
  for (const auto& [kept, kind] : all) {
    points.interesting.push_back(static_cast<std::uint8_t>(kind));
    points.weights.push_back(weight[kind]);
    points.worlds.push_back(kept->trajectory / replicates);
  }
  return points;
}

Discovery discover(const StoredRun& stored, const DiscoverOptions& options, const DeviceOptions& device,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  Discovery found;
  found.question = question_of(stored.scenario(), options);
  found.parameters = drivers(stored.scenario());
  found.replicates = stored.scenario().replicates;
  if (found.parameters.empty())
    throw UserError(
        fmt::format("{}: every parameter is constant, so there is nothing to divide. Give priors to parameters.", stored.path()));
  Source source(stored, found.question, options, device, progress);
  CaseControl sample(kMostOfEach, found.parameters);
  source.learn([&](const Facts& facts) { sample.offer(facts); });
  found.learning = sample.offered();
  found.device = source.device();
  const LabelledPoints points = sample.points(found.replicates);
  found.points = points.size();
  const std::uint64_t others = found.learning.trajectories - found.learning.interesting;
  if (std::min(found.learning.interesting, others) >= options.prim.cases) {
    const SortedPoints sorted(points);
    find_boxes(sorted, options, found);
    found.tree = fit_tree(sorted, points.weights, options.tree);
  } else {
    found.tree.nodes.push_back({whole(points, points.weights)});
  }
  found.leaves.resize(found.tree.nodes.size());
  source.count([&](const Facts& facts) { count(facts, found); });
  return found;
}

}  // namespace chokepoint
