// SPDX-License-Identifier: Apache-2.0
#include "laws.h"

#include <fmt/format.h>

#include <algorithm>

namespace chokepoint {

const std::vector<LawRow>& laws() {
  using Kind = Prior::Kind;
  static const std::vector<LawRow> all = {
      {"constant",
       Kind::kConstant,
       false,
       {},
       {},
       {},
       {},
       "in the parameter's valid range",
       "always the same; NAME = 2.1 is short for it",
       "constant = 2.1"},
      {"normal",
       Kind::kNormal,
       true,
       {"mean", "sd"},
       {"sd"},
       {},
       {},
       "",
       "normal law, by its moments or by two percentiles",
       "normal = { p5 = 0, p95 = 0.1 }"},
      {"lognormal",
       Kind::kLognormal,
       true,
       {"median", "sd_log"},
       {"median", "sd_log"},
       {},
       {},
       "percentiles above 0",
       "its logarithm, of standard deviation sd_log, is normal",
       "lognormal = { p5 = 15, p95 = 21 }"},
      {"uniform",
       Kind::kUniform,
       false,
       {"low", "high"},
       {},
       {"low", "high"},
       {},
       "",
       "uniform law",
       "uniform = { low = 0.2, high = 0.8 }"},
      {"beta",
       Kind::kBeta,
       false,
       {"alpha", "beta", "low", "high"},
       {"alpha", "beta"},
       {"low", "high"},
       {{"low", 0}, {"high", 1}},
       "",
       "beta law, stretched from [0, 1] to [low, high]",
       "beta = { alpha = 2, beta = 5 }"},
      {"triangular",
       Kind::kTriangular,
       false,
       {"low", "mode", "high"},
       {},
       {"low", "mode", "high"},
       {},
       "",
       "triangular law",
       "triangular = { low = 0, mode = 0.1, high = 0.5 }"},
      {"pert",
       Kind::kPert,
       false,
       {"low", "mode", "high"},
       {},
       {"low", "mode", "high"},
       {},
       "",
       "PERT law of shape 4: beta with mean (low + 4 mode + high) / 6",
       "pert = { low = 0, mode = 0.1, high = 0.5 }"},
      {"choice",
       Kind::kChoice,
       false,
       {"values", "weights"},
       {},
       {},
       {},
       "a weight for each value, none below 0, their sum above 0",
       "one of some values",
       "choice = { values = [1, 0], weights = [0.5, 0.5] }"},
      {"table",
       Kind::kTable,
       false,
       {"probabilities", "values"},
       {},
       {},
       {},
       "a value for each probability; probabilities increase from 0 to 1, values do not decrease",
       "quantiles, with straight lines between them",
       "table = { probabilities = [0, 0.5, 1], values = [1, 2, 4] }"},
      {"truncated",
       Kind::kTruncated,
       false,
       {"of", "low", "high"},
       {},
       {"low", "high"},
       {},
       fmt::format("[low, high] holds at least {} of the law; not of constant, choice, truncated, mixture", kLeastShare),
       "another law, given that it lies in [low, high]",
       "truncated = { of = { normal = { mean = 0, sd = 1 } }, low = -1, high = 2 }"},
      {"mixture",
       Kind::kMixture,
       false,
       {},
       {},
       {},
       {},
       "weights as of choice; any law but mixture",
       "each part with a probability in proportion to its weight",
       "mixture = [ { weight = 0.6, uniform = { low = 0, high = 1 } }, { weight = 0.4, constant = 1 } ]"},
  };
  return all;
}

const LawRow* law_row(std::string_view name) {
  const auto found = std::ranges::find(laws(), name, &LawRow::name);
  return found == laws().end() ? nullptr : &*found;
}

bool has_default(const LawRow& row, const std::string& argument) {
  return std::ranges::find(row.defaults, argument, &std::pair<std::string, double>::first) != row.defaults.end();
}

const std::vector<std::string>& law_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const LawRow& row : laws()) all.push_back(row.name);
    return all;
  }();
  return names;
}

bool is_law(std::string_view key) { return law_row(key) != nullptr; }

}  // namespace chokepoint
