// All datasets of a result but its provenance, in the order of the file, and their hash. outputs/README.md
// describes them to users; a change there or here raises kFormatVersion.
// SPDX-License-Identifier: Apache-2.0
#include "layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "layout_decision.h"
#include "layout_parts.h"

namespace chokepoint {

namespace {

std::string name_of(Scale scale) { return scale == Scale::kLinear ? "linear" : scale == Scale::kLog ? "log" : "signed_log"; }

// The centres of bins, between the ends of the range for what lies outside.
std::vector<double> bin_centres(const std::vector<double>& edges) {
  std::vector<double> centres = {edges.front()};
  for (std::size_t i = 1; i < edges.size(); ++i) centres.push_back((edges[i - 1] + edges[i]) / 2);
  centres.push_back(edges.back());
  return centres;
}

std::vector<double> coarse_edges(const std::vector<double>& edges) {
  std::vector<double> coarse;
  for (std::size_t i = 0; i < edges.size(); i += kJointStride) coarse.push_back(edges[i]);
  return coarse;
}

// All datasets but those of layout_parts.h.
class Layout : public Frame {
 public:
  using Frame::Frame;
  void put_all();

 private:
  void put_titles();
  void put_metric(int metric);
  void put_event_statistics();
  void put_histogram();
  void put_counts(int metric);
  void put_joint(int pair);
  void put_joint_axis(int metric);
  void put_accumulator();
  void put_event_steps();
  void put_sample();

