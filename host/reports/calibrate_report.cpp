// SPDX-License-Identifier: Apache-2.0
#include "calibrate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "csv.h"
#include "json.h"
#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

namespace {

constexpr std::size_t kShownParameters = 20, kShownCorrelations = 10;
constexpr const char* kQuantileNames[] = {"p5", "p50", "p95"};

struct Shown {
  const CalibrationView& view;
  const SummaryOptions& terminal;
  Symbols symbols = symbols_of(terminal);

  const char* key(int parameter) const { return view.scenario.model->parameters[parameter].key; }
  const std::string& series(int number) const { return view.calibration.history.series[number].name; }
  std::string estimate(const Estimate& e) const {
    const NumberAndError text = estimate_text(symbols, e);
    return text.error.empty() ? text.number : text.number + spaced_plus_minus(symbols) + text.error;
  }
  std::string heading_of(const std::string& text) const { return "\n" + heading(text, terminal.width, terminal.colour); }
};

template <class Row>
TableColumn column(const std::vector<Row>& rows, std::vector<std::string> header, bool left,
                   const std::function<std::string(const Row&)>& cell) {
  TableColumn result{std::move(header), {}, left};
  for (const Row& row : rows) result.cells.push_back(cell(row));
  return result;
}

template <class Row>
TableColumn estimates(const Shown& shown, const std::vector<Row>& rows, std::vector<std::string> header,
                      const std::function<Estimate(const Row&)>& value) {
  std::vector<NumberAndError> texts;
  for (const Row& row : rows) texts.push_back(estimate_text(shown.symbols, value(row)));
  return {std::move(header), align_errors(texts, spaced_plus_minus(shown.symbols)), true};
}

std::string head(const Shown& shown) {
  const Calibration& c = shown.view.calibration;
  const auto fitted = std::ranges::count(c.fitted, char{1});
  std::string text = wrap_text(shown.view.scenario.title, shown.terminal.width, "");
  text += wrap_text(fmt::format("{} worlds under {}, against {} observations: {} ({})", group_digits(fmt::format("{}", c.sums.worlds())),
                                shown.view.scenario.history->policy, fitted, fitted_text(c), printable(c.history.file)),
                    shown.terminal.width, "  ");
  const char* evidence = c.options.abc ? "ln of the share that is near enough" : "ln evidence";
  text += wrap_text(fmt::format("Effective sample size {:.4g}; {}: {}", c.sums.effective(), evidence, shown.estimate(c.sums.log_mean())),
                    shown.terminal.width, "  ");
  return text;
}

std::string parameters_text(const Shown& shown) {
  std::vector<ParameterChange> rows;
  std::ranges::copy_if(shown.view.posterior.changes, std::back_inserter(rows), &ParameterChange::moved);
  std::ranges::stable_sort(rows, std::greater{}, &ParameterChange::information);
  const std::size_t moved = rows.size(), all = shown.view.posterior.changes.size();
  rows.resize(std::min(moved, kShownParameters));
  std::string text = shown.heading_of(fmt::format("Parameters that moved: {} of {}", moved, all));
  if (rows.empty())
    return text + wrap_text("None: the observations say nothing about them that chance could not.", shown.terminal.width, "");
  const auto quantile = [&](const char* of, bool posterior, std::size_t q) {
    return column<ParameterChange>(rows, {of, kQuantileNames[q]}, false, [posterior, q](const ParameterChange& c) {
      return fmt::format("{:.3g}", (posterior ? c.posterior : c.prior)[q]);
    });
  };
  ColumnGroup prior, posterior;
  for (std::size_t q = 0; q < kShownQuantiles.size(); ++q) {
    prior.push_back(quantile("prior", false, q));
    posterior.push_back(quantile("posterior", true, q));
  }
  const ColumnGroup change = {
      estimates<ParameterChange>(shown, rows, {"shift", "(prior sd)"}, [](const auto& c) { return c.shift; }),
      column<ParameterChange>(rows, {"spread", "left"}, false, [](const auto& c) { return fmt::format("{:.2f}", c.spread); }),
      column<ParameterChange>(rows, {"KL", "(nats)"}, false, [](const auto& c) { return fmt::format("{:.2f}", c.information); })};
  text += format_named(column<ParameterChange>(rows, {"", "parameter"}, true, [&](const auto& c) { return shown.key(c.parameter); }),
                       {prior, posterior, change}, shown.terminal.width, shown.symbols.cut);
  if (moved > rows.size()) text += wrap_text(fmt::format("{} more moved; --csv has all.", moved - rows.size()), shown.terminal.width, "");
  return text;
}

struct Pair {
  std::size_t first, second;
  double rank;
};

std::string correlations_text(const Shown& shown) {
  const Posterior& posterior = shown.view.posterior;
  std::vector<Pair> rows;
  for (std::size_t i = 0; i < posterior.drivers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (const double rank = posterior.correlation(i, j); std::abs(rank) > kHalfWidth * posterior.correlation_error)
        rows.push_back({j, i, rank});
  std::ranges::stable_sort(rows, std::greater{}, [](const Pair& pair) { return std::abs(pair.rank); });
  rows.resize(std::min(rows.size(), kShownCorrelations));
  if (rows.empty()) return "";
  const auto name = [&](std::size_t driver) { return std::string(shown.key(posterior.drivers[driver])); };
  return shown.heading_of("Strongest rank correlations of the posterior") +
         format_tables(column<Pair>(rows, {"parameter"}, true, [&](const Pair& pair) { return name(pair.first); }),
                       {column<Pair>(rows, {"with"}, true, [&](const Pair& pair) { return name(pair.second); }),
                        estimates<Pair>(shown, rows, {"rank correlation"},
                                        [&](const Pair& pair) {
                                          return Estimate{pair.rank, (1 - pair.rank * pair.rank) * posterior.correlation_error};
                                        })},
                       shown.terminal.width);
}

std::string verdict(const SeriesScore& score) { return score.improves() ? "better" : score.worsens() ? "worse" : "no difference"; }

std::string series_text(const Shown& shown) {
  const std::vector<SeriesScore>& rows = shown.view.predictions.series;
  using Row = SeriesScore;
  std::string text =
      shown.heading_of("How well the series are predicted") +
      format_named(column<Row>(rows, {"", "series"}, true, [&](const Row& row) { return printable(shown.series(row.series)); }),
                   {{column<Row>(rows, {"", ""}, true, [](const Row& row) { return row.held_out ? "held out" : "fitted"; }),
                     column<Row>(rows, {"obser-", "vations"}, false, [](const Row& row) { return fmt::format("{}", row.observations); })},
                    {estimates<Row>(shown, rows, {"CRPS", "prior"}, [](const Row& row) { return row.prior_crps; }),
                     estimates<Row>(shown, rows, {"CRPS", "posterior"}, [](const Row& row) { return row.posterior_crps; })},
                    {estimates<Row>(shown, rows, {"log score", "prior"}, [](const Row& row) { return row.prior_log; }),
                     estimates<Row>(shown, rows, {"log score", "posterior"}, [](const Row& row) { return row.posterior_log; }),
                     column<Row>(rows, {"log score", "is"}, true, verdict)}},
                   shown.terminal.width, shown.symbols.cut);
  const auto held_out = [&](auto is) {
    return std::ranges::count_if(rows, [&](const Row& row) { return row.held_out && std::invoke(is, row); });
  };
  if (const auto all = held_out([](const Row&) { return true; }); all > 0)
    text += wrap_text(fmt::format("Held out: {} of {} series are predicted better by the posterior, {} worse. {} is the sampling of worlds "
                                  "alone: few observations that depend on one another stand behind each score.",
                                  held_out(&SeriesScore::improves), all, held_out(&SeriesScore::worsens), shown.symbols.plus_minus),
                      shown.terminal.width, "");
  return text;
}

std::string camps_text(const Shown& shown) {
  if (!shown.view.camps) return "";
  struct Row {
    const CampScore* camp;
    Estimate stacked;
  };
  const CampComparison& all = *shown.view.camps;
  std::vector<Row> rows;
  for (std::size_t c = 0; c < all.camps.size(); ++c) rows.push_back({&all.camps[c], all.stacking.weight[c]});
  const auto score = [&](std::vector<std::string> header, Estimate PredictionScores::*which) {
    return estimates<Row>(shown, rows, std::move(header), [which](const Row& row) { return row.camp->predictions.*which; });
  };
  const auto stacked = [&](const Row& row) {
    if (!std::isfinite(row.stacked.value)) return std::string(shown.symbols.dash);
    return fmt::format("{:.2f}{}{:.2f}", row.stacked.value, spaced_plus_minus(shown.symbols), row.stacked.standard_error);
  };
  std::string text =
      shown.heading_of("World views") +
      format_named(
          column<Row>(rows, {"", "world view"}, true, [](const Row& row) { return printable(row.camp->name); }),
          {{column<Row>(rows, {"effective", "sample"}, false, [](const Row& row) { return fmt::format("{:.4g}", row.camp->effective); }),
            estimates<Row>(shown, rows, {"ln", "evidence"}, [](const Row& row) { return row.camp->evidence; })},
           {score({"fitted", "prior"}, &PredictionScores::prior_fitted),
            score({"fitted", "posterior"}, &PredictionScores::posterior_fitted)},
           {score({"held out", "prior"}, &PredictionScores::prior_held_out),
            score({"held out", "posterior"}, &PredictionScores::posterior_held_out)},
           {column<Row>(rows, {"stacking", "weight"}, false, stacked)}},
          shown.terminal.width, shown.symbols.cut);
  if (all.observations == 0)
    return text + wrap_text("Nothing is held out (--until), so there are no stacking weights.", shown.terminal.width, "");
  return text + wrap_text(fmt::format("Mean log scores, higher is better. Stacking weights rest on {} held-out observations of {} series, "
                                      "which depend on one another: {} is by redrawing series, without the sampling of worlds, and rough.",
                                      all.observations, all.series, shown.symbols.plus_minus),
                          shown.terminal.width, "");
}

// ---- for scripts

struct Figure {
  std::string kind, name, quantity;
  Estimate value;
};

std::vector<Figure> figures_of(const CalibrationView& view) {
  std::vector<Figure> figures;
  const Calibration& c = view.calibration;
  const auto add = [&](const char* kind, const std::string& name, const std::string& quantity, double value, double error = kNaN) {
    figures.push_back({kind, name, quantity, {value, error}});
  };
  const auto add_estimate = [&](const char* kind, const std::string& name, const std::string& quantity, const Estimate& e) {
    figures.push_back({kind, name, quantity, e});
  };
  add("calibration", "", "worlds", static_cast<double>(c.sums.worlds()));
  add("calibration", "", "worlds_of_weight_zero", static_cast<double>(c.impossible));
  add("calibration", "", "effective_sample_size", c.sums.effective());
  add_estimate("calibration", "", c.options.abc ? "ln_share_accepted" : "ln_evidence", c.sums.log_mean());
  for (const ParameterChange& change : view.posterior.changes) {
    const std::string key = view.scenario.model->parameters[change.parameter].key;
    for (std::size_t q = 0; q < kShownQuantiles.size(); ++q)
      add("parameter", key, fmt::format("prior_{}", kQuantileNames[q]), change.prior[q]);
    for (std::size_t q = 0; q < kShownQuantiles.size(); ++q)
      add("parameter", key, fmt::format("posterior_{}", kQuantileNames[q]), change.posterior[q], change.posterior_error[q]);
    add_estimate("parameter", key, "shift", change.shift);
    add("parameter", key, "spread", change.spread);
    add("parameter", key, "information", change.information);
    add("parameter", key, "moved", change.moved);
  }
  const Posterior& p = view.posterior;
  for (std::size_t i = 0; i < p.drivers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const double rank = p.correlation(i, j);
      add("correlation", view.scenario.model->parameters[p.drivers[j]].key, view.scenario.model->parameters[p.drivers[i]].key, rank,
          (1 - rank * rank) * p.correlation_error);
    }
  for (const SeriesScore& s : view.predictions.series) {
    const char* kind = s.held_out ? "held_out" : "fitted";
    const std::string& name = c.history.series[s.series].name;
    add(kind, name, "observations", s.observations);
    add_estimate(kind, name, "prior_crps", s.prior_crps);
    add_estimate(kind, name, "posterior_crps", s.posterior_crps);
    add_estimate(kind, name, "crps_change", s.crps_change);
    add_estimate(kind, name, "prior_log_score", s.prior_log);
    add_estimate(kind, name, "posterior_log_score", s.posterior_log);
    add_estimate(kind, name, "log_score_change", s.log_change);
  }
  for (std::size_t k = 0; view.camps && k < view.camps->camps.size(); ++k) {
    const CampScore& camp = view.camps->camps[k];
    add("worldview", camp.name, "effective_sample_size", camp.effective);
    add_estimate("worldview", camp.name, "ln_evidence", camp.evidence);
    add_estimate("worldview", camp.name, "prior_fitted_log_score", camp.predictions.prior_fitted);
    add_estimate("worldview", camp.name, "posterior_fitted_log_score", camp.predictions.posterior_fitted);
    add_estimate("worldview", camp.name, "prior_held_out_log_score", camp.predictions.prior_held_out);
    add_estimate("worldview", camp.name, "posterior_held_out_log_score", camp.predictions.posterior_held_out);
    add_estimate("worldview", camp.name, "stacking_weight", view.camps->stacking.weight[k]);
  }
  return figures;
}

}  // namespace

std::string calibration_text(const CalibrationView& view, const SummaryOptions& terminal) {
  const Shown shown{view, terminal};
  return head(shown) + parameters_text(shown) + correlations_text(shown) + series_text(shown) + camps_text(shown);
}

std::string calibration_csv(const CalibrationView& view) {
  std::string text = csv::row({"kind", "name", "quantity", "value", "standard_error"});
  for (const Figure& f : figures_of(view))
    text += csv::row({f.kind, csv::field(f.name), csv::field(f.quantity), csv::field(f.value.value), csv::field(f.value.standard_error)});
  return text;
}

std::string calibration_json(const CalibrationView& view) {
  const CalibrateOptions& how = view.calibration.options;
  const auto figure = [](const Figure& f) {
    return json::object({{"kind", json::quoted(f.kind)},
                         {"name", json::quoted(f.name)},
                         {"quantity", json::quoted(f.quantity)},
                         {"value", json::number(f.value.value)},
                         {"standard_error", json::number(f.value.standard_error)}});
  };
  return json::object({{"title", json::quoted(view.scenario.title)},
                       {"policy", json::quoted(view.scenario.history->policy)},
                       {"observations", json::quoted(view.calibration.history.file)},
                       {"fitted", json::quoted(fitted_text(view.calibration))},
                       {"method", json::quoted(how.abc ? "abc" : "likelihood")},
                       {"distance", how.abc ? json::number(how.distance) : "null"},
                       {"temper", json::number(how.temper)},
                       {"widen", json::number(how.widen)},
                       {"figures", json::array(figures_of(view), figure)}},
                      ",\n  ") +
         "\n";
}

std::vector<std::string> calibration_warnings(const CalibrationView& view) {
  std::vector<std::string> warnings;
  const Calibration& c = view.calibration;
  const double effective = c.sums.effective();
  if (effective < kFewEffective)
    warnings.push_back(fmt::format(
        "the effective sample size is {:.3g}, below {}: the posterior rests on few worlds, and its tails and correlations are little more "
        "than chance. Give more worlds (about --worlds {:.0e}), a higher --temper or --widen, or fit fewer --series",
        effective, kFewEffective, std::ceil(static_cast<double>(c.sums.worlds()) * kFewEffective / effective)));
  for (std::size_t k = 1; view.camps && k < view.camps->camps.size(); ++k)  // the first is the scenario as given
    if (const CampScore& camp = view.camps->camps[k]; camp.effective < kFewEffective)
      warnings.push_back(
          fmt::format("world view {}: the effective sample size is {:.3g}, below {}", camp.name, camp.effective, kFewEffective));
  if (view.posterior.matrix.shrunk > 0)
    warnings.push_back(fmt::format("the rank correlations contradicted one another and were shrunk by {:.0f} % in the posterior file",
                                   100 * view.posterior.matrix.shrunk));
  return warnings;
}

}  // namespace chokepoint
