// SPDX-License-Identifier: Apache-2.0
#include "replay_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../run/plan.h"
#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

namespace {

constexpr int kDigits = 4;          // of the largest number of a column
constexpr int kNarrowestText = 30;  // column of what happened
constexpr int kSparkline = 24;
constexpr std::size_t kUnusualShown = 8;

// As many decimals as leave kDigits digits of x.
int decimals_of(double x) { return x == 0 ? 0 : std::clamp(kDigits - 1 - static_cast<int>(std::floor(std::log10(std::abs(x)))), 0, 9); }

std::string fixed(double x, int decimals) {
  std::string text = fmt::format("{:.{}f}", x, decimals);
  return text.starts_with('-') && text.find_first_of("123456789in") == text.npos ? text.substr(1) : text;
}

// What grows by orders of magnitude has digits of its own in each month.
bool spans_magnitudes(const MetricRow& row) { return row.scale == Scale::kLog || (row.scale == Scale::kSignedLog && row.knee < 0.1f); }

struct Table {
  const Replay& replay;
  const ReplayView& view;
  std::vector<int> steps;         // the months that are shown
  std::size_t policies, metrics;  // how many fit

  const char* dash() const { return view.unicode ? "—" : "-"; }
  TableColumn metric_column(int metric) const;
  int numbers_width() const;
  std::string text() const;
};

// A metric under all policies: names above, letters below them.
TableColumn Table::metric_column(int metric) const {
  const MetricRow& row = replay.scenario.model->metrics[metric];
  double largest = 0;
  for (std::size_t p = 0; p < policies; ++p)
    for (int step = 0; step < replay.steps(); ++step)
      if (const auto x = static_cast<double>(replay.month(p, step).metrics[metric]); std::isfinite(x))
        largest = std::max(largest, std::abs(x));
  std::vector<std::string> joined(steps.size()), letters;
  for (std::size_t p = 0; p < policies; ++p) {
    std::vector<std::string> numbers;
    for (const int step : steps) {
      const auto x = static_cast<double>(replay.month(p, step).metrics[metric]);
      numbers.push_back(std::isfinite(x) ? fixed(x, decimals_of(spans_magnitudes(row) ? x : largest)) : dash());
    }
    numbers = align_points(numbers);
    const int width = numbers.empty() ? 0 : text_width(numbers[0]);
    letters.push_back(fmt::format("{:>{}}", policy_letter(p), width));
    for (std::size_t i = 0; i < steps.size(); ++i) joined[i] += (p > 0 ? "  " : "") + numbers[i];
  }
  const std::string under = fmt::format("{}", fmt::join(letters, "  "));
  TableColumn column{break_name(row.key, std::max(10, text_width(under))), std::move(joined)};
  const auto has_unit = [&](int m) { return replay.scenario.model->metrics[m].unit != std::string("1"); };
  if (std::ranges::any_of(view.metrics, has_unit)) column.header.emplace_back(has_unit(metric) ? row.unit : "");
  if (policies > 1) column.header.push_back(under);
  return column;
}

int Table::numbers_width() const {
  int width = text_width("2026-01") + kColumnGap;
  for (std::size_t m = 0; m < metrics; ++m) width += metric_column(view.metrics[m]).width() + kColumnGap;
  return width;
}

// "B: trigger 1 fires (...)"; no letters where it is so under all policies.
std::string told(const Replay& replay, const Happening& happening) {
  if (happening.policies.size() == replay.policies()) return happening.text;
  std::string letters;
  for (const int policy : happening.policies) letters += (letters.empty() ? "" : "+") + policy_letter(static_cast<std::size_t>(policy));
  return letters + ": " + happening.text;
}

std::string Table::text() const {
  TableColumn dates{{"month"}, {}, true}, what{{"what happened"}, {}, true};
  std::vector<TableColumn> columns;
  for (std::size_t m = 0; m < metrics; ++m) {
    columns.push_back(metric_column(view.metrics[m]));
    columns.back().cells.clear();
  }
  std::vector<TableColumn> full;
  for (std::size_t m = 0; m < metrics; ++m) full.push_back(metric_column(view.metrics[m]));
  std::vector<TableColumn*> all = {&dates, &what};
  for (TableColumn& column : columns) all.push_back(&column);
  const int room = std::max(kNarrowestText, view.width - numbers_width());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i > 0 && !view.brief && replay.date(steps[i]).ends_with("-01"))  // a gap between years
      for (TableColumn* column : all) column->cells.emplace_back();
    std::vector<std::string> texts;
    for (const Happening& happening : replay.happenings)
      if (happening.step == steps[i]) texts.push_back(told(replay, happening));
    const std::string lines = wrap_text(fmt::format("{}", fmt::join(texts, "; ")), room, "");
    for (std::size_t at = 0, line = 0; at < lines.size(); ++line) {
      const std::size_t end = lines.find('\n', at);
      dates.cells.push_back(line == 0 ? replay.date(steps[i]) : "");
      for (std::size_t m = 0; m < metrics; ++m) columns[m].cells.push_back(line == 0 ? full[m].cells[i] : "");
      what.cells.push_back(lines.substr(at, end - at));
      at = end + 1;
    }
  }
  columns.push_back(std::move(what));
  return format_tables(dates, columns, 1'000);  // it fits, or a terminal breaks its lines
}

