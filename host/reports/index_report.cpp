// Indices as tables, as CSV and as HDF5.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../results/layout_parts.h"
#include "../statistics/index_design.h"
#include "csv.h"
#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

namespace {

constexpr std::size_t kShownFactors = 8, kShownMetrics = 6;
constexpr double kLeastShown = 1e-6;  // of a total index: models compute in single precision

std::string factor_name(const Scenario& scenario, const DesignResult& result, int factor) {
  return factor + 1 == result.factors() ? "chance" : scenario.model->parameters[result.parameters[factor]].key;
}

// ---- tables

class MetricTable {
 public:
  MetricTable(const Scenario& scenario, const DesignResult& result, int metric, const SummaryOptions& options)
      : scenario_(scenario),
        result_(result),
        metric_(metric),
        time_(static_cast<int>(scenario.sensitivity_records.size()) - 1),
        width_(options.width),
        colour_(options.colour),
        symbols_(symbols_of(options)) {}

  std::string text() const {
    const MetricRow& row = scenario_.model->metrics[metric_];
    const std::string end = end_text(end_of(scenario_, scenario_.sensitivity_records[time_]).year);
    const std::string title = fmt::format("{} {} {}, {}", row.key, symbols_.dash, row.meaning, end);
    std::string text = heading(title, width_, colour_) + table(false, {scenario_.reference});
    std::vector<int> others;
    for (int p = 0; p < static_cast<int>(scenario_.policies.size()); ++p)
      if (p != scenario_.reference) others.push_back(p);
    return others.empty() ? text : text + "\n" + table(true, others);
  }

 private:
  std::string table(bool difference, const std::vector<int>& policies) const {
    std::vector<const IndexSums*> sums;
    for (const int policy : policies) sums.push_back(result_.find(metric_, difference, policy, time_));
    const std::vector<int> factors = largest(sums);
    TableColumn first{{difference ? fmt::format("less {}", scenario_.policies[scenario_.reference].name) : ""}, {}, true};
    for (const int factor : factors) first.cells.push_back("  " + factor_name(scenario_, result_, factor));
    first.cells.push_back("  sum");
    std::vector<TableColumn> columns;
    for (std::size_t i = 0; i < policies.size(); ++i) {
      std::vector<NumberAndError> total, first_order;
      for (const int factor : factors) {
        total.push_back(cell(sums[i]->total(factor), false));
        first_order.push_back(cell(sums[i]->first_order(factor), true));
      }
      total.push_back({"", ""});
      first_order.push_back(cell(sums[i]->first_order_sum(), false));
      const std::string plus_minus = spaced_plus_minus(symbols_);
      const std::string& name = scenario_.policies[policies[i]].name;
      columns.push_back({{name, "total" + plus_minus + "se"}, align_errors(total, plus_minus)});
      columns.push_back({{"", "first order" + plus_minus + "se"}, align_errors(first_order, plus_minus)});
    }
    return format_named(first, {columns}, width_, symbols_.cut);
  }

  // Factors whose total index is among the largest for some output, those first.
  std::vector<int> largest(const std::vector<const IndexSums*>& sums) const {
    std::vector<std::pair<double, int>> order;
    for (int factor = 0; factor < result_.factors(); ++factor) {
      double greatest = 0;
      for (const IndexSums* output : sums)
        if (const double total = output->total(factor).value; total > greatest) greatest = total;
      order.emplace_back(-greatest, factor);
    }
    std::sort(order.begin(), order.end());
    std::vector<int> factors;
    for (const auto& [index, factor] : order)
      if (-index > kLeastShown && factors.size() < kShownFactors) factors.push_back(factor);
    return factors;
  }

  NumberAndError cell(const Estimate& index, bool may_be_zero) const {
    NumberAndError text = estimate_text(symbols_, index);
    if (may_be_zero && !text.error.empty() && !is_clear(index)) text.error += symbols_.alike;
    return text;
  }

  const Scenario& scenario_;
  const DesignResult& result_;
  int metric_, time_, width_;
  bool colour_;
  const Symbols& symbols_;
};

// ---- HDF5

class IndexLayout {
 public:
  IndexLayout(const Scenario& scenario, const DesignResult& result, Recorder& out)
      : scenario_(scenario),
        result_(result),
        out_(out),
        policy_{"policy", scenario.policies.size()},
        time_{"time", scenario.sensitivity_records.size()},
        factor_{"factor", std::size_t(result.factors())} {}

