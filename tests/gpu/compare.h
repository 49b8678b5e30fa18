// Outputs of two engines compared number by number; a difference is told with its place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "../../kernels/engine.h"

namespace chokepoint {

// What a run leaves behind.
struct Outputs {
  explicit Outputs(const Job& job) : tallies(job.shape), sample(job.shape, job.keep) {}

  Tallies tallies;
  Sample sample;
};

struct Dimension {
  const char* name;
  std::size_t size;
};

inline std::string place(std::size_t index, const std::vector<Dimension>& axes) {
  std::string text;
  for (std::size_t i = axes.size(); i-- > 0; index /= std::max<std::size_t>(1, axes[i].size))
    text = axes[i].name + (" " + std::to_string(index % std::max<std::size_t>(1, axes[i].size))) + (text.empty() ? "" : ", ") + text;
  return text;
}

template <class T>
bool same(T a, T b) {
  return a == b;
}
// Results know one NaN and one zero.
inline bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }
inline bool same(const CellSums& a, const CellSums& b) {
  return a.units == b.units && a.squares == b.squares && a.saturated == b.saturated && same(a.least, b.least) &&
         same(a.greatest, b.greatest);
}

template <class T>
void print(std::ostream& out, const T& value) {
  out << value;
}
inline void print(std::ostream& out, const CellSums& sums) {
  out << "{units " << static_cast<double>(sums.units) << ", squares " << static_cast<double>(sums.squares) << ", saturated "
      << sums.saturated << ", least " << sums.least << ", greatest " << sums.greatest << "}";
}

inline void print(std::ostream& out, const Wide& sum) { out << static_cast<double>(sum); }
inline void print(std::ostream& out, const UnsignedWide& sum) { out << static_cast<double>(sum); }
inline void print(std::ostream& out, const std::uint8_t& bin) { out << int{bin}; }

template <class T>
std::string difference(const char* what, const std::vector<T>& cpu, const std::vector<T>& device, const std::vector<Dimension>& axes) {
  if (cpu.size() != device.size()) return std::string(what) + ": sizes differ\n";
  std::size_t count = 0, first = 0;
  for (std::size_t i = cpu.size(); i-- > 0;)
    if (!same(cpu[i], device[i])) ++count, first = i;
  if (count == 0) return "";
  std::ostringstream text;
  text.precision(17);
  text << what << ": " << count << " of " << cpu.size() << " differ, first at " << place(first, axes) << ": CPU ";
  print(text, cpu[first]);
  text << ", device ";
  print(text, device[first]);
  text << "\n";
  return text.str();
}

// The axes of all tallies.
struct Axes {
  explicit Axes(const Shape& s)
      : policy{"policy", std::size_t(s.policies)},
        metric{"metric", std::size_t(s.metrics)},
        record{"record", std::size_t(s.records)},
        event{"event", std::size_t(s.events)},
        step{"step", std::size_t(s.steps) + 1},
        parameter{"parameter", std::size_t(s.parameters)},
        basis{"basis", std::size_t(s.bases())},
        decision{"decision", std::size_t(s.decisions)},
        time{"time", std::size_t(s.times)},
        driver{"driver", std::size_t(s.drivers)} {}
  Dimension policy, metric, record, event, step, parameter, basis, decision, time, driver, bin{"bin", kDriverBins};
};

// Empty when they agree; here as below.
inline std::string batch_differences(const Shape& s, const Tallies& a, const Tallies& b) {
  const Axes x(s);
  return difference("histograms", a.slots, b.slots, {x.policy, x.metric, x.record, {"slot", kSlots}}) +
         difference("sums", a.sums, b.sums, {x.policy, x.metric, x.record}) +
         difference("event steps", a.event_steps, b.event_steps, {x.policy, x.event, x.step}) +
         difference("joint", a.joint, b.joint,
                    {{"pair", std::size_t(s.joints)}, x.policy, x.record, {"row", kJointSide}, {"column", kJointSide}}) +
         difference("clamped", a.clamped, b.clamped, {x.parameter}) +
         difference("first non-finite", a.first_non_finite, b.first_non_finite, {x.policy});
}

inline std::string analysis_differences(const Shape& s, const Tallies& a, const Tallies& b) {
  const Axes x(s);
  return difference("differences", a.differences, b.differences, {x.policy, x.metric, x.record, {"slot", kDifferenceSlots}}) +
         difference("sums of differences", a.difference_sums, b.difference_sums, {x.policy, x.metric, x.record}) +
         difference("squares of pairs", a.pair_squares, b.pair_squares, {x.decision, {"pair", std::size_t(s.pairs())}}) +
         difference("regret", a.regret, b.regret, {x.basis, x.decision, x.policy, {"slot", kRegretSlots}}) +
         difference("sums of regret", a.regret_sums, b.regret_sums, {x.basis, x.decision, x.policy}) +
         difference("ranks", a.ranks, b.ranks, {x.basis, x.decision, x.policy, {"rank", std::size_t(s.policies)}}) +
         difference("satisfied", a.satisfied, b.satisfied, {x.policy, {"threshold", std::size_t(s.thresholds) + 1}}) +
         difference("counts of bins", a.bin_counts, b.bin_counts, {x.driver, x.bin}) +
         difference("sums of bins", a.bin_sums, b.bin_sums, {x.policy, x.time, x.metric, x.driver, x.bin}) +
         difference("sums of worlds", a.world_sums, b.world_sums, {x.policy, x.time, x.metric});
}

inline std::string differences(const Shape& s, const Tallies& a, const Tallies& b) {
  return batch_differences(s, a, b) + analysis_differences(s, a, b);
}

inline std::string differences(const Shape& s, const Sample& a, const Sample& b) {
  const Axes x(s);
  const Dimension trajectory{"trajectory", a.keep}, probed{"trajectory", Sample::kProbe};
  return difference("sample of parameters", a.parameters, b.parameters, {trajectory, x.parameter}) +
         difference("sample of metrics", a.metrics, b.metrics, {x.policy, trajectory, x.metric}) +
         difference("sample of events", a.events, b.events, {x.policy, trajectory, x.event}) +
         difference("probe", a.probe, b.probe, {x.policy, x.time, x.metric, probed}) +
         difference("bins of the probe", a.probe_bins, b.probe_bins, {x.driver, probed});
}

inline std::string differences(const Job& job, const Outputs& cpu, const Outputs& device) {
  return differences(job.shape, cpu.tallies, device.tallies) + differences(job.shape, cpu.sample, device.sample);
}

inline std::string differences(const Shape& s, const Evaluation& a, const Evaluation& b) {
  const Axes x(s);
  const Dimension trajectory{"trajectory", a.count};
  return difference("parameters", a.parameters, b.parameters, {trajectory, x.parameter}) +
         difference("outputs", a.outputs, b.outputs, {x.policy, x.time, x.metric, trajectory}) +
         difference("events", a.events, b.events, {x.policy, trajectory, x.event});
}

}  // namespace chokepoint
