// chokepoint voi: which fact is worth finding out.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "report_sensitivity.h"
#include "verbs.h"

namespace chokepoint {

void voi_options(po::options_description& o) {
  auto add = o.add_options();
  add("metric,m", po::value<std::string>()->default_value("")->value_name("M"),
      "metric to choose by; default: the first that has a direction");
  add("policies,p", po::value<std::string>()->value_name("A,B,..."), "policies to choose among; default: all");
  add("width", po::value<int>()->default_value(0)->value_name("COLUMNS"), "width of the tables; 0: the terminal's");
}

int verb_voi(const po::variables_map& options, const Words& files) {
  InformationOptions how;
  static_cast<SummaryOptions&>(how) = default_summary();
  if (const int width = options["width"].as<int>(); width > 0) how.width = std::max(width, 60);
  how.metric = options["metric"].as<std::string>();
  if (options.count("policies")) how.policies = split_list(options["policies"].as<std::string>());
  std::fputs(report_information(only_argument(files, "result file"), how).c_str(), stdout);
  return 0;
}

}  // namespace chokepoint
