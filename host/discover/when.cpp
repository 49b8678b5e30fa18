// SPDX-License-Identifier: Apache-2.0
#include "when.h"

#include <fmt/format.h>

#include <cmath>

#include "../config/policy_config.h"
#include "../config/toml_tools.h"
#include "../errors.h"

namespace chokepoint {

namespace {

constexpr std::string_view kAnd = " and ";

struct ClauseReader {
  const ModelInfo& model;
  const std::string& text;
  std::vector<std::string>& problems;

  void add_problem(std::size_t at, const std::string& what) const {
    problems.push_back(fmt::format("--when, column {}: {}", at + 1, what));
  }
  void read(std::size_t first, std::size_t end, std::vector<Satisfice>& clauses) const;
};

void ClauseReader::read(std::size_t first, std::size_t end, std::vector<Satisfice>& clauses) const {
  while (first < end && text[first] == ' ') ++first;
  const std::string_view clause = trimmed(std::string_view(text).substr(first, end - first));
  const std::size_t sign = std::min(clause.find_first_of("<>=!"), clause.size());
  const std::string name(trimmed(clause.substr(0, sign)));
  if (name.empty())
    return add_problem(first, fmt::format("a metric or an event is missing; write for example \"{} < 3\"", model.metrics[0].key));
  const int metric = row_number(model.metrics, name), event = metric < 0 ? row_number(model.events, name) : -1;
  if (metric < 0 && event < 0) {
    std::vector<std::string> legal = row_keys(model.metrics);
    for (std::string& key : row_keys(model.events)) legal.push_back(std::move(key));
    std::string list;
    for (const std::string& key : legal) list += (list.empty() ? "" : ", ") + key;
    return add_problem(first, fmt::format("'{}' is no metric or event of the model '{}'. There are: {}.", name, model.name, list));
  }
  if (event >= 0 && sign == clause.size()) return clauses.push_back({name, -1, event, Comparison::kGreaterEqual, true, 1});
  const auto bound = parse_bound(clause.substr(sign));
  const bool fits = bound && (metric >= 0 ? !bound->equals : bound->equals && (bound->value == 0 || bound->value == 1));
  if (!fits)
    return add_problem(first + sign,
                       fmt::format("'{}' is not {}", clause.substr(sign),
                                   metric >= 0 ? "a bound on a metric: write one of < <= > >= and a number, such as \">= 6\""
                                               : "a statement about an event: write \"== 0\" (it does not happen) or \"== 1\""));
  clauses.push_back({name, metric, event, bound->comparison, bound->equals, bound->value});
}

const char* sign_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return "<";
    case Comparison::kLessEqual:
      return "<=";
    case Comparison::kGreater:
      return ">";
    default:
      return ">=";
  }
}

}  // namespace

std::vector<Satisfice> parse_when(const std::string& text, const ModelInfo& model) {
  std::vector<Satisfice> clauses;
  std::vector<std::string> problems;
  const ClauseReader reader{model, text, problems};
  std::size_t first = 0;
  for (std::size_t end; (end = text.find(kAnd, first)) != text.npos; first = end + kAnd.size()) reader.read(first, end, clauses);
  reader.read(first, text.size(), clauses);
  if (!problems.empty()) throw UserError(problems);
  return clauses;
}

std::string when_text(std::span<const Satisfice> clauses, bool difference) {
  std::string text;
  for (const Satisfice& clause : clauses) {
    text += text.empty() ? "" : kAnd;
    if (clause.metric >= 0) {
      text += fmt::format("{}{} {} {:g}", difference ? "difference of " : "", clause.name, sign_of(clause.comparison), clause.value);
    } else {
      text += clause.name + (clause.value == 1 ? " happens" : " does not happen");
    }
  }
  return text;
}

bool holds(const Satisfice& clause, float value) {
  if (clause.event >= 0) return (value == 1) == (clause.value == 1);
  const auto bound = static_cast<float>(clause.value);
  if (!std::isfinite(value)) return false;
  switch (clause.comparison) {
    case Comparison::kLess:
      return value < bound;
    case Comparison::kLessEqual:
      return value <= bound;
    case Comparison::kGreater:
      return value > bound;
    default:
      return value >= bound;
  }
}

bool holds_against(const Satisfice& clause, float value, float against) {
  if (clause.event >= 0) return holds(clause, value) && !holds(clause, against);
  return holds(clause, value - against);
}

}  // namespace chokepoint
