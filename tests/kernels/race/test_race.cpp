// The whole race model: its tables of rows, its start, metrics and draws; and whole trajectories against an independent
// account of MODEL.md, sections 4 to 6, in double precision, from the same uniforms.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <random>
#include <set>
#include <string_view>

#include "fixture.h"

namespace chokepoint::race {
namespace {

constexpr int kSteps = 120;
constexpr std::uint64_t kSeed = 20260101;

// A struct of Reals in double precision: the same members in the same order.
template <template <class> class S>
S<double> in_double(const S<One>& from) {
  S<double> to;
  for (std::size_t i = 0; i < sizeof from / sizeof(One); ++i) members(to)[i] = value(members(from)[i]);
  return to;
}

// --- the reference: MODEL.md in double precision, top to bottom ---

double pos(double x) { return x > 0 ? x : 0; }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double logit(double p) { return std::log(p / (1 - p)); }

// The standard normal quantile, by bisection.
double quantile(double u) {
  double low = -8, high = 8;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < u ? low : high) = middle;
  }
  return low;
}

struct Draws {
  double z_output, z_logic, z_memory, z_algo_us, z_algo_cn, z_release_us, z_release_cn, z_revenue;
  double u_taiwan, u_counter, u_reversal, u_refusal, u_release_us, u_release_cn, u_open_us, u_open_cn, u_paradigm, u_paradigm_side, u_bust,
      u_incident, u_catastrophe;
};

// The slots of section 1, in that order.
Draws draw(std::uint64_t seed, unsigned trajectory, unsigned step) {
  Draws d;
  double* const slot = &d.z_output;
  for (unsigned i = 0; i < sizeof d / sizeof(double); ++i) {
    const double u = value(draw_uniform<1>(seed, Purpose::kChance, {Bits<1>(trajectory), Bits<1>(0)}, step, i));
    slot[i] = i < 8 ? quantile(u) : u;
  }
  return d;
}

struct Reference {
  Parameters<double> par;
  double F, K_us, K_row, K_cn, L, H, S, C_us, C_cn, e0, g, Q_us = 0, Q_cn, O, A_us = 0, A_cn, n, c = 0, q = 0, R, I, v, x, y, d;
  double taiwan_left = 0, counter_left = 0, bust_left = 0, sum_capex = 0, sum_profit = 0, sum_us = 0, sum_cn = 0;
  bool reversed = false, refused, crossed_us = false, crossed_cn = false;
  double X = 0, M = 0, D = 0, lag = 0, margin, margin0, a_x, a_y, K_smuggled, records_us = 0, records_cn = 0;
  std::array<int, static_cast<int>(Event::kCount)> first;
  bool knife_edge = false;  // a yes or no of this trajectory hung by less than single precision tells

  explicit Reference(const Parameters<double>& parameters) : par(parameters) {
    const auto& [s, al, f, m, ad, r, k] = par;
    F = s.allied_output, K_us = s.us_compute, K_row = s.row_compute, K_cn = s.china_compute_licit + s.china_compute_smuggled;
    K_smuggled = s.china_compute_smuggled;
    L = s.china_logic, H = s.china_memory, S = s.memory_stockpile;
    C_us = K_us, C_cn = K_cn + s.rental_share * K_row, e0 = std::log(C_us);
    g = al.algorithm_growth + 0.8;
    Q_cn = -g * f.initial_lag / 12, O = Q_cn;
    A_cn = Q_cn - f.cn_training_share - (std::log(C_cn) - e0);
    n = m.competitors, R = m.revenue, I = m.capex, v = m.service_share;
    x = ad.row_adoption, y = ad.west_adoption, d = ad.distrust;
    refused = r.refusal_at_start > 0.5;
    margin0 = margin = m.monopoly_margin / (1 + m.similarity * (n - 1));
    a_x = logit(x) - U_x(0.75, 0.15, 0) + ad.row_adoption_drift;
    a_y = logit(y) - U_y(0.75, 0.15) + ad.west_adoption_drift;
    first.fill(kSteps);
  }

