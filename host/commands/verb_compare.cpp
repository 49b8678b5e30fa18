// `summary` and `compare`: tables of a result file.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "../reports/report_decision.h"
#include "../reports/report_sensitivity.h"
#include "verbs.h"

namespace chokepoint {

void width_option(po::options_description& o) {
  o.add_options()("width", po::value<int>()->default_value(0)->value_name("COLUMNS"), "width of the tables; 0: the terminal's");
}

void summary_options(po::options_description& o) {
  o.add_options()("metrics,m", po::value<std::string>()->value_name("A,B"), "metrics to show");
  o.add_options()("drivers", po::bool_switch(), "what drives them: first-order indices of the parameters and the split of the variance");
  width_option(o);
}

SummaryOptions summary_of(const po::variables_map& options) {
  SummaryOptions summary = default_summary();
  if (const int width = options["width"].as<int>(); width > 0) summary.width = std::max(width, 60);
  summary.metrics = list_of(options, "metrics");
  return summary;
}

int verb_summary(const po::variables_map& options, const Words& files) {
  if (options["drivers"].as<bool>()) {
    std::fputs(report_drivers(only_argument(files, "result file"), summary_of(options)).c_str(), stdout);
    return 0;
  }
  std::fputs(summarise(read_result(only_argument(files, "result file")), summary_of(options)).c_str(), stdout);
  return 0;
}

int verb_compare(const po::variables_map& options, const Words& files) {
  std::fputs(compare_policies(read_result(only_argument(files, "result file")), summary_of(options)).c_str(), stdout);
  return 0;
}

}  // namespace chokepoint
