// chokepoint verify: is a result what its configuration and seeds give?
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "../errors.h"
#include "../reports/verify_report.h"
#include "../verify/verify.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kMostTrajectories = 100'000'000;

}  // namespace

void verify_options(po::options_description& o) {
  auto add = o.add_options();
  add("trajectories", po::value<std::string>()->default_value("10_000")->value_name("N"),
      "how many to run again: of those that are stored, to compare every bit, and of the run, to look for them in its counts");
  add("seed", po::value<std::string>()->value_name("S"), "of the choice of these; default: from the clock");
  add("all", po::bool_switch(), "run everything again: proves every number of the file");
  device_options(o);
  add("json", po::value<std::string>()->value_name("FILE"), "write what was found to this file; - for standard output, without the text");
  add("force", po::bool_switch(), "overwrite an existing file");
  add("quiet", po::bool_switch(), "no progress");
  width_option(o);
}

int verb_verify(const po::variables_map& options, const Words& arguments) {
  const std::string& path = only_argument(arguments, "result file");
  VerifyOptions how;
  static_cast<DeviceOptions&>(how) = execute_options(options);
  how.trajectories = whole_number(options, "trajectories", 1, kMostTrajectories);
  if (options.count("seed")) how.seed = whole_number(options, "seed", 0, std::numeric_limits<std::uint64_t>::max());
  how.all = options["all"].as<bool>();
  how.quiet = options["quiet"].as<bool>();
  check_outputs(options, {"json"}, 100'000);
  const Verification found = verify(path, how);
  if (!has_standard_output(options, {"json"})) std::fputs(verify_text(found, terminal_of(options).width).c_str(), stdout);
  if (options.count("json")) write_output(text_of(options, "json"), verify_json(found));
  return found.good() ? 0 : kExitUser;
}

}  // namespace chokepoint