  // a > b, noting when single precision could have answered otherwise.
  bool exceeds(double a, double b, double tolerance) {
    knife_edge |= std::abs(a - b) < tolerance;
    return a > b;
  }
  bool event(double u, double hazard) {
    const double p = 1 - std::exp(-hazard / 12);
    return exceeds(p, u, 2e-5 * p + 1e-7);
  }
  void mark(Event e, int step, bool happened) {
    int& when = first[static_cast<std::size_t>(e)];
    if (happened && when == kSteps) when = step;
  }

  void release(double capability, double& best, double& records) {
    if (!exceeds(capability, best, 1e-4 * (capability != best))) return;
    best = capability;
    ++records;
  }

  double U(double open_cn, double open_us, double distrust, double share) const {
    const auto& p = par.adoption;
    return p.quality_weight * (Q_cn - Q_us) + p.price_weight * std::log(p.china_discount) + p.openness_weight * (open_cn - open_us) -
           distrust + p.lock_in * (2 * share - 1);
  }
  double U_x(double open_cn, double open_us, double cap) const { return U(open_cn, open_us, d, x) + par.adoption.cap_backlash * cap; }
  double U_y(double open_cn, double open_us) const { return U(open_cn, open_us, d + par.adoption.west_distrust_extra, y); }

  void step(int month, Levers<double> l, const Draws& z) {
    const auto& [s, al, f, m, ad, r, k] = par;
    const double dt = 1.0 / 12, root = std::sqrt(dt), t = month / 12.0;

    // 5.1
    const bool crisis = exceeds(taiwan_left, 0, 1e-5 * (taiwan_left != 0));
    if (crisis) {
      taiwan_left -= dt;
    } else {
      taiwan_left = event(z.u_taiwan, r.taiwan_rate) ? r.taiwan_duration : 0;
      mark(Event::kTaiwanCrisis, month, taiwan_left > 0);
    }
    if (reversed) {
      if (event(z.u_reversal, r.restoration_rate)) reversed = false;
    } else if (event(z.u_reversal, r.reversal_rate * (1 - l.durability))) {
      reversed = true;
      mark(Event::kPolicyReversal, month, true);
    }
    if (reversed) {
      l.chip_licence_share = 0.02, l.licensed_chip_quality = 0.45, l.equipment_control = 0.6, l.allied_alignment = 0.8;
      l.memory_control = 0.7, l.enforcement = 0.3, l.third_country_cap = 0, l.cloud_access_control = 0.1, l.model_access_control = 0.1;
    }
    if (event(z.u_refusal, refused ? r.refusal_off_rate : r.refusal_on_rate)) refused = !refused;
    mark(Event::kImportRefusal, month, refused);
    const double intensity = (l.equipment_control + l.memory_control + 1 - std::min(1.0, l.chip_licence_share / 0.3)) / 3;
    if (exceeds(counter_left, 0, 1e-5 * (counter_left != 0))) counter_left -= dt;
    else counter_left = event(z.u_counter, r.counter_rate * intensity) ? r.counter_duration : 0;
    knife_edge |= bust_left > 0 && std::abs(bust_left - dt) < 1e-5;
    bust_left = pos(bust_left - dt);
    knife_edge |= (taiwan_left != 0 && std::abs(taiwan_left) < 1e-5) || (counter_left != 0 && std::abs(counter_left) < 1e-5);

    // 5.2
    double growth = s.allied_growth_longrun + (s.allied_growth - s.allied_growth_longrun) * std::exp(-t / s.allied_growth_decay);
    growth *= 1 + 0.15 * l.datacenter_buildout;
    if (bust_left > 0) growth = -m.bust_depth;
    const double vol = s.allied_output_volatility;
    F *= std::exp((growth - vol * vol / 2) * dt + vol * root * z.z_output);
    const double F_eff = F * (taiwan_left > 0 ? 1 - r.taiwan_loss : 1) * (counter_left > 0 ? 1 - r.counter_loss : 1);
    const double W = s.china_demand_share * std::pow(l.licensed_chip_quality, s.quality_demand_exponent) * F_eff *
                     (refused ? 1 - l.china_import_refusal : 1);
    X = std::min(l.chip_licence_share * F_eff, W);
    M = s.smuggled_share * F_eff * (1 - s.enforcement_effect * l.enforcement) / (1 - s.enforcement_effect * 0.3) *
        (1 - X / (s.china_demand_share * F_eff));
    M = std::min(M, 0.15 * F_eff);
    const double Y = (F_eff - X - M) * s.row_share * (1 - l.third_country_cap);
    const double Z = F_eff - X - M - Y;
    const double control = l.equipment_control * l.allied_alignment - 0.48;
    const double vol_L = s.china_logic_volatility;
    L *= std::exp((s.china_logic_growth * (1 - s.equipment_effect * control) * (1 + s.subsidy_effect * (l.china_chip_subsidy - 0.5)) *
                       std::exp(-t / 10) - vol_L * vol_L / 2) * dt + vol_L * root * z.z_logic);
    H *= std::exp((s.china_memory_growth * (1 - 0.5 * s.equipment_effect * control) * std::exp(-t / 10) - 0.01 / 2) * dt +
                  0.1 * root * z.z_memory);
    const double fed = H + s.memory_import * (1 - l.memory_control) / 0.3;
    D = std::min(L, fed + S);
    S = pos(S - pos(D - fed) * dt);
    const double E = s.domestic_export_share * l.third_country_cap * D;
    const double survival = std::exp(-dt / s.chip_lifetime);
    K_us = K_us * survival + Z * dt;
    K_row = K_row * survival + (Y + E) * dt;
    K_cn = K_cn * survival + (X + M + D - E) * dt;
    K_smuggled = K_smuggled * survival + M * dt;
    C_us = K_us;
    C_cn = K_cn + s.rental_share * (1 - l.cloud_access_control) / 0.9 * K_row;
    if (month % 12 == 0) sum_us = sum_cn = 0;  // starts in January
    sum_us += Z * dt;
    sum_cn += (X + M + D - E) * dt;

    // 5.3
    const double diffusion = std::log(2.0) * 12 / al.diffusion_half_life * l.research_openness / 0.6;
    const double dA_us = al.algorithm_growth * (1 + al.talent_effect * l.talent_inflow) * (crossed_us ? k.takeoff_factor : 1) +
                         diffusion * pos(A_cn - A_us);
    const double dA_cn = al.algorithm_growth * (1 + al.scarcity_innovation * pos(std::log(C_us / C_cn) - al.scarcity_reference)) *
                             (crossed_cn ? k.takeoff_factor : 1) + diffusion * pos(A_us - A_cn);
    A_us += dA_us * dt + al.algorithm_volatility * root * z.z_algo_us;
    A_cn += dA_cn * dt + al.algorithm_volatility * root * z.z_algo_cn;
    if (event(z.u_paradigm, al.paradigm_rate)) {
      mark(Event::kParadigmChange, month, true);
      const bool us = exceeds(std::sqrt(C_us) / (std::sqrt(C_us) + std::sqrt(C_cn)), z.u_paradigm_side, 1e-5);
      (us ? A_us : A_cn) += al.paradigm_jump;
    }

    // 5.4
    const double E_us = std::log(C_us) - e0 + A_us, E_cn = std::log(C_cn) - e0 + A_cn + f.cn_training_share, Q_before = Q_us;
    const bool out_us = event(z.u_release_us, f.us_release_rate), out_cn = event(z.u_release_cn, f.china_release_rate);
    if (out_us) release(std::max(E_us + f.release_noise * z.z_release_us - l.us_release_holdback, O - f.replication_gap), Q_us, records_us);
    if (out_cn)
      release(std::max({E_cn + f.release_noise * z.z_release_cn, Q_us - f.distillation_gap * (1 + 2 * (l.model_access_control - 0.1)),
                        O - f.replication_gap}), Q_cn, records_cn);
    if (out_us && z.u_open_us < l.us_open_share) O = std::max(O, Q_us - f.us_open_gap);
    if (out_cn && z.u_open_cn < l.china_open_share) O = std::max(O, Q_cn - f.china_open_gap);
    g = std::max(g + ((Q_us - Q_before) / dt - g) * dt, 0.5);
    lag = 12 * (Q_us - Q_cn) / g;
    const double Q = std::max(Q_us, Q_cn);
    mark(Event::kChinaOvertakes, month, exceeds(0, lag, 1e-3));
    mark(Event::kOpenNearFrontier, month, exceeds(O, Q - 0.5, 1e-4));

    // 5.5
    n += (m.entry_rate * std::exp(-pos(Q - O) / m.openness_reach) * (m.max_competitors - n) - m.exit_rate * (n - 1)) * dt;
    n = std::max(n, 1.0);
    margin = m.monopoly_margin / (1 + m.similarity * (n - 1));
    mark(Event::kPriceCollapse, month, exceeds(margin0 / 2, margin, 1e-5));
    c -= (m.hardware_cost_decline + m.inference_efficiency * std::exp(-t / m.inference_decay)) * dt;
    q += (m.query_growth * std::exp(-t / m.query_growth_decay) - m.hardware_cost_decline) * dt;
    const double vol_R = m.revenue_volatility;
    R *= std::exp((m.revenue_elasticity * g * (1 + 0.3 * l.public_adoption) * (1 - R / m.revenue_ceiling) - vol_R * vol_R / 2) * dt +
                  vol_R * root * z.z_revenue);
    R = std::min(R, m.revenue_ceiling);
    v += m.service_shift * (0.95 - v) * dt;
    const double burden = std::log(I / R) - std::log(m.capex / m.revenue);
    if (bust_left <= 0) {
      if (event(z.u_bust, m.bust_rate * std::exp(std::clamp(m.bust_sensitivity * burden, -5.0, 3.0)))) {
        bust_left = m.bust_duration;
        I *= 1 - m.bust_depth;
        mark(Event::kBust, month, true);
      } else {
        I *= std::exp((m.capex_growth * std::exp(-t / m.capex_growth_decay) + 0.05 + 0.3 * std::min(0.0, -burden)) * dt);
      }
    }
    sum_capex += I * dt;
    sum_profit += R * margin * dt;

    // 5.6
    d += (ad.distrust - d) * 0.5 * dt + (event(z.u_incident, ad.incident_rate) ? ad.incident_size : 0);
    const double to_x = sigmoid(a_x + U_x(l.china_open_share, l.us_open_share, l.third_country_cap));
    const double to_y = sigmoid(a_y + U_y(l.china_open_share, l.us_open_share));
    x = std::clamp(x + ad.adoption_speed * (to_x - x) * dt, 0.001, 0.999);
    y = std::clamp(y + ad.adoption_speed * (to_y - y) * dt, 0.001, 0.999);

    // 5.7
    if (!crossed_us && !crossed_cn && exceeds(Q, k.transformative_threshold, 1e-4)) {
      (exceeds(Q_us, Q_cn, 1e-4) ? crossed_us : crossed_cn) = true;
      mark(Event::kTransformative, month, true);
      mark(crossed_us ? Event::kTransformativeUs : Event::kTransformativeChina, month, true);
      mark(Event::kDecisiveLead, month, exceeds(std::abs(lag), k.decisive_months, 1e-3));
    }
    if (exceeds(Q, k.transformative_threshold - 2, 1e-4))
      mark(Event::kCatastrophe, month,
           event(z.u_catastrophe, k.catastrophe_rate * (1 - 0.8 * l.race_coordination) * (0.2 + std::exp(-std::abs(lag) / k.race_months))));
  }

