// SPDX-License-Identifier: Apache-2.0
#include "describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "../config/toml_tools.h"
#include "../errors.h"
#include "describe_topics.h"

namespace chokepoint {

namespace {

std::string scale_text(const MetricRow& m) {
  const std::string scale = m.scale == Scale::kLinear ? "linear"
                            : m.scale == Scale::kLog  ? "log"
                                                      : fmt::format("signed log, knee {}", m.knee);
  return fmt::format("{} to {}, {}", m.low, m.high, scale);
}

void describe_parameters(const ModelInfo& model, ReferencePage& page) {
  ReferenceTable table{{{"parameter", true}, {"unit"}, {"valid range"}, {"meaning"}}, {}};
  for (const ParameterRow& row : model.parameters) table.rows.push_back({row.key, row.unit, range_text(row.range), row.meaning});
  page.table(table);
  page.paragraph("Draws outside the valid range are clamped to it and counted.");
}

void describe_levers(const ModelInfo& model, ReferencePage& page) {
  ReferenceTable table{{{"lever", true}, {"range"}, {"status quo"}, {"export control"}, {"meaning"}}, {}};
  for (const LeverRow& row : model.levers)
    table.rows.push_back(
        {row.key, range_text(row.range), fmt::format("{}", row.status_quo), row.export_control ? "yes" : "no", row.meaning});
  page.table(table);
  page.paragraph(
      "A policy sets the levers that it names; the others are at the status quo. Export controls go back to it while a policy "
      "reversal lasts.");
}

void describe_metrics(const ModelInfo& model, ReferencePage& page) {
  ReferenceTable table{{{"metric", true}, {"unit"}, {"better"}, {"histogram"}, {"meaning"}}, {}};
  for (const MetricRow& row : model.metrics) {
    const char* better = row.direction == Direction::kHigher ? "higher" : row.direction == Direction::kLower ? "lower" : "-";
    table.rows.push_back({row.key, row.unit, better, scale_text(row), row.meaning});
  }
  page.table(table);
  page.paragraph(
      "Better is meant from the US side. Values beyond the histogram's range are counted below or above it, and enter means in full.");
}

void describe_events(const ModelInfo& model, ReferencePage& page) {
  ReferenceTable table{{{"event", true}, {"meaning"}}, {}};
  for (const EventRow& row : model.events) table.rows.push_back({row.key, row.meaning});
  page.table(table);
  page.paragraph("Results add trigger_1, trigger_2, ...: the first firing of each trigger of a policy.");
}

constexpr Topic kTopics[] = {{"parameters", "Parameters", true, describe_parameters},
                             {"levers", "Levers", true, describe_levers},
                             {"metrics", "Metrics", true, describe_metrics},
                             {"events", "Events", true, describe_events},
                             {"statistics", "Statistics of a result", true, describe_statistics},
                             {"stops", "What a run may watch", true, describe_stops},
                             {"configuration", "Configuration files", false, describe_configuration},
                             {"distributions", "Distributions", false, describe_distributions}};

std::string list_models(PageFormat format, const std::string& topics) {
  ReferenceTable table{{{"model", true}, {"parameters"}, {"levers"}, {"metrics"}, {"events"}, {"about"}}, {}};
  for (const ModelInfo& m : models())
    table.rows.push_back({m.name, fmt::format("{}", m.parameters.size()), fmt::format("{}", m.levers.size()),
                          fmt::format("{}", m.metrics.size()), fmt::format("{}", m.events.size()), m.title});
  ReferencePage page(format, "Models");
  page.table(table);
  page.paragraph(fmt::format("Topics: {}. For example: chokepoint describe levers --model race", topics));
  return page.text();
}

}  // namespace

std::string describe(const std::string& model, const std::string& topic, PageFormat format, const std::vector<Topic>& more) {
  std::vector<Topic> topics(std::begin(kTopics), std::end(kTopics));
  topics.insert(topics.end(), more.begin(), more.end());
  std::vector<std::string> names, models_there, problems;
  for (const Topic& one : topics) names.emplace_back(one.name);
  for (const ModelInfo& one : models()) models_there.emplace_back(one.name);
  const std::string list = fmt::format("{}", fmt::join(names, ", "));

  const ModelInfo* found = find_model(model.empty() ? "race" : model);
  const auto chosen = std::ranges::find(topics, std::string_view(topic), &Topic::name);
  if (found == nullptr) problems.push_back(fmt::format("'{}' is no model. There are: {}.", model, fmt::join(models_there, ", ")));
  if (!topic.empty() && chosen == topics.end()) problems.push_back(fmt::format("'{}' is no topic. There are: {}.", topic, list));
  if (!problems.empty()) throw UserError(problems);

  if (topic.empty()) return list_models(format, list);
  ReferencePage page(format, chosen->title);
  if (chosen->of_model) page.paragraph(fmt::format("Model {}: {}", found->name, found->title));
  chosen->write(*found, page);
  return page.text();
}

}  // namespace chokepoint
