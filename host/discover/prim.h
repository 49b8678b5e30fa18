// PRIM, the patient rule induction method: boxes of parameters in which interesting points are dense.
// Friedman and Fisher, "Bump hunting in high-dimensional data", Statistics and Computing 9 (1999); for scenario discovery
// Bryant and Lempert, "Thinking inside the box", Technological Forecasting and Social Change 77 (2010).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

#include "labelled_points.h"

namespace chokepoint {

// One edge of a box. Edges lie between values that occur, so that it does not matter to which side they belong.
struct Edge {
  int dimension;
  bool upper;  // else a lower edge
  double at;

  bool admits(double value) const { return upper ? value <= at : value >= at; }
  friend bool operator==(const Edge&, const Edge&) = default;
};

// What satisfies all of its edges: at most two of each dimension, lower before upper, dimensions rising.
struct Box {
  std::vector<Edge> edges;

  // `value_of(dimension)`: a point's value.
  template <class Values>
  bool contains(Values&& value_of) const {
    for (const Edge& edge : edges)
      if (!edge.admits(static_cast<double>(value_of(edge.dimension)))) return false;
    return true;
  }
  bool contains(const LabelledPoints& points, std::size_t point) const {
    return contains([&](int dimension) { return points.value(dimension, point); });
  }
  const Edge* find(int dimension, bool upper) const;
  std::vector<int> dimensions() const;  // those that it restricts, rising
  double low(int dimension) const;      // its edges, or minus and plus infinity
  double high(int dimension) const;
};

struct PrimOptions {
  double peel = 0.05;      // share of the box that one peel takes at most, unless one value has more
  double paste = 0.01;     // share of the box that one paste adds at most, unless one value has more
  double coverage = 0;     // choose the densest box with at least this coverage ...
  double density = 0;      // ... or the one of greatest coverage with at least this density; both 0: see choose_step()
  std::size_t cases = 20;  // a box keeps at least so many interesting points
  int splits = 50;         // of the points into a half to search in and a half to judge by
};

// A step of the peeling: what is left, and how it compares with everything.
struct PeelStep {
  Edge edge;  // made or moved by this step; meaningless in the first, which is the whole space
  Region region;
  int restricted;         // dimensions
  double coverage, gain;  // share of the interesting weight; split_gain() against everything
};

struct PrimBox {
  Box box;  // no edges: nothing was found that chance does not explain
  Region region, all;
  std::vector<PeelStep> curve;   // of the parameters that the box restricts, or of all if there are none
  std::size_t chosen = 0;        // step of the curve from which pasting started
  std::vector<double> selected;  // (dimension) share of the splits that found it worth restricting
};

// Which step of a curve to take: by the options, or else that of the greatest gain: the one box that explains the data
// best, with one rate inside and one outside.
std::size_t choose_step(std::span<const PeelStep> curve, const PrimOptions& options);

// First chooses what to restrict: in each of many splits of the worlds it peels in one half, takes a step, and leaves out every
// edge that is not significant in the other half; sides that most splits keep are restricted (Cox, "A note on data-splitting",
// Biometrika 62, 1975; Meinshausen and Buehlmann, "Stability selection", JRSS B 72, 2010; Shah and Samworth, JRSS B 75, 2013).
// Then peels these sides alone with all points, takes a step, pastes, and moves each edge to where the box gains most, unless the
// options ask for a coverage or a density. `weights` (point) replace those of the points; 0 leaves one out.
PrimBox find_box(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options);

struct EdgeBounds {
  double low, high;  // infinite where there may be no edge at all
};

// 95 % bounds of the edges of a box (edge), given which sides it restricts: all that find_box() does after choosing these is
// repeated in half-samples of the worlds. Each world has weight 0 or 2, which has the mean and the variance of the bootstrap's
// multiplicity (McCarthy, "Pseudo-replication: half samples", Review of the International Statistical Institute 37, 1969;
// Praestgaard and Wellner, Annals of Probability 21, 1993). Bounds are the 2.5 % and 97.5 % points of the places of an edge,
// together with their mirror image about it: the points alone cover too seldom, because an edge is not asymptotically normal
// (Banerjee and McKeague, "Confidence sets for split points in decision trees", Annals of Statistics 35, 2007).
std::vector<EdgeBounds> resample_edges(const SortedPoints& sorted, std::span<const double> weights, const PrimOptions& options,
                                       const Box& box, int resamples);

}  // namespace chokepoint