  // 6
  Metrics<double> metrics() const {
    const double Q = std::max(Q_us, Q_cn), e = par.adoption.network_exponent;
    const double share = 0.35 * x + 0.45 * y + 0.20 * par.adoption.china_home_share;
    return {.us_compute = C_us, .china_compute = C_cn, .china_stock = K_cn, .compute_ratio = C_us / C_cn, .stock_ratio = K_us / K_cn,
            .compute_added_ratio = sum_us / sum_cn, .china_self_sufficiency = D / (D + X + M), .smuggled_flow = M,
            .china_domestic_output = D, .capability_lag = lag, .frontier = Q, .open_lag = 12 * (Q - O) / g, .algorithm_gap = A_us - A_cn,
            .competitors = n, .margin = margin, .price = std::exp(c) * (1 - margin0) / (1 - margin), .query_cost = std::exp(q),
            .revenue = R, .model_layer_value = R * (1 - v), .capex = I, .payback = sum_profit / sum_capex, .row_adoption = x,
            .west_adoption = y, .balkanisation_loss = 1 - (std::pow(share, e) + std::pow(1 - share, e)), .smuggled_stock = K_smuggled,
            .capability_gap = Q_us - Q_cn, .us_records = records_us, .china_records = records_cn};
  }
};

// --- random worlds and policies ---

