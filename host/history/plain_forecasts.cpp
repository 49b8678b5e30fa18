// SPDX-License-Identifier: Apache-2.0
#include "plain_forecasts.h"

#include <boost/math/distributions/students_t.hpp>

namespace chokepoint {

namespace {

constexpr int kDraws = 999;

}  // namespace

// A random walk on the scale of comparison, without drift or with that from the first to the last observation. Its steps so far are the
// errors of the same forecast in the past; those of h months have h times the variance, and the drift is as uncertain as it was short.
std::vector<float> plain_draws(PlainForecast forecast, const History& history, const Observation& observation) {
  const HistorySeries& series = history.series[observation.series];
  std::vector<const Observation*> past;
  for (const Observation& o : history.past)
    if (o.series == observation.series && !o.censored) past.push_back(&o);
  if (past.size() < kLeastPast) return {};
  const bool drifts = forecast == PlainForecast::kTrend;
  const double length = past.back()->step - past.front()->step, ahead = observation.step - past.back()->step;
  const double drift = drifts ? (past.back()->centre - past.front()->centre) / length : 0;
  double squares = 0;
  for (std::size_t i = 1; i < past.size(); ++i) {
    const double months = past[i]->step - past[i - 1]->step, error = past[i]->centre - past[i - 1]->centre - drift * months;
    squares += error * error / months;
  }
  const double freedom = static_cast<double>(past.size()) - (drifts ? 2 : 1);
  const double spread = std::sqrt(squares / freedom * ahead * (drifts ? 1 + ahead / length : 1));
  const boost::math::students_t_distribution<double> law(freedom);
  std::vector<float> draws;
  for (int k = 0; k < kDraws; ++k)
    draws.push_back(static_cast<float>(series.unscaled(past.back()->centre + drift * ahead + spread * quantile(law, (k + 0.5) / kDraws))));
  return draws;
}

}  // namespace chokepoint
