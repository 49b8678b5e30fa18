// What `summary` and `compare` tell of policies: tables for people, and CSV and JSON for scripts, are made of the same findings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

// A number for each policy, with its error. What cannot be had is NaN.
struct Finding {
  enum class Form { kNumber, kShare, kRank };

  std::string name;                 // for scripts, as in the result file
  std::vector<std::string> header;  // of the column of a table; none: for scripts alone
  Form form;
  std::vector<double> values;
  std::vector<double> errors = {};  // standard errors, or
  std::vector<double> bounds = {};  // (policy, bound) of 95 % intervals, or neither
  std::vector<bool> alike = {};     // cannot be told apart from what it is compared with
};

// Several numbers for each policy, which tables draw.
struct Series {
  std::string name;
  std::vector<double> values;  // (policy, place)
};

// A metric, an event or a threshold.
struct Subject {
  std::string kind, name, units, meaning, direction;
  std::vector<Finding> findings;
  std::vector<Series> series = {};
  std::vector<double> histogram_edges = {};  // of the series `histogram`
};

// Where the numbers of the policies are in an array: at first, first + step, and so on.
struct Stride {
  std::size_t first, step;
};
std::vector<double> pick(const View& view, const std::vector<double>& values, Stride stride, std::size_t each = 1);

// The numbers of the policies as texts, rounded to their error; in the view's order, as all that follows.
TableColumn table_column(const View& view, const Finding& finding);
ColumnGroup table_columns(const View& view, const std::vector<Finding>& findings);

// Columns that are a finding each, or several: one row for each subject and policy, and a cell is empty where there is no such number.
// First kind, name, units and policy; errors are in NAME_se, bounds in NAME_low and NAME_high.
std::string findings_csv(const View& view, const std::vector<Subject>& subjects);

// One object: what the result is, and for every kind a list of subjects ("metrics", "events", "thresholds"), each with a list of policies
// whose members are named as the columns of the CSV.
std::string findings_json(const View& view, const std::string& command, const std::vector<Subject>& subjects);

}  // namespace chokepoint
