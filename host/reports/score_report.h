// What is shown of forecasts of the past and their scores: tables for a terminal, texts for scripts, a page for a browser.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "../history/hindcast.h"
#include "report.h"

namespace chokepoint {

std::string score_text(const Hindcast& hindcast, const Scenario& scenario, const SummaryOptions& options);

// A row for each observation and forecast.
std::string score_csv(const Hindcast& hindcast, const Scenario& scenario);

// The same by series, with the means over horizons, and the fans month by month if there are any.
std::string score_json(const Hindcast& hindcast, const Scenario& scenario);

std::string score_page(const Hindcast& hindcast, const Scenario& scenario);

}  // namespace chokepoint
