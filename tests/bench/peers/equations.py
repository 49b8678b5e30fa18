# The functions of the race model. Not imported but run by fields.load, which provides exp, log, sqrt, where, minimum,
# maximum, both, negate, the decorator `function` and the tuples of fields.py.
# SPDX-License-Identifier: Apache-2.0


@function
def happens(wait, rate):
    return rate * DT > wait


@function
def positive_part(x):
    return maximum(x, 0)


@function
def power(base, exponent):
    return exp(exponent * log(base))


@function
def logistic(x):
    return 1 / (1 + exp(-x))


@function
def growth_factor(growth, volatility, z):
    return exp((growth - 0.5 * volatility * volatility) * DT + volatility * ROOT_DT * z)


@function
def margin_of(p, competitors):
    return p.monopoly_margin / (1 + p.similarity * (competitors - 1))


@function
def appeal(p, price_appeal, gap, open_advantage, cap, a):
    common = p.quality_weight * gap + price_appeal + p.openness_weight * open_advantage - a.distrust
    return (common + p.lock_in * (2 * a.row - 1) + p.cap_backlash * cap,
            common - p.west_distrust_extra + p.lock_in * (2 * a.west - 1))


@function
def start_world(p):
    china_compute = p.china_compute_licit + p.china_compute_smuggled + p.rental_share * p.row_compute
    log_compute = log(p.us_compute)
    china = -(p.algorithm_growth + 0.8) * p.initial_lag * DT
    price_appeal = p.price_weight * log(p.china_discount)
    row, west = appeal(p, price_appeal, china, STATUS_QUO.china_open_share - STATUS_QUO.us_open_share,
                       STATUS_QUO.third_country_cap, Adoption(p.row_adoption, p.west_adoption, p.distrust))
    return World(p, exp(-DT / p.chip_lifetime), p.smuggled_share / (1 - 0.3 * p.enforcement_effect),
                 0.69314718 * 12 / 0.6 / p.diffusion_half_life, log_compute,
                 china - p.cn_training_share - (log(china_compute) - log_compute),
                 margin_of(p, p.competitors), log(p.capex / p.revenue), price_appeal,
                 log(p.row_adoption / (1 - p.row_adoption)) - row + p.row_adoption_drift,
                 log(p.west_adoption / (1 - p.west_adoption)) - west + p.west_adoption_drift)


@function
def start(w):
    p = w.p
    zero = 0 * p.us_compute
    china_stock = p.china_compute_licit + p.china_compute_smuggled
    china_compute = china_stock + p.rental_share * p.row_compute
    growth = p.algorithm_growth + 0.8
    china = -growth * p.initial_lag * DT
    return State(
        Regimes(zero, zero, zero, zero, p.refusal_at_start),
        Supply(p.allied_output, p.china_logic, p.china_memory, p.memory_stockpile, p.us_compute, p.row_compute, china_stock,
               china_compute, zero, zero, zero, zero, zero, p.china_compute_smuggled),
        Algorithms(zero, w.initial_algorithm_gap, w.initial_log_compute, log(china_compute)),
        Frontier(zero, china, china, growth, p.initial_lag, zero, zero),
        Market(p.competitors, w.initial_margin, zero, zero, p.revenue, p.capex, p.service_share, zero, zero),
        Adoption(p.row_adoption, p.west_adoption, p.distrust),
        Risk(zero, zero))


@function
def decays(p, years):
    return (exp(-years / p.allied_growth_decay), exp(-years * 0.1 + 0 * p.us_compute), exp(-years / p.inference_decay),
            exp(-years / p.query_growth_decay), exp(-years / p.capex_growth_decay))


@function
def effective(v, reversed_now):
    q = STATUS_QUO
    return Levers(where(reversed_now, q.chip_licence_share, v.chip_licence_share),
                  where(reversed_now, q.licensed_chip_quality, v.licensed_chip_quality),
                  where(reversed_now, q.equipment_control, v.equipment_control),
                  where(reversed_now, q.allied_alignment, v.allied_alignment),
                  where(reversed_now, q.memory_control, v.memory_control),
                  where(reversed_now, q.enforcement, v.enforcement),
                  where(reversed_now, q.third_country_cap, v.third_country_cap),
                  where(reversed_now, q.cloud_access_control, v.cloud_access_control),
                  where(reversed_now, q.model_access_control, v.model_access_control),
                  v.durability, v.datacenter_buildout, v.china_chip_subsidy, v.china_import_refusal, v.us_open_share,
                  v.china_open_share, v.us_release_holdback, v.research_openness, v.talent_inflow, v.public_adoption,
                  v.race_coordination)


