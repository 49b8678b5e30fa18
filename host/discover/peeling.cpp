// SPDX-License-Identifier: Apache-2.0
#include "peeling.h"

#include <algorithm>
#include <set>

namespace chokepoint {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Peeling {
 public:
  Peeling(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options, const std::vector<Side>& sides)
      : points_(sorted.points()),
        weights_(weights),
        options_(options),
        sides_(sides),
        inside_(points_.size()),
        all_(whole(points_, weights)) {
    for (std::size_t i = 0; i < points_.size(); ++i) inside_[i] = weights[i] > 0;
    for (const Side& side : sides)
      if (lists_.empty() || lists_.back().dimension != side.dimension) lists_.push_back({side.dimension, {}, 0});
    for (List& list : lists_) list.points.assign(sorted.order(list.dimension).begin(), sorted.order(list.dimension).end());
    compact();
  }

  std::vector<PeelStep> run() {
    Region left = all_;
    std::vector<PeelStep> curve = {{{}, left, 0, 1, 0}};
    std::set<int> restricted;
    while (left.cases < left.points) {
      const Strip strip = best_strip(left);
      if (strip.removed.points == 0 || left.cases - strip.removed.cases < options_.cases) break;
      cut(strip.edge);
      left.remove(strip.removed);
      restricted.insert(strip.edge.dimension);
      curve.push_back({strip.edge, left, static_cast<int>(restricted.size()), left.interesting / all_.interesting, split_gain(left, all_)});
      if (left.points < listed_ / 2) compact();
    }
    return curve;
  }

 private:
  struct List {
    int dimension;
    std::vector<std::uint32_t> points;  // inside when last compacted, by value
    std::size_t first;                  // below it nothing is inside; the end likewise is cut off
  };
  struct Strip {
    Edge edge{};
    Region removed;
  };

  void compact() {
    for (List& list : lists_) {
      std::erase_if(list.points, [&](std::uint32_t i) { return !inside_[i]; });
      list.first = 0;
      listed_ = list.points.size();
    }
  }

  // The outermost values on one side, as many as one peel may take; equal values go together.
  Strip strip_of(const List& list, bool upper, double limit) const {
    Strip strip;
    const auto size = list.points.size() - list.first;
    Region group;
    double value = 0;
    for (std::size_t k = 0; k < size; ++k) {
      const std::uint32_t i = upper ? list.points[list.points.size() - 1 - k] : list.points[list.first + k];
      if (!inside_[i]) continue;
      const double next = static_cast<double>(points_.value(list.dimension, i));
      if (group.points > 0 && next != value) {
        const bool fits = strip.removed.points == 0 || strip.removed.weight + group.weight <= limit;
        if (!fits) return strip;
        strip.removed.add(group);
        strip.edge = {list.dimension, upper, (value + next) / 2};
        if (strip.removed.weight >= limit) return strip;
        group = {};
      }
      value = next;
      group.add(points_, weights_, i);
    }
    return strip;  // the last group stays: a box is never empty
  }

  // Rise of the density per weight lost: strips of discrete values differ in size (the "lenient" objective of Kwakkel
  // and Jaxa-Rozen, Environmental Modelling & Software 79, 2016, after Friedman and Fisher, section 14.1).
  Strip best_strip(const Region& left) const {
    Strip best;
    double best_rise = -kInfinity;
    std::size_t list = 0;
    for (const Side& side : sides_) {
      while (lists_[list].dimension != side.dimension) ++list;
      const Strip strip = strip_of(lists_[list], side.upper, options_.peel * left.weight);
      if (strip.removed.points == 0) continue;
      Region rest = left;
      rest.remove(strip.removed);
      const double rise = (rest.density() - left.density()) / strip.removed.weight;
      if (rise <= best_rise) continue;
      best_rise = rise;
      best = strip;
    }
    return best;
  }

  void cut(const Edge& edge) {
    List& list = *std::ranges::find(lists_, edge.dimension, &List::dimension);
    const auto outside = [&](std::uint32_t i) { return !edge.admits(static_cast<double>(points_.value(edge.dimension, i))); };
    if (edge.upper) {
      while (!list.points.empty() && outside(list.points.back())) inside_[list.points.back()] = 0, list.points.pop_back();
    } else {
      while (list.first < list.points.size() && outside(list.points[list.first])) inside_[list.points[list.first++]] = 0;
    }
  }

  const LabelledPoints& points_;
  std::span<const double> weights_;
  const PrimOptions& options_;
  const std::vector<Side>& sides_;
  std::vector<std::uint8_t> inside_;
  Region all_;
  std::vector<List> lists_;
  std::size_t listed_ = 0;
};

}  // namespace

std::vector<PeelStep> peel_curve(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options,
                                 const std::vector<Side>& sides) {
  return Peeling(sorted, weights, options, sides).run();
}

}  // namespace chokepoint