struct Dice {
  std::mt19937 bits;
  float operator()(float low, float high) { return low + (high - low) * static_cast<float>(bits() >> 8) / 16777216.0f; }
};

// Every parameter within a factor of two of its mid value and inside its valid range.
Parameters<One> random_parameters(Dice& dice) {
  Parameters<One> p = plausible_parameters();
  for (int i = 0; i < Race::kParameters; ++i) {
    One& parameter = members(p)[i];
    const Range range = kParameters[static_cast<unsigned>(i)].range;
    parameter = std::clamp(lane(parameter) * std::exp(dice(-0.7f, 0.7f)), range.low, range.high);
  }
  p.frontier.cn_training_share = dice(-0.3f, 0.3f);
  p.adoption.row_adoption_drift = dice(-0.5f, 1.5f);
  p.adoption.west_adoption_drift = dice(-0.5f, 0.7f);
  p.regimes.refusal_at_start = dice(0, 1) < 0.5f ? 0 : 1;
  p.regimes.taiwan_loss = dice(0.6f, 0.97f);  // a loss of 1 is 0/0 in the formula of smuggling, see test_supply.cpp
  return p;
}

// Every lever anywhere in its range, at its ends more often than not.
Levers<One> random_levers(Dice& dice) {
  Levers<One> levers;
  for (int i = 0; i < Race::kLevers; ++i) {
    const Range range = kLevers[i].row.range;
    const float u = dice(0, 1);
    members(levers)[i] = u < 0.2f ? range.low : u < 0.4f ? range.high : dice(range.low, range.high);
  }
  return levers;
}

