// What drives the outcome, in the file: the group /sensitivity, and the sums over bins in /accumulator.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "../run/plan.h"
#include "layout_parts.h"

namespace chokepoint {

namespace {

// The axes of both groups, each with its coordinate.
class SensitivityLayout {
 public:
  explicit SensitivityLayout(Frame& frame)
      : f_(frame),
        drivers_(drivers(frame.scenario_)),
        policy_(frame.policy_),
        time_{"sensitivity_time", std::size_t(frame.shape_.times)},
        driver_{"driver", drivers_.size()},
        bin_{"driver_bin", kDriverBins},
        source_{"source", kVarianceSources},
        decision_{"decision", frame.result_.statistics.information.size()} {}

  void put_axes();
  void put_statistics();
  void put_sums();

 private:
  const SensitivityStatistics& statistics() const { return f_.result_.statistics.sensitivity; }
  const MetricRow& row(int metric) const { return f_.row(metric); }

  void put_titles();
  void put_indices(int metric);
  void put_pawn(int metric);
  void put_bin_means(int metric);
  void put_variance(int metric);
  void put_information();
  void put_information_of(std::size_t decision);
  void put_bins_of_sample();
  void put_world_sums(int metric);

  // A number and its standard error as two datasets: get(row along the first axis, place in the row) is the estimate.
  template <class Get>
  void put_estimates(const Variable& variable, Get get) {
    Variable value = variable, error = variable;
    value.attributes.push_back({"ancillary_variables", variable.name + "_se"});
    error.name += "_se";
    error.long_name = "standard error: " + variable.long_name;
    const auto put = [&](const Variable& v, double Estimate::*member) {
      f_.out_.put<double>(v, [&](std::size_t r, std::span<double> out) {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = get(r, i).*member;
      });
    };
    put(value, &Estimate::value);
    put(error, &Estimate::standard_error);
  }
  Variable share(int metric, const char* suffix, std::vector<Axis> axes, const char* what) const {
    return {row(metric).key + std::string(suffix), std::move(axes), "1", fmt::format("{}: {}", what, row(metric).meaning)};
  }

  template <class Get>
  std::vector<std::string> driver_texts(Get get) const {
    std::vector<std::string> texts;
    for (const int parameter : drivers_) texts.push_back(get(f_.model_.parameters[parameter]));
    return texts;
  }

