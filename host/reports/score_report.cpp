// Scores as tables.
// SPDX-License-Identifier: Apache-2.0
#include "score_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

namespace {

std::string observed_text(const Observation& o, bool unicode) {
  return o.censored ? fmt::format("{:.3g}{}{:.3g}", o.low, unicode ? "–" : "..", o.high) : fmt::format("{:.3g}", o.value);
}

// Where measurements fall in the forecast, from 0 to 1, with marks at 5, 50 and 95 %.
std::string pit_strip(const std::vector<double>& pits, bool unicode) {
  constexpr int kColumns = 19;
  const auto place = [](double p) { return static_cast<std::size_t>(std::lround(p * (kColumns - 1))); };
  std::vector<std::string> strip(kColumns, unicode ? "·" : ".");
  for (const double mark : {0.05, 0.5, 0.95}) strip[place(mark)] = unicode ? "│" : "|";
  for (const double pit : pits) strip[place(pit)] = unicode ? "●" : "o";
  return fmt::format("{}", fmt::join(strip, ""));
}

constexpr int kNameWidth = 20;  // with the mark of logarithms

class Tables {
 public:
  Tables(const Hindcast& h, const Scenario& s, const SummaryOptions& options)
      : h_(h), s_(s), options_(options), symbols_(symbols_of(options)), plus_minus_(spaced_plus_minus(symbols_)) {}

  std::string text() {
    std::string text = introduction();
    shown_ = choose([](bool, bool) { return true; });
    for (std::size_t p = 0; p < h_.policies; ++p) text += "\n" + title("Scores under " + h_.forecasts[p]) + scores_of(p);
    text += missing_plain();
    shown_ = choose([](bool is_first, bool is_whole) { return is_first || !is_whole; });
    text += "\n" + title("Observed against the fan under " + h_.forecasts[h_.policy]) + draws();
    shown_ = choose([](bool, bool is_whole) { return is_whole; });
    for (std::size_t p = 0; p < h_.policies; ++p)
      if (p != h_.policy)
        text += "\n" + title(fmt::format("{} less {}: what it cost not to know the policy", h_.forecasts[p], h_.forecasts[h_.policy])) +
                differences(p);
    return text;
  }

 private:
  std::string title(const std::string& text) const { return heading(text, options_.width, options_.colour); }

  std::string introduction() const {
    const std::string error = error_text(symbols_);
    const std::string what = fmt::format(
        "{} trajectories of each policy, seeds {} and {}, against {} observations of {}. Every forecast was made at the start, "
        "{:04}-{:02}; "
        "months count from there. CRPS, the distance from what was observed: the lower the better; of series marked ln in logarithms, "
        "where "
        "0.1 is about 10 %. Skill: 1 less the ratio of the CRPS to that of the better plain forecast; above 0 the model is better. Log "
        "score: "
        "the higher the better. In 50, 80, 90 %: share of observations in these intervals of the forecast. {}.",
        group_digits(fmt::format("{}", h_.trajectories)), s_.seed_worlds, s_.seed_chance, h_.history.observations.size(), h_.history.file,
        s_.start_year, s_.start_month, error.substr(0, error.find(';')));
    return wrap_text(s_.title, options_.width, "") + wrap_text(what, options_.width, "  ", "  ");
  }

  // The rows of a table: `wanted` is asked whether a horizon is the first of its series, and whether it is the whole of it.
  template <class Wanted>
  std::vector<const HorizonScores*> choose(Wanted&& wanted) const {
    std::vector<const HorizonScores*> chosen;
    for (std::size_t i = 0; i < h_.horizons.size(); ++i) {
      const bool is_first = i == 0 || h_.horizons[i - 1].series != h_.horizons[i].series;
      const bool is_whole = i + 1 == h_.horizons.size() || h_.horizons[i + 1].series != h_.horizons[i].series;
      if (wanted(is_first, is_whole)) chosen.push_back(&h_.horizons[i]);
    }
    return chosen;
  }

  // In front of each row: the series, and the months of the horizon.
  TableColumn names() const {
    TableColumn column{{"", fmt::format("  {:<{}}months", "series", kNameWidth)}, {}, true};
    int last = -1;
    for (const HorizonScores* horizon : shown_) {
      const HistorySeries& series = h_.history.series[horizon->series];
      const std::string name =
          horizon->series == last ? "" : shorten(series.name, kNameWidth - 4, symbols_.cut) + (series.logarithmic ? " ln" : "");
      column.cells.push_back(
          fmt::format("  {}{:{}}{:>6}", name, "", kNameWidth - text_width(name), fmt::format("{}-{}", horizon->first, horizon->last)));
      last = horizon->series;
    }
    return column;
  }

  template <class Cell>
  TableColumn column(std::vector<std::string> header, Cell&& cell, bool left = false) const {
    TableColumn made{std::move(header), {}, left};
    for (const HorizonScores* horizon : shown_) made.cells.push_back(cell(*horizon));
    return made;
  }

  template <class Value>
  TableColumn errors(std::vector<std::string> header, Value&& value) const {
    std::vector<NumberAndError> cells;
    for (const HorizonScores* horizon : shown_) {
      const std::optional<Estimate> one = value(*horizon);
      const bool has_error = one && one->standard_error > 0;
      cells.push_back(!one        ? NumberAndError{symbols_.dash, ""}
                      : has_error ? number_text(one->value, one->standard_error)
                                  : NumberAndError{fmt::format("{:.3g}", one->value), ""});
    }
    return {std::move(header), align_errors(cells, plus_minus_)};
  }