@function
def step_regimes(p, m, levers, r):
    in_crisis = r.taiwan_left > 0
    crisis_starts = both(negate(in_crisis), happens(m.wait_taiwan, p.taiwan_rate))
    taiwan_left = where(in_crisis, r.taiwan_left - DT, where(crisis_starts, p.taiwan_duration, 0))

    was_reversed = r.reversed > 0.5
    switches = happens(m.wait_reversal, where(was_reversed, p.restoration_rate, p.reversal_rate * (1 - levers.durability)))
    reverses = both(negate(was_reversed), switches)
    now_reversed = where(switches, 1 - r.reversed, r.reversed)
    levers = effective(levers, now_reversed > 0.5)

    refusal_switches = happens(m.wait_refusal, where(r.refused > 0.5, p.refusal_off_rate, p.refusal_on_rate))
    refused = where(refusal_switches, 1 - r.refused, r.refused)

    intensity = (levers.equipment_control + levers.memory_control + 1 - minimum(1, levers.chip_licence_share * (1 / 0.3))) * (1 / 3)
    in_counter = r.counter_left > 0
    counter_starts = both(negate(in_counter), happens(m.wait_counter, p.counter_rate * intensity))
    counter_left = where(in_counter, r.counter_left - DT, where(counter_starts, p.counter_duration, 0))
    regimes = Regimes(taiwan_left, counter_left, positive_part(r.bust_left - DT), now_reversed, refused)
    return regimes, levers, crisis_starts, reverses, refused > 0.5


@function
def step_supply(w, m, levers, r, c):
    p = w.p
    trend = p.allied_growth_longrun + (p.allied_growth - p.allied_growth_longrun) * m.allied_decay
    growth = where(r.bust_left > 0, -p.bust_depth, trend * (1 + 0.15 * levers.datacenter_buildout))
    allied_output = c.allied_output * growth_factor(growth, p.allied_output_volatility, m.z_output)
    output = (allied_output * where(r.taiwan_left > 0, 1 - p.taiwan_loss, 1)
              * where(r.counter_left > 0, 1 - p.counter_loss, 1))

    demand = p.china_demand_share * output
    wanted = (demand * power(levers.licensed_chip_quality, p.quality_demand_exponent)
              * where(r.refused > 0.5, 1 - levers.china_import_refusal, 1))
    licensed = minimum(levers.chip_licence_share * output, wanted)
    undeterred = (1 - p.enforcement_effect * levers.enforcement) * w.smuggling_scale
    smuggled = minimum(undeterred * output * (1 - licensed / demand), 0.15 * output)
    rest = output - licensed - smuggled
    row = rest * p.row_share * (1 - levers.third_country_cap)
    us = rest - row

    control = levers.equipment_control * levers.allied_alignment - 0.48
    hindrance = p.equipment_effect * control
    logic_growth = p.china_logic_growth * (1 - hindrance) * (1 + p.subsidy_effect * (levers.china_chip_subsidy - 0.5)) * m.china_decay
    logic = c.logic * growth_factor(logic_growth, p.china_logic_volatility, m.z_logic)
    memory = c.memory * growth_factor(p.china_memory_growth * (1 - 0.5 * hindrance) * m.china_decay, 0.1, m.z_memory)
    fed = memory + p.memory_import * (1 - levers.memory_control) * (1 / 0.3)
    domestic = minimum(logic, fed + c.memory_stock)
    memory_stock = positive_part(c.memory_stock - positive_part(domestic - fed) * DT)
    exported = p.domestic_export_share * levers.third_country_cap * domestic

    china = licensed + smuggled + domestic - exported
    us_stock = c.us_stock * w.chip_survival + us * DT
    row_stock = c.row_stock * w.chip_survival + (row + exported) * DT
    china_stock = c.china_stock * w.chip_survival + china * DT
    china_compute = china_stock + p.rental_share * (1 - levers.cloud_access_control) * (1 / 0.9) * row_stock
    return Supply(allied_output, logic, memory, memory_stock, us_stock, row_stock, china_stock, china_compute, licensed, smuggled,
                  domestic, c.us_added * m.carried + us * DT, c.china_added * m.carried + china * DT,
                  c.smuggled_stock * w.chip_survival + smuggled * DT)


