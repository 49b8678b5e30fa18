// Scores for other programs: CSV, JSON, and the page that shows them.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "csv.h"
#include "json.h"
#include "page.h"
#include "score_report.h"

namespace chokepoint {

namespace {

const HorizonScores& horizon_of(const Hindcast& h, std::size_t observation) {
  return *std::ranges::find_if(
      h.horizons, [&](const HorizonScores& one) { return std::ranges::find(one.observations, observation) != one.observations.end(); });
}

std::string whole(std::size_t number) { return fmt::format("{}", number); }

template <class Numbers>
std::string numbers(const Numbers& all) {
  return json::array(std::vector<double>(all.begin(), all.end()), json::number, ", ");
}

class JsonWriter {
 public:
  JsonWriter(const Hindcast& h, const Scenario& s) : h_(h), s_(s) {}

  std::string text() const {
    std::vector<int> series(h_.history.series.size());
    for (std::size_t i = 0; i < series.size(); ++i) series[i] = static_cast<int>(i);
    return json::object({{"title", json::quoted(s_.title)},
                         {"files", json::array(
                                       s_.files, [](const ConfigurationFile& file) { return json::quoted(file.path); }, ", ")},
                         {"history", json::quoted(h_.history.file)},
                         {"model", json::quoted(s_.model->name)},
                         {"start", json::quoted(fmt::format("{:04}-{:02}", s_.start_year, s_.start_month))},
                         {"trajectories", whole(h_.trajectories)},
                         {"seeds", fmt::format("[{}, {}]", s_.seed_worlds, s_.seed_chance)},
                         {"policies", whole(h_.policies)},
                         {"policy", json::quoted(h_.forecasts[h_.policy])},
                         {"forecasts", json::array(h_.forecasts, json::quoted, ", ")},
                         {"quantiles", numbers(kFanQuantiles)},
                         {"coverage_levels", numbers(kCoverageLevels)},
                         {"series", json::array(series, [&](int one) { return series_json(one); })}},
                        ",\n  ") +
           "\n";
  }

 private:
  std::string series_json(int number) const {
    const HistorySeries& series = h_.history.series[number];
    const MetricRow& metric = s_.model->metrics[series.metric];
    std::vector<std::size_t> observations;
    for (std::size_t o = 0; o < h_.history.observations.size(); ++o)
      if (h_.history.observations[o].series == number) observations.push_back(o);
    std::vector<HorizonScores> horizons;
    std::ranges::copy_if(h_.horizons, std::back_inserter(horizons), [&](const HorizonScores& one) { return one.series == number; });
    std::vector<Observation> past;
    std::ranges::copy_if(h_.history.past, std::back_inserter(past), [&](const Observation& one) { return one.series == number; });
    json::Members members = {{"name", json::quoted(series.name)},
                             {"metric", json::quoted(metric.key)},
                             {"meaning", json::quoted(metric.meaning)},
                             {"unit", json::quoted(metric.unit)},
                             {"change_months", fmt::format("{}", series.change_steps)},
                             {"logarithmic", series.logarithmic ? "true" : "false"},
                             {"horizons", json::array(horizons, [&](const HorizonScores& one) { return horizon_json(one); })},
                             {"past", json::array(past, [&](const Observation& one) { return row_json(one, {}); })},
                             {"observations", json::array(observations, [&](std::size_t o) { return observation_json(o); })}};
    for (const Fan& fan : h_.fans)
      if (fan.series == number) members.emplace_back("fan", fan_json(fan));
    return json::object(members, ",\n     ");
  }

  std::string horizon_json(const HorizonScores& horizon) const {
    json::Members scores;
    for (std::size_t f = 0; f < h_.forecasts.size(); ++f) {
      const auto mean = h_.mean(f, horizon);
      const auto skill = h_.skill(f, horizon);
      scores.emplace_back(h_.forecasts[f], !mean ? "null"
                                                 : json::object({{"crps", estimate(mean->crps)},
                                                                 {"log_score", estimate(mean->log_score)},
                                                                 {"coverage", numbers(mean->coverage)},
                                                                 {"skill", skill && f < h_.policies ? estimate(*skill) : "null"}}));
    }
    return json::object({{"months", fmt::format("[{}, {}]", horizon.first, horizon.last)},
                         {"observations", whole(horizon.observations.size())},
                         {"scores", json::object(scores)}});
  }