// Where a metric may pass through zero: the size below which its error is taken as absolute.
double floor_of(std::string_view metric) {
  if (metric == "capability_lag" || metric == "open_lag") return 6;  // months
  if (metric == "algorithm_gap" || metric == "frontier" || metric == "capability_gap") return 1;   // nats
  if (metric == "balkanisation_loss") return 0.01;
  if (metric == "us_records" || metric == "china_records") return 1;
  if (metric == "smuggled_flow") return 0.2;  // a difference that nearly cancels when licences meet almost all demand
  return 0;
}

TEST(RaceModel, FollowsTheDoublePrecisionReference) {
  Dice dice{std::mt19937(1)};
  int edges = 0;
  std::array<int, Race::kEvents> seen{};
  for (unsigned trajectory = 0; trajectory < 200; ++trajectory) {
    Scene scene(random_parameters(dice));
    Reference reference(in_double<Parameters>(scene.w));
    Levers<One> levers = status_quo_levers();
    for (int step = 0; step < kSteps && !reference.knife_edge; ++step) {
      if (step % 18 == 0 && (trajectory + static_cast<unsigned>(step)) % 4 != 0) levers = random_levers(dice);
      scene.levers = levers;
      scene.m = Race::draw_month<One>(scene.w, kSeed, {Bits<1>(trajectory), Bits<1>(0)}, step, 0);
      scene.events.step = static_cast<float>(step);
      scene.all();
      reference.step(step, in_double<Levers>(levers), draw(kSeed, trajectory, static_cast<unsigned>(step)));
      if (reference.knife_edge) {  // from here on the two may differ
        ++edges;
        break;
      }
      const Metrics<double> expected = reference.metrics();
      const Metrics<One> measured = measure(scene.w, scene.s);
      for (unsigned i = 0; i < Race::kMetrics; ++i) {
        const double e = members(expected)[i], a = value(members(measured)[i]);
        const double error = std::abs(a - e) / std::max(std::abs(e), floor_of(kMetrics[i].row.key));
        ASSERT_LT(error, 5e-5) << kMetrics[i].row.key << " of trajectory " << trajectory << ", step " << step << ": " << a << ", not " << e;
      }
    }
    if (reference.knife_edge) continue;
    for (unsigned e = 0; e < Race::kEvents; ++e) {
      EXPECT_EQ(lane(scene.events.first[e]), static_cast<float>(reference.first[e])) << kEvents[e].key << " of trajectory " << trajectory;
      seen[e] += reference.first[e] < kSteps;
    }
  }
  EXPECT_LE(edges, 20) << "few trajectories may pass too near a threshold to be compared to the end";
  for (unsigned e = 0; e < Race::kEvents; ++e) EXPECT_GE(seen[e], 3) << "too few to test: " << kEvents[e].key;
}

