// SPDX-License-Identifier: Apache-2.0
#include "distribution_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/triangular.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "laws.h"

namespace chokepoint {

namespace {

using Kind = Prior::Kind;

// N of "pN", 1 to 99, else 0.
int percentile(std::string_view key) {
  int number = 0;
  if (key.size() < 2 || key.size() > 3 || key[0] != 'p' || key[1] == '0') return 0;
  const auto [end, error] = std::from_chars(key.data() + 1, key.data() + key.size(), number);
  return error == std::errc{} && end == key.data() + key.size() ? number : 0;
}

bool is_percentile(const TomlEntry& entry) { return percentile(entry.key) > 0; }

std::string needs(const LawRow& row) {
  std::vector<std::string> required;
  for (const std::string& argument : row.arguments)
    if (!has_default(row, argument)) required.push_back(argument);
  const std::string list = fmt::format("{}", fmt::join(required, row.arguments.size() == 2 ? " and " : ", "));
  return row.by_interval ? "two percentiles (p5 and p95, say) or " + list : list;
}

// Everything that a problem of one law mentions.
struct LawReader {
  const LawRow& row;
  const TomlEntry& law;
  std::string name;  // "parameters.initial_lag.lognormal"
  std::string_view unit;
  Problems& problems;

  std::nullopt_t fail(const std::string& what) const {
    problems.add(law.value.place, fmt::format("{}: {}", name, what));
    return std::nullopt;
  }
  std::string in_unit() const { return unit == "1" ? "" : fmt::format(" ({})", unit); }

  std::optional<Prior> constant() const;
  std::optional<Prior> interval() const;
  std::optional<Prior> from_numbers(TableReader& arguments) const;
  std::optional<Prior> choice(TableReader& arguments) const;
  std::optional<Prior> table(TableReader& arguments) const;
  std::optional<Prior> truncated(TableReader& arguments) const;
  std::optional<Prior> mixture() const;
  std::optional<Prior> read() const;

  std::optional<std::vector<double>> numbers(TableReader& arguments, const std::vector<std::string>& wanted) const;
  std::optional<std::vector<double>> list(TableReader& arguments, const std::string& key) const;
  bool in_order(const std::vector<double>& values, const std::vector<std::string>& names) const;
  std::optional<Prior> part(const TomlEntry& of, const std::string& owner, std::initializer_list<Kind> refused) const;
};

std::optional<Prior> LawReader::constant() const {
  const auto number = read_number(law.value, name, problems);
  if (!number) return std::nullopt;
  return Prior{Kind::kConstant, {*number}, {}, {}};
}

std::optional<Prior> LawReader::interval() const {
  const auto& given = law.value.entries;
  if (given.size() != 2 || !std::ranges::all_of(given, is_percentile)) {
    std::vector<std::string> keys;
    for (const TomlEntry& entry : given) keys.push_back(entry.key);
    return fail(fmt::format("give {}, not {}", needs(row), fmt::join(keys, ", ")));
  }
  std::optional<double> ends[2];
  for (int i = 0; i < 2; ++i) ends[i] = read_number(given[i].value, name + "." + given[i].key, problems);
  if (!ends[0] || !ends[1]) return std::nullopt;
  const bool swapped = percentile(given[0].key) > percentile(given[1].key);
  const TomlEntry &lower = given[swapped], &upper = given[!swapped];
  double low = *ends[swapped], high = *ends[!swapped];
  if (low >= high) return fail(fmt::format("{} = {} must be below {} = {}{}", lower.key, low, upper.key, high, in_unit()));
  if (row.kind == Kind::kLognormal) {
    if (low <= 0) return fail(fmt::format("{} = {} must be above 0{}", lower.key, low, in_unit()));
    low = std::log(low), high = std::log(high);
  }
  const boost::math::normal standard;
  const double z_low = quantile(standard, percentile(lower.key) / 100.0), z_high = quantile(standard, percentile(upper.key) / 100.0);
  const double sd = (high - low) / (z_high - z_low);
  return Prior{row.kind, {low - sd * z_low, sd}, {}, {}};
}

bool LawReader::in_order(const std::vector<double>& values, const std::vector<std::string>& names) const {
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const bool between = i + 2 < values.size() || i > 0;  // a mode may lie at an end
    if (between ? values[i] > values[i + 1] : values[i] >= values[i + 1]) {
      fail(fmt::format("{} = {} must {} {} = {}{}", names[i], values[i], between ? "not exceed" : "be below", names[i + 1], values[i + 1],
                       in_unit()));
      return false;
    }
  }
  if (values.size() < 2 || values.front() < values.back()) return true;
  fail(fmt::format("{} = {} must be below {} = {}{}", names.front(), values.front(), names.back(), values.back(), in_unit()));
  return false;
}

std::optional<std::vector<double>> LawReader::numbers(TableReader& arguments, const std::vector<std::string>& wanted) const {
  std::vector<double> values;
  bool complete = true;
  for (const std::string& argument : wanted) {
    const TomlEntry* entry = arguments.find(argument);
    const auto fallback = std::ranges::find(row.defaults, argument, &std::pair<std::string, double>::first);
    if (entry) {
      const auto number = read_number(entry->value, name + "." + argument, problems);
      complete = complete && number;
      values.push_back(number.value_or(0));
    } else if (fallback != row.defaults.end()) {
      values.push_back(fallback->second);
    } else {
      complete = false;
      fail(fmt::format("{} is missing; give {}", argument, needs(row)));
    }
  }
  if (!complete) return std::nullopt;
  std::vector<double> ordered;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (std::ranges::find(row.positive, wanted[i]) != row.positive.end() && values[i] <= 0)
      return fail(fmt::format("{} = {} must be above 0", wanted[i], values[i]));
    if (std::ranges::find(row.increasing, wanted[i]) != row.increasing.end()) ordered.push_back(values[i]);
  }
  if (!in_order(ordered, row.increasing)) return std::nullopt;
  return values;
}

