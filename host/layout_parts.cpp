// Axes and coordinates of a result file.
// SPDX-License-Identifier: Apache-2.0
#include "layout_parts.h"

#include <chrono>

namespace chokepoint {

namespace {

std::string name_of(Direction direction) {
  return direction == Direction::kHigher ? "higher" : direction == Direction::kLower ? "lower" : "none";
}

}  // namespace

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

std::pair<double, double> Frame::end_of(int record) const {
  using namespace std::chrono;
  const year_month start{year(scenario_.start_year), month(static_cast<unsigned>(scenario_.start_month))};
  const year_month at = start + months((record + 1) * scenario_.record_every_months);
  return {static_cast<double>(sys_days(at / 1).time_since_epoch().count()),
          static_cast<int>(at.year()) + (static_cast<unsigned>(at.month()) - 1) / 12.0};
}

void Frame::put_time() {
  std::vector<double> days, years;
  for (int record = 0; record < shape_.records; ++record) {
    const auto [day, year] = end_of(record);
    days.push_back(day);
    years.push_back(year);
  }
  const std::vector<Attribute> attributes = {{"standard_name", "time"}, {"axis", "T"}, {"calendar", "proleptic_gregorian"}};
  out_.put<double>({"time", {time_}, "days since 1970-01-01", "end of the recorded step", attributes}, days);
  out_.put<double>({"year", {time_}, "yr", "end of the recorded step, decimal year"}, years);
}

void Frame::put_events() {
  std::vector<std::string> names;
  for (const EventRow& event : model_.events) names.push_back(event.key);
  for (int trigger = 1; names.size() < event_.length; ++trigger) names.push_back(fmt::format("trigger_{}", trigger));
  out_.put_texts({"event", {event_}, "1", "event"}, names);
}

Variable Frame::about(int metric, const std::string& suffix, std::vector<Axis> axes, const std::string& what) const {
  const MetricRow& m = row(metric);
  return {m.key + suffix, std::move(axes), m.unit, fmt::format("{}: {}", what, m.meaning), {{"direction", name_of(m.direction)}}};
}

}  // namespace chokepoint