  Frame& f_;
  const std::vector<int> drivers_;
  const Axis policy_, time_, driver_, bin_, source_, decision_;
};

void SensitivityLayout::put_axes() {
  std::vector<double> days;
  for (const int record : f_.scenario_.sensitivity_records) days.push_back(end_of(f_.scenario_, record).day);
  f_.out_.put<double>({time_.name, {time_}, "days since 1970-01-01", "end of the recorded step", {{"calendar", "proleptic_gregorian"}}},
                      days);
  f_.out_.put_texts({driver_.name, {driver_}, "1", "parameter that varies"}, driver_texts([](const ParameterRow& row) { return row.key; }));
  f_.out_.put(
      {bin_.name, {bin_}, "1", "bin of equal probability of the parameter's own uniform; of a mixture: of its choice, then its place"},
      count_up<std::int64_t>(kDriverBins));
}

void SensitivityLayout::put_titles() {
  std::vector<double> years;
  for (const int record : f_.scenario_.sensitivity_records) years.push_back(end_of(f_.scenario_, record).year);
  f_.out_.put<double>({"sensitivity_year", {time_}, "yr", "end of the recorded step, decimal year"}, years);
  f_.out_.put_texts({"driver_units", {driver_}, "1", "unit of the parameter"},
                    driver_texts([](const ParameterRow& row) { return row.unit; }));
  f_.out_.put_texts({"driver_title", {driver_}, "1", "meaning of the parameter"},
                    driver_texts([](const ParameterRow& row) { return row.meaning; }));
}

void SensitivityLayout::put_statistics() {
  f_.out_.enter("/sensitivity");
  f_.put_policies();
  put_axes();
  put_titles();
  f_.out_.put<double>({"bound", {f_.bound_}, "1", "ends of the 95 % interval of the sampling error"}, {0.025, 0.975});
  f_.out_.put_texts({source_.name, {source_}, "1", "where variance comes from, all policies being equally likely"},
                    {"policy", "parameters", "chance"});
  for (int m = 0; m < f_.shape_.metrics; ++m) {
    put_indices(m);
    put_pawn(m);
    put_bin_means(m);
    put_variance(m);
  }
  put_information();
  put_bins_of_sample();
}

void SensitivityLayout::put_indices(int metric) {
  const auto put = [&](const char* suffix, const char* what, const std::vector<Estimate>& estimates) {
    put_estimates(share(metric, suffix, {policy_, time_, driver_}, what), [&](std::size_t policy, std::size_t i) {
      const int time = static_cast<int>(i / driver_.length);
      return estimates[f_.shape_.output(static_cast<int>(policy), time, metric) * driver_.length + i % driver_.length];
    });
  };
  put("_first_order", "share of the variance that the parameter explains alone (first-order Sobol index)", statistics().first_order);
  put("_difference_first_order", "the same of the difference from the reference policy", statistics().difference_first_order);
}

void SensitivityLayout::put_pawn(int metric) {
  const auto put = [&](const char* suffix, const char* what, const std::vector<Estimate>& estimates) {
    put_estimates(share(metric, suffix, {policy_, driver_}, what),
                  [&](std::size_t policy, std::size_t i) { return estimates[(policy * f_.shape_.metrics + metric) * driver_.length + i]; });
  };
  put("_pawn", "PAWN index at the end, mean Kolmogorov-Smirnov distance over bins of the parameter", statistics().pawn);
  put("_difference_pawn", "the same of the difference from the reference policy", statistics().difference_pawn);
}

void SensitivityLayout::put_bin_means(int metric) {
  f_.out_.put<float>(f_.about(metric, "_bin_mean", {policy_, driver_, bin_}, "mean at the end within the bin of the parameter"),
                     [&](std::size_t policy, std::span<float> out) {
                       const std::size_t from = (policy * f_.shape_.metrics + metric) * out.size();
                       std::copy_n(statistics().bin_mean.data() + from, out.size(), out.data());
                     });
}

void SensitivityLayout::put_variance(int metric) {
  put_estimates(share(metric, "_variance_share", {time_, source_}, "share of the variance, all policies being equally likely"),
                [&](std::size_t time, std::size_t source) {
                  return statistics().variance_share[(time * f_.shape_.metrics + metric) * kVarianceSources + source];
                });
  Variable variance = f_.about(metric, "_variance", {time_}, "variance, all policies being equally likely");
  variance.units = variance.units == "1" ? "1" : fmt::format("({})^2", variance.units);
  f_.out_.put<double>(variance,
                      [&](std::size_t time, std::span<double> out) { out[0] = statistics().variance[time * f_.shape_.metrics + metric]; });
}

void SensitivityLayout::put_information() {
  if (decision_.length == 0) return;
  const std::vector<Information>& all = f_.result_.statistics.information;
  std::vector<std::string> metrics, units, best;
  for (const int metric : decided_metrics(f_.model_)) {
    metrics.push_back(row(metric).key);
    units.push_back(row(metric).unit);
  }
  for (const Information& one : all) best.push_back(f_.scenario_.policies[one.best].name);
  f_.out_.put_texts({decision_.name, {decision_}, "1", "metric for which the best policy is sought"}, metrics);
  f_.out_.put_texts({"decision_units", {decision_}, "1", "unit of the metric"}, units);
  f_.out_.put_texts({"decision_best", {decision_}, "1", "policy with the best mean at the end"}, best);
  put_estimates({"evpi", {decision_}, "1", "expected value of perfect information, in the unit of the metric"},
                [&](std::size_t decision, std::size_t) { return all[decision].perfect; });
  for (std::size_t decision = 0; decision < all.size(); ++decision) put_information_of(decision);
}

void SensitivityLayout::put_information_of(std::size_t decision) {
  const std::vector<Estimate>& partial = f_.result_.statistics.information[decision].partial;
  const int metric = decided_metrics(f_.model_)[decision];
  put_estimates(f_.about(metric, "_evppi", {driver_}, "expected value of perfect information on the parameter"),
                [&](std::size_t driver, std::size_t) { return partial[driver]; });
  f_.out_.put<double>(
      f_.about(metric, "_evppi_bounds", {driver_, f_.bound_}, "95 % interval of the value of information"),
      [&](std::size_t driver, std::span<double> out) { std::ranges::copy(information_bounds(partial[driver]), out.begin()); });
}

// With the group /sample, enough to derive the value of information for some of the policies.
void SensitivityLayout::put_bins_of_sample() {
  const Sample& sample = f_.result_.sample;
  const Axis trajectory = {"sample_trajectory", std::min({Sample::kProbe, sample.keep, f_.tallies_.trajectories})};
  if (trajectory.length == 0 || driver_.length == 0) return;
  f_.out_.put({trajectory.name, {trajectory}, "1", "number of the trajectory"}, count_up<std::int64_t>(trajectory.length));
  f_.out_.put<float>({"sample_bin", {trajectory, driver_}, "1", "driver_bin of the trajectory's parameters"},
                     [&](std::size_t t, std::span<float> out) {
                       for (std::size_t d = 0; d < out.size(); ++d) out[d] = static_cast<float>(sample.probe_bins[d * Sample::kProbe + t]);
                     });
}

void SensitivityLayout::put_sums() {
  put_axes();
  f_.out_.put({"bin_count", {driver_, bin_}, "1", "trajectories in the bin of the parameter"}, f_.tallies_.bin_counts);
  constexpr int kLowBits = 62;
  const auto put = [&](int metric, const char* suffix, const char* what, auto part) {
    const double unit = std::ldexp(1.0, row(metric).log2_unit);
    const Variable variable = {row(metric).key + std::string(suffix),
                               {policy_, time_, driver_, bin_},
                               "1",
                               fmt::format("{}: {}", what, row(metric).meaning),
                               {{"unit", unit}}};
    f_.out_.put<std::int64_t>(variable, [&](std::size_t policy, std::span<std::int64_t> out) {
      const std::size_t each = out.size() / time_.length;
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t output = f_.shape_.output(static_cast<int>(policy), static_cast<int>(i / each), metric);
        out[i] = part(f_.tallies_.bin_sums[output * each + i % each]);
      }
    });
  };
  for (int m = 0; m < f_.shape_.metrics; ++m) {
    put(m, "_bin_sum", "sum over the bin in whole `unit`s, its lower 62 bits",
        [](Wide sum) { return static_cast<std::int64_t>(sum & ((Wide{1} << kLowBits) - 1)); });
    put(m, "_bin_sum_high", "sum over the bin in whole `unit`s, divided by 2^62 and rounded down",
        [](Wide sum) { return static_cast<std::int64_t>(sum >> kLowBits); });
    if (!f_.tallies_.world_sums.empty()) put_world_sums(m);
  }
}

void SensitivityLayout::put_world_sums(int metric) {
  const Axis limb = {"limb", 4};
  const double unit = std::ldexp(1.0, row(metric).log2_unit);
  const auto put = [&](const char* suffix, const char* what, double of, auto part) {
    f_.out_.put<std::int64_t>({row(metric).key + std::string(suffix),
                               {policy_, time_, limb},
                               "1",
                               fmt::format("{}: {}", what, row(metric).meaning),
                               {{"unit", of}}},
                              [&](std::size_t policy, std::span<std::int64_t> out) {
                                for (std::size_t t = 0; t < time_.length; ++t)
                                  split(
                                      part(f_.tallies_.world_sums[f_.shape_.output(static_cast<int>(policy), static_cast<int>(t), metric)]),
                                      out.subspan(t * limb.length, limb.length));
                              });
  };
  put("_world_sum", "sum over worlds of means over replicates, in whole `unit`s", unit, [](const CellSums& sums) { return sums.units; });
  put("_world_sum_of_squares", "sum of their squares in whole `unit`s", unit * unit, [](const CellSums& sums) { return sums.squares; });
}

}  // namespace

namespace {

bool has_drivers(const Frame& frame) { return frame.shape_.times > 0 && frame.shape_.drivers > 0; }

}  // namespace

void put_sensitivity_axes(Frame& frame) {
  if (has_drivers(frame)) SensitivityLayout(frame).put_axes();
}

void put_sensitivity(Frame& frame) {
  if (has_drivers(frame) && !frame.result_.statistics.sensitivity.first_order.empty()) SensitivityLayout(frame).put_statistics();
}

void put_sensitivity_sums(Frame& frame) {
  if (has_drivers(frame)) SensitivityLayout(frame).put_sums();
}

}  // namespace chokepoint