std::optional<Prior> LawReader::from_numbers(TableReader& arguments) const {
  auto values = numbers(arguments, row.arguments);
  if (!values) return std::nullopt;
  if (row.kind == Kind::kLognormal) values->front() = std::log(values->front());
  return Prior{row.kind, *std::move(values), {}, {}};
}

std::optional<std::vector<double>> LawReader::list(TableReader& arguments, const std::string& key) const {
  if (const TomlEntry* entry = arguments.find(key)) return read_numbers(entry->value, name + "." + key, problems);
  return fail(fmt::format("{} is missing; give {}", key, needs(row)));
}

// Weights that add up to 1; empty after a problem.
std::vector<double> normalised(std::vector<double> weights, const LawReader& reader) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto negative = std::ranges::find_if(weights, [](double weight) { return weight < 0; });
  if (negative != weights.end()) {
    reader.fail(fmt::format("weight {} is negative", *negative));
    return {};
  }
  if (!(sum > 0 && std::isfinite(sum))) {
    reader.fail(fmt::format("the weights add up to {}; the sum must be above 0", sum));
    return {};
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

std::optional<Prior> LawReader::choice(TableReader& arguments) const {
  auto values = list(arguments, "values"), weights = list(arguments, "weights");
  if (!values || !weights) return std::nullopt;
  if (values->size() != weights->size())
    return fail(fmt::format("{} values, but {} weights; give one weight for each value", values->size(), weights->size()));
  auto shares = normalised(*std::move(weights), *this);
  if (shares.empty()) return std::nullopt;
  return Prior{row.kind, *std::move(values), std::move(shares), {}};
}

std::optional<Prior> LawReader::table(TableReader& arguments) const {
  auto probabilities = list(arguments, "probabilities"), values = list(arguments, "values");
  if (!probabilities || !values) return std::nullopt;
  if (probabilities->size() != values->size())
    return fail(fmt::format("{} probabilities, but {} values; give one value for each probability", probabilities->size(), values->size()));
  if (values->size() < 2) return fail("give at least two probabilities, 0 and 1, with their values");
  if (probabilities->front() != 0 || probabilities->back() != 1)
    return fail(fmt::format("the probabilities go from {} to {}; they must go from 0 to 1", probabilities->front(), probabilities->back()));
  for (std::size_t i = 0; i + 1 < values->size(); ++i) {
    const double p = (*probabilities)[i], next_p = (*probabilities)[i + 1], value = (*values)[i], next = (*values)[i + 1];
    if (p >= next_p) return fail(fmt::format("probability {} is followed by {}; probabilities must increase", p, next_p));
    if (value > next) return fail(fmt::format("value {} is followed by {}; values must not decrease{}", value, next, in_unit()));
  }
  return Prior{row.kind, *std::move(values), *std::move(probabilities), {}};
}

// A law inside another one.
std::optional<Prior> LawReader::part(const TomlEntry& of, const std::string& owner, std::initializer_list<Kind> refused) const {
  if (std::ranges::find(refused, law_row(of.key)->kind) == refused.end()) return read_law(of, owner, unit, problems);
  std::vector<std::string> allowed;
  for (const LawRow& one : laws())
    if (std::ranges::find(refused, one.kind) == refused.end()) allowed.push_back(one.name);
  problems.add(of.place, fmt::format("{}: {} cannot stand inside {}; use {}", name, of.key, row.name, fmt::join(allowed, ", ")));
  return std::nullopt;
}

std::optional<Prior> LawReader::truncated(TableReader& arguments) const {
  const TomlEntry* of = arguments.find("of");
  if (!of) fail(fmt::format("of is missing; give {}", needs(row)));
  const std::string owner = name + ".of";
  const TomlEntry* inner = of ? find_law(of->value, owner, problems) : nullptr;
  if (inner)
    for (const TomlEntry& entry : of->value.entries)
      if (!is_law(entry.key))
        problems.add(entry.place,
                     fmt::format("unknown key '{}.{}' (nothing reads it).{}", owner, entry.key, advice(entry.key, law_names())));
  auto prior = inner ? part(*inner, owner, {Kind::kConstant, Kind::kChoice, Kind::kTruncated, Kind::kMixture}) : std::nullopt;
  auto bounds = numbers(arguments, {"low", "high"});
  if (!prior || !bounds) return std::nullopt;
  const double share = probability_below(*prior, bounds->back()) - probability_below(*prior, bounds->front());
  if (share < kLeastShare)
    return fail(fmt::format("[{}, {}]{} holds {:.3g} of {}; it must hold at least {}. Give that part as a table", bounds->front(),
                            bounds->back(), in_unit(), share, inner->key, kLeastShare));
  return Prior{row.kind, *std::move(bounds), {}, {*std::move(prior)}};
}

std::optional<Prior> LawReader::mixture() const {
  const auto* items = read_array(law.value, name, problems);
  if (!items) return std::nullopt;
  if (items->empty()) return fail("it has no parts; give [ { weight = w, LAW = {...} }, ... ]");
  Prior prior{row.kind, {}, {}, {}};
  for (const TomlValue& item : *items) {
    TableReader entries(item, name, problems);
    if (!entries.is_table()) continue;
    for (const std::string& one : law_names()) entries.find(one);
    const TomlEntry* inner = find_law(item, name, problems);
    if (const TomlEntry* weight = entries.find("weight")) {
      if (const auto number = read_number(weight->value, name + ".weight", problems)) prior.weights.push_back(*number);
    } else {
      problems.add(item.place, fmt::format("{}: weight is missing; each part needs one", name));
    }
    if (inner)
      if (auto read = part(*inner, name, {Kind::kMixture})) prior.parts.push_back(*std::move(read));
    entries.report_unknown();
  }
  if (prior.weights.size() != items->size() || prior.parts.size() != items->size()) return std::nullopt;
  prior.weights = normalised(std::move(prior.weights), *this);
  if (prior.weights.empty()) return std::nullopt;
  return prior;
}

std::optional<Prior> LawReader::read() const {
  if (row.kind == Kind::kConstant) return constant();
  if (row.kind == Kind::kMixture) return mixture();
  if (row.by_interval && std::ranges::any_of(law.value.entries, is_percentile)) return interval();
  TableReader arguments(law.value, name, problems);
  if (!arguments.is_table()) return std::nullopt;
  auto prior = row.kind == Kind::kChoice      ? choice(arguments)
               : row.kind == Kind::kTable     ? table(arguments)
               : row.kind == Kind::kTruncated ? truncated(arguments)
                                              : from_numbers(arguments);
  arguments.report_unknown();
  return prior;
}

// The interval that holds every draw of a law without atoms.
std::pair<double, double> support(const Prior& prior) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (prior.kind == Kind::kNormal) return {-kInfinity, kInfinity};
  if (prior.kind == Kind::kLognormal) return {0, kInfinity};
  if (prior.kind == Kind::kBeta) return {prior.values[2], prior.values[3]};
  if (prior.kind != Kind::kTruncated) return {prior.values.front(), prior.values.back()};
  const auto [low, high] = support(prior.parts[0]);
  return {std::max(low, prior.values[0]), std::min(high, prior.values[1])};
}

}  // namespace