// Fewer metrics, then fewer policies, until there is room for what happened.
Table make_table(const Replay& replay, const ReplayView& view) {
  Table table{replay, view, {}, replay.policies(), view.metrics.size()};
  for (int step = 0; step < replay.steps(); ++step) {
    const bool something = std::ranges::any_of(replay.happenings, [&](const Happening& h) { return h.step == step; });
    if (!view.brief || something || replay.date(step).ends_with("-12") || step + 1 == replay.steps()) table.steps.push_back(step);
  }
  while (table.metrics > 1 && view.width - table.numbers_width() < kNarrowestText) --table.metrics;
  while (table.policies > 1 && view.width - table.numbers_width() < kNarrowestText) --table.policies;
  return table;
}

std::string left_out(const Table& table) {
  std::vector<std::string> names;
  for (std::size_t m = table.metrics; m < table.view.metrics.size(); ++m)
    names.emplace_back(table.replay.scenario.model->metrics[table.view.metrics[m]].key);
  std::string text;
  if (!names.empty()) text = fmt::format("{} would need a wider terminal, or --metrics. ", fmt::join(names, ", "));
  if (table.policies < table.replay.policies())
    text += fmt::format("Only {} of {} policies fit. ", table.policies, table.replay.policies());
  return text;
}

std::string heading(const Replay& replay, const ReplayView& view) {
  const Scenario& s = replay.scenario;
  const std::string replicate =
      s.replicates > 1 ? fmt::format(", replicate {} of world {}", replay.trace.trajectory % s.replicates, replay.trace.world) : "";
  std::string text = wrap_text(replay.title() + replicate, view.width, "");
  const auto add = [&](const std::string& label, const std::string& value) {
    text += wrap_text(value, view.width, fmt::format("{:7}", ""), fmt::format("{:<7}", label));
  };
  add("from", fmt::format("{}{}", fmt::join(replay.files, ", "), replay.result_hash.empty() ? "" : ", result_hash " + replay.result_hash));
  if (!replay.check.empty()) add("check", replay.check);
  for (std::size_t p = 0; p < replay.policies(); ++p)
    add(policy_letter(p),
        s.policies[p].title.empty() ? s.policies[p].name : fmt::format("{}: {}", s.policies[p].name, s.policies[p].title));
  return text;
}

std::string level_text(double level) {
  return level < 0.0005 ? "<0.1 %" : level > 0.9995 ? ">99.9 %" : fmt::format("{:.1f} %", 100 * level);
}

std::string unusual_table(const Replay& replay, const ReplayView& view) {
  std::vector<Unusual> unusual = by_unusualness(replay);
  const std::size_t all = unusual.size();
  if (all == 0) return "";
  unusual.resize(std::min(all, kUnusualShown));
  TableColumn names{{"  parameter"}, {}, true}, values{{"value"}, {}, true}, levels{{"below it"}, {}}, meanings{{"meaning"}, {}, true};
  std::vector<std::string> numbers;
  for (const Unusual& one : unusual) {
    const ParameterRow& row = replay.scenario.model->parameters[one.parameter];
    const auto value = static_cast<double>(replay.trace.parameters[one.parameter]);
    names.cells.push_back(fmt::format("  {}", row.key));
    numbers.push_back(fixed(value, decimals_of(value)));
    levels.cells.push_back(level_text(one.level));
    meanings.cells.push_back(row.meaning);
  }
  numbers = align_points(numbers);
  for (std::size_t i = 0; i < unusual.size(); ++i)
    values.cells.push_back(numbers[i] + unit_of(replay.scenario.model->parameters[unusual[i].parameter].unit));
  const int room = view.width - names.width() - values.width() - levels.width() - 3 * kColumnGap;
  for (std::string& meaning : meanings.cells) meaning = shorten(meaning, std::max(room, 10), view.unicode ? "…" : "~");
  std::vector<TableColumn> columns = {values, levels};
  if (room >= 20) columns.push_back(meanings);
  const std::string title =
      fmt::format("This world: what is most unusual of the parameters that vary ({}), and how much of its prior lies below it", all);
  return "\n" + wrap_text(title, view.width, "  ") + format_tables(names, columns, view.width);
}

