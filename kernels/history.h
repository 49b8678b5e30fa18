// What a model tells of a month beside its metrics: what was in force, what happened, what chance brought. Each model has a table
// of rows (MODEL/history.h); only the trace of a single trajectory reads them (trace.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace chokepoint {

enum class HistoryKind {
  kLasting,   // 1 in every month in which it is in force
  kStriking,  // 1 in a month in which it happens
  kRoutine,   // the same, but so often that a table leaves it out
  kNormal,    // a standard normal shock
};

struct HistoryRow {
  const char* key;  // that of an event, if the row tells of it
  HistoryKind kind;
  const char* begins;  // what a table says of it
  const char* ends;    // of kLasting
};

// How a model's rows are read, with
//   template <class Real> using Type                   a struct of Reals, one for each row
//   kRows                                              its rows, checked by covers()
//   read(world, month, levers, state, events) -> Type  at the end of a month, with that month's levers and events alone
template <class Model>
struct HistoryOf;

}  // namespace chokepoint
