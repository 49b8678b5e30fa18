// chokepoint verify: is a result what its configuration and seeds give?
// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>

#include "../errors.h"
#include "../reports/verify_report.h"
#include "../results/temporary_file.h"
#include "../verify/verify.h"
#include "fmt/format.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kMostTrajectories = 100'000'000;

// "10_000"
std::uint64_t whole_of(const po::variables_map& options, const char* name, std::uint64_t low, std::uint64_t high) {
  const std::string given = text_of(options, name);
  std::string text = given;
  std::erase(text, '_');
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < low || number > high)
    throw UserError(fmt::format("--{} {}: not a whole number from {} to {}", name, given, low, high));
  return number;
}

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
  how.trajectories = whole_of(options, "trajectories", 1, kMostTrajectories);
  if (options.count("seed")) how.seed = whole_of(options, "seed", 0, std::numeric_limits<std::uint64_t>::max());
  how.all = options["all"].as<bool>();
  how.quiet = options["quiet"].as<bool>();
  const std::string json = text_of(options, "json");
  if (!json.empty() && json != "-") check_output(json, options["force"].as<bool>(), 100'000);
  const Verification found = verify(path, how);
  if (json != "-") std::fputs(verify_text(found, summary_of(options).width).c_str(), stdout);
  if (json == "-")
    std::fputs(verify_json(found).c_str(), stdout);
  else if (!json.empty())
    write_text(json, verify_json(found));
  return found.good() ? 0 : kExitUser;
}

}  // namespace chokepoint
