// Chip supply (MODEL.md, 5.2): allied output is shared out to China by licence and by smuggling, to third
// countries and to the US; China makes what its logic and its memory allow. Compute in million
// H100-equivalents (M H100e), flows per year.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "levers.h"
#include "month.h"

namespace chokepoint::race {

template <class Real>
struct SupplyParameters {
  Real allied_output, allied_growth, allied_growth_longrun, allied_growth_decay, allied_output_volatility, chip_lifetime,
      us_compute, row_compute, china_compute_licit, china_compute_smuggled, row_share, china_demand_share,
      quality_demand_exponent, smuggled_share, enforcement_effect, china_logic, china_logic_growth,
      china_logic_volatility, equipment_effect, subsidy_effect, china_memory, china_memory_growth, memory_import,
      memory_stockpile, rental_share, domestic_export_share;
};

inline constexpr Field<SupplyParameters<float>, ParameterRow> kSupplyParameters[] = {
    CHOKEPOINT_ROW(SupplyParameters, allied_output, "M H100e/yr", kPositive, "allied chip output, flow at start"),
    CHOKEPOINT_ROW(SupplyParameters, allied_growth, "1/yr", kUnbounded, "log growth of that flow at start"),
    CHOKEPOINT_ROW(SupplyParameters, allied_growth_longrun, "1/yr", kUnbounded, "log growth of that flow in the long run"),
    CHOKEPOINT_ROW(SupplyParameters, allied_growth_decay, "yr", kPositive, "e-folding time of the approach to the long run"),
    CHOKEPOINT_ROW(SupplyParameters, allied_output_volatility, "1/sqrt(yr)", kPositive, "volatility of allied output"),
    CHOKEPOINT_ROW(SupplyParameters, chip_lifetime, "yr", kPositive, "e-folding life of installed compute"),
    CHOKEPOINT_ROW(SupplyParameters, us_compute, "M H100e", kPositive, "US stock at start"),
    CHOKEPOINT_ROW(SupplyParameters, row_compute, "M H100e", kPositive, "third countries' stock at start"),
    CHOKEPOINT_ROW(SupplyParameters, china_compute_licit, "M H100e", kPositive, "China's licensed western and domestic stock at start"),
    CHOKEPOINT_ROW(SupplyParameters, china_compute_smuggled, "M H100e", kPositive, "China's smuggled stock at start"),
    CHOKEPOINT_ROW(SupplyParameters, row_share, "1", kShare, "third countries' share of what is left after China"),
    CHOKEPOINT_ROW(SupplyParameters, china_demand_share, "1", kShare, "share of allied output that China would buy if nothing stopped it"),
    CHOKEPOINT_ROW(SupplyParameters, quality_demand_exponent, "1", kUnbounded, "how demand falls with the quality of the licensable chip"),
    CHOKEPOINT_ROW(SupplyParameters, smuggled_share, "1", kShare, "smuggled share of allied output at status-quo enforcement"),
    CHOKEPOINT_ROW(SupplyParameters, enforcement_effect, "1", kFraction, "share of smuggling that full enforcement stops"),
    CHOKEPOINT_ROW(SupplyParameters, china_logic, "M H100e/yr", kPositive, "China's logic output at start"),
    CHOKEPOINT_ROW(SupplyParameters, china_logic_growth, "1/yr", kUnbounded, "its log growth at start"),
    CHOKEPOINT_ROW(SupplyParameters, china_logic_volatility, "1/sqrt(yr)", kPositive, "its volatility"),
    CHOKEPOINT_ROW(SupplyParameters, equipment_effect, "1", kFraction, "share of that growth which full, fully aligned equipment control removes"),
    CHOKEPOINT_ROW(SupplyParameters, subsidy_effect, "1", kFraction, "extra growth share from full subsidy"),
    CHOKEPOINT_ROW(SupplyParameters, china_memory, "M H100e/yr", kPositive, "output that domestic high-bandwidth memory can feed, at start"),
    CHOKEPOINT_ROW(SupplyParameters, china_memory_growth, "1/yr", kUnbounded, "its log growth at start"),
    CHOKEPOINT_ROW(SupplyParameters, memory_import, "M H100e/yr", kPositive, "output fed by imported or leaked memory at status-quo control"),
    CHOKEPOINT_ROW(SupplyParameters, memory_stockpile, "M H100e", kPositive, "stock of memory at start, in chips it can feed"),
    CHOKEPOINT_ROW(SupplyParameters, rental_share, "1", kShare, "share of third-country compute that Chinese labs can rent at status quo"),
    CHOKEPOINT_ROW(SupplyParameters, domestic_export_share, "1", kFraction, "share of Chinese output sold to third countries under a full cap"),
};
static_assert(covers(kSupplyParameters), "every supply parameter needs exactly one row, in the order of declaration");

template <class Real>
struct Supply {
  Real allied_output;     // F, M H100e/yr before shocks
  Real logic, memory;     // L and H, M H100e/yr that Chinese logic and memory can make
  Real memory_stock;      // S, M H100e
  Real us_stock, row_stock, china_stock;  // K, M H100e installed
  Real us_compute, china_compute;         // C, M H100e that each bloc's labs can use
  Real licensed, smuggled, domestic;      // X, M, D: China's sources this month, M H100e/yr
  Real us_added, china_added;             // M H100e installed since January
  Real smuggled_stock;                    // M H100e of the Chinese stock
};

template <class Real>
CHOKEPOINT_HD Supply<Real> start_supply(const SupplyParameters<Real>& p) {
  const Real china_stock = p.china_compute_licit + p.china_compute_smuggled;
  return {p.allied_output, p.china_logic, p.china_memory, p.memory_stockpile, p.us_compute, p.row_compute, china_stock,
          p.us_compute, fma(p.rental_share, p.row_compute, china_stock), 0, 0, 0, 0, 0, p.china_compute_smuggled};
}

// The factor by which a lognormal walk moves in a month.
template <class Real>
CHOKEPOINT_HD Real growth_factor(Real growth, Real volatility, Real z) {
  const Real drift = fma(volatility * volatility, -0.5f, growth);
  return exp(fma(drift, kYearsPerStep, volatility * kRootYearsPerStep * z));
}

// The equations name status-quo levers as numbers.
static_assert(status_quo(&Levers<float>::equipment_control) == 0.6f && status_quo(&Levers<float>::allied_alignment) == 0.8f);  // 0.48
static_assert(status_quo(&Levers<float>::enforcement) == 0.3f && status_quo(&Levers<float>::memory_control) == 0.7f);
static_assert(status_quo(&Levers<float>::cloud_access_control) == 0.1f && status_quo(&Levers<float>::china_chip_subsidy) == 0.5f);

template <class Real>
CHOKEPOINT_HD void step_supply(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s) {
  const SupplyParameters<Real>& p = w.supply;
  Supply<Real>& c = s.supply;

  // Allied output, and what crises leave of it.
  const Real trend = fma(p.allied_growth - p.allied_growth_longrun, m.allied_decay, p.allied_growth_longrun);
  const Real growth = select(s.regimes.bust_left > 0, -w.market.bust_depth, trend * fma(levers.datacenter_buildout, 0.15f, 1));
  c.allied_output *= growth_factor(growth, p.allied_output_volatility, m.z_output);
  const Real output = c.allied_output * select(s.regimes.taiwan_left > 0, 1 - w.regimes.taiwan_loss, 1)
                                      * select(s.regimes.counter_left > 0, 1 - w.regimes.counter_loss, 1);

  // Who gets it.
  const Real demand = p.china_demand_share * output;
  const Real wanted = demand * power(levers.licensed_chip_quality, p.quality_demand_exponent)
                             * select(holds(s.regimes.refused), 1 - levers.china_import_refusal, 1);
  c.licensed = min(levers.chip_licence_share * output, wanted);
  const Real undeterred = (1 - p.enforcement_effect * levers.enforcement) * w.smuggling_scale;
  c.smuggled = min(undeterred * output * (1 - c.licensed / demand), 0.15f * output);
  const Real rest = output - c.licensed - c.smuggled;
  const Real row = rest * p.row_share * (1 - levers.third_country_cap);
  const Real us = rest - row;

  // What China makes itself.
  const Real control = fma(levers.equipment_control, levers.allied_alignment, -0.48f);  // beyond status quo
  const Real logic_growth = p.china_logic_growth * (1 - p.equipment_effect * control)
                            * fma(p.subsidy_effect, levers.china_chip_subsidy - 0.5f, 1) * m.china_decay;
  c.logic *= growth_factor(logic_growth, p.china_logic_volatility, m.z_logic);
  const Real memory_growth = p.china_memory_growth * (1 - 0.5f * p.equipment_effect * control) * m.china_decay;
  c.memory *= growth_factor(memory_growth, Real(0.1f), m.z_memory);
  const Real fed = c.memory + p.memory_import * (1 - levers.memory_control) * (1 / 0.3f);
  c.domestic = min(c.logic, fed + c.memory_stock);
  c.memory_stock = positive_part(c.memory_stock - positive_part(c.domestic - fed) * kYearsPerStep);
  const Real exported = p.domestic_export_share * levers.third_country_cap * c.domestic;

  // Stocks, and what labs can reach.
  const Real china = c.licensed + c.smuggled + c.domestic - exported;
  c.us_stock = fma(us, kYearsPerStep, c.us_stock * w.chip_survival);
  c.row_stock = fma(row + exported, kYearsPerStep, c.row_stock * w.chip_survival);
  c.china_stock = fma(china, kYearsPerStep, c.china_stock * w.chip_survival);
  c.smuggled_stock = fma(c.smuggled, kYearsPerStep, c.smuggled_stock * w.chip_survival);
  c.us_compute = c.us_stock;
  c.china_compute = fma(p.rental_share * (1 - levers.cloud_access_control) * (1 / 0.9f), c.row_stock, c.china_stock);
  if (m.january) c.us_added = c.china_added = 0;
  c.us_added = fma(us, kYearsPerStep, c.us_added);
  c.china_added = fma(china, kYearsPerStep, c.china_added);
}

}  // namespace chokepoint::race
