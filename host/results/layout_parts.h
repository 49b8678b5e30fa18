// What the groups of a result file share: axes, coordinates and the way to describe a dataset.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "layout.h"
#include "recorder.h"

namespace chokepoint {

// When a record was made: days since 1970-01-01, and the same as a decimal year.
struct End {
  double day, year;
};
End end_of(const Scenario& scenario, int record);

// The end of each record, as `time` and as decimal `year`.
void put_times(const Scenario& scenario, const std::vector<int>& records, Recorder& out);

// Groups repeat the coordinates of the root that they use, so that they have labels when they are read alone.
class Frame {
 public:
  Frame(const Result& result, Recorder& out);

  const MetricRow& row(int metric) const { return model_.metrics[metric]; }
  Variable about(int metric, const std::string& suffix, std::vector<Axis> axes, const std::string& what) const;
  void put_time();
  void put_policies();
  void put_parameters();
  void put_events();
  void put_quantiles();
  void put_bounds();
  // Exact sums and extremes about a metric, over axes whose cells sums_of(number) gives in order: "price_difference_sum" and so on.
  void put_sums(int metric, const std::string& suffix, const std::vector<Axis>& axes, const std::string& what,
                const std::function<const CellSums&(std::size_t)>& sums_of);

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
