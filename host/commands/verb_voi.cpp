// chokepoint voi: which fact is worth finding out.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "../reports/report_sensitivity.h"
#include "verbs.h"

namespace chokepoint {

void voi_options(po::options_description& o) {
  auto add = o.add_options();
  add("metric,m", po::value<std::string>()->value_name("M"),
      "metric to choose by; default: of those that `summary` shows, the first of which more or less is better");
  add("policies,p", po::value<std::string>()->value_name("A,B,..."), "policies to choose among; default: all");
  width_option(o);
}

int verb_voi(const po::variables_map& options, const Words& files) {
  InformationOptions how;
  static_cast<SummaryOptions&>(how) = summary_of(options);
  how.metric = text_of(options, "metric");
  how.policies = list_of(options, "policies");
  std::fputs(report_information(only_argument(files, "result file"), how).c_str(), stdout);
  return 0;
}

}  // namespace chokepoint