const TomlEntry* find_law(const TomlValue& table, const std::string& name, Problems& problems) {
  if (!table.is_table()) {
    report_kind(table, name, "a table with one law", problems);
    return nullptr;
  }
  const TomlEntry* law = nullptr;
  for (const TomlEntry& entry : table.entries) {
    if (!is_law(entry.key)) continue;
    if (law) {
      problems.add(entry.place, fmt::format("{} has two laws, {} and {}; give one", name, law->key, entry.key));
      return nullptr;
    }
    law = &entry;
  }
  if (!law) problems.add(table.place, fmt::format("{} has no law; give one of {}", name, fmt::join(law_names(), ", ")));
  return law;
}

bool is_complete_law(std::string_view law, const TomlValue& arguments) {
  const LawRow& row = *law_row(law);
  if (!arguments.is_table()) return true;
  if (row.by_interval && std::ranges::count_if(arguments.entries, is_percentile) >= 2) return true;
  return std::ranges::all_of(row.arguments,
                             [&](const std::string& argument) { return has_default(row, argument) || arguments.find(argument); });
}

bool is_argument(std::string_view law, std::string_view key) {
  const LawRow* row = law_row(law);
  return row && ((row->by_interval && percentile(key)) || std::ranges::find(row->arguments, key) != row->arguments.end());
}

