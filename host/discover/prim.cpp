// SPDX-License-Identifier: Apache-2.0
#include "prim.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "../statistics/estimate.h"
#include "peeling.h"

namespace chokepoint {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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

// ---- steps of the search

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

// The part of a region's evidence that does not depend on how it was sampled: numbers of points. If interesting points and
// others are thinned differently, two densities are equal before just when they are equal after (Prentice and Pyke, Biometrika
// 66, 1979).
Region counted(const Region& region) {
  return {static_cast<double>(region.points), static_cast<double>(region.cases), region.points, region.cases};
}

// The least useful edge first, until each that is left is significant: all of them together at 5 %, after Bonferroni.
Box without_idle_edges(const LabelledPoints& points, std::span<const double> weights, Box box) {
  constexpr double kLevel = 0.05;
  const double edges = static_cast<double>(box.edges.size());
  while (!box.edges.empty()) {
    const Neighbourhood near(points, weights, box);
    std::vector<double> gains;
    for (const auto& beyond : near.beyond) {
      Region both = near.box;
      for (const std::uint32_t i : beyond) both.add(points, weights, i);
      gains.push_back(split_gain(counted(near.box), counted(both)) / points.replicates);
    }
    const auto least = std::ranges::min_element(gains);
    if (p_of_gain(*least) <= kLevel / edges) break;
    box.edges.erase(box.edges.begin() + (least - gains.begin()));
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
        wider.add(group);
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

constexpr int kRounds = 10;

// Where an edge makes the box gain most against everything, the others fixed: peeling moves edges by whole strips, and
// overshoots.
double best_place(const LabelledPoints& points, std::span<const double> weights, const Neighbourhood& near, const Edge& edge,
                  std::size_t number, const Region& all, std::size_t cases) {
  std::vector<Group> line = groups_from(points, weights, near.inside, edge.dimension, !edge.upper, kInfinity);
  std::ranges::reverse(line);  // from the opposite edge outwards
  const auto beyond = groups_from(points, weights, near.beyond[number], edge.dimension, edge.upper, kInfinity);
  line.insert(line.end(), beyond.begin(), beyond.end());
  Region box;
  double best = split_gain(near.box, all), place = edge.at;
  for (std::size_t k = 0; k + 1 < line.size(); ++k) {
    box.add(line[k].region);
    const double gain = box.cases < cases ? 0 : split_gain(box, all);
    if (gain <= best * (1 + 1e-12)) continue;
    best = gain;
    place = (line[k].value + line[k + 1].value) / 2;
  }
  return place;
}

// Coordinate ascent of the gain.
void move_edges(const LabelledPoints& points, std::span<const double> weights, const PrimOptions& options, Box& box) {
  const Region all = whole(points, weights);
  for (int round = 0; round < kRounds; ++round) {
    const Box old = box;
    for (std::size_t e = 0; e < box.edges.size(); ++e) {
      const Neighbourhood near(points, weights, box);
      box.edges[e].at = best_place(points, weights, near, box.edges[e], e, all, options.cases);
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
  Peeled result{peel_curve(sorted, weights, options, sides), 0, {}};
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

constexpr std::uint64_t kSplitting = 1, kResampling = 2;  // streams of hashed()

// One half of the worlds, or the other, with twice the weight: draw `number` of a stream.
std::vector<double> half_of(const LabelledPoints& points, std::span<const double> weights, std::uint64_t stream, int number, bool first) {
  std::vector<double> half(points.size());
  for (std::size_t i = 0; i < half.size(); ++i) {
    const bool in_first = hashed(stream, static_cast<std::uint64_t>(number), points.worlds[i]) >> 63;
    half[i] = in_first == first ? 2 * weights[i] : 0;
  }
  return half;
}

struct Selection {
  std::vector<double> dimensions;  // share of the splits in which one of its sides was kept
  std::vector<Side> sides;         // those that most splits kept
};

Selection select_sides(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options) {
  const LabelledPoints& points = sorted.points();
  const std::vector<Side> all = all_sides(points.dimensions);
  std::vector<int> kept(all.size());
  Selection selection{std::vector<double>(static_cast<std::size_t>(points.dimensions)), {}};
  for (int split = 0; split < options.splits; ++split) {
    const bool first = split % 2 == 0;  // each half has its turn
    const std::vector<double> search = half_of(points, weights, kSplitting, split / 2, first),
                              judge = half_of(points, weights, kSplitting, split / 2, !first);
    const Box box = without_idle_edges(points, judge, peel(sorted, search, options, all).box);
    for (const Edge& edge : box.edges) ++kept[static_cast<std::size_t>(2 * edge.dimension + edge.upper)];
    for (const int d : box.dimensions()) selection.dimensions[static_cast<std::size_t>(d)] += 1.0 / options.splits;
  }
  for (std::size_t k = 0; k < all.size(); ++k)
    if (2 * kept[k] > options.splits) selection.sides.push_back(all[k]);
  return selection;
}

// Percentiles of the resampled places, and their mirror image about the edge: the percentiles of an edge whose place is the
// peak of a likelihood may lie on one side of the truth.
EdgeBounds bounds_of(std::vector<double> places, double at) {
  std::ranges::sort(places);
  const auto tail = static_cast<std::size_t>(kTail * static_cast<double>(places.size()));
  const double low = places[tail], high = places[places.size() - 1 - tail];
  return {std::isfinite(high) ? std::min({low, at, 2 * at - high}) : std::min(low, at),
          std::isfinite(low) ? std::max({high, at, 2 * at - low}) : std::max(high, at)};
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
  Selection selection = select_sides(sorted, weights, options);
  found.selected = std::move(selection.dimensions);
  Peeled peeled = peel(sorted, weights, options, all_sides(points.dimensions));
  // What is left out changes what the others are worth: repeated until nothing is.
  for (std::vector<Side> sides = std::move(selection.sides); !sides.empty();) {
    peeled = peel(sorted, weights, options, sides);
    const Box box = finish_box(sorted, weights, options, peeled.box), paying = without_idle_edges(points, weights, box);
    if (paying.edges.size() == box.edges.size()) {
      found.box = box;
      break;
    }
    sides = sides_of(paying);
  }
  found.curve = std::move(peeled.curve);
  found.chosen = found.box.edges.empty() ? 0 : peeled.chosen;
  found.region = Neighbourhood(points, weights, found.box).box;
  return found;
}

std::vector<EdgeBounds> resample_edges(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options,
                                       const Box& box, int resamples) {
  const std::vector<Side> sides = sides_of(box);
  std::vector<std::vector<double>> places(sides.size());
  for (int r = 0; r < resamples; ++r) {
    const std::vector<double> drawn = half_of(sorted.points(), weights, kResampling, r, true);
    const Box again = finish_box(sorted, drawn, options, peel(sorted, drawn, options, sides).box);
    for (std::size_t e = 0; e < sides.size(); ++e)
      places[e].push_back(sides[e].upper ? again.high(sides[e].dimension) : again.low(sides[e].dimension));
  }
  std::vector<EdgeBounds> bounds;
  for (std::size_t e = 0; e < sides.size(); ++e) bounds.push_back(bounds_of(std::move(places[e]), box.edges[e].at));
  return bounds;
}

}  // namespace chokepoint
