// What was observed: the series that [history] names, read from their file, each row at the month of the run at whose end it lies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../scenario.h"

namespace chokepoint {

inline constexpr double kIntervalProbability = 0.9;               // of low to high in the file
inline constexpr double kIntervalHalfWidth = 1.6448536269514722;  // of it, in standard deviations of a normal law

struct HistorySeries {
  std::string name;
  int metric;
  int change_steps;  // 0: the metric itself; else less its value so many steps before
  double error;      // standard deviation of a measurement without an interval, on the scale of comparison; 0: none is given
  bool logarithmic;  // compared by logarithms, as the metric is binned
  double least;      // of a logarithmic series: what is lower counts as this, a thousandth of the lowest that was ever observed

  double scaled(double x) const { return logarithmic ? std::log(std::max(x, least)) : x; }  // to the scale of comparison
  double unscaled(double x) const { return logarithmic ? std::exp(x) : x; }
};

// One row. Months count from the start of the run: 0 is the end of the first month, -1 the day before the start.
struct Observation {
  int series;
  int step;
  std::string date;
  double value, low, high;  // NaN where the file says nothing. Low to high holds the truth with a probability of 90 %
  bool censored;            // only the interval is known
  std::string source;
  double centre, error;  // mean and standard deviation of the truth as the row has it, a normal law on the scale of comparison

  int months() const { return step + 1; }  // since the start
};

struct History {
  std::vector<HistorySeries> series;
  std::vector<Observation> observations;  // within the run: by series, then by date
  std::vector<Observation> past;          // up to the start, likewise
  std::string file, text;
};

// Reads what the scenario's [history] names. Rows of other series are not looked at; those after the end of the run and those whose change
// would begin before the start are left out. Throws UserError with every problem, each with file and line.
History read_history(const Scenario& scenario);

// Leaves out observations before `from` and after `until` (dates; empty: no limit). Throws UserError if none is left.
void keep_between(History& history, const std::string& from, const std::string& until);

}  // namespace chokepoint
