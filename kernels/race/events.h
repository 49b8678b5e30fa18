// First-passage events of the race model (MODEL.md, 6).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../events.h"
#include "../rows.h"

namespace chokepoint::race {

enum class Event {
  kTaiwanCrisis, kPolicyReversal, kImportRefusal, kBust, kParadigmChange, kChinaOvertakes, kOpenNearFrontier,
  kPriceCollapse, kTransformative, kTransformativeUs, kTransformativeChina, kDecisiveLead, kCatastrophe, kCount
};

inline constexpr EventRow kEvents[] = {
    {"taiwan_crisis", "blockade or invasion of Taiwan"},
    {"policy_reversal", "announced export controls fall back to the status quo"},
    {"import_refusal", "Beijing's refusal of licensed chips is in force"},
    {"bust", "an investment correction starts"},
    {"paradigm_change", "a change of AI paradigm"},
    {"china_overtakes", "the Chinese frontier is ahead (capability_lag < 0)"},
    {"open_near_frontier", "the best open model is within 0.5 nats of the frontier"},
    {"price_collapse", "the model margin is below half of its start"},
    {"transformative", "the frontier crosses the transformative threshold"},
    {"transformative_us", "the US frontier crosses it first"},
    {"transformative_china", "the Chinese frontier crosses it first"},
    {"decisive_lead", "it is crossed with a lead beyond decisive_months, on either side"},
    {"catastrophe", "a catastrophe near or beyond the threshold"},
};
static_assert(sizeof kEvents / sizeof *kEvents == static_cast<unsigned>(Event::kCount));

template <class Real>
using Events = EventLog<Real, static_cast<int>(Event::kCount)>;

}  // namespace chokepoint::race