@function
def step_algorithms(w, m, levers, c, risk, a):
    p = w.p
    log_us, log_china = log(c.us_stock), log(c.china_compute)
    diffusion = w.diffusion_rate * levers.research_openness
    scarcity = positive_part(log_us - log_china - p.scarcity_reference)
    us_growth = p.algorithm_growth * (1 + p.talent_effect * levers.talent_inflow) * where(risk.us_crossed > 0.5, p.takeoff_factor, 1)
    china_growth = p.algorithm_growth * (1 + p.scarcity_innovation * scarcity) * where(risk.china_crossed > 0.5, p.takeoff_factor, 1)
    gap = a.us - a.china
    shock = p.algorithm_volatility * ROOT_DT
    us = a.us + (us_growth + diffusion * positive_part(-gap)) * DT + shock * m.z_algo_us
    china = a.china + (china_growth + diffusion * positive_part(gap)) * DT + shock * m.z_algo_cn

    changes = happens(m.wait_paradigm, p.paradigm_rate)
    us_root, china_root = sqrt(c.us_stock), sqrt(c.china_compute)
    us_finds_it = m.u_paradigm_side * (us_root + china_root) < us_root
    us = us + where(both(changes, us_finds_it), p.paradigm_jump, 0)
    china = china + where(both(changes, negate(us_finds_it)), p.paradigm_jump, 0)
    return Algorithms(us, china, log_us, log_china), changes


@function
def step_frontier(w, m, levers, a, f):
    p = w.p
    us_effective = a.log_us_compute - w.initial_log_compute + a.us
    china_effective = a.log_china_compute - w.initial_log_compute + a.china + p.cn_training_share

    us_releases = happens(m.wait_release_us, p.us_release_rate)
    us_trained = us_effective + p.release_noise * m.z_release_us - levers.us_release_holdback
    us = where(us_releases, maximum(f.us, maximum(us_trained, f.open - p.replication_gap)), f.us)

    china_releases = happens(m.wait_release_cn, p.china_release_rate)
    china_trained = china_effective + p.release_noise * m.z_release_cn
    distilled = us - p.distillation_gap * (1 + 2 * (levers.model_access_control - 0.1))
    china = where(china_releases, maximum(maximum(f.china, china_trained), maximum(distilled, f.open - p.replication_gap)), f.china)

    us_opens = both(us_releases, m.u_open_us < levers.us_open_share)
    opened = where(us_opens, maximum(f.open, us - p.us_open_gap), f.open)
    china_opens = both(china_releases, m.u_open_cn < levers.china_open_share)
    opened = where(china_opens, maximum(opened, china - p.china_open_gap), opened)

    growth = maximum(f.growth + (us - f.us) - f.growth * DT, 0.5)
    lag = 12 * (us - china) / growth
    us_records, china_records = f.us_records + where(us > f.us, 1, 0), f.china_records + where(china > f.china, 1, 0)
    return Frontier(us, china, opened, growth, lag, us_records, china_records), lag < 0, opened >= maximum(us, china) - 0.5


@function
def step_market(w, m, levers, r, f, k):
    p = w.p
    openness = exp(-positive_part(maximum(f.us, f.china) - f.open) / p.openness_reach)
    entry = p.entry_rate * openness * (p.max_competitors - k.competitors) - p.exit_rate * (k.competitors - 1)
    competitors = maximum(k.competitors + entry * DT, 1)
    margin = margin_of(p, competitors)
    collapses = margin < 0.5 * w.initial_margin

    log_cost = k.log_cost - (p.hardware_cost_decline + p.inference_efficiency * m.inference_decay) * DT
    log_query_cost = k.log_query_cost + (p.query_growth * m.query_decay - p.hardware_cost_decline) * DT

    saturation = 1 - k.revenue / p.revenue_ceiling
    revenue_growth = p.revenue_elasticity * f.growth * (1 + 0.3 * levers.public_adoption) * saturation
    revenue = minimum(k.revenue * growth_factor(revenue_growth, p.revenue_volatility, m.z_revenue), p.revenue_ceiling)
    service_share = k.service_share + p.service_shift * (0.95 - k.service_share) * DT

    burden = log(k.capex / revenue) - w.initial_burden
    in_bust = r.bust_left > 0
    hazard = p.bust_rate * exp(minimum(maximum(p.bust_sensitivity * burden, -5), 3))
    bust_starts = both(negate(in_bust), happens(m.wait_bust, hazard))
    capex_growth = p.capex_growth * m.capex_decay + 0.3 * minimum(-burden, 0) + 0.05
    moved = where(bust_starts, 1 - p.bust_depth, exp(capex_growth * DT))
    capex = where(in_bust, k.capex, k.capex * moved)
    bust_left = where(bust_starts, p.bust_duration, r.bust_left)
    market = Market(competitors, margin, log_cost, log_query_cost, revenue, capex, service_share,
                    k.capex_spent + capex * DT, k.profit_made + revenue * margin * DT)
    return market, bust_left, bust_starts, collapses


@function
def step_adoption(w, m, levers, f, a):
    p = w.p
    distrust = a.distrust + (p.distrust - a.distrust) * (0.5 * DT) + where(happens(m.wait_incident, p.incident_rate), p.incident_size, 0)
    row, west = appeal(p, w.price_appeal, f.china - f.us, levers.china_open_share - levers.us_open_share, levers.third_country_cap,
                       Adoption(a.row, a.west, distrust))
    speed = p.adoption_speed * DT
    return Adoption(minimum(maximum(a.row + speed * (logistic(w.row_intercept + row) - a.row), 0.001), 0.999),
                    minimum(maximum(a.west + speed * (logistic(w.west_intercept + west) - a.west), 0.001), 0.999), distrust)


