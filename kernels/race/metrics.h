// What is measured at the end of a recorded month (MODEL.md, 6). Histogram ranges are wide: what falls
// outside is still counted, and quantiles there are bounded by the extremes that were seen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "world.h"

namespace chokepoint::race {

template <class Real>
struct Metrics {
  Real us_compute, china_compute, china_stock, compute_ratio, stock_ratio, compute_added_ratio, china_self_sufficiency,
      smuggled_flow, china_domestic_output, capability_lag, frontier, open_lag, algorithm_gap, competitors, margin, price,
      query_cost, revenue, model_layer_value, capex, payback, row_adoption, west_adoption, balkanisation_loss,
      smuggled_stock, capability_gap, us_records, china_records;
};

inline constexpr auto kNone = Direction::kNone, kHigher = Direction::kHigher, kLower = Direction::kLower;
inline constexpr auto kLinear = Scale::kLinear, kLog = Scale::kLog, kSignedLog = Scale::kSignedLog;

inline constexpr Field<Metrics<float>, MetricRow> kMetrics[] = {
    CHOKEPOINT_ROW(Metrics, us_compute, "M H100e", kNone, kLog, 0.05f, 1e6f, 0, -16, "compute that US labs can use"),
    CHOKEPOINT_ROW(Metrics, china_compute, "M H100e", kNone, kLog, 0.01f, 1e6f, 0, -16, "compute that Chinese labs can use, rented compute included"),
    CHOKEPOINT_ROW(Metrics, china_stock, "M H100e", kNone, kLog, 0.01f, 1e6f, 0, -16, "compute located in China"),
    CHOKEPOINT_ROW(Metrics, compute_ratio, "1", kHigher, kLog, 1e-2f, 1e4f, 0, -20, "US over Chinese accessible compute"),
    CHOKEPOINT_ROW(Metrics, stock_ratio, "1", kHigher, kLog, 1e-2f, 1e4f, 0, -20, "US over Chinese installed compute"),
    CHOKEPOINT_ROW(Metrics, compute_added_ratio, "1", kHigher, kLog, 1e-2f, 1e4f, 0, -20, "US over Chinese compute added since January"),
    CHOKEPOINT_ROW(Metrics, china_self_sufficiency, "1", kLower, kLinear, 0, 1, 0, -20, "domestic share of the compute that China adds"),
    CHOKEPOINT_ROW(Metrics, smuggled_flow, "M H100e/yr", kLower, kLog, 1e-3f, 1e4f, 0, -20, "compute smuggled into China"),
    CHOKEPOINT_ROW(Metrics, china_domestic_output, "M H100e/yr", kLower, kLog, 1e-2f, 1e4f, 0, -20, "compute made in China"),
    CHOKEPOINT_ROW(Metrics, capability_lag, "months", kHigher, kSignedLog, -600, 3000, 1, -18, "Chinese frontier behind the US frontier; negative: ahead"),
    CHOKEPOINT_ROW(Metrics, frontier, "nats", kNone, kSignedLog, -5, 500, 0.25f, -20, "best frontier capability, in nats of effective training compute since the start"),
    CHOKEPOINT_ROW(Metrics, open_lag, "months", kNone, kSignedLog, 0, 3000, 1, -18, "best open model behind the frontier"),
    CHOKEPOINT_ROW(Metrics, algorithm_gap, "nats", kNone, kSignedLog, -200, 200, 0.25f, -20, "US over Chinese algorithmic efficiency"),
    CHOKEPOINT_ROW(Metrics, competitors, "1", kNone, kLinear, 1, 61, 0, -20, "near-frontier providers"),
    CHOKEPOINT_ROW(Metrics, margin, "1", kNone, kLinear, 0, 1, 0, -24, "gross margin of model providers"),
    CHOKEPOINT_ROW(Metrics, price, "1", kNone, kSignedLog, 0, 4, 1e-7f, -36, "price of a fixed quality, start = 1"),
    CHOKEPOINT_ROW(Metrics, query_cost, "1", kNone, kSignedLog, 0, 1e3f, 1e-2f, -24, "cost of a frontier query, start = 1"),
    CHOKEPOINT_ROW(Metrics, revenue, "USD bn/yr", kHigher, kLog, 0.05f, 1e5f, 0, -16, "revenue of model providers"),
    CHOKEPOINT_ROW(Metrics, model_layer_value, "USD bn/yr", kNone, kLog, 0.05f, 1e5f, 0, -16, "revenue that stays at the model layer"),
    CHOKEPOINT_ROW(Metrics, capex, "USD bn/yr", kNone, kLog, 10, 1e5f, 0, -16, "capital spending"),
    CHOKEPOINT_ROW(Metrics, payback, "1", kHigher, kLog, 1e-4f, 1e2f, 0, -24, "model profit over capital spending since the start"),
    CHOKEPOINT_ROW(Metrics, row_adoption, "1", kLower, kLinear, 0, 1, 0, -24, "Chinese-stack share of AI use in third countries"),
    CHOKEPOINT_ROW(Metrics, west_adoption, "1", kLower, kLinear, 0, 1, 0, -24, "Chinese-stack share of AI use among the US and allies"),
    CHOKEPOINT_ROW(Metrics, balkanisation_loss, "1", kLower, kLinear, 0, 1, 0, -24, "network value lost because the world is split"),
    CHOKEPOINT_ROW(Metrics, smuggled_stock, "M H100e", kLower, kLog, 1e-3f, 1e4f, 0, -20, "smuggled part of the compute located in China"),
    CHOKEPOINT_ROW(Metrics, capability_gap, "nats", kHigher, kSignedLog, -200, 200, 0.25f, -20, "US over Chinese frontier capability; negative: China ahead"),
    CHOKEPOINT_ROW(Metrics, us_records, "1", kNone, kLinear, -0.5f, 1999.5f, 0, 0, "US releases since the start that raised the US frontier"),
    CHOKEPOINT_ROW(Metrics, china_records, "1", kNone, kLinear, -0.5f, 1999.5f, 0, 0, "Chinese releases since the start that raised the Chinese frontier"),
};
static_assert(covers(kMetrics), "every metric needs exactly one row, in the order of declaration");

template <class Real>
CHOKEPOINT_HD Metrics<Real> measure(const World<Real>& w, const State<Real>& s) {
  const Supply<Real>& c = s.supply;
  const Frontier<Real>& f = s.frontier;
  const Market<Real>& k = s.market;
  return {c.us_compute,
          c.china_compute,
          c.china_stock,
          c.us_compute / c.china_compute,
          c.us_stock / c.china_stock,
          c.us_added / c.china_added,
          c.domestic / (c.domestic + c.licensed + c.smuggled),
          c.smuggled,
          c.domestic,
          f.lag,
          f.best(),
          12 * (f.best() - f.open) / f.growth,
          s.algorithms.us - s.algorithms.china,
          k.competitors,
          k.margin,
          exp(k.log_cost) * (1 - w.initial_margin) / (1 - k.margin),
          exp(k.log_query_cost),
          k.revenue,
          k.revenue * (1 - k.service_share),
          k.capex,
          k.profit_made / k.capex_spent,
          s.adoption.row,
          s.adoption.west,
          balkanisation_loss(w.adoption, s.adoption),
          c.smuggled_stock,
          f.us - f.china,
          f.us_records,
          f.china_records};
}

}  // namespace chokepoint::race
