// Tables of data beside configurations: comma-separated values as RFC 4180 has them, in UTF-8, with a header. Read strictly: a column
// that nothing reads, a missing one and a row of another length are mistakes of the file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chokepoint {

struct CsvRow {
  int line;                        // of its first character in the file, from 1
  std::vector<std::string> cells;  // in the order of the columns that were asked for; empty: nothing was given
};

// The rows below the header, which names `columns` in any order. Blank lines are skipped. Throws UserError with every problem, each as
// "name:line: what"; read_csv also EnvironmentError.
std::vector<CsvRow> parse_csv(const std::string& name, std::string_view text, const std::vector<std::string>& columns);
std::vector<CsvRow> read_csv(const std::string& path, const std::vector<std::string>& columns);

// The whole cell as a finite number, if it is one.
std::optional<double> csv_number(std::string_view cell);

}  // namespace chokepoint
