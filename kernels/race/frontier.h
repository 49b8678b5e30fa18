// Frontier and release (MODEL.md, 5.4): releases turn effective compute into capability; followers distil
// and replicate; some releases come with open weights. Capability in nats of effective training compute.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "events.h"
#include "levers.h"
#include "month.h"

namespace chokepoint::race {

template <class Real>
struct FrontierParameters {
  Real us_release_rate, china_release_rate, release_noise, initial_lag, distillation_gap, us_open_gap, china_open_gap,
      replication_gap, cn_training_share;
};

inline constexpr Field<FrontierParameters<float>, ParameterRow> kFrontierParameters[] = {
    CHOKEPOINT_ROW(FrontierParameters, us_release_rate, "1/yr", kPositive, "US frontier releases"),
    CHOKEPOINT_ROW(FrontierParameters, china_release_rate, "1/yr", kPositive, "Chinese frontier releases"),
    CHOKEPOINT_ROW(FrontierParameters, release_noise, "nats", kPositive, "noise of a release around effective compute"),
    CHOKEPOINT_ROW(FrontierParameters, initial_lag, "months", kPositive, "Chinese frontier behind US frontier at start"),
    CHOKEPOINT_ROW(FrontierParameters, distillation_gap, "nats", kPositive, "how far behind a distilled model stays at status-quo access"),
    CHOKEPOINT_ROW(FrontierParameters, us_open_gap, "nats", kPositive, "how far an open US release stays behind the US frontier"),
    CHOKEPOINT_ROW(FrontierParameters, china_open_gap, "nats", kPositive, "how far an open Chinese release stays behind the Chinese frontier"),
    CHOKEPOINT_ROW(FrontierParameters, replication_gap, "nats", kPositive, "how far behind an open model anyone can be at a release"),
    CHOKEPOINT_ROW(FrontierParameters, cn_training_share, "nats", kUnbounded, "log ratio of the share of compute in the largest run, China over US"),
};
static_assert(covers(kFrontierParameters), "every frontier parameter needs exactly one row, in the order of declaration");

template <class Real>
struct Frontier {
  Real us, china;  // Q, nats
  Real open;       // O, best open model, nats
  Real growth;     // g, trailing growth of the US frontier, nats/yr
  Real lag;        // months; negative: China ahead
  Real us_records, china_records;  // releases since the start that raised the frontier of their bloc

  CHOKEPOINT_HD Real best() const { return max(us, china); }
};

template <class Real>
CHOKEPOINT_HD Frontier<Real> start_frontier(const FrontierParameters<Real>& p, Real algorithm_growth) {
  const Real growth = algorithm_growth + 0.8f;
  const Real china = -growth * p.initial_lag * (1 / 12.0f);
  return {0, china, china, growth, p.initial_lag, 0, 0};
}

static_assert(status_quo(&Levers<float>::model_access_control) == 0.1f);  // distillation below is relative to it

template <class Real>
CHOKEPOINT_HD void step_frontier(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s, Events<Real>& events) {
  const FrontierParameters<Real>& p = w.frontier;
  Frontier<Real>& f = s.frontier;
  const Real us_effective = s.algorithms.log_us_compute - w.initial_log_compute + s.algorithms.us;
  const Real china_effective = s.algorithms.log_china_compute - w.initial_log_compute + s.algorithms.china + p.cn_training_share;
  const Real us_before = f.us, china_before = f.china;

  const auto us_releases = happens(m.wait_release_us, p.us_release_rate);
  const Real us_trained = us_effective + p.release_noise * m.z_release_us - levers.us_release_holdback;
  f.us = select(us_releases, max(f.us, max(us_trained, f.open - p.replication_gap)), f.us);

  const auto china_releases = happens(m.wait_release_cn, p.china_release_rate);
  const Real china_trained = china_effective + p.release_noise * m.z_release_cn;
  const Real distilled = f.us - p.distillation_gap * fma(levers.model_access_control - 0.1f, 2, 1);
  f.china = select(china_releases, max(max(f.china, china_trained), max(distilled, f.open - p.replication_gap)), f.china);

  const auto us_opens = us_releases & (m.u_open_us < levers.us_open_share);
  f.open = select(us_opens, max(f.open, f.us - p.us_open_gap), f.open);
  const auto china_opens = china_releases & (m.u_open_cn < levers.china_open_share);
  f.open = select(china_opens, max(f.open, f.china - p.china_open_gap), f.open);

  f.us_records += select(f.us > us_before, Real(1), Real(0));
  f.china_records += select(f.china > china_before, Real(1), Real(0));
  f.growth = max(f.growth + (f.us - us_before) - f.growth * kYearsPerStep, 0.5f);
  f.lag = 12 * (f.us - f.china) / f.growth;
  events.mark(Event::kChinaOvertakes, f.lag < 0);
  events.mark(Event::kOpenNearFrontier, f.open >= f.best() - 0.5f);
}

}  // namespace chokepoint::race
