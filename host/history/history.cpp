// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <optional>
#include <tuple>

#include "../config/csv_reader.h"
#include "../config/date.h"
#include "../config/text_file.h"
#include "../config/toml_tools.h"
#include "../errors.h"

namespace chokepoint {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastShare = 1e-3;  // of the lowest observation
enum Column { kSeries, kDate, kValue, kLow, kHigh, kUnit, kSource, kConfidence };
const std::vector<std::string> kColumns = {"series", "date", "value", "low", "high", "unit", "source", "confidence"};

// One row to an observation, with every problem that it has.
class RowReader {
 public:
  RowReader(const Scenario& scenario, const History& history, std::vector<std::string>& problems)
      : scenario_(scenario), history_(history), problems_(problems) {}

  std::optional<Observation> read(const CsvRow& row, int series) {
    row_ = &row;
    const std::size_t before = problems_.size();
    Observation o{series, 0, row.cells[kDate], number(kValue), number(kLow), number(kHigh), row.cells[kValue].empty(), row.cells[kSource],
                  0,      0};
    read_month(o);
    check_unit(series);
    check_numbers(o);
    if (problems_.size() > before) return std::nullopt;
    return o;
  }

 private:
  const std::string& cell(Column column) const { return row_->cells[column]; }
  void complain(const std::string& what) { problems_.push_back(fmt::format("{}:{}: {}", history_.file, row_->line, what)); }

  double number(Column column) {
    if (cell(column).empty()) return kNone;
    const auto value = csv_number(cell(column));
    if (!value) complain(fmt::format("{} = '{}' is not a number", kColumns[column], cell(column)));
    return value.value_or(kNone);
  }

  void read_month(Observation& o) {
    const auto date = parse_date(o.date);
    if (!date) return complain(fmt::format("date = '{}' is not a date, such as 2024-12-31", o.date));
    const std::chrono::year_month_day end = date->year() / date->month() / std::chrono::last;
    if (*date != end)
      return complain(fmt::format("date = {} is not the end of a month, which {:04}-{:02}-{:02} is", o.date, int(end.year()),
                                  unsigned(end.month()), unsigned(end.day())));
    o.step = (int(date->year()) - scenario_.start_year) * 12 + int(unsigned(date->month())) - scenario_.start_month;
  }

  void check_unit(int series) {
    const MetricRow& metric = scenario_.model->metrics[history_.series[series].metric];
    if (cell(kUnit).empty() || cell(kUnit) == metric.unit) return;
    complain(fmt::format("series {} is given in '{}', but the metric {} is in '{}'; convert the numbers", cell(kSeries), cell(kUnit),
                         metric.key, metric.unit));
  }

  void check_numbers(const Observation& o) {
    const HistorySeries& series = history_.series[o.series];
    const bool has_interval = !cell(kLow).empty() && !cell(kHigh).empty();
    if (cell(kLow).empty() != cell(kHigh).empty()) return complain("one of low and high is given; give both or none");
    if (o.censored && !has_interval) return complain("neither a value nor low and high are given");
    if (has_interval && !(o.low < o.high)) return complain(fmt::format("low = {} is not below high = {}", cell(kLow), cell(kHigh)));
    if (has_interval && (o.value < o.low || o.value > o.high))
      return complain(fmt::format("value = {} is not between low = {} and high = {}", cell(kValue), cell(kLow), cell(kHigh)));
    for (const Column column : {kValue, kLow})
      if (const auto value = csv_number(cell(column)); series.logarithmic && value && *value <= 0)
        return complain(fmt::format("{} = {}: {} is compared by logarithms and must be above 0; leave the row out", kColumns[column],
                                    cell(column), scenario_.model->metrics[series.metric].key));
    if (!has_interval && series.error == 0)
      complain(fmt::format("the measurement has no error: give low and high, or history.series.{}.error", series.name));
  }

