// Forecasts that need no model, made from the observations up to the start: what a model must beat. outputs/STATISTICS.md defines them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "history.h"

namespace chokepoint {

enum class PlainForecast { kLastValue, kTrend };
inline constexpr std::array kPlainForecasts = {PlainForecast::kLastValue, PlainForecast::kTrend};
inline constexpr const char* kPlainNames[] = {"last_value", "trend"};

inline constexpr std::size_t kLeastPast = 4;  // observations of the series up to the start, without which there is none

// Equally likely draws for an observation, in the unit of its metric; none if there is too little history.
std::vector<float> plain_draws(PlainForecast forecast, const History& history, const Observation& observation);

}  // namespace chokepoint
