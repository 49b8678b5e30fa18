// What a policy can set (MODEL.md, 2). While a policy reversal lasts, the export-control levers take
// their status-quo values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../pack.h"
#include "../rows.h"

namespace chokepoint::race {

template <class Real>
struct Levers {
  Real chip_licence_share, licensed_chip_quality, equipment_control, allied_alignment, memory_control,
      enforcement, third_country_cap, cloud_access_control, model_access_control, durability,
      datacenter_buildout, china_chip_subsidy, china_import_refusal, us_open_share, china_open_share,
      us_release_holdback, research_openness, talent_inflow, public_adoption, race_coordination;
};

inline constexpr Field<Levers<float>, LeverRow> kLevers[] = {
    CHOKEPOINT_ROW(Levers, chip_licence_share, {0, 1}, 0.02f, true, "largest share of allied output that may be licensed for sale to China"),
    CHOKEPOINT_ROW(Levers, licensed_chip_quality, {0, 1}, 0.45f, true, "performance of the best licensable chip relative to the best chip"),
    CHOKEPOINT_ROW(Levers, equipment_control, {0, 1}, 0.6f, true, "stringency of chip-making-equipment controls"),
    CHOKEPOINT_ROW(Levers, allied_alignment, {0, 1}, 0.8f, true, "share of equipment controls that Japan, the Netherlands and others mirror"),
    CHOKEPOINT_ROW(Levers, memory_control, {0, 1}, 0.7f, true, "stringency of high-bandwidth-memory controls"),
    CHOKEPOINT_ROW(Levers, enforcement, {0, 1}, 0.3f, true, "effort against diversion and smuggling"),
    CHOKEPOINT_ROW(Levers, third_country_cap, {0, 1}, 0, true, "how far chip sales to third countries are capped (diffusion rule: about 0.7)"),
    CHOKEPOINT_ROW(Levers, cloud_access_control, {0, 1}, 0.1f, true, "know-your-customer rules on compute rented abroad"),
    CHOKEPOINT_ROW(Levers, model_access_control, {0, 1}, 0.1f, true, "limits on access to closed models (against distillation)"),
    CHOKEPOINT_ROW(Levers, durability, {0, 1}, 0, false, "how hard the export-control levers are to reverse (0 executive order, 1 statute)"),
    CHOKEPOINT_ROW(Levers, datacenter_buildout, {-1, 1}, 0, false, "ease of building data centres and power in the US"),
    CHOKEPOINT_ROW(Levers, china_chip_subsidy, {0, 1}, 0.5f, false, "Chinese support for domestic chips"),
    CHOKEPOINT_ROW(Levers, china_import_refusal, {0, 1}, 0.5f, false, "how far Beijing blocks purchases of licensed chips while its refusal regime is on"),
    CHOKEPOINT_ROW(Levers, us_open_share, {0, 1}, 0.15f, false, "probability that a US frontier release comes with open weights"),
    CHOKEPOINT_ROW(Levers, china_open_share, {0, 1}, 0.75f, false, "probability that a Chinese frontier release comes with open weights"),
    CHOKEPOINT_ROW(Levers, us_release_holdback, {0, 3}, 0, false, "capability withheld from US releases (nats)"),
    CHOKEPOINT_ROW(Levers, research_openness, {0, 1}, 0.6f, false, "openness of published research and of talent flows between blocs"),
    CHOKEPOINT_ROW(Levers, talent_inflow, {-1, 1}, 0, false, "immigration of engineers to the US"),
    CHOKEPOINT_ROW(Levers, public_adoption, {0, 1}, 0, false, "government procurement and adoption push in the US"),
    CHOKEPOINT_ROW(Levers, race_coordination, {0, 1}, 0, false, "cooperation that lowers racing risk"),
};
static_assert(covers(kLevers), "every lever needs exactly one row, in the order of declaration");

constexpr float status_quo(float Levers<float>::*lever) {
  for (const auto& field : kLevers)
    if (field.member == lever) return field.row.status_quo;
  return 0;
}

namespace detail {
template <std::size_t I, class Real>
CHOKEPOINT_HD void revert(typename Real::MaskType reversed, Real* levers) {
  constexpr LeverRow row = kLevers[I].row;
  constexpr float status_quo = row.status_quo;
  if constexpr (row.export_control) levers[I] = select(reversed, status_quo, levers[I]);
}
template <class Real, std::size_t... I>
CHOKEPOINT_HD void revert_each(typename Real::MaskType reversed, Real* levers, std::index_sequence<I...>) {
  (revert<I>(reversed, levers), ...);
}
}  // namespace detail

template <class Real>
CHOKEPOINT_HD void revert_export_controls(typename Real::MaskType reversed, Levers<Real>& levers) {
  detail::revert_each(reversed, reinterpret_cast<Real*>(&levers), std::make_index_sequence<kMembers<Levers<float>>>{});
}

}  // namespace chokepoint::race
