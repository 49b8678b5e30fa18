// What the tables of `summary` and `compare` are made of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../results/result.h"
#include "../statistics/estimate.h"
#include "report.h"
#include "terminal.h"

namespace chokepoint {

struct Symbols {
  const char *dash, *plus_minus, *cut;
  const char* alike;  // after a number that cannot be told from zero, before a policy that cannot be told from the best
};
const Symbols& symbols_of(const SummaryOptions& options);
std::string spaced_plus_minus(const Symbols& symbols);

// "± is one standard error; ≈ marks what cannot be told from zero at 95 %."
std::string error_text(const Symbols& symbols);

// A result and how to show it.
struct View {
  const StoredResult& result;
  int width;
  bool unicode, colour;
  Symbols symbols;
  std::vector<const StoredMetric*> metrics;  // to show
  std::vector<std::size_t> order;            // of the policies
  std::string order_text;                    // a sentence, if it is not that of the file

  std::size_t policies() const { return result.policies.size(); }
  std::size_t last(std::size_t policy) const { return (policy + 1) * result.years.size() - 1; }  // of (policy, time)
};
// Throws UserError for an unknown metric, and if there is nothing to show.
View make_view(const StoredResult& result, const SummaryOptions& options);

// An index or a gain, neither of which is below zero but by chance: whether its 95 % interval is above.
bool is_clear(const Estimate& estimate);

// Rounded to its error. An estimate that cannot be had is a dash; one without error stands alone.
NumberAndError number_text(double value, double error);
NumberAndError estimate_text(const Symbols& symbols, const Estimate& estimate, double scale = 1);
NumberAndError probability_text(double share, double low, double high);
std::string quantile_name(double share);
std::size_t nearest_quantile(const StoredResult& result, double share);
std::string end_text(double year);  // of the last month before a decimal year: 2036.25 is the "end of March 2036"

std::string unit_text(const StoredMetric& metric);  // " (USD)", or nothing
std::string heading(const std::string& text, int width, bool colour);
std::string metric_heading(const View& view, const StoredMetric& metric, const std::string& more = "");

int name_width(const View& view);  // of the longest that tables show

// A table of policies, or several if it is too wide, with their names in front.
std::string policy_tables(const View& view, const std::vector<ColumnGroup>& groups, int best = -1);
std::string provenance_text(const View& view);                        // title and where the result comes from
int prose_width(const View& view);                                    // longer lines are hard to read
std::string reading_text(const View& view, const std::string& text);  // how to read the tables

// Those wanted, or a few by default. Throws UserError for an unknown one.
std::vector<const StoredMetric*> chosen_metrics(const StoredResult& result, const std::vector<std::string>& wanted);
std::vector<int> chosen_metrics(const ModelInfo& model, const std::vector<std::string>& wanted);  // numbers

}  // namespace chokepoint
