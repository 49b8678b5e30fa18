// One row per parameter, lever, metric and event: key, unit, range and meaning, written beside the
// mechanism that uses it. Configuration, checks, `describe` and the result file all read these rows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <utility>

namespace chokepoint {

struct Range {
  float low, high;
};
inline constexpr Range kShare = {0.001f, 0.999f};
inline constexpr Range kFraction = {0, 1};
inline constexpr Range kPositive = {std::numeric_limits<float>::min(), std::numeric_limits<float>::max()};
inline constexpr Range kUnbounded = {-std::numeric_limits<float>::max(), std::numeric_limits<float>::max()};

struct ParameterRow {
  const char* key;
  const char* unit;
  Range range;  // draws outside are clamped to it and counted
  const char* meaning;
};

struct LeverRow {
  const char* key;
  Range range;
  float status_quo;
  bool export_control;  // undone while a policy reversal lasts
  const char* meaning;
};

enum class Direction { kNone, kHigher, kLower };  // which way is better for the US-side reader

// Histogram bins are equally wide in t(x) between t(low) and t(high):
// linear t = x; log t = ln x; signed_log t = sign(x) ln(1 + |x| / knee).
enum class Scale { kLinear, kLog, kSignedLog };

struct MetricRow {
  const char* key;
  const char* unit;
  Direction direction;
  Scale scale;
  float low, high;
  float knee;      // of kSignedLog, else unused
  int log2_unit;   // sums are kept in whole multiples of 2^log2_unit
  const char* meaning;
};

struct EventRow {
  const char* key;
  const char* meaning;
};

// A row together with the member it describes.
template <class S, class Row>
struct Field {
  float S::*member;
  Row row;
};

// A row whose key is the member's own name.
#define CHOKEPOINT_ROW(S, name, ...) {&S<float>::name, {#name, __VA_ARGS__}}

template <class S>
inline constexpr std::size_t kMembers = sizeof(S) / sizeof(float);

namespace detail {
template <class S, std::size_t... I>
constexpr S numbered(std::index_sequence<I...>) {
  return S{static_cast<float>(I)...};
}
}  // namespace detail

// True when the rows describe every member of S once, in the order of declaration.
template <class S, class Row, std::size_t N>
constexpr bool covers(const Field<S, Row> (&fields)[N]) {
  if (N != kMembers<S>) return false;
  constexpr S members = detail::numbered<S>(std::make_index_sequence<kMembers<S>>{});
  for (std::size_t i = 0; i < N; ++i)
    if (members.*(fields[i].member) != static_cast<float>(i)) return false;
  return true;
}

// The bare rows of several mechanisms, one after another.
template <class Row, class... S, std::size_t... N>
constexpr auto join_rows(const Field<S, Row> (&... fields)[N]) {
  std::array<Row, (N + ...)> all{};
  std::size_t next = 0;
  const auto append = [&](const auto& table) {
    for (const auto& field : table) all[next++] = field.row;
  };
  (append(fields), ...);
  return all;
}

}  // namespace chokepoint