// Where each metric begins, turns and ends.
std::string glance_table(const Replay& replay, const ReplayView& view) {
  TableColumn names{{"  metric"}, {}, true}, letters{{""}, {}, true}, over_time{{"over time"}, {}, true};
  const char* const headers[] = {"start", "lowest", "highest", "end"};
  std::vector<TableColumn> columns;
  for (const char* header : headers) columns.push_back({{header}, {}});
  for (const int metric : view.metrics) {
    const MetricRow& row = replay.scenario.model->metrics[metric];
    std::vector<std::vector<double>> values(replay.policies());
    for (std::size_t p = 0; p < replay.policies(); ++p)
      for (int step = 0; step < replay.steps(); ++step)
        if (const auto x = static_cast<double>(replay.month(p, step).metrics[metric]); std::isfinite(x)) values[p].push_back(x);
    double least = std::numeric_limits<double>::infinity(), greatest = -least;
    for (const auto& series : values)
      for (const double x : series) least = std::min(least, x), greatest = std::max(greatest, x);
    const int decimals = decimals_of(std::max(std::abs(least), std::abs(greatest)));
    const auto text = [&](double x) { return fixed(x, spans_magnitudes(row) ? decimals_of(x) : decimals); };
    for (std::size_t p = 0; p < values.size(); ++p) {
      if (values[p].empty()) continue;
      names.cells.push_back(p == 0 ? fmt::format("  {}{}", row.key, row.unit == std::string("1") ? "" : fmt::format(" ({})", row.unit))
                                   : "");
      letters.cells.push_back(policy_letter(p));
      const auto [low, high] = std::ranges::minmax(values[p]);
      const double shown[] = {values[p].front(), low, high, values[p].back()};
      for (std::size_t c = 0; c < columns.size(); ++c) columns[c].cells.push_back(text(shown[c]));
      over_time.cells.push_back(sparkline(values[p], least, greatest, kSparkline, view.unicode));
    }
  }
  columns.insert(columns.begin(), letters);
  columns.push_back(over_time);
  return "\nAt a glance\n" + format_tables(names, columns, view.width);
}

std::string events_table(const Replay& replay, const ReplayView& view) {
  const std::vector<std::string> events = event_names(replay.scenario);
  TableColumn names{{"  event"}, {}, true};
  std::vector<TableColumn> columns(replay.policies());
  std::vector<std::string> never;
  for (std::size_t p = 0; p < columns.size(); ++p) columns[p].header = {policy_letter(p)};
  for (std::size_t e = 0; e < events.size(); ++e) {
    if (std::ranges::all_of(replay.trace.policies, [&](const TracedPolicy& p) { return p.events[e] < 0; })) {
      never.push_back(events[e]);
      continue;
    }
    names.cells.push_back("  " + events[e]);
    for (std::size_t p = 0; p < columns.size(); ++p) {
      const int step = replay.trace.policies[p].events[e];
      columns[p].cells.push_back(step >= 0 ? replay.date(step) : view.unicode ? "—" : "-");
    }
  }
  std::string text = "\nFirst month of each event\n";
  if (!names.cells.empty()) text += format_tables(names, columns, view.width);
  if (!never.empty()) text += wrap_text(fmt::format("never: {}", fmt::join(never, ", ")), view.width, "  ", "  ");
  return text;
}

}  // namespace

std::string policy_letter(std::size_t policy) {
  return policy < 26 ? std::string(1, static_cast<char>('A' + policy)) : fmt::format("#{}", policy + 1);
}

std::string unit_of(const char* unit) { return unit == std::string("1") ? "" : fmt::format(" {}", unit); }

std::string replay_tables(const Replay& replay, const ReplayView& view) {
  const Table table = make_table(replay, view);
  const std::string legend = fmt::format(
      "Numbers are those at the end of the month. sd: a shock of at least {:g} standard deviations. {}--csv has all metrics, levers and "
      "shocks of every month.",
      kLargeShock, left_out(table));
  return heading(replay, view) + glance_table(replay, view) + events_table(replay, view) + unusual_table(replay, view) + "\n" +
         table.text() + "\n" + wrap_text(legend, view.width, "");
}

}  // namespace chokepoint
