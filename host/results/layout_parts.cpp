// Axes and coordinates of a result file.
// SPDX-License-Identifier: Apache-2.0
#include "layout_parts.h"

#include <chrono>
#include <cmath>
#include <limits>

#include "../run/plan.h"

namespace chokepoint {

namespace {

std::string name_of(Direction direction) {
  return direction == Direction::kHigher ? "higher" : direction == Direction::kLower ? "lower" : "none";
}

}  // namespace

End end_of(const Scenario& scenario, int record) {
  using namespace std::chrono;
  const year_month start{year(scenario.start_year), month(static_cast<unsigned>(scenario.start_month))};
  const year_month at = start + months((record + 1) * scenario.record_every_months);
  return {static_cast<double>(sys_days(at / 1).time_since_epoch().count()),
          static_cast<int>(at.year()) + (static_cast<unsigned>(at.month()) - 1) / 12.0};
}

void put_times(const Scenario& scenario, const std::vector<int>& records, Recorder& out) {
  const Axis time = {"time", records.size()};
  std::vector<double> days, years;
  for (const int record : records) {
    const auto [day, year] = end_of(scenario, record);
    days.push_back(day);
    years.push_back(year);
  }
  const std::vector<Attribute> attributes = {{"standard_name", "time"}, {"axis", "T"}, {"calendar", "proleptic_gregorian"}};
  out.put<double>({"time", {time}, "days since 1970-01-01", "end of the recorded step", attributes}, days);
  out.put<double>({"year", {time}, "yr", "end of the recorded step, decimal year"}, years);
}

Frame::Frame(const Result& r, Recorder& out)
    : result_(r),
      scenario_(r.scenario),
      model_(*r.scenario.model),
      tallies_(r.tallies),
      shape_(r.tallies.shape),
      out_(out),
      policy_{"policy", std::size_t(shape_.policies)},
      time_{"time", std::size_t(shape_.records)},
      quantile_{"quantile", scenario_.quantiles.size()},
      event_{"event", std::size_t(shape_.events)},
      bound_{"bound", 2},
      parameter_{"parameter", std::size_t(shape_.parameters)} {}

void Frame::put_policies() {
  std::vector<std::string> names;
  for (const PolicySetting& policy : scenario_.policies) names.push_back(policy.name);
  out_.put_texts({"policy", {policy_}, "1", "policy"}, names);
}

void Frame::put_parameters() {
  std::vector<std::string> names;
  for (const ParameterRow& parameter : model_.parameters) names.push_back(parameter.key);
  out_.put_texts({"parameter", {parameter_}, "1", "parameter of the model"}, names);
}

void Frame::put_time() { put_times(scenario_, count_up<int>(time_.length), out_); }

void Frame::put_events() {
  out_.put_texts({"event", {event_}, "1", "event"}, event_names(scenario_));
}

void Frame::put_quantiles() { out_.put<double>({"quantile", {quantile_}, "1", "share of trajectories below"}, scenario_.quantiles); }

void Frame::put_bounds() { out_.put<double>({"bound", {bound_}, "1", "ends of the 95 % interval of the sampling error"}, {0.025, 0.975}); }

void Frame::put_sums(int metric, const std::string& suffix, const std::vector<Axis>& axes, const std::string& what,
                     const std::function<const CellSums&(std::size_t)>& sums_of) {
  const auto put = [&]<class T>(const char* name, const char* kind, const char* units, std::size_t limbs, double unit, auto get) {
    Variable variable = about(metric, suffix + name, axes, fmt::format(fmt::runtime(kind), what));
    if (units) variable.units = units;
    if (limbs > 1) {
      variable.axes.push_back({"limb", limbs});
      variable.attributes.push_back({"unit", unit});
    }
    const std::size_t cells = variable.row_size() / limbs;
    out_.put<T>(variable, [&](std::size_t row, std::span<T> out) {
      for (std::size_t i = 0; i < cells; ++i) get(sums_of(row * cells + i), out.subspan(i * limbs, limbs));
    });
  };
  using Whole = std::span<std::int64_t>;
  const double unit = std::ldexp(1.0, row(metric).log2_unit);
  const auto extreme = [](float value) { return std::isfinite(value) ? value : std::numeric_limits<float>::quiet_NaN(); };
  put.operator()<std::int64_t>("_sum", "sum of {} in whole `unit`s", "1", 4, unit,
                               [](const CellSums& s, Whole out) { split(s.units, out); });
  put.operator()<std::int64_t>("_sum_of_squares", "sum of squares of {} in whole `unit`s", "1", 4, unit * unit,
                               [](const CellSums& s, Whole out) { split(s.squares, out); });
  put.operator()<std::int64_t>("_saturated", "{} beyond 2^43 units, summed as 2^43", "1", 1, unit,
                               [](const CellSums& s, Whole out) { out[0] = s.saturated; });
  put.operator()<float>("_least", "least of the finite {}", nullptr, 1, unit,
                        [&](const CellSums& s, std::span<float> out) { out[0] = extreme(s.least); });
  put.operator()<float>("_greatest", "greatest of the finite {}", nullptr, 1, unit,
                        [&](const CellSums& s, std::span<float> out) { out[0] = extreme(s.greatest); });
}

Variable Frame::about(int metric, const std::string& suffix, std::vector<Axis> axes, const std::string& what) const {
  const MetricRow& m = row(metric);
  return {m.key + suffix, std::move(axes), m.unit, fmt::format("{}: {}", what, m.meaning), {{"direction", name_of(m.direction)}}};
}

}  // namespace chokepoint
