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

struct Axis {
  const char* name;
  std::size_t size;
};

inline std::string place(std::size_t index, const std::vector<Axis>& axes) {
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

template <class T>
std::string difference(const char* what, const std::vector<T>& cpu, const std::vector<T>& device, const std::vector<Axis>& axes) {
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

// Empty when they agree.
inline std::string differences(const Job& job, const Outputs& cpu, const Outputs& device) {
  const Shape& s = job.shape;
  const Axis policy{"policy", std::size_t(s.policies)}, metric{"metric", std::size_t(s.metrics)}, record{"record", std::size_t(s.records)},
      event{"event", std::size_t(s.events)}, parameter{"parameter", std::size_t(s.parameters)}, trajectory{"trajectory", job.keep};
  const Tallies &a = cpu.tallies, &b = device.tallies;
  return difference("histograms", a.slots, b.slots, {policy, metric, record, {"slot", kSlots}}) +
         difference("sums", a.sums, b.sums, {policy, metric, record}) +
         difference("event steps", a.event_steps, b.event_steps, {policy, event, {"step", std::size_t(s.steps) + 1}}) +
         difference("joint", a.joint, b.joint,
                    {{"pair", std::size_t(s.joints)}, policy, record, {"row", kJointSide}, {"column", kJointSide}}) +
         difference("clamped", a.clamped, b.clamped, {parameter}) +
         difference("first non-finite", a.first_non_finite, b.first_non_finite, {policy}) +
         difference("sample of parameters", cpu.sample.parameters, device.sample.parameters, {trajectory, parameter}) +
         difference("sample of metrics", cpu.sample.metrics, device.sample.metrics, {policy, trajectory, metric}) +
         difference("sample of events", cpu.sample.events, device.sample.events, {policy, trajectory, event});
}

}  // namespace chokepoint
