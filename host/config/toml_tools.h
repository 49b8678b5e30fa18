// TOML as the configuration needs it: every key and value remembers where it was written, tables keep the
// order of the file, and problems are collected instead of thrown one by one. toml++ sorts keys, forgets
// positions when copied and costs seconds to compile: only toml_tools.cpp includes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../kernels/rows.h"

namespace chokepoint {

// Where something was written: a source (Problems::add_source), then line and column, from 1.
struct Place {
  int source = 0, line = 0, column = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct KeyRow;
struct TomlEntry;

struct TomlValue {
  enum class Kind { kString, kWhole, kNumber, kBoolean, kDate, kTime, kArray, kTable };
  Kind kind = Kind::kTable;
  Place place;
  std::string text;        // of all but arrays and tables: the string, or the value as TOML
  std::int64_t whole = 0;  // of kWhole
  double number = 0;       // of kWhole and kNumber
  int year = 0, month = 0, day = 0;
  std::vector<TomlValue> items;
  std::vector<TomlEntry> entries;  // in the order of the file

  bool is_table() const { return kind == Kind::kTable; }
  const TomlEntry* find(std::string_view key) const;
  TomlEntry* find(std::string_view key);
};

struct TomlEntry {
  std::string key;
  Place place;
  TomlValue value;
};

struct TomlSyntaxError {
  int line, column;
  std::string what;
};

TomlValue make_table(const Place& place);
TomlValue make_value(TomlValue::Kind kind, const Place& place, std::string text = {});

// The root table of a document; throws TomlSyntaxError.
TomlValue parse_toml(std::string_view text, int source);

// One line of TOML that reads back as the same value.
std::string to_toml(const TomlValue& value);
std::string to_toml(std::string_view string);
std::string key_to_toml(std::string_view key);

// Every problem with the user's input, and the sources that places refer to.
class Problems {
 public:
  enum class Source { kDefault, kFile, kOverride };

  int add_source(Source kind, std::string name);
  void add(const Place& place, std::string what) { problems_.push_back({place, std::move(what)}); }
  Place end_of(int source) const;                 // for what is missing
  std::string where(const Place& place) const;    // "file:line:column", "--set KEY=VALUE"
  std::string origin(const Place& place) const;   // "file:line:column", "--set", "default"
  std::string file_of(const Place& place) const;  // its path; of an override and a default empty
  bool empty() const { return problems_.empty(); }
  void throw_if_any();  // UserError, in the order of sources, lines and columns

 private:
  struct SourceName {
    Source kind;
    std::string name;
  };
  struct Problem {
    Place place;
    std::string what;
  };
  std::vector<SourceName> sources_;
  std::vector<Problem> problems_;
};

std::string_view trimmed(std::string_view text);  // without blanks at both ends

// What to do about an unknown name: the nearest legal one within two edits, else the whole list when it is
// short, else the command that prints it, `chokepoint describe TOPIC`.
std::string advice(std::string_view name, const std::vector<std::string>& legal, std::string_view topic = {});

// "[0, 1] months"; the unit "1" is left out.
std::string range_text(Range range, std::string_view unit = {});

// A value of the wanted type, else a problem that names it.
std::optional<std::string> read_string(const TomlValue& value, const std::string& name, Problems& problems);
std::optional<double> read_number(const TomlValue& value, const std::string& name, Problems& problems);
std::optional<std::uint64_t> read_whole(const TomlValue& value, const std::string& name, const KeyRow& limits, Problems& problems);
std::optional<std::vector<double>> read_numbers(const TomlValue& value, const std::string& name, Problems& problems);
const std::vector<TomlValue>* read_array(const TomlValue& value, const std::string& name, Problems& problems);
void report_kind(const TomlValue& value, const std::string& name, std::string_view wanted, Problems& problems);

// Hands out the entries of a table by key. The keys that were asked for are the legal ones.
class TableReader {
 public:
  // A value that is no table becomes a problem, and reads as an empty one.
  TableReader(const TomlValue& table, std::string path, Problems& problems);

  bool is_table() const { return table_ != nullptr; }
  const TomlEntry* find(std::string_view key);
  std::string string(std::string_view key);  // empty if missing or wrong
  std::optional<double> number(std::string_view key);
  std::optional<std::uint64_t> whole(const KeyRow& row);
  std::string name(std::string_view key) const { return path_.empty() ? std::string(key) : path_ + "." + std::string(key); }
  void report_unknown(std::string_view topic = {});  // call it after the last key

 private:
  const TomlValue* table_;
  std::string path_;
  Problems& problems_;
  std::vector<std::string> legal_;
};

// The number of the row with a key, or -1; and all keys.
template <class Rows>
int row_number(const Rows& rows, std::string_view key) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (key == rows[i].key) return static_cast<int>(i);
  return -1;
}
template <class Rows>
std::vector<std::string> row_keys(const Rows& rows) {
  std::vector<std::string> keys;
  for (const auto& row : rows) keys.emplace_back(row.key);
  return keys;
}

}  // namespace chokepoint