// --- rows ---

TEST(Parameters, HaveTheValidRangesOfTheModel) {
  const std::set<std::string_view> shares = {"row_share",     "china_demand_share", "smuggled_share", "rental_share",    "monopoly_margin",
                                             "service_share", "row_adoption",       "west_adoption",  "china_home_share"};
  // Effects, losses, depths and flags may be nothing or all.
  const std::set<std::string_view> fractions = {"enforcement_effect", "equipment_effect", "subsidy_effect", "domestic_export_share",
                                                "bust_depth",         "taiwan_loss",      "counter_loss",   "refusal_at_start"};
  // Priors that are normal, uniform or constant and no share.
  const std::set<std::string_view> unbounded = {
      "allied_growth",       "allied_growth_longrun", "quality_demand_exponent", "china_logic_growth", "china_memory_growth",
      "scarcity_innovation", "scarcity_reference",    "talent_effect",           "cn_training_share",  "hardware_cost_decline",
      "capex_growth",        "row_adoption_drift",    "west_adoption_drift"};
  std::set<std::string_view> keys;
  for (const ParameterRow& row : kParameters) {
    const std::string_view key = row.key;
    EXPECT_TRUE(keys.insert(key).second) << key << " twice";
    Range range = kPositive;
    if (shares.contains(key)) range = kShare;
    if (fractions.contains(key)) range = kFraction;
    if (unbounded.contains(key)) range = kUnbounded;
    if (key == "competitors") range.low = 1;
    EXPECT_EQ(row.range.low, range.low) << key;
    EXPECT_EQ(row.range.high, range.high) << key;
  }
  for (const auto* set : {&shares, &fractions, &unbounded})
    for (const std::string_view key : *set) EXPECT_TRUE(keys.contains(key)) << key;
  EXPECT_EQ(keys.size(), 101u);  // the rows of MODEL.md, 3
}

TEST(Metrics, HaveTheKeysAndDirectionsOfTheModel) {
  constexpr auto none = Direction::kNone, higher = Direction::kHigher, lower = Direction::kLower;
  const std::pair<std::string_view, Direction> rows[] = {
      {"us_compute", none},        {"china_compute", none},   {"china_stock", none},    {"compute_ratio", higher},
      {"stock_ratio", higher},     {"compute_added_ratio", higher}, {"china_self_sufficiency", lower}, {"smuggled_flow", lower},
      {"china_domestic_output", lower}, {"capability_lag", higher}, {"frontier", none}, {"open_lag", none},
      {"algorithm_gap", none},     {"competitors", none},     {"margin", none},         {"price", none},
      {"query_cost", none},        {"revenue", higher},       {"model_layer_value", none}, {"capex", none},
      {"payback", higher},         {"row_adoption", lower},   {"west_adoption", lower}, {"balkanisation_loss", lower},
      {"smuggled_stock", lower},   {"capability_gap", higher}, {"us_records", none},     {"china_records", none}};
  ASSERT_EQ(std::size(kMetrics), std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(rows[i].first, kMetrics[i].row.key);
    EXPECT_EQ(rows[i].second, kMetrics[i].row.direction) << rows[i].first;
  }
}

