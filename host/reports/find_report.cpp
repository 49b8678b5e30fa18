// SPDX-License-Identifier: Apache-2.0
#include "find_report.h"

#include <fmt/format.h>

#include "../discover/when.h"
#include "../replay/replay.h"
#include "csv.h"
#include "json.h"
#include "report.h"
#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

namespace {

std::vector<std::string> policies_of(const Findings& found, const Scenario& s) {
  std::vector<std::string> names = {s.policies[found.question.policy].name};
  if (found.question.against >= 0) names.push_back(s.policies[found.question.against].name);
  return names;
}

std::string command(const Suggestion& suggestion, const Findings& found, const StoredRun& stored) {
  return replay_command({stored.path()}, {}, suggestion.trajectory, policies_of(found, stored.scenario()));
}

std::string condition(const Findings& found, const Scenario& s) {
  const Question& question = found.question;
  if (question.when.empty()) return "";
  const bool difference = question.of_difference && question.against >= 0;
  return fmt::format("{} under {}{}", when_text(question.when, difference), s.policies[question.policy].name,
                     difference ? fmt::format(" against {}", s.policies[question.against].name) : "");
}

}  // namespace

std::string find_text(const Findings& found, const StoredRun& stored, int width, bool unicode) {
  const Scenario& s = stored.scenario();
  const std::string all = fmt::format("{} {} trajectories", group_digits(fmt::format("{}", found.counts.trajectories)),
                                      found.device.empty() ? "stored" : "re-run");
  std::string met = fmt::format("Any of the {}", all);
  if (!found.question.when.empty()) {
    const Share share = share_of(found.counts.interesting, found.counts.trajectories, s.replicates);
    const NumberAndError percent = probability_text(share.value, share.low, share.high);
    met = fmt::format("{} of {} ({}{} %) meet: {}", group_digits(fmt::format("{}", found.counts.interesting)), all, percent.number,
                      percent.error.empty() ? "" : fmt::format(" {} {}", unicode ? "±" : "+/-", percent.error), condition(found, s));
  }
  std::string text = wrap_text(s.title, width, "") + wrap_text(met, width, "  ");
  for (const Suggestion& one : found.suggestions) {
    text += "\n" + wrap_text(fmt::format("{}: {}", group_digits(fmt::format("{}", one.trajectory)), one.why), width,
                             fmt::format("{:11}", ""), fmt::format("{:<11}", one.like));
    text += fmt::format("{:11}{}\n", "", printable(command(one, found, stored)));
  }
  return text;
}

std::string find_csv(const Findings& found, const StoredRun& stored) {
  const Scenario& s = stored.scenario();
  std::vector<std::string> header = {"like", "trajectory"};
  for (const std::string& policy : policies_of(found, s))
    for (const int metric : found.question.metrics)
      header.push_back(csv::field(fmt::format("{} {}", policy, s.model->metrics[metric].key)));
  header.insert(header.end(), {"why", "command"});
  std::string text = csv::row(header);
  for (const Suggestion& one : found.suggestions) {
    std::vector<std::string> fields = {one.like, fmt::format("{}", one.trajectory)};
    for (const float value : one.values) fields.push_back(std::isnan(value) ? "" : fmt::format("{}", value));
    fields.push_back(csv::field(one.why));
    fields.push_back(csv::field(command(one, found, stored)));
    text += csv::row(fields);
  }
  return text;
}

std::string find_json(const Findings& found, const StoredRun& stored) {
  const Scenario& s = stored.scenario();
  const Share share = share_of(found.counts.interesting, found.counts.trajectories, s.replicates);
  const std::vector<std::string> policies = policies_of(found, s);
  const auto suggestion = [&](const Suggestion& one) {
    json::Members by_policy;
    for (std::size_t p = 0; p < policies.size(); ++p) {
      json::Members values;
      for (std::size_t m = 0; m < found.question.metrics.size(); ++m) {
        const float value = one.values[p * found.question.metrics.size() + m];
        values.emplace_back(s.model->metrics[found.question.metrics[m]].key, std::isfinite(value) ? fmt::format("{}", value) : "null");
      }
      by_policy.emplace_back(policies[p], json::object(values));
    }
    return json::object({{"like", json::quoted(one.like)},
                         {"trajectory", fmt::format("{}", one.trajectory)},
                         {"why", json::quoted(one.why)},
                         {"metrics", json::object(by_policy)},
                         {"command", json::quoted(command(one, found, stored))}});
  };
  return json::object({{"file", json::quoted(stored.path())},
                       {"condition", json::quoted(condition(found, s))},
                       {"trajectories", fmt::format("{}", found.counts.trajectories)},
                       {"met", fmt::format("{}", found.counts.interesting)},
                       {"share", json::number(share.value)},
                       {"share_bounds", fmt::format("[{}, {}]", json::number(share.low), json::number(share.high))},
                       {"suggestions", json::array(found.suggestions, suggestion)}},
                      ",\n  ") +
         "\n";
}

}  // namespace chokepoint
