// SPDX-License-Identifier: Apache-2.0
#include "verify_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "json.h"
#include "terminal.h"

namespace chokepoint {

namespace {

std::string verdict(const Verification& v) {
  if (!v.good()) return "This file is not what its configuration and seeds give.";
  if (v.run_again) return "This file is what its configuration and seeds give.";
  return "Nothing was found to be wrong.";
}

}  // namespace

std::string verify_text(const Verification& v, int width) {
  std::string text = fmt::format("{}: {} trajectories for each policy, made by Chokepoint {}\n\n", v.path,
                                 group_digits(fmt::format("{}", v.trajectories)), v.made_by);
  constexpr int kMark = 7;
  std::size_t longest = 0;
  for (const Check& check : v.checks) longest = std::max(longest, check.name.size());
  const std::string indent(kMark + longest + 2, ' ');
  for (const Check& check : v.checks) {
    const std::string first = fmt::format("{:<{}}{:<{}}  ", check.problems.empty() ? "good" : "WRONG", kMark, check.name, longest);
    if (check.problems.empty()) text += wrap_text(check.shown + ".", width, indent, first);
    for (const std::string& problem : check.problems)
      text += wrap_text(problem, width, indent, &problem == &check.problems.front() ? first : indent);
  }
  text += "\n" + verdict(v) + "\n";
  for (const std::string& note : v.notes) text += wrap_text(note, width, "");
  return text;
}

std::string verify_json(const Verification& v) {
  const auto whole = [](std::uint64_t number) { return fmt::format("{}", number); };
  const auto flag = [](bool value) -> std::string { return value ? "true" : "false"; };
  const auto texts = [](const std::vector<std::string>& all) { return json::array(all, json::quoted, ", "); };
  return json::object({{"file", json::quoted(v.path)},
                       {"good", flag(v.good())},
                       {"result_hash", json::quoted(v.result_hash)},
                       {"made_by", json::quoted(v.made_by)},
                       {"program", json::quoted(v.this_program)},
                       {"trajectories", whole(v.trajectories)},
                       {"stored", whole(v.stored)},
                       {"compared", whole(v.compared)},
                       {"fewer_wrong_than", whole(v.fewer_wrong_than)},
                       {"seed", whole(v.seed)},
                       {"run_again", flag(v.run_again)},
                       {"checks", json::array(v.checks,
                                              [&](const Check& check) {
                                                return json::object({{"name", json::quoted(check.name)},
                                                                     {"good", flag(check.problems.empty())},
                                                                     {"shown", json::quoted(check.shown)},
                                                                     {"problems", texts(check.problems)}});
                                              })},
                       {"notes", texts(v.notes)}},
                      ",\n  ") +
         "\n";
}

}  // namespace chokepoint
