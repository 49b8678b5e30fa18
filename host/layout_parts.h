// What the groups of a result file share: axes, coordinates and the way to describe a dataset.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "layout.h"
#include "recorder.h"

namespace chokepoint {

// Groups repeat the coordinates of the root that they use, so that they have labels when they are read alone.
class Frame {
 public:
  Frame(const Result& result, Recorder& out);

  const MetricRow& row(int metric) const { return model_.metrics[metric]; }
  Variable about(int metric, const std::string& suffix, std::vector<Axis> axes, const std::string& what) const;
  void put_time();
  std::pair<double, double> end_of(int record) const;  // in days since 1970-01-01, and as a decimal year
  void put_policies();
  void put_parameters();
  void put_events();

  const Result& result_;
  const Scenario& scenario_;
  const ModelInfo& model_;
  const Tallies& tallies_;
  const Shape& shape_;
  Recorder& out_;
  const Axis policy_, time_, quantile_, event_, bound_, parameter_;
};

// What drives the outcome: its axes in the root, which groups share; a group of its own; and the sums in the group that is open.
// Nothing if nothing varies.
void put_sensitivity_axes(Frame& frame);
void put_sensitivity(Frame& frame);
void put_sensitivity_sums(Frame& frame);

template <class T>
std::vector<T> count_up(std::size_t count) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(i);
  return values;
}

// A sum as 32-bit limbs, the least significant first; the last one carries the sign.
template <class Integer>
void split(Integer value, std::span<std::int64_t> limbs) {
  for (int i = 0; i < 3; ++i) limbs[i] = static_cast<std::int64_t>(value >> (32 * i) & 0xffffffffu);
  limbs[3] = static_cast<std::int64_t>(value >> 96);
}

}  // namespace chokepoint
