// SPDX-License-Identifier: Apache-2.0
#include "prim.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace chokepoint {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An edge without its place.
struct Side {
  int dimension;
  bool upper;
};

bool before(const Edge& a, const Edge& b) { return std::tie(a.dimension, a.upper) < std::tie(b.dimension, b.upper); }

void set_edge(Box& box, const Edge& edge) {
  const auto place = std::ranges::lower_bound(box.edges, edge, before);
  if (place != box.edges.end() && place->dimension == edge.dimension && place->upper == edge.upper) {
    *place = edge;
  } else {
    box.edges.insert(place, edge);
  }
}

std::vector<Side> sides_of(const Box& box) {
  std::vector<Side> sides;
  for (const Edge& edge : box.edges) sides.push_back({edge.dimension, edge.upper});
  return sides;
}

std::vector<Side> all_sides(int dimensions) {
  std::vector<Side> sides;
  for (int d = 0; d < dimensions; ++d)
    for (const bool upper : {false, true}) sides.push_back({d, upper});
  return sides;
}

// ---- peeling

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
        add(group, strip.removed);
        strip.edge = {list.dimension, upper, (value + next) / 2};
        if (strip.removed.weight >= limit) return strip;
        group = {};
      }
      value = next;
      group.add(points_, weights_, i);
    }
    return strip;  // the last group stays: a box is never empty
  }

  static void add(const Region& from, Region& to) {
    to.weight += from.weight;
    to.interesting += from.interesting;
    to.points += from.points;
    to.cases += from.cases;
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

Box box_at(std::span<const PeelStep> curve, std::size_t step) {
  Box box;
  for (std::size_t k = 1; k <= step; ++k) set_edge(box, curve[k].edge);
  return box;
}

// ---- what lies in a box, and just outside one of its edges

struct Neighbourhood {
  Region box;
  std::vector<std::uint32_t> inside;
  std::vector<std::vector<std::uint32_t>> beyond;  // (edge) points that violate this edge alone

  Neighbourhood(const LabelledPoints& points, std::span<const double> weights, const Box& of) : beyond(of.edges.size()) {
    for (std::uint32_t i = 0; i < points.size(); ++i) {
      if (weights[i] == 0) continue;
      std::size_t violated = 0, which = 0;
      for (std::size_t e = 0; e < of.edges.size() && violated < 2; ++e) {
        if (of.edges[e].admits(static_cast<double>(points.value(of.edges[e].dimension, i)))) continue;
        ++violated;
        which = e;
      }
      if (violated == 0) box.add(points, weights, i), inside.push_back(i);
      if (violated == 1) beyond[which].push_back(i);
    }
  }
};

// Points of one value.
struct Group {
  double value;
  Region region;
};

// Points by distance from an edge, equal values together, until `limit` is passed, but at least two values if there are.
std::vector<Group> groups_from(const LabelledPoints& points, std::span<const double> weights, std::vector<std::uint32_t> members,
                               int dimension, bool rising, double limit) {
  const auto farther = [&](std::uint32_t a, std::uint32_t b) {
    const float x = points.value(dimension, a), y = points.value(dimension, b);
    return x != y ? (x > y) == rising : a > b;
  };
  std::vector<Group> groups;
  double weight = 0;
  std::ranges::make_heap(members, farther);
  for (auto end = members.end(); end != members.begin(); --end) {
    const std::uint32_t nearest = members.front();
    const double value = static_cast<double>(points.value(dimension, nearest));
    if (groups.empty() || groups.back().value != value) {
      if (groups.size() > 1 && weight > limit) break;
      groups.push_back({value, {}});
    }
    groups.back().region.add(points, weights, nearest);
    weight += weights[nearest];
    std::pop_heap(members.begin(), end, farther);
  }
  return groups;
}

// ---- leaving out, pasting, moving edges

std::vector<double> losses_of(const LabelledPoints& points, std::span<const double> weights, const Box& box) {
  const Neighbourhood near(points, weights, box);
  std::vector<double> losses;
  for (const auto& beyond : near.beyond) {
    Region both = near.box;
    for (const std::uint32_t i : beyond) both.add(points, weights, i);
    losses.push_back(split_gain(near.box, both));
  }
  return losses;
}

// The least useful edge first, until all that are left pay.
Box without_idle_edges(const LabelledPoints& points, std::span<const double> weights, Box box, double cost) {
  while (!box.edges.empty()) {
    const std::vector<double> losses = losses_of(points, weights, box);
    const auto least = std::ranges::min_element(losses);
    if (*least >= cost) break;
    box.edges.erase(box.edges.begin() + (least - losses.begin()));
  }
  return box;
}

// One strip at a time, the one that leaves the box densest, as long as the density does not fall.
void paste(const LabelledPoints& points, std::span<const double> weights, const PrimOptions& options, Box& box) {
  for (;;) {
    const Neighbourhood near(points, weights, box);
    double best_density = near.box.density();
    std::size_t best = box.edges.size();
    double best_at = 0;
    for (std::size_t e = 0; e < box.edges.size(); ++e) {
      const Edge& edge = box.edges[e];
      const auto groups = groups_from(points, weights, near.beyond[e], edge.dimension, edge.upper, options.paste * near.box.weight);
      Region wider = near.box;
      std::size_t taken = 0;
      while (taken < groups.size() && (taken == 0 || wider.weight + groups[taken].region.weight <= (1 + options.paste) * near.box.weight)) {
        const Region& group = groups[taken++].region;
        wider.weight += group.weight;
        wider.interesting += group.interesting;
      }
      if (taken == 0 || wider.density() < best_density) continue;
      best_density = wider.density();
      best = e;
      best_at = taken < groups.size() ? (groups[taken - 1].value + groups[taken].value) / 2 : edge.upper ? kInfinity : -kInfinity;
    }
    if (best == box.edges.size()) return;
    if (std::isfinite(best_at)) {
      box.edges[best].at = best_at;
    } else {
      box.edges.erase(box.edges.begin() + static_cast<std::ptrdiff_t>(best));
    }
  }
}

constexpr double kWindow = 2;  // peels on either side of an edge, within which it may move
constexpr int kRounds = 4;

// The split of least squares (Breiman et al. 1984, section 8.4) of what lies close to an edge on both sides: peeling moves
// edges by whole strips and overshoots.
double best_place(const LabelledPoints& points, std::span<const double> weights, const Neighbourhood& near, const Edge& edge,
                  std::size_t number, double limit) {
  std::vector<Group> window = groups_from(points, weights, near.inside, edge.dimension, !edge.upper, limit);
  std::ranges::reverse(window);  // from within to without
  const auto outer = groups_from(points, weights, near.beyond[number], edge.dimension, edge.upper, limit);
  window.insert(window.end(), outer.begin(), outer.end());
  double weight = 0, interesting = 0, in_weight = 0, in_interesting = 0, best = 0, place = edge.at;
  for (const Group& group : window) weight += group.region.weight, interesting += group.region.interesting;
  for (std::size_t k = 0; k + 1 < window.size(); ++k) {
    in_weight += window[k].region.weight;
    in_interesting += window[k].region.interesting;
    const double out_weight = weight - in_weight, contrast = in_interesting / in_weight - (interesting - in_interesting) / out_weight;
    const double squares = contrast > 0 ? in_weight * out_weight * contrast * contrast : 0;
    if (squares <= best) continue;
    best = squares;
    place = (window[k].value + window[k + 1].value) / 2;
  }
  return place;
}

void move_edges(const LabelledPoints& points, std::span<const double> weights, const PrimOptions& options, Box& box) {
  for (int round = 0; round < kRounds; ++round) {
    const Box old = box;
    for (std::size_t e = 0; e < box.edges.size(); ++e) {
      const Neighbourhood near(points, weights, box);
      box.edges[e].at = best_place(points, weights, near, box.edges[e], e, kWindow * options.peel * near.box.weight);
    }
    if (old.edges == box.edges) return;
  }
}

// ---- the whole

struct Peeled {
  std::vector<PeelStep> curve;
  std::size_t chosen;
  Box box;
};

Peeled peel(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options, const std::vector<Side>& sides) {
  Peeled result{Peeling(sorted, weights, options, sides).run(), 0, {}};
  result.chosen = choose_step(result.curve, options);
  result.box = box_at(result.curve, result.chosen);
  return result;
}

// With the sides known. Edges that were asked for by coverage or density stay where they are.
Box finish_box(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options, Box box) {
  paste(sorted.points(), weights, options, box);
  if (options.coverage == 0 && options.density == 0) move_edges(sorted.points(), weights, options, box);
  return box;
}

}  // namespace

