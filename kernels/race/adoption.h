// Adoption (MODEL.md, 5.6): third countries and the West choose between the American and the Chinese stack
// by quality, price, openness, trust and what is installed already.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "levers.h"
#include "month.h"

namespace chokepoint::race {

template <class Real>
struct AdoptionParameters {
  Real row_adoption, west_adoption, row_adoption_drift, west_adoption_drift, china_home_share, adoption_speed,
      quality_weight, price_weight, china_discount, openness_weight, distrust, west_distrust_extra, lock_in,
      cap_backlash, incident_rate, incident_size, network_exponent;
};

inline constexpr Field<AdoptionParameters<float>, ParameterRow> kAdoptionParameters[] = {
    CHOKEPOINT_ROW(AdoptionParameters, row_adoption, "1", kShare, "Chinese-stack share of AI use in third countries at start"),
    CHOKEPOINT_ROW(AdoptionParameters, west_adoption, "1", kShare, "the same among the US and allies"),
    CHOKEPOINT_ROW(AdoptionParameters, row_adoption_drift, "logit", kUnbounded, "how far present conditions lead from the present share in third countries"),
    CHOKEPOINT_ROW(AdoptionParameters, west_adoption_drift, "logit", kUnbounded, "the same among the US and allies"),
    CHOKEPOINT_ROW(AdoptionParameters, china_home_share, "1", kShare, "Chinese-stack share at home, constant"),
    CHOKEPOINT_ROW(AdoptionParameters, adoption_speed, "1/yr", kPositive, "speed of adjustment"),
    CHOKEPOINT_ROW(AdoptionParameters, quality_weight, "1/nat", kPositive, "weight of the capability gap"),
    CHOKEPOINT_ROW(AdoptionParameters, price_weight, "1", kPositive, "weight of a log unit of price advantage"),
    CHOKEPOINT_ROW(AdoptionParameters, china_discount, "1", kPositive, "price of US models over Chinese ones"),
    CHOKEPOINT_ROW(AdoptionParameters, openness_weight, "1", kPositive, "weight of the difference in open shares"),
    CHOKEPOINT_ROW(AdoptionParameters, distrust, "1", kPositive, "third countries' aversion to Chinese software"),
    CHOKEPOINT_ROW(AdoptionParameters, west_distrust_extra, "1", kPositive, "further aversion of the US and allies"),
    CHOKEPOINT_ROW(AdoptionParameters, lock_in, "1", kPositive, "network effect of the installed share"),
    CHOKEPOINT_ROW(AdoptionParameters, cap_backlash, "1", kPositive, "push towards the Chinese stack from a full third-country cap"),
    CHOKEPOINT_ROW(AdoptionParameters, incident_rate, "1/yr", kPositive, "hazard of a security incident with Chinese software"),
    CHOKEPOINT_ROW(AdoptionParameters, incident_size, "1", kPositive, "distrust that an incident adds"),
    CHOKEPOINT_ROW(AdoptionParameters, network_exponent, "1", kPositive, "value of a network as a power of its size"),
};
static_assert(covers(kAdoptionParameters), "every adoption parameter needs exactly one row, in the order of declaration");

template <class Real>
struct Adoption {
  Real row, west;  // x and y, Chinese-stack shares
  Real distrust;   // d
};

// What third countries (U_x) and the West (U_y) gain from the Chinese stack, in logits.
template <class Real>
struct Appeal {
  Real row, west;
};
template <class Real>
CHOKEPOINT_HD Appeal<Real> appeal(const AdoptionParameters<Real>& p, Real price_appeal, Real capability_gap, Real open_advantage,
                                  Real third_country_cap, const Adoption<Real>& a) {
  const Real common = fma(p.quality_weight, capability_gap, price_appeal) + p.openness_weight * open_advantage - a.distrust;
  return {common + p.lock_in * fma(a.row, 2, -1) + p.cap_backlash * third_country_cap,
          common - p.west_distrust_extra + p.lock_in * fma(a.west, 2, -1)};
}

template <class Real>
CHOKEPOINT_HD void step_adoption(const World<Real>& w, const Month<Real>& m, const Levers<Real>& levers, State<Real>& s) {
  const AdoptionParameters<Real>& p = w.adoption;
  Adoption<Real>& a = s.adoption;
  const Real shock = select(happens(m.wait_incident, p.incident_rate), p.incident_size, 0);
  a.distrust += (p.distrust - a.distrust) * (0.5f * kYearsPerStep) + shock;

  const auto pull = appeal(p, w.price_appeal, s.frontier.china - s.frontier.us, levers.china_open_share - levers.us_open_share,
                           levers.third_country_cap, a);
  const Real speed = p.adoption_speed * kYearsPerStep;
  a.row = clamp(fma(speed, logistic(w.row_intercept + pull.row) - a.row, a.row), 0.001f, 0.999f);
  a.west = clamp(fma(speed, logistic(w.west_intercept + pull.west) - a.west, a.west), 0.001f, 0.999f);
}

// 1 - (s^e + (1 - s)^e) for the Chinese stack's world share s: value lost because networks are split.
template <class Real>
CHOKEPOINT_HD Real balkanisation_loss(const AdoptionParameters<Real>& p, const Adoption<Real>& a) {
  const Real share = 0.35f * a.row + 0.45f * a.west + 0.20f * p.china_home_share;
  return 1 - (power(share, p.network_exponent) + power(1 - share, p.network_exponent));
}

}  // namespace chokepoint::race