  std::string observation_json(std::size_t o) const {
    json::Members forecasts;
    for (std::size_t f = 0; f < h_.forecasts.size(); ++f) {
      const auto& point = h_.point(f, o);
      forecasts.emplace_back(h_.forecasts[f], !point ? "null"
                                                     : json::object({{"quantiles", numbers(point->quantiles)},
                                                                     {"crps", json::number(point->scores.crps)},
                                                                     {"log_score", json::number(point->scores.log_score)},
                                                                     {"pit", json::number(point->scores.pit)},
                                                                     {"coverage", numbers(point->scores.coverage)}}));
    }
    return row_json(h_.history.observations[o], {{"forecasts", json::object(forecasts)}});
  }

  // With the interval that holds the truth with a probability of 90 %, as the file or the error of the series has it.
  std::string row_json(const Observation& o, const json::Members& more) const {
    const HistorySeries& series = h_.history.series[o.series];
    const double half = kIntervalHalfWidth * o.error;
    json::Members members = {{"date", json::quoted(o.date)},
                             {"months", fmt::format("{}", o.months())},
                             {"value", json::number(o.value)},
                             {"low", json::number(std::isfinite(o.low) ? o.low : series.unscaled(o.centre - half))},
                             {"high", json::number(std::isfinite(o.high) ? o.high : series.unscaled(o.centre + half))},
                             {"source", json::quoted(o.source)}};
    members.insert(members.end(), more.begin(), more.end());
    return json::object(members);
  }

  std::string fan_json(const Fan& fan) const {
    json::Members policies;
    for (std::size_t p = 0; p < h_.policies; ++p) {
      const auto first = fan.quantiles.begin() + static_cast<std::ptrdiff_t>(p * fan.steps.size());
      const std::vector<FanQuantiles> own(first, first + static_cast<std::ptrdiff_t>(fan.steps.size()));
      policies.emplace_back(h_.forecasts[p], json::array(own, numbers<FanQuantiles>, ", "));
    }
    return json::object({{"months", json::array(
                                        fan.steps, [](int step) { return fmt::format("{}", step + 1); }, ", ")},
                         {"quantiles", json::object(policies)}});
  }

  static std::string estimate(const Estimate& e) {
    return json::object({{"value", json::number(e.value)}, {"se", json::number(e.standard_error)}});
  }

  const Hindcast& h_;
  const Scenario& s_;
};

}  // namespace

std::string score_csv(const Hindcast& h, const Scenario& s) {
  std::string text = csv::row({"series", "metric", "unit", "date", "months", "horizon",   "observed", "low",   "high",  "forecast", "q05",
                               "q25",    "q50",    "q75",  "q95",  "crps",   "log_score", "pit",      "in_50", "in_80", "in_90"});
  for (std::size_t o = 0; o < h.history.observations.size(); ++o)
    for (std::size_t f = 0; f < h.forecasts.size(); ++f) {
      const Observation& one = h.history.observations[o];
      const HistorySeries& series = h.history.series[one.series];
      const MetricRow& metric = s.model->metrics[series.metric];
      const auto& point = h.point(f, o);
      if (!point) continue;
      std::vector<std::string> fields = {csv::field(series.name),
                                         csv::field(metric.key),
                                         csv::field(metric.unit),
                                         one.date,
                                         fmt::format("{}", one.months()),
                                         fmt::format("{}", horizon_of(h, o).last),
                                         csv::field(one.value),
                                         csv::field(one.low),
                                         csv::field(one.high),
                                         csv::field(h.forecasts[f])};
      for (const double quantile : point->quantiles) fields.push_back(csv::field(quantile));
      for (const double score : {point->scores.crps, point->scores.log_score, point->scores.pit}) fields.push_back(csv::field(score));
      for (const double covered : point->scores.coverage) fields.push_back(csv::field(covered));
      text += csv::row(fields);
    }
  return text;
}

std::string score_json(const Hindcast& hindcast, const Scenario& scenario) { return JsonWriter(hindcast, scenario).text(); }

std::string score_page(const Hindcast& hindcast, const Scenario& scenario) {
  const std::string source = fmt::format("{} trajectories of each policy from {}, against {}.", hindcast.trajectories,
                                         scenario.files.back().path, hindcast.history.file);
  return page::fill(page::kScore, {{"policy", page::content_policy({page::kChartsScript, page::kFiguresScript, page::kScoreScript})},
                                   {"title", page::escaped(scenario.title)},
                                   {"heading", page::escaped(scenario.title)},
                                   {"style", page::kStyle},
                                   {"source", page::escaped(source)},
                                   {"charts", page::kCharts},
                                   {"figures", page::kFiguresScript.text},
                                   {"data", page::script_data(score_json(hindcast, scenario))},
                                   {"script", page::kScoreScript.text}});
}

}  // namespace chokepoint
