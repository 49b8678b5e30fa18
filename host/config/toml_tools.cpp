// SPDX-License-Identifier: Apache-2.0
#include "toml_tools.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>

#include "../errors.h"
#include "keys.h"

// toml++ 3.3 asserts, or in an optimised build lets Clang assume, what wrong input violates: "[=]". Without
// either it goes on to its own message.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

namespace chokepoint {

namespace {

constexpr int kEndOfFile = std::numeric_limits<int>::max();
constexpr std::size_t kShortList = 16;  // names that a message may list

Place place_of(const toml::source_region& region, int source) {
  return {source, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

template <class T>
std::string as_toml(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

TomlValue convert(const toml::node& node, int source) {
  using Kind = TomlValue::Kind;
  TomlValue value;
  value.place = place_of(node.source(), source);
  if (const auto* table = node.as_table()) {
    value.kind = Kind::kTable;
    for (auto&& [key, child] : *table)
      value.entries.push_back({std::string(key.str()), place_of(key.source(), source), convert(child, source)});
    std::ranges::stable_sort(value.entries, {}, &TomlEntry::place);
  } else if (const auto* array = node.as_array()) {
    value.kind = Kind::kArray;
    for (const toml::node& item : *array) value.items.push_back(convert(item, source));
  } else if (const auto* string = node.as_string()) {
    value.kind = Kind::kString;
    value.text = string->get();
  } else if (const auto* whole = node.as_integer()) {
    value.kind = Kind::kWhole;
    value.whole = whole->get();
    value.number = static_cast<double>(value.whole);
    value.text = fmt::format("{}", value.whole);
  } else if (const auto* number = node.as_floating_point()) {
    value.kind = Kind::kNumber;
    value.number = number->get();
    value.text = fmt::format("{}", value.number);
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = Kind::kBoolean;
    value.text = boolean->get() ? "true" : "false";
  } else if (const auto* date = node.as_date()) {
    value.kind = Kind::kDate;
    value.year = date->get().year, value.month = date->get().month, value.day = date->get().day;
    value.text = as_toml(date->get());
  } else {
    value.kind = Kind::kTime;
    value.text = node.is_time() ? as_toml(node.as_time()->get()) : as_toml(node.as_date_time()->get());
  }
  return value;
}

std::string_view kind_text(TomlValue::Kind kind) {
  constexpr std::string_view kTexts[] = {"a string", "a whole number", "a number", "true or false",
                                         "a date",   "a time",         "an array", "a table"};
  return kTexts[static_cast<int>(kind)];
}

// Levenshtein distance.
int edits(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i) + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

const TomlEntry* TomlValue::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &TomlEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

TomlEntry* TomlValue::find(std::string_view key) { return const_cast<TomlEntry*>(std::as_const(*this).find(key)); }

TomlValue make_table(const Place& place) {
  TomlValue value;
  value.place = place;
  return value;
}

TomlValue make_value(TomlValue::Kind kind, const Place& place, std::string text) {
  TomlValue value;
  value.kind = kind;
  value.place = place;
  value.text = std::move(text);
  return value;
}

TomlValue parse_toml(std::string_view text, int source) try {
  return convert(toml::parse(text), source);
} catch (const toml::parse_error& error) {
  const Place place = place_of(error.source(), 0);
  throw TomlSyntaxError{place.line, place.column, std::string(error.description())};
}

std::string to_toml(std::string_view string) {
  std::string text = "\"";
  for (const char c : string) {
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += fmt::format("\\u{:04X}", static_cast<int>(c));
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string key_to_toml(std::string_view key) {
  const bool bare =
      !key.empty() && std::ranges::all_of(key, [](unsigned char c) { return (c < 0x80 && std::isalnum(c)) || c == '_' || c == '-'; });
  return bare ? std::string(key) : to_toml(key);
}

std::string to_toml(const TomlValue& value) {
  std::string inner;
  switch (value.kind) {
    case TomlValue::Kind::kString:
      return to_toml(std::string_view(value.text));
    case TomlValue::Kind::kArray:
      for (const TomlValue& item : value.items) inner += (inner.empty() ? "" : ", ") + to_toml(item);
      return "[" + inner + "]";
    case TomlValue::Kind::kTable:
      for (const auto& [key, place, child] : value.entries)
        inner += (inner.empty() ? " " : ", ") + key_to_toml(key) + " = " + to_toml(child);
      return "{" + inner + (inner.empty() ? "}" : " }");
    default:
      return value.text;
  }
}

int Problems::add_source(Source kind, std::string name) {
  sources_.push_back({kind, std::move(name)});
  return static_cast<int>(sources_.size()) - 1;
}

Place Problems::end_of(int source) const { return {source, kEndOfFile, 0}; }

std::string Problems::where(const Place& place) const {
  const SourceName& source = sources_[place.source];
  if (source.kind == Source::kOverride) return "--set " + source.name;
  return place.line == kEndOfFile ? source.name : origin(place);
}

std::string Problems::origin(const Place& place) const {
  const SourceName& source = sources_[place.source];
  if (source.kind == Source::kDefault) return "default";
  if (source.kind == Source::kOverride) return "--set";
  return fmt::format("{}:{}:{}", source.name, place.line, place.column);
}

std::string Problems::file_of(const Place& place) const {
  const SourceName& source = sources_[place.source];
  return source.kind == Source::kFile ? source.name : "";
}

void Problems::throw_if_any() {
  if (problems_.empty()) return;
  std::ranges::stable_sort(problems_, {}, &Problem::place);
  std::vector<std::string> all;
  for (const Problem& problem : problems_) all.push_back(where(problem.place) + ": " + problem.what);
  throw UserError(all);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string advice(std::string_view name, const std::vector<std::string>& legal, std::string_view topic) {
  const auto distance = [&](const std::string& one) { return edits(name, one); };
  const auto nearest = std::ranges::min_element(legal, {}, distance);
  if (nearest != legal.end() && distance(*nearest) <= std::min(2, static_cast<int>(nearest->size()) - 1))
    return fmt::format(" Did you mean '{}'?", *nearest);
  if (legal.size() <= kShortList) return fmt::format(" Legal here: {}.", fmt::join(legal, ", "));
  return topic.empty() ? "" : fmt::format(" See 'chokepoint describe {}'.", topic);
}

std::string range_text(Range range, std::string_view unit) {
  // Rows mark "above 0" and "no limit" by the limits of float.
  using Limits = std::numeric_limits<float>;
  const std::string from = range.low == -Limits::max() ? "(-inf" : range.low == Limits::min() ? "(0" : fmt::format("[{}", range.low);
  const std::string to = range.high == Limits::max() ? "inf)" : fmt::format("{}]", range.high);
  return fmt::format("{}, {}{}", from, to, unit.empty() || unit == "1" ? "" : fmt::format(" {}", unit));
}

void report_kind(const TomlValue& value, const std::string& name, std::string_view wanted, Problems& problems) {
  const bool is_short = value.kind != TomlValue::Kind::kArray && value.kind != TomlValue::Kind::kTable;
  problems.add(value.place,
               fmt::format("{}{} is {}; {} is needed", name, is_short ? " = " + to_toml(value) : "", kind_text(value.kind), wanted));
}

std::optional<std::string> read_string(const TomlValue& value, const std::string& name, Problems& problems) {
  if (value.kind == TomlValue::Kind::kString) return value.text;
  report_kind(value, name, "a string", problems);
  return std::nullopt;
}

std::optional<double> read_number(const TomlValue& value, const std::string& name, Problems& problems) {
  if (value.kind != TomlValue::Kind::kWhole && value.kind != TomlValue::Kind::kNumber) {
    report_kind(value, name, "a number", problems);
    return std::nullopt;
  }
  if (std::isfinite(value.number)) return value.number;
  problems.add(value.place, fmt::format("{} = {} is not finite", name, value.text));
  return std::nullopt;
}

std::optional<std::uint64_t> read_whole(const TomlValue& value, const std::string& name, const KeyRow& limits, Problems& problems) {
  constexpr double kExact = 0x1p53;  // whole numbers up to here are floats without rounding
  if (value.kind == TomlValue::Kind::kWhole || value.kind == TomlValue::Kind::kNumber) {
    const bool whole = value.kind == TomlValue::Kind::kWhole || std::trunc(value.number) == value.number;
    if (!whole || (value.kind == TomlValue::Kind::kNumber && std::abs(value.number) > kExact)) {
      problems.add(value.place, fmt::format("{} = {} is not a whole number", name, value.text));
      return std::nullopt;
    }
    const std::int64_t number = value.kind == TomlValue::Kind::kWhole ? value.whole : static_cast<std::int64_t>(value.number);
    if (number >= 0 && static_cast<std::uint64_t>(number) >= limits.low && static_cast<std::uint64_t>(number) <= limits.high)
      return static_cast<std::uint64_t>(number);
    problems.add(value.place, fmt::format("{} = {} is outside [{}, {}]{}{}", name, value.text, limits.low, limits.high,
                                          limits.unit.empty() ? "" : " ", limits.unit));
    return std::nullopt;
  }
  report_kind(value, name, "a whole number", problems);
  return std::nullopt;
}

const std::vector<TomlValue>* read_array(const TomlValue& value, const std::string& name, Problems& problems) {
  if (value.kind == TomlValue::Kind::kArray) return &value.items;
  report_kind(value, name, "an array", problems);
  return nullptr;
}

std::optional<std::vector<double>> read_numbers(const TomlValue& value, const std::string& name, Problems& problems) {
  const auto* items = read_array(value, name, problems);
  if (!items) return std::nullopt;
  std::vector<double> numbers;
  for (const TomlValue& item : *items)
    if (const auto number = read_number(item, name, problems)) numbers.push_back(*number);
  if (numbers.size() != items->size()) return std::nullopt;
  return numbers;
}

TableReader::TableReader(const TomlValue& table, std::string path, Problems& problems)
    : table_(table.is_table() ? &table : nullptr), path_(std::move(path)), problems_(problems) {
  if (!table_) report_kind(table, path_, "a table", problems);
}

const TomlEntry* TableReader::find(std::string_view key) {
  if (std::ranges::find(legal_, key) == legal_.end()) legal_.emplace_back(key);
  return table_ ? table_->find(key) : nullptr;
}

std::string TableReader::string(std::string_view key) {
  const TomlEntry* entry = find(key);
  return entry ? read_string(entry->value, name(key), problems_).value_or("") : "";
}

std::optional<double> TableReader::number(std::string_view key) {
  const TomlEntry* entry = find(key);
  return entry ? read_number(entry->value, name(key), problems_) : std::nullopt;
}

std::optional<std::uint64_t> TableReader::whole(const KeyRow& row) {
  const TomlEntry* entry = find(row.key);
  return entry ? read_whole(entry->value, name(row.key), row, problems_) : std::nullopt;
}

void TableReader::report_unknown(std::string_view topic) {
  if (!table_) return;
  for (const TomlEntry& entry : table_->entries)
    if (std::ranges::find(legal_, entry.key) == legal_.end())
      problems_.add(entry.place, fmt::format("unknown key '{}' (nothing reads it).{}", name(entry.key), advice(entry.key, legal_, topic)));
}

}  // namespace chokepoint
