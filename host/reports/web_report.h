// One self-contained HTML page of a result, or of two side by side: the question and its answer, charts, assumptions, and how to repeat it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace chokepoint {

struct WebReportOptions {
  std::string title;                 // empty: those of the results
  std::vector<std::string> metrics;  // empty: all, of which the sentences take those that `summary` shows
};

// `paths`: one or two result files. Throws as read_result(), and UserError for an unknown metric.
std::string web_report(const std::vector<std::string>& paths, const WebReportOptions& options);

}  // namespace chokepoint
