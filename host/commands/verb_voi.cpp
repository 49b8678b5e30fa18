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
  add("csv", po::value<std::string>()->value_name("OUT.csv"),
      "write all parameters to this file, a row for each, no digit rounded; -: to standard output, without tables");
  add("json", po::value<std::string>()->value_name("OUT.json"), "the same as JSON; or -");
  add("force", po::bool_switch(), "overwrite existing files");
  terminal_options(o);
}

int verb_voi(const po::variables_map& options, const Words& files) {
  InformationOptions how;
  static_cast<SummaryOptions&>(how) = terminal_of(options);
  how.metric = text_of(options, "metric");
  how.policies = list_of(options, "policies");
  const std::string& path = only_argument(files, "result file");
  check_outputs(options, {"csv", "json"}, 1'000'000);
  const InformationAnswer answer = ask_information(path, how);
  if (!has_standard_output(options, {"csv", "json"})) std::fputs(information_tables(answer, how).c_str(), stdout);
  if (options.count("csv")) write_output(text_of(options, "csv"), information_csv(answer));
  if (options.count("json")) write_output(text_of(options, "json"), information_json(answer));
  return 0;
}

}  // namespace chokepoint