const Edge* Box::find(int dimension, bool upper) const {
  const auto found = std::ranges::find_if(edges, [&](const Edge& e) { return e.dimension == dimension && e.upper == upper; });
  return found == edges.end() ? nullptr : &*found;
}

std::vector<int> Box::dimensions() const {
  std::vector<int> all;
  for (const Edge& edge : edges)
    if (all.empty() || all.back() != edge.dimension) all.push_back(edge.dimension);
  return all;
}

double Box::low(int dimension) const {
  const Edge* edge = find(dimension, false);
  return edge ? edge->at : -kInfinity;
}

double Box::high(int dimension) const {
  const Edge* edge = find(dimension, true);
  return edge ? edge->at : kInfinity;
}

std::size_t choose_step(std::span<const PeelStep> curve, const PrimOptions& options) {
  const auto value = [&](const PeelStep& step) {
    const double density = step.region.density(), coverage = step.coverage;
    if (options.coverage > 0) return std::pair{coverage >= options.coverage ? density : -1, coverage};
    if (options.density > 0) return density >= options.density ? std::pair{1.0, coverage} : std::pair{density - 1, coverage};
    return std::pair{step.gain, density};
  };
  std::size_t best = 0;
  for (std::size_t k = 1; k < curve.size(); ++k)
    if (value(curve[k]) > value(curve[best])) best = k;
  return best;
}