  HorizonScores everything() const {
    HorizonScores all{0, 0, 0, {}};
    for (std::size_t o = 0; o < h_.history.observations.size(); ++o) all.observations.push_back(o);
    return all;
  }

  TableColumn counts() const {
    return column({"", "n"}, [](const HorizonScores& horizon) { return fmt::format("{}", horizon.observations.size()); });
  }
  TableColumn crps_of(std::size_t forecast, std::vector<std::string> header) const {
    return errors(std::move(header), [&](const HorizonScores& horizon) -> std::optional<Estimate> {
      const auto mean = h_.mean(forecast, horizon);
      return mean ? std::optional(mean->crps) : std::nullopt;
    });
  }

  std::string scores_of(std::size_t p) const {
    const auto mean = [&](const HorizonScores& horizon) { return *h_.mean(p, horizon); };
    const ColumnGroup distance = {counts(), crps_of(p, {"", "CRPS"}), crps_of(h_.policies, {"CRPS of", "last value"}),
                                  crps_of(h_.policies + 1, {"", "trend"}),
                                  errors({"", "skill"}, [&](const HorizonScores& horizon) { return h_.skill(p, horizon); })};
    ColumnGroup calibration = {
        errors({"", "log score"}, [&](const HorizonScores& horizon) { return std::optional(mean(horizon).log_score); })};
    for (std::size_t k = 0; k < kCoverageLevels.size(); ++k)
      calibration.push_back(column({k == 0 ? "in" : "", fmt::format("{:.0f} %", 100 * kCoverageLevels[k])},
                                   [&](const HorizonScores& horizon) { return fmt::format("{:.2f}", mean(horizon).coverage[k]); }));
    const MeanScores all = mean(everything());
    const NumberAndError log_score = number_text(all.log_score.value, all.log_score.standard_error);
    return format_groups(names(), {distance, calibration}, options_.width) +
           wrap_text(fmt::format("All {} observations together: log score {}{}{}; {:.2f} in 50 %, {:.2f} in 80 %, {:.2f} in 90 %.",
                                 all.count, log_score.number, log_score.error.empty() ? "" : plus_minus_, log_score.error, all.coverage[0],
                                 all.coverage[1], all.coverage[2]),
                     options_.width, "  ", "  ");
  }

  std::string missing_plain() const {
    std::vector<std::string> without;
    for (std::size_t s = 0; s < h_.history.series.size(); ++s)
      if (std::ranges::any_of(shown_,
                              [&](const HorizonScores* one) { return one->series == static_cast<int>(s) && !h_.mean(h_.policies, *one); }))
        without.push_back(h_.history.series[s].name);
    if (without.empty()) return "";
    return wrap_text(fmt::format("Too little history for plain forecasts, fewer than {} values up to the start: {}.", kLeastPast,
                                 fmt::join(without, ", ")),
                     options_.width, "  ", "  ");
  }

  // The last observation of each horizon in numbers, and all of them by where they fall.
  std::string draws() const {
    const auto last = [&](const HorizonScores& horizon) -> const Observation& {
      return h_.history.observations[horizon.observations.back()];
    };
    const auto quantile = [&](std::size_t q) {
      return [this, q](const HorizonScores& horizon) {
        return fmt::format("{:.3g}", h_.point(h_.policy, horizon.observations.back())->quantiles[q]);
      };
    };
    const auto strip = [&](const HorizonScores& horizon) {
      std::vector<double> pits;
      for (const std::size_t o : horizon.observations) pits.push_back(h_.point(h_.policy, o)->scores.pit);
      return pit_strip(pits, options_.unicode);
    };
    const ColumnGroup columns = {
        column({"last of", "them"}, [&](const HorizonScores& horizon) { return last(horizon).date; }),
        column({"", "observed"}, [&](const HorizonScores& horizon) { return observed_text(last(horizon), options_.unicode); }),
        column({"forecast", "5 %"}, quantile(0)),
        column({"", "50 %"}, quantile(2)),
        column({"", "95 %"}, quantile(4)),
        column({"", "PIT of all, 0 to 1"}, strip, true)};
    return format_tables(names(), columns, options_.width) +
           wrap_text(
               "PIT: the probability of a measurement up to the one that was made; lines mark 5, 50 and 95 %. All to one side: a "
               "bias; in the middle: a fan too wide; at the ends: one too narrow.",
               options_.width, "  ", "  ");
  }

  std::string differences(std::size_t p) const {
    const auto difference = [&](const HorizonScores& horizon) { return h_.difference(p, h_.policy, horizon); };
    const ColumnGroup columns = {
        counts(), errors({"", "CRPS"}, [&](const HorizonScores& horizon) { return std::optional(difference(horizon).crps); }),
        errors({"", "log score"}, [&](const HorizonScores& horizon) { return std::optional(difference(horizon).log_score); })};
    const Estimate all = difference(everything()).log_score;
    const NumberAndError log_score = number_text(all.value, all.standard_error);
    return format_tables(names(), columns, options_.width) +
           wrap_text(
               fmt::format("In the same trajectories. A CRPS above 0 and a log score below 0 are a cost. All observations together: log "
                           "score {}{}{}.",
                           log_score.number, log_score.error.empty() ? "" : plus_minus_, log_score.error),
               options_.width, "  ", "  ");
  }

  const Hindcast& h_;
  const Scenario& s_;
  const SummaryOptions& options_;
  Symbols symbols_;
  std::string plus_minus_;
  std::vector<const HorizonScores*> shown_;  // rows of the table in hand
};

}  // namespace

std::string score_text(const Hindcast& hindcast, const Scenario& scenario, const SummaryOptions& options) {
  return Tables(hindcast, scenario, options).text();
}

}  // namespace chokepoint
