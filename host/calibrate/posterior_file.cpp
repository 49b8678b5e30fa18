// SPDX-License-Identifier: Apache-2.0
#include "posterior_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "../config/toml_tools.h"
#include "../run/plan.h"

namespace chokepoint {

namespace {

constexpr double kLeastRank = 0.1, kLeastErrors = 3.3;  // what is less is not written: in itself, and in standard errors
constexpr double kTableProbabilities[] = {0,    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3,   0.35, 0.4,   0.45, 0.5,
                                          0.55, 0.6,   0.65, 0.7,   0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995, 1};

std::string number(double x) { return fmt::format("{:.5g}", x); }

// "0.45 (0.1 to 0.9)"
std::string interval_text(const std::array<double, 3>& q) { return fmt::format("{:.3g} ({:.3g} to {:.3g})", q[1], q[0], q[2]); }

std::string law_text(const Prior& prior, std::span<const float> values, std::span<const double> weights) {
  if (prior.kind == Prior::Kind::kChoice) {
    std::vector<std::string> options, shares;
    for (const double option : prior.values) {
      double share = 0;
      for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] == static_cast<float>(option)) share += weights[i];
      options.push_back(number(option));
      shares.push_back(number(share));
    }
    return fmt::format("choice = {{ values = [{}], weights = [{}] }}", fmt::join(options, ", "), fmt::join(shares, ", "));
  }
  std::vector<std::string> quantiles;
  for (const double x : weighted_quantiles(values, weights, kTableProbabilities)) quantiles.push_back(number(x));
  return fmt::format("table = {{ probabilities = [{}], values = [{}] }}", fmt::join(kTableProbabilities, ", "), fmt::join(quantiles, ", "));
}

std::string method_text(const CalibrateOptions& how) {
  return (how.abc ? fmt::format("ABC, distance {}", how.distance) : "likelihood") +
         fmt::format(", temper {}, errors times {}", how.temper, how.widen);
}

}  // namespace

Posterior posterior_of(const Scenario& scenario, const Calibration& calibration) {
  Posterior posterior;
  posterior.drivers = drivers(scenario);
  posterior.changes = parameter_changes(calibration.prior, calibration.posterior, posterior.drivers);
  posterior.correlations = rank_correlations(calibration.posterior, posterior.drivers);
  posterior.correlation_error = 1 / std::sqrt(std::max(1.0, calibration.posterior.effective() - 1));
  std::vector<int> allowed;  // a mixture has no single quantile function, unless a table replaces it
  for (const ParameterChange& change : posterior.changes)
    if (change.moved || scenario.parameters[change.parameter].prior.kind != Prior::Kind::kMixture) allowed.push_back(change.parameter);
  posterior.matrix = strongest_correlations(scenario, posterior.drivers, posterior.correlations, allowed,
                                            std::max(kLeastRank, kLeastErrors * posterior.correlation_error));
  return posterior;
}

std::string fitted_text(const Calibration& calibration) {
  std::vector<std::string> names;
  std::string last = calibration.options.until;
  for (std::size_t o = 0; o < calibration.fitted.size(); ++o) {
    if (!calibration.fitted[o]) continue;
    const Observation& one = calibration.history.observations[o];
    const std::string& name = calibration.history.series[one.series].name;
    if (names.empty() || names.back() != name) names.push_back(name);
    if (calibration.options.until.empty()) last = std::max(last, one.date);
  }
  return fmt::format("{} up to {}", fmt::join(names, ", "), last);
}

std::string posterior_configuration(const Scenario& s, const Calibration& calibration, const Posterior& posterior) {
  const std::string fitted = fitted_text(calibration);
  const double effective = calibration.sums.effective();
  const std::string worlds = fmt::format("{} worlds, effective sample size {:.0f}", calibration.sums.worlds(), effective);
  std::string text = fmt::format(
      "# Posterior of {}, made by `chokepoint calibrate`: overrides that stand after the files of that scenario on a command line.\n"
      "# {}; {}. Priors of initial states belong to the scenario's own start.\n\n",
      to_toml(s.title), worlds, method_text(calibration.options));
  text += fmt::format("title = {}\n", to_toml(s.title + ", calibrated"));
  text += fmt::format("description = {}\n\n[parameters]\n",
                      to_toml(fmt::format("Priors weighed by {} ({}; {}).", fitted, worlds, method_text(calibration.options))));
  const std::string source = fmt::format("calibrated on {}, ESS {:.0f}", fitted, effective);
  for (const ParameterChange& change : posterior.changes) {
    if (!change.moved) continue;
    const std::string rationale = fmt::format(
        "The prior had {}; the observations shift the mean by {:+.2f} of its standard deviation and leave {:.2f} of the spread.",
        interval_text(change.prior), change.shift.value, change.spread);
    text += fmt::format(
        "{} = {{ {}, source = {}, rationale = {}, would_change_if = {} }}\n", s.model->parameters[change.parameter].key,
        law_text(s.parameters[change.parameter].prior, calibration.posterior.column(change.parameter), calibration.posterior.weights),
        to_toml(source), to_toml(rationale),
        to_toml("A fitted series is revised by more than its stated errors, or the mechanism that ties it to this parameter is rejected."));
  }
  const RankMatrix& matrix = posterior.matrix;
  for (std::size_t i = 0; i < matrix.parameters.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (matrix.at(i, j) != 0)
        text += fmt::format("\n[[correlation]]\nbetween = [\"{}\", \"{}\"]\nrank = {:.3f}\n", s.model->parameters[matrix.parameters[j]].key,
                            s.model->parameters[matrix.parameters[i]].key, matrix.at(i, j));
  return text;
}

}  // namespace chokepoint