  const Scenario& scenario_;
  const History& history_;
  std::vector<std::string>& problems_;
  const CsvRow* row_ = nullptr;
};

std::vector<HistorySeries> series_of(const Scenario& scenario) {
  std::vector<HistorySeries> all;
  for (const HistorySeriesSetting& one : scenario.history->series) {
    const bool logarithmic = scenario.model->metrics[one.metric].scale == Scale::kLog;
    all.push_back({one.name, one.metric, one.change_months, one.error, logarithmic, std::numeric_limits<double>::infinity()});
  }
  return all;
}

void report_twins(const std::vector<Observation>& all, const History& history, std::vector<std::string>& problems) {
  for (std::size_t i = 1; i < all.size(); ++i)
    if (all[i].series == all[i - 1].series && all[i].step == all[i - 1].step)
      problems.push_back(
          fmt::format("{}: series {} has two rows of {}; keep one", history.file, history.series[all[i].series].name, all[i].date));
}

// The law of the truth, once it is known what the lowest observation of the series is.
void complete(Observation& o, const HistorySeries& series) {
  const bool has_interval = std::isfinite(o.low);
  o.centre = o.censored ? (series.scaled(o.low) + series.scaled(o.high)) / 2 : series.scaled(o.value);
  o.error = has_interval ? (series.scaled(o.high) - series.scaled(o.low)) / 2 / kIntervalHalfWidth : series.error;
}

}  // namespace

History read_history(const Scenario& scenario) {
  if (!scenario.history)
    throw UserError(fmt::format("{}: no [history]: it names what was observed. See 'chokepoint describe configuration'.",
                                scenario.files.empty() ? "the scenario" : scenario.files.back().path));
  History history{series_of(scenario), {}, {}, scenario.history->file, read_text_file(scenario.history->file)};
  std::vector<std::string> problems;
  std::vector<Observation> all;
  RowReader reader(scenario, history, problems);
  for (const CsvRow& row : parse_csv(history.file, history.text, kColumns)) {
    const auto series = std::ranges::find(history.series, row.cells[kSeries], &HistorySeries::name);
    if (series == history.series.end()) continue;
    if (auto one = reader.read(row, static_cast<int>(series - history.series.begin()))) all.push_back(std::move(*one));
  }
  std::ranges::sort(all, {}, [](const Observation& o) { return std::tuple(o.series, o.step); });
  report_twins(all, history, problems);
  for (const Observation& o : all) {
    HistorySeries& series = history.series[o.series];
    series.least = std::min(series.least, kLeastShare * (o.censored ? o.low : std::isfinite(o.low) ? std::min(o.low, o.value) : o.value));
  }
  for (Observation& o : all) {
    const HistorySeries& series = history.series[o.series];
    complete(o, series);
    if (o.step < 0) history.past.push_back(o);
    if (o.step >= series.change_steps && o.step < scenario.steps()) history.observations.push_back(o);
  }
  for (std::size_t s = 0; problems.empty() && s < history.series.size(); ++s)
    if (std::ranges::find(history.observations, static_cast<int>(s), &Observation::series) == history.observations.end())
      problems.push_back(fmt::format("{}: history.series.{}: no row of {} is of this series and within the run{}",
                                     scenario.history->series[s].origin, history.series[s].name, history.file,
                                     history.series[s].change_steps > 0 ? ", change_months after its start" : ""));
  if (!problems.empty()) throw UserError(problems);
  return history;
}

void keep_between(History& history, const std::string& from, const std::string& until) {
  for (const std::string& date : {from, until})
    if (!date.empty() && !parse_date(date)) throw UserError(fmt::format("'{}' is not a date, such as 2024-12-31", date));
  std::erase_if(history.observations, [&](const Observation& o) { return o.date < from || (!until.empty() && o.date > until); });
  if (history.observations.empty())
    throw UserError(fmt::format("{}: no observation within the run lies between {} and {}", history.file, from.empty() ? "its start" : from,
                                until.empty() ? "its end" : until));
}

}  // namespace chokepoint