@function
def step_risk(p, m, levers, f, r):
    best, lead = maximum(f.us, f.china), maximum(f.lag, -f.lag)
    crosses = both(best > p.transformative_threshold, r.us_crossed + r.china_crossed < 0.5)
    us_first = f.us >= f.china
    us, china = both(crosses, us_first), both(crosses, negate(us_first))
    racing = p.catastrophe_rate * (1 - 0.8 * levers.race_coordination) * (0.2 + exp(-lead / p.race_months))
    catastrophe = both(best > p.transformative_threshold - 2, happens(m.wait_catastrophe, racing))
    risk = Risk(where(us, 1, r.us_crossed), where(china, 1, r.china_crossed))
    return risk, (crosses, us, china, both(crosses, lead > p.decisive_months), catastrophe)


# One month: the new state, and the events (in the order of EVENTS) that happen in it.
@function
def step(w, m, levers, s):
    regimes, levers, crisis, reverses, refuses = step_regimes(w.p, m, levers, s.regimes)
    supply = step_supply(w, m, levers, regimes, s.supply)
    algorithms, paradigm = step_algorithms(w, m, levers, supply, s.risk, s.algorithms)
    frontier, overtakes, near = step_frontier(w, m, levers, algorithms, s.frontier)
    market, bust_left, bust, collapses = step_market(w, m, levers, regimes, frontier, s.market)
    regimes = Regimes(regimes.taiwan_left, regimes.counter_left, bust_left, regimes.reversed, regimes.refused)
    adoption = step_adoption(w, m, levers, frontier, s.adoption)
    risk, crossing = step_risk(w.p, m, levers, frontier, s.risk)
    events = (crisis, reverses, refuses, bust, paradigm, overtakes, near, collapses) + crossing
    return State(regimes, supply, algorithms, frontier, market, adoption, risk), events


@function
def measure(w, s):
    c, f, k, a = s.supply, s.frontier, s.market, s.adoption
    best = maximum(f.us, f.china)
    share = 0.35 * a.row + 0.45 * a.west + 0.2 * w.p.china_home_share
    return (c.us_stock, c.china_compute, c.china_stock, c.us_stock / c.china_compute, c.us_stock / c.china_stock,
            c.us_added / c.china_added, c.domestic / (c.domestic + c.licensed + c.smuggled), c.smuggled, c.domestic,
            f.lag, best, 12 * (best - f.open) / f.growth, s.algorithms.us - s.algorithms.china, k.competitors, k.margin,
            exp(k.log_cost) * (1 - w.initial_margin) / (1 - k.margin), exp(k.log_query_cost), k.revenue,
            k.revenue * (1 - k.service_share), k.capex, k.profit_made / k.capex_spent, a.row, a.west,
            1 - (power(share, w.p.network_exponent) + power(1 - share, w.p.network_exponent)), c.smuggled_stock, f.us - f.china,
            f.us_records, f.china_records)


# A trigger at the start of a month (fire or release what is due) and at its end (count the months that it has waited).
@function
def act(t, active, held):
    fires = both(negate(active), held >= t.months)
    ends = both(active, held >= t.release_months)
    return where(both(negate(fires), negate(ends)), held, 0), fires, ends


@function
def observe(t, active, held, lag):
    awaited = where(active, lag - t.release_above, t.when_below - lag)
    return where(awaited > 0, held + 1, 0)


# Below: for tools that work on arrays. The place of x in a metric's histogram, in bins from its low end.
def place(scale, knee, low, inverse_width, x):
    t = x
    if scale == "log":
        t = log(x)
    elif scale == "signed_log":
        size = log(1 + maximum(x, -x) * (1 / knee))
        t = where(x < 0, -size, size)
    return (t - low) * inverse_width


# A month of all policies, triggers and events included. `levers`: pairs (as announced, while the trigger is active), the
# same object twice where no trigger moves the lever.
def advance(w, m, levers, trigger, c):
    held, fires, ends = act(trigger, c.active, c.held)
    active = (c.active | fires) & ~ends
    now = Levers(*(off if on is off else where(active, on, off) for off, on in levers))
    state, events = step(w, m, now, c.state)
    happened = tuple(seen | event for seen, event in zip(c.happened, events + (fires,)))
    months_before = tuple(months + ~seen for months, seen in zip(c.months_before, happened))
    return Carry(state, active, observe(trigger, active, held, state.frontier.lag), happened, months_before)
