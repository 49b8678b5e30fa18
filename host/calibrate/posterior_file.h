// A posterior as a configuration file: priors that override those of the scenario.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "calibrate.h"

namespace chokepoint {

// What a calibration says about parameters, and what of it a file can hold.
struct Posterior {
  std::vector<int> drivers;              // parameters that vary
  std::vector<ParameterChange> changes;  // (driver)
  std::vector<double> correlations;      // (driver, driver) Spearman's, under the posterior
  double correlation_error;              // standard error of one that is zero
  RankMatrix matrix;

  double correlation(std::size_t i, std::size_t j) const { return correlations[i * drivers.size() + j]; }
};

Posterior posterior_of(const Scenario& scenario, const Calibration& calibration);

// "us_stock, china_stock up to 2024-12-31"
std::string fitted_text(const Calibration& calibration);

// Parameters that moved as tables of their quantiles (a choice stays one), and the strongest rank correlations. The marginal laws and a
// Gaussian copula stand for the joint law; the course of chance in the worlds that fit is not in it.
std::string posterior_configuration(const Scenario& scenario, const Calibration& calibration, const Posterior& posterior);

}  // namespace chokepoint