  template <class T, class Get>
  void put_cells(const Variable& variable, int metric, Get get);
};

void Layout::put_all() {
  put_policies();
  put_time();
  put_quantiles();
  put_events();
  put_bounds();
  put_parameters();
  put_sensitivity_axes(*this);
  put_titles();
  for (int m = 0; m < shape_.metrics; ++m) put_metric(m);
  put_event_statistics();
  put_paired(*this);
  put_decision(*this);
  put_histogram();
  put_sensitivity(*this);
  put_accumulator();
  put_sample();
}

void Layout::put_titles() {
  std::vector<std::string> policies, events;
  for (const PolicySetting& policy : scenario_.policies) policies.push_back(policy.title);
  for (const EventRow& event : model_.events) events.push_back(event.meaning);
  for (int trigger = 1; events.size() < event_.length; ++trigger)
    events.push_back(fmt::format("trigger {} of the policy first fires", trigger));
  out_.put_texts({"policy_title", {policy_}, "1", "title of the policy"}, policies);
  out_.put_texts({"event_title", {event_}, "1", "meaning of the event"}, events);
}

void Layout::put_metric(int metric) {
  const MetricStatistics& s = result_.statistics.metrics.at(metric);
  const std::string key = row(metric).key;
  Variable mean = about(metric, "_mean", {policy_, time_}, "mean");
  mean.attributes.push_back({"scale", name_of(row(metric).scale)});
  mean.attributes.push_back({"cell_methods", "realization: mean time: point"});
  mean.attributes.push_back({"ancillary_variables", fmt::format("{0}_mean_se {0}_mean_bounds {0}_sd", key)});
  out_.put(mean, s.mean);
  out_.put(about(metric, "_mean_se", {policy_, time_}, "standard error of the mean"), s.mean_se);
  out_.put(about(metric, "_mean_bounds", {policy_, time_, bound_}, "95 % interval of the mean"), s.mean_bounds);
  Variable sd = about(metric, "_sd", {policy_, time_}, "standard deviation");
  sd.attributes.push_back({"cell_methods", "realization: standard_deviation time: point"});
  out_.put(sd, s.sd);
  Variable quantile = about(metric, "_quantile", {policy_, time_, quantile_}, "quantile");
  quantile.attributes.push_back({"cell_methods", "time: point"});
  quantile.attributes.push_back({"ancillary_variables", key + "_quantile_bounds"});
  out_.put(quantile, s.quantile);
  out_.put(about(metric, "_quantile_bounds", {policy_, time_, quantile_, bound_}, "95 % interval of the quantile"), s.quantile_bounds);
}

void Layout::put_event_statistics() {
  const Statistics& s = result_.statistics;
  out_.put({"event_probability",
            {policy_, event_},
            "1",
            "probability that the event happens",
            {{"ancillary_variables", "event_probability_bounds"}}},
           s.event_probability);
  out_.put({"event_probability_bounds", {policy_, event_, bound_}, "1", "95 % interval of the probability that the event happens"},
           s.event_probability_bounds);
  out_.put({"event_cdf",
            {policy_, event_, time_},
            "1",
            "probability that the event has happened by then",
            {{"ancillary_variables", "event_cdf_bounds"}}},
           s.event_cdf);
  out_.put(
      {"event_cdf_bounds", {policy_, event_, time_, bound_}, "1", "95 % interval of the probability that the event has happened by then"},
      s.event_cdf_bounds);
}

// One number of each (policy, time) cell of a metric, or several if the variable has a third axis:
// get(cell, out).
template <class T, class Get>
void Layout::put_cells(const Variable& variable, int metric, Get get) {
  const std::size_t each = variable.row_size() / time_.length;
  out_.put<T>(variable, [&](std::size_t policy, std::span<T> out) {
    for (int record = 0; record < shape_.records; ++record)
      get(shape_.cell(static_cast<int>(policy), metric, record), out.subspan(record * each, each));
  });
}

void Layout::put_histogram() {
  out_.enter("/histogram");
  put_policies();
  put_time();
  out_.put({"edge", {{"edge", kBins + 1}}, "1", "number of the bin edge"}, count_up<std::int64_t>(kBins + 1));
  for (int m = 0; m < shape_.metrics; ++m) put_counts(m);
  if (scenario_.joint.empty()) return;
  constexpr std::size_t kEdges = kJointSide - 1;
  out_.put({"joint_edge", {{"joint_edge", kEdges}}, "1", "number of the bin edge of joint histograms"}, count_up<std::int64_t>(kEdges));
  for (int m = 0; m < shape_.metrics; ++m) put_joint_axis(m);
  for (int pair = 0; pair < shape_.joints; ++pair) put_joint(pair);
}

void Layout::put_counts(int metric) {
  const MetricRow& m = row(metric);
  const std::string key = m.key;
  const Axis bin = {key + "_bin", kBins + 2};
  const std::vector<double> edges = bin_edges(m);
  std::vector<Attribute> scale = {{"scale", name_of(m.scale)}};
  if (m.scale == Scale::kSignedLog) scale.push_back({"knee", static_cast<double>(m.knee)});
  out_.put({bin.name, {bin}, m.unit, "centre of the bin; first and last: all below and above the range", scale}, bin_centres(edges));
  out_.put({key + "_bin_edges", {{"edge", kBins + 1}}, m.unit, "edges of the bins between the first and the last", scale}, edges);
  const Variable count = {key + "_count", {policy_, time_, bin}, "1", fmt::format("trajectories in the bin: {}", m.meaning)};
  put_cells<std::int64_t>(count, metric, [&](std::size_t cell, std::span<std::int64_t> out) {
    std::copy_n(tallies_.slots.data() + cell * kSlots, out.size(), out.data());
  });
  const Variable non_finite = {
      key + "_non_finite", {policy_, time_}, "1", fmt::format("trajectories without a finite value: {}", m.meaning)};
  put_cells<std::int64_t>(non_finite, metric,
                          [&](std::size_t cell, std::span<std::int64_t> out) { out[0] = tallies_.slots[cell * kSlots + kNonFinite]; });
}

void Layout::put_joint_axis(int metric) {
  const auto has = [metric](const JointPair& pair) { return pair.first == metric || pair.second == metric; };
  if (std::none_of(scenario_.joint.begin(), scenario_.joint.end(), has)) return;
  const MetricRow& m = row(metric);
  const std::string key = m.key;
  const std::vector<double> edges = coarse_edges(bin_edges(m));
  const Axis bin = {key + "_joint_bin", kJointSide};
  out_.put({bin.name, {bin}, m.unit, "centre of the bin; first: all below the range; last: all above, or not finite"}, bin_centres(edges));
  out_.put({key + "_joint_bin_edges", {{"joint_edge", edges.size()}}, m.unit, "edges of the bins between the first and the last"}, edges);
}

void Layout::put_joint(int pair) {
  const std::string first = row(scenario_.joint[pair].first).key, second = row(scenario_.joint[pair].second).key;
  const Variable count = {fmt::format("joint_{}_{}_count", first, second),
                          {policy_, time_, {first + "_joint_bin", kJointSide}, {second + "_joint_bin", kJointSide}},
                          "1",
                          fmt::format("trajectories in the bin of {} and {}", first, second)};
  out_.put<std::int64_t>(count, [&](std::size_t policy, std::span<std::int64_t> out) {
    const std::size_t from = (pair * policy_.length + policy) * out.size();
    std::copy_n(tallies_.joint.data() + from, out.size(), out.data());
  });
}

void Layout::put_event_steps() {
  const Axis step = {"step", std::size_t(shape_.steps) + 1};
  out_.put({"step", {step}, "1", "monthly step of the first occurrence, 0 being the first; the last one: never"},
           count_up<std::int64_t>(step.length));
  out_.put({"event_step_count", {policy_, event_, step}, "1", "trajectories in which the event first happens in that step"},
           tallies_.event_steps);
}

void Layout::put_accumulator() {
  out_.enter("/accumulator");
  out_.annotate({"trajectories", static_cast<std::int64_t>(tallies_.trajectories)});
  put_policies();
  put_time();
  put_events();
  put_parameters();
  out_.put({"limb", {{"limb", 4}}, "1", "limb of a sum, worth 2^(32 limb)"}, count_up<std::int64_t>(4));
  for (int m = 0; m < shape_.metrics; ++m)
    put_sums(m, "", {policy_, time_}, "values", [&](std::size_t at) -> const CellSums& {
      return tallies_.sums[shape_.cell(static_cast<int>(at / time_.length), m, static_cast<int>(at % time_.length))];
    });
  put_event_steps();
  out_.put({"clamped_draws", {parameter_}, "1", "draws clamped to the valid range"}, tallies_.clamped);
  out_.put<std::int64_t>({"first_non_finite", {policy_}, "1", "lowest trajectory with a metric that is not finite; -1: none"},
                         [&](std::size_t policy, std::span<std::int64_t> out) {
                           const std::uint64_t first = tallies_.first_non_finite[policy];
                           out[0] = first == std::numeric_limits<std::uint64_t>::max() ? -1 : static_cast<std::int64_t>(first);
                         });
  put_comparison_tallies(*this);
  put_sensitivity_sums(*this);
}

void Layout::put_sample() {
  const Sample& sample = result_.sample;
  const Axis trajectory = {"trajectory", std::min<std::size_t>(sample.keep, tallies_.trajectories)};
  if (trajectory.length == 0) return;
  out_.enter("/sample");
  put_policies();
  put_events();
  put_parameters();
  out_.put({"trajectory", {trajectory}, "1", "number of the trajectory"}, count_up<std::int64_t>(trajectory.length));
  std::vector<std::string> units;
  for (const ParameterRow& parameter : model_.parameters) units.push_back(parameter.unit);
  out_.put_texts({"parameter_units", {parameter_}, "1", "unit of the parameter"}, units);
  out_.put<float>(
      {"parameters", {trajectory, parameter_}, "1", "parameters of the trajectory, each in its unit of parameter_units"},
      [&](std::size_t t, std::span<float> out) { std::copy_n(sample.parameters.data() + t * out.size(), out.size(), out.data()); });
  for (int m = 0; m < shape_.metrics; ++m)
    out_.put<float>(about(m, "", {policy_, trajectory}, "at the end"), [&](std::size_t policy, std::span<float> out) {
      for (std::size_t t = 0; t < out.size(); ++t) out[t] = sample.metrics[(policy * sample.keep + t) * shape_.metrics + m];
    });
  out_.put<float>({"event_year",
                   {policy_, trajectory, event_},
                   "yr",
                   "time from the start to the end of the month of the first occurrence; missing: never"},
                  [&](std::size_t policy, std::span<float> out) {
                    const std::int16_t* steps = sample.events.data() + policy * sample.keep * event_.length;
                    for (std::size_t i = 0; i < out.size(); ++i)
                      out[i] = steps[i] < 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(steps[i] + 1) / 12;
                  });
}

}  // namespace

std::string put_result(const Result& result, Hdf5Writer* file) {
  Recorder recorder(file);
  Layout(result, recorder).put_all();
  return recorder.digest();
}

std::string show_result(const Result& result, DatasetListener& listener) {
  Recorder recorder(nullptr, &listener);
  Layout(result, recorder).put_all();
  return recorder.digest();
}

}  // namespace chokepoint