TEST(Events, HaveTheKeysOfTheModel) {
  const std::string_view keys[] = {"taiwan_crisis", "policy_reversal",    "import_refusal", "bust",          "paradigm_change",
                                   "china_overtakes", "open_near_frontier", "price_collapse", "transformative", "transformative_us",
                                   "transformative_china", "decisive_lead", "catastrophe"};
  ASSERT_EQ(std::size(kEvents), std::size(keys));
  for (std::size_t i = 0; i < std::size(keys); ++i) EXPECT_EQ(keys[i], kEvents[i].key);
}

// --- start ---

TEST(Start, IsTheStateOfModelSectionFour) {
  const Scene scene;
  const State<One>& s = scene.s;
  expect_close(s.supply.allied_output, 18);
  expect_close(s.supply.us_stock, 16);
  expect_close(s.supply.row_stock, 3.2);
  expect_close(s.supply.china_stock, 2);  // 1.2 + 0.8
  expect_close(s.supply.us_compute, 16);
  expect_close(s.supply.china_compute, 2.48);  // 2 + 0.15 * 3.2
  expect_close(s.supply.logic, 0.6);
  expect_close(s.supply.memory, 0.2);
  expect_close(s.supply.memory_stock, 0.6);
  expect_close(s.algorithms.china, 0.4059970);  // -1.4583333 - (ln 2.48 - ln 16)
  expect_close(s.market.revenue, 42);
  expect_close(s.market.capex, 500);
  expect_close(s.market.service_share, 0.45);
  expect_close(s.market.competitors, 5);
  expect_close(s.adoption.row, 0.19);
  expect_close(s.adoption.west, 0.05);
  expect_close(s.adoption.distrust, 0.7);
  for (const One zero : {s.market.log_cost, s.market.log_query_cost, s.market.capex_spent, s.market.profit_made, s.supply.us_added,
                         s.supply.china_added, s.regimes.taiwan_left, s.regimes.counter_left, s.regimes.bust_left, s.regimes.reversed,
                         s.regimes.refused, s.risk.us_crossed, s.risk.china_crossed, s.frontier.us, s.algorithms.us})
    EXPECT_EQ(lane(zero), 0);
}

// --- metrics ---

TEST(Metrics, AreMeasuredByHand) {
  Scene scene;
  State<One>& s = scene.s;
  s.supply.us_compute = s.supply.us_stock = 30;
  s.supply.row_stock = 9;
  s.supply.china_stock = 5;
  s.supply.china_compute = 6;
  s.supply.licensed = 0.5f;
  s.supply.smuggled = 0.25f;
  s.supply.domestic = 2.25f;
  s.supply.smuggled_stock = 0.75f;
  s.supply.us_added = 12;
  s.supply.china_added = 3;
  s.algorithms = {4, 3.25f, 0, 0};
  s.frontier = {3, 3.5f, 2.5f, 2, -3, 7, 4};
  s.market = {5, 0.25f, -1, 0.5f, 100, 600, 0.4f, 80, 4};
  const Metrics<One> m = measure(scene.w, s);
  expect_close(m.us_compute, 30);
  expect_close(m.china_compute, 6);
  expect_close(m.china_stock, 5);
  expect_close(m.compute_ratio, 5);
  expect_close(m.stock_ratio, 6);
  expect_close(m.compute_added_ratio, 4);
  expect_close(m.china_self_sufficiency, 0.75);  // 2.25/3
  expect_close(m.smuggled_flow, 0.25);
  expect_close(m.china_domestic_output, 2.25);
  expect_close(m.capability_lag, -3);
  expect_close(m.frontier, 3.5);  // China's
  expect_close(m.open_lag, 6);    // 12 * 1/2
  expect_close(m.algorithm_gap, 0.75);
  expect_close(m.competitors, 5);
  expect_close(m.margin, 0.25);
  expect_close(m.price, 0.3065662);  // e^-1 * (1 - 0.375)/(1 - 0.25)
  expect_close(m.query_cost, 1.6487213);
  expect_close(m.revenue, 100);
  expect_close(m.model_layer_value, 60);
  expect_close(m.capex, 600);
  expect_close(m.payback, 0.05);
  expect_close(m.row_adoption, 0.19);
  expect_close(m.west_adoption, 0.05);
  expect_close(m.balkanisation_loss, 0.1976313);  // see test_adoption.cpp
  expect_close(m.smuggled_stock, 0.75);
  expect_close(m.capability_gap, -0.5);
  expect_close(m.us_records, 7);
  expect_close(m.china_records, 4);
}