std::optional<Prior> read_law(const TomlEntry& law, const std::string& owner, std::string_view unit, Problems& problems) {
  const LawRow& row = *law_row(law.key);
  const bool is_constant = row.kind == Kind::kConstant;  // "parameters.x = 3", not "parameters.x.constant = 3"
  return LawReader{row, law, is_constant ? owner : owner + "." + row.name, unit, problems}.read();
}

double probability_below(const Prior& prior, double x) {
  const auto& v = prior.values;
  if (prior.kind == Kind::kNormal) return cdf(boost::math::normal(v[0], v[1]), x);
  if (prior.kind == Kind::kLognormal) return x <= 0 ? 0 : cdf(boost::math::normal(v[0], v[1]), std::log(x));
  if (prior.kind == Kind::kTable) {
    const auto above = std::ranges::lower_bound(v, x) - v.begin();
    if (above == 0 || above == std::ssize(v)) return above == 0 ? 0 : 1;
    const auto& p = prior.weights;
    return p[above - 1] + (p[above] - p[above - 1]) * (x - v[above - 1]) / (v[above] - v[above - 1]);
  }
  const bool is_beta = prior.kind == Kind::kBeta;
  const double low = is_beta ? v[2] : v.front(), high = is_beta ? v[3] : v.back();
  const double share = std::clamp((x - low) / (high - low), 0.0, 1.0);
  if (prior.kind == Kind::kUniform) return share;
  if (is_beta) return cdf(boost::math::beta_distribution<>(v[0], v[1]), share);
  const double mode = (v[1] - low) / (high - low);
  if (prior.kind == Kind::kTriangular) return cdf(boost::math::triangular(0.0, mode, 1.0), share);
  return cdf(boost::math::beta_distribution<>(1 + 4 * mode, 5 - 4 * mode), share);  // PERT of shape 4
}

double probability_level(const Prior& prior, double x) {
  double level = 0;
  switch (prior.kind) {
    case Kind::kConstant:
      return x >= prior.values[0] ? 1 : 0;
    case Kind::kChoice:
      for (std::size_t i = 0; i < prior.values.size(); ++i) level += prior.values[i] <= x ? prior.weights[i] : 0;
      return level;
    case Kind::kMixture:
      for (std::size_t i = 0; i < prior.parts.size(); ++i) level += prior.weights[i] * probability_level(prior.parts[i], x);
      return level;
    case Kind::kTruncated: {
      const double from = probability_below(prior.parts[0], prior.values[0]), to = probability_below(prior.parts[0], prior.values[1]);
      return std::clamp((probability_below(prior.parts[0], x) - from) / (to - from), 0.0, 1.0);
    }
    default:
      return probability_below(prior, x);
  }
}

bool inside(double value, Range range) {
  if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) return false;
  const auto rounded = static_cast<float>(value);
  return rounded >= range.low && rounded <= range.high;
}

bool reaches(const Prior& prior, Range range) {
  switch (prior.kind) {
    case Kind::kConstant:
      return inside(prior.values[0], range);
    case Kind::kMixture:
      return std::ranges::any_of(prior.parts, [&](const Prior& part) { return reaches(part, range); });
    case Kind::kChoice:
      for (std::size_t i = 0; i < prior.values.size(); ++i)
        if (prior.weights[i] > 0 && inside(prior.values[i], range)) return true;
      return false;
    default: {
      const auto [low, high] = support(prior);
      return low <= static_cast<double>(range.high) && high >= static_cast<double>(range.low);
    }
  }
}

}  // namespace chokepoint
