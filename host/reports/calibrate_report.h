// What is shown of a calibration: on the terminal, and as one list of figures for scripts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../calibrate/camps.h"
#include "../calibrate/posterior_file.h"
#include "../calibrate/predictions.h"
#include "report.h"

namespace chokepoint {

struct CalibrationView {
  const Scenario& scenario;
  const Calibration& calibration;
  const Posterior& posterior;
  const PredictionScores& predictions;
  const CampComparison* camps = nullptr;  // null: none were asked for
};

std::string calibration_text(const CalibrationView& view, const SummaryOptions& terminal);
std::string calibration_csv(const CalibrationView& view);
std::string calibration_json(const CalibrationView& view);

// What the user must know before trusting the figures, and what to do; empty if nothing.
std::vector<std::string> calibration_warnings(const CalibrationView& view);

}  // namespace chokepoint
