// What the tables of `summary` and `compare` are made of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report.h"
#include "result.h"
#include "terminal.h"

namespace chokepoint {

struct Symbols {
  const char *dash, *plus_minus, *cut, *alike;
};

// A result and how to show it.
struct View {
  const StoredResult& result;
  int width;
  bool unicode;
  Symbols symbols;

  std::size_t policies() const { return result.policies.size(); }
  std::size_t last(std::size_t policy) const { return (policy + 1) * result.years.size() - 1; }  // of (policy, time)
};
View make_view(const StoredResult& result, const SummaryOptions& options);  // throws UserError if there is nothing to show

NumberAndError probability_text(double share, double low, double high);
std::string quantile_name(double share);
std::size_t nearest_quantile(const StoredResult& result, double share);
std::string end_text(double year);  // of the last month before a decimal year: 2036.25 is the "end of March 2036"

TableColumn policy_column(const View& view, int room);
std::string provenance_text(const View& view);  // title and where the result comes from

// Those wanted, or a few by default. Throws UserError for an unknown one.
std::vector<const StoredMetric*> chosen_metrics(const StoredResult& result, const std::vector<std::string>& wanted);

std::string printable(std::string text);

}  // namespace chokepoint
