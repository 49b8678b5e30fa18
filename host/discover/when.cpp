// SPDX-License-Identifier: Apache-2.0
#include "when.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "../config/policy_config.h"
#include "../config/toml_tools.h"
#include "../errors.h"

namespace chokepoint {

namespace {

constexpr std::string_view kAnd = " and ", kBefore = "before", kAfter = "after";

// "2029", "2028.5" or "2028-07" as months since the start of the run, which may end within one.
std::optional<double> months_to(std::string_view date, const Scenario& s) {
  const std::size_t dash = date.find('-');
  double year = 0;
  int month = 1;
  const auto read = [](std::string_view digits, auto& number) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() && !digits.empty();
  };
  if (!read(date.substr(0, dash), year)) return std::nullopt;
  if (dash != date.npos && (!read(date.substr(dash + 1), month) || month < 1 || month > 12 || year != std::floor(year)))
    return std::nullopt;
  return 12 * (year - s.start_year) + (month - s.start_month);
}

struct ClauseReader {
  const Scenario& scenario;
  const std::string& text;
  std::vector<std::string>& problems;

  void add_problem(std::size_t at, const std::string& what) const {
    problems.push_back(fmt::format("--when, column {}: {}", at + 1, what));
  }
  void add_unknown(std::size_t at, const std::string& name) const;
  void read_date(std::size_t at, std::string_view statement, Clause& clause) const;
  void read(std::size_t first, std::size_t end, std::vector<Clause>& clauses) const;
};

void ClauseReader::add_unknown(std::size_t at, const std::string& name) const {
  const ModelInfo& model = *scenario.model;
  std::vector<std::string> legal = row_keys(model.metrics);
  for (std::string& key : row_keys(model.events)) legal.push_back(std::move(key));
  add_problem(at, fmt::format("'{}' is no metric or event of the model '{}'. There are: {}.", name, model.name, fmt::join(legal, ", ")));
}

// "before 2029", "after 2028-07"
void ClauseReader::read_date(std::size_t at, std::string_view statement, Clause& clause) const {
  const bool before = statement.starts_with(kBefore);
  const std::string_view date = trimmed(statement.substr(before ? kBefore.size() : kAfter.size()));
  if (clause.event < 0)
    return add_problem(at, fmt::format("'{}': bounds on metrics are those at the end; only events have dates", statement));
  const auto months = months_to(date, scenario);
  if (!months) return add_problem(at, fmt::format("'{}' is no date; write a year or a month, such as 2029, 2028.5 or 2028-07", date));
  if (before ? *months <= 0 || *months > scenario.steps() : *months < 0 || *months >= scenario.steps()) {
    const int end = 12 * scenario.start_year + scenario.start_month - 1 + scenario.steps();
    return add_problem(at, fmt::format("'{}' is outside the run, which goes from {}-{:02} to the start of {}-{:02}", statement,
                                       scenario.start_year, scenario.start_month, end / 12, end % 12 + 1));
  }
  (before ? clause.until : clause.from) = static_cast<int>(std::ceil(*months - 1e-9));
  clause.date = fmt::format("{} {}", before ? kBefore : kAfter, date);
}

void ClauseReader::read(std::size_t first, std::size_t end, std::vector<Clause>& clauses) const {
  const ModelInfo& model = *scenario.model;
  while (first < end && text[first] == ' ') ++first;
  const std::string_view whole = trimmed(std::string_view(text).substr(first, end - first));
  const std::size_t gap = std::min(whole.find(' '), whole.size());
  const std::string_view after_gap = trimmed(whole.substr(gap));
  const bool dated = after_gap.starts_with(kBefore) || after_gap.starts_with(kAfter);
  const std::size_t sign = dated ? gap : std::min(whole.find_first_of("<>=!"), whole.size());
  const std::string name(trimmed(whole.substr(0, sign)));
  if (name.empty())
    return add_problem(first, fmt::format("a metric or an event is missing; write for example \"{} < 3\"", model.metrics[0].key));
  const int metric = row_number(model.metrics, name), event = metric < 0 ? row_number(model.events, name) : -1;
  if (metric < 0 && event < 0) return add_unknown(first, name);
  Clause clause{{name, metric, event, Comparison::kGreaterEqual, event >= 0, 1}};
  if (dated) {
    read_date(first + gap + 1, after_gap, clause);
  } else if (metric >= 0 || sign < whole.size()) {
    const auto bound = parse_bound(whole.substr(sign));
    const bool fits = bound && (metric >= 0 ? !bound->equals : bound->equals && (bound->value == 0 || bound->value == 1));
    if (!fits)
      return add_problem(first + sign,
                         fmt::format("'{}' is not {}", whole.substr(sign),
                                     metric >= 0 ? "a bound on a metric: write one of < <= > >= and a number, such as \">= 6\""
                                                 : "a statement about an event: write \"== 0\" (it does not happen), "
                                                   "\"== 1\", \"before 2029\" or \"after 2029\""));
    clause.comparison = bound->comparison;
    clause.equals = bound->equals;
    clause.value = bound->value;
  }
  clauses.push_back(std::move(clause));
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

std::vector<Clause> parse_when(const std::string& text, const Scenario& scenario) {
  std::vector<Clause> clauses;
  std::vector<std::string> problems;
  const ClauseReader reader{scenario, text, problems};
  std::size_t first = 0;
  for (std::size_t end; (end = text.find(kAnd, first)) != text.npos; first = end + kAnd.size()) reader.read(first, end, clauses);
  reader.read(first, text.size(), clauses);
  if (!problems.empty()) throw UserError(problems);
  return clauses;
}

std::string when_text(std::span<const Clause> clauses, bool difference) {
  std::string text;
  for (const Clause& clause : clauses) {
    text += text.empty() ? "" : kAnd;
    if (clause.metric >= 0) {
      text += fmt::format("{}{} {} {:g}", difference ? "difference of " : "", clause.name, sign_of(clause.comparison), clause.value);
    } else {
      text += clause.name + (clause.value == 1 ? " happens" : " does not happen") + (clause.date.empty() ? "" : " " + clause.date);
    }
  }
  return text;
}

bool holds(const Clause& clause, float value) {
  if (clause.event >= 0)
    return (value >= static_cast<float>(clause.from) && value < static_cast<float>(clause.until)) == (clause.value == 1);
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

bool holds_against(const Clause& clause, float value, float against) {
  if (clause.event >= 0) return holds(clause, value) && !holds(clause, against);
  return holds(clause, value - against);
}

}  // namespace chokepoint