PrimBox find_box(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options) {
  const LabelledPoints& points = sorted.points();
  PrimBox found;
  found.all = whole(points, weights);
  const double cost = edge_cost(found.all.points);
  Peeled peeled = peel(sorted, weights, options, all_sides(points.dimensions));
  // What is left out changes what the others are worth: repeated until nothing is.
  for (Box box = peeled.box;;) {
    const Box kept = without_idle_edges(points, weights, box, cost);
    if (!kept.edges.empty()) peeled = peel(sorted, weights, options, sides_of(kept));
    box = kept.edges.empty() ? kept : finish_box(sorted, weights, options, peeled.box);
    const Box paying = without_idle_edges(points, weights, box, cost);
    if (paying.edges.size() == box.edges.size()) {
      found.box = box;
      break;
    }
    box = paying;
  }
  found.curve = std::move(peeled.curve);
  found.chosen = found.box.edges.empty() ? 0 : peeled.chosen;
  found.losses = losses_of(points, weights, found.box);
  found.region = Neighbourhood(points, weights, found.box).box;
  return found;
}

Resampled resample_box(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options, const PrimBox& found,
                       int resamples, std::uint64_t seed) {
  const LabelledPoints& points = sorted.points();
  const std::vector<Side> sides = sides_of(found.box), everything = all_sides(points.dimensions);
  Resampled result{std::vector<double>(points.dimensions), {}};
  std::vector<std::vector<double>> places(sides.size());
  std::vector<double> drawn(points.size());
  for (int r = 0; r < resamples; ++r) {
    for (std::size_t i = 0; i < points.size(); ++i)
      drawn[i] = hashed(seed, static_cast<std::uint64_t>(r), points.worlds[i]) >> 63 ? 2 * weights[i] : 0;
    const Region all = whole(points, drawn);
    const Box paying = without_idle_edges(points, drawn, peel(sorted, drawn, options, everything).box, edge_cost(all.points));
    for (const int d : paying.dimensions()) result.restricted[d] += 1.0 / resamples;
    const Box box = finish_box(sorted, drawn, options, peel(sorted, drawn, options, sides).box);
    for (std::size_t e = 0; e < sides.size(); ++e)
      places[e].push_back(sides[e].upper ? box.high(sides[e].dimension) : box.low(sides[e].dimension));
  }
  for (std::vector<double>& of_edge : places) {
    std::ranges::sort(of_edge);
    const auto tail = static_cast<std::size_t>(0.025 * resamples);
    result.edges.push_back({of_edge[tail], of_edge[of_edge.size() - 1 - tail]});
  }
  return result;
}

}  // namespace chokepoint