// --- draws ---

TEST(Months, BeginAYearInJanuary) {
  const Scene scene;
  for (int step = 0; step < 24; ++step) {
    EXPECT_EQ(Race::draw_month<One>(scene.w, kSeed, {Bits<1>(0), Bits<1>(0)}, step, 0).january, step == 0 || step == 12);
    EXPECT_EQ(Race::draw_month<One>(scene.w, kSeed, {Bits<1>(0), Bits<1>(0)}, step, 6).january, step == 6 || step == 18);  // from July
  }
}

TEST(Months, TakeEachDrawFromItsOwnSlot) {
  const Scene scene;
  const auto m = Race::draw_month<One>(scene.w, kSeed, {Bits<1>(5), Bits<1>(0)}, 7, 0);
  const Draws d = draw(kSeed, 5, 7);
  const std::pair<One, double> pairs[] = {
      {m.z_output, d.z_output}, {m.z_logic, d.z_logic}, {m.z_memory, d.z_memory}, {m.z_algo_us, d.z_algo_us}, {m.z_algo_cn, d.z_algo_cn},
      {m.z_release_us, d.z_release_us}, {m.z_release_cn, d.z_release_cn}, {m.z_revenue, d.z_revenue},
      {m.wait_taiwan, -std::log1p(-d.u_taiwan)}, {m.wait_counter, -std::log1p(-d.u_counter)}, {m.wait_reversal, -std::log1p(-d.u_reversal)},
      {m.wait_refusal, -std::log1p(-d.u_refusal)}, {m.wait_release_us, -std::log1p(-d.u_release_us)},
      {m.wait_release_cn, -std::log1p(-d.u_release_cn)}, {m.u_open_us, d.u_open_us}, {m.u_open_cn, d.u_open_cn},
      {m.wait_paradigm, -std::log1p(-d.u_paradigm)}, {m.u_paradigm_side, d.u_paradigm_side}, {m.wait_bust, -std::log1p(-d.u_bust)},
      {m.wait_incident, -std::log1p(-d.u_incident)}, {m.wait_catastrophe, -std::log1p(-d.u_catastrophe)}};
  for (const auto& [drawn, expected] : pairs) EXPECT_NEAR(value(drawn), expected, 1e-5);
}

// --- policies ---

TEST(Reversal, MakesAnyExportControlPolicyTheStatusQuo) {
  Dice dice{std::mt19937(3)};
  for (int i = 0; i < 20; ++i) {
    Scene reversed(random_parameters(dice)), plain = reversed;
    reversed.s.regimes.reversed = plain.s.regimes.reversed = 1;
    for (int step = 0; step < 24; ++step) {
      const Levers<One> drawn = random_levers(dice);
      reversed.levers = drawn;
      plain.levers = status_quo_levers();
      for (int k = 0; k < Race::kLevers; ++k)
        if (!kLevers[k].row.export_control) members(plain.levers)[k] = members(drawn)[k];
      reversed.m = calm_month(reversed.w, step);
      plain.m = reversed.m;
      reversed.all();
      plain.all();
      ASSERT_EQ(memcmp(&reversed.s, &plain.s, sizeof plain.s), 0);
    }
  }
}

TEST(Reversal, ChangesNothingUnderTheStatusQuo) {
  Scene reversed, plain;
  reversed.s.regimes.reversed = 1;
  for (int step = 0; step < kSteps; ++step) {
    reversed.m = plain.m = calm_month(plain.w, step);
    reversed.m.wait_release_us = plain.m.wait_release_us = reversed.m.wait_release_cn = plain.m.wait_release_cn = kNow;
    reversed.all();
    plain.all();
  }
  const Metrics<One> a = measure(reversed.w, reversed.s), b = measure(plain.w, plain.s);
  EXPECT_EQ(memcmp(&a, &b, sizeof a), 0);
}

}  // namespace
}  // namespace chokepoint::race