  void put_all() {
    std::vector<std::string> policies, factors;
    for (const PolicySetting& policy : scenario_.policies) policies.push_back(policy.name);
    for (int k = 0; k < result_.factors(); ++k) factors.push_back(factor_name(scenario_, result_, k));
    out_.put_texts({"policy", {policy_}, "1", "policy"}, policies);
    put_times(scenario_, scenario_.sensitivity_records, out_);
    out_.put_texts({"factor", {factor_}, "1", "parameter that varies; the last one: all chance of a trajectory"}, factors);
    for (const int metric : result_.metrics)
      for (const bool difference : {false, true}) put_metric(metric, difference);
  }

 private:
  void put_metric(int metric, bool difference) {
    const MetricRow& row = scenario_.model->metrics[metric];
    const std::string key = std::string(row.key) + (difference ? "_difference" : ""),
                      of = fmt::format("{}{}", row.meaning, difference ? ", less that of the reference policy" : "");
    const std::string squared = std::string(row.unit) == "1" ? "1" : fmt::format("({})2", row.unit);
    put(metric, difference, key + "_total", "total index: " + of, "1", factor_.length,
        [](const IndexSums& s, int k) { return s.total(k); });
    put(metric, difference, key + "_first_order", "first-order index: " + of, "1", factor_.length,
        [](const IndexSums& s, int k) { return s.first_order(k); });
    put(metric, difference, key + "_first_order_sum", "sum of the first-order indices: " + of, "1", 0,
        [](const IndexSums& s, int) { return s.first_order_sum(); });
    put(metric, difference, key + "_variance", "variance: " + of, squared, 0, [](const IndexSums& s, int) { return s.variance(); });
  }

  // `factors`: 0 for what has no such axis.
  template <class Get>
  void put(int metric, bool difference, const std::string& name, const std::string& what, const std::string& unit, std::size_t factors,
           Get get) {
    std::vector<double> values, errors;
    for (int p = 0; p < static_cast<int>(policy_.length); ++p)
      for (int t = 0; t < static_cast<int>(time_.length); ++t) {
        const IndexSums* const sums = result_.find(metric, difference, p, t);
        for (int k = 0; k < std::max(1, static_cast<int>(factors)); ++k) {
          const Estimate index = sums ? get(*sums, k) : Estimate{kNaN, kNaN};
          values.push_back(index.value);
          errors.push_back(index.standard_error);
        }
      }
    std::vector<Axis> axes = {policy_, time_};
    if (factors > 0) axes.push_back(factor_);
    out_.put<double>({name, axes, unit, what, {{"ancillary_variables", name + "_se"}}}, values);
    out_.put<double>({name + "_se", axes, unit, "standard error of the " + what}, errors);
  }

  const Scenario& scenario_;
  const DesignResult& result_;
  Recorder& out_;
  Axis policy_, time_, factor_;
};

}  // namespace

std::string index_tables(const Scenario& scenario, const DesignResult& result, const SummaryOptions& options) {
  std::string text;
  const std::size_t shown = options.metrics.empty() ? std::min(kShownMetrics, result.metrics.size()) : result.metrics.size();
  for (std::size_t m = 0; m < shown; ++m) text += MetricTable(scenario, result, result.metrics[m], options).text() + "\n";
  const std::string reading = fmt::format(
      "total: share of the variance that would be left if all else were known; first order: share that would go if this alone were known. "
      "What the sum of the first-order indices lacks of 1 is interaction. {}",
      error_text(symbols_of(options)));
  return text + wrap_text(reading, options.width, "");
}

std::string index_csv(const Scenario& scenario, const DesignResult& result) {
  std::string text = "metric,policy,less,year,factor,total,total_se,first_order,first_order_se\n";
  for (std::size_t o = 0; o < result.outputs.size(); ++o) {
    const IndexOutput& at = result.outputs[o];
    const std::string less = at.difference ? scenario.policies[scenario.reference].name : "";
    const double year = end_of(scenario, scenario.sensitivity_records[at.time]).year;
    for (int k = 0; k < result.factors(); ++k) {
      const Estimate total = result.sums[o].total(k), first = result.sums[o].first_order(k);
      text += csv::row({scenario.model->metrics[at.metric].key, csv::field(scenario.policies[at.policy].name), csv::field(less),
                        fmt::format("{:.10g}", year), factor_name(scenario, result, k), csv::field(total.value),
                        csv::field(total.standard_error), csv::field(first.value), csv::field(first.standard_error)});
    }
  }
  return text;
}

std::string write_indices(const std::string& path, const Scenario& scenario, const DesignResult& result, const Provenance& provenance) {
  return write_datasets(path, kIndexFileType, scenario, provenance, [&](Hdf5Writer& file) {
    Recorder recorder(&file);
    IndexLayout(scenario, result, recorder).put_all();
    return recorder.digest();
  });
}

}  // namespace chokepoint
