"""Numba: one compiled loop over trajectories and months, with the state in scalars; prange over threads.

A chunk of trajectories shares its shocks over the policies; its recorded values are tallied one cell after another, while
that cell's histogram is in cache. The generator is SplitMix64, with Box and Muller's normals.
"""
# SPDX-License-Identifier: Apache-2.0
import math

import numba
import numpy as np
from numba.np.unsafe.ndarray import to_fixed_tuple

from fields import EVENTS, METRICS, NORMALS, UNIFORMS, WAITS, DT, Levers, Month, load
from problem import Summary, Triggers

CHUNK, PADDING = 512, 16  # trajectories; padded rows, whose addresses do not fall into one set of the cache
SHOCKS, FIELDS = NORMALS + WAITS + UNIFORMS, len(Month._fields)
LEVERS, PARAMETERS = len(Levers._fields), 101
SCALES = ("linear", "log", "signed_log")


def compile_model(fastmath):
    function = numba.njit(fastmath=fastmath, error_model="numpy", forceinline=True)
    select = function(lambda mask, a, b: np.float32(a) if mask else np.float32(b))
    model = load(function=function, real=np.float32, exp=np.exp, log=np.log, sqrt=np.sqrt, where=select,
                 minimum=function(lambda a, b: a if a < b else b), maximum=function(lambda a, b: a if a > b else b),
                 both=function(lambda a, b: a and b), negate=function(lambda a: not a))
    return function, model


@numba.njit
def draw(state):
    """Two uniforms in (0, 1) from one step of SplitMix64."""
    state[0] += np.uint64(0x9e3779b97f4a7c15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    z ^= z >> np.uint64(31)
    unit = np.float32(2.0 ** -24)
    half = np.float32(0.5)
    low = np.int32(z & np.uint64(0xffffff))
    return (np.float32(np.int32(z >> np.uint64(40))) + half) * unit, (np.float32(low) + half) * unit


def make_draw_month(function, decays):
    @function
    def draw_month(p, step, carried, state, m):
        for i in range(0, NORMALS, 2):
            u, v = draw(state)
            radius, angle = math.sqrt(np.float32(-2) * math.log(u)), np.float32(2 * math.pi) * v
            m[i], m[i + 1] = radius * math.cos(angle), radius * math.sin(angle)
        for i in range(NORMALS, NORMALS + WAITS, 2):
            u, v = draw(state)
            m[i], m[i + 1] = -math.log(u), -math.log(v)
        i = NORMALS + WAITS
        m[i], m[i + 1] = draw(state)
        m[i + 2], _ = draw(state)
        m[SHOCKS], m[SHOCKS + 1], m[SHOCKS + 2], m[SHOCKS + 3], m[SHOCKS + 4] = decays(p, np.float32(step * DT))
        m[SHOCKS + 5] = carried
    return draw_month


def make_run_policy(function, model):
    @function
    def run_policy(world, months, levers, trigger, record_every, values, first):
        """One trajectory of one policy: metrics to values (record, metric), the months of its events to `first`."""
        steps = len(months)
        first[:] = steps
        state = model_start(world)
        active, held = False, np.float32(0)
        for step in range(steps):
            held, fires, ends = model_act(trigger, active, held)
            active = (active or fires) and not ends
            if fires and first[-1] == steps:
                first[-1] = step
            month = Month(*to_fixed_tuple(months[step], FIELDS))
            state, events = model_step(world, month, Levers(*to_fixed_tuple(levers[int(active)], LEVERS)), state)
            for e in range(len(events)):
                if events[e] and first[e] == steps:
                    first[e] = step
            held = model_observe(trigger, active, held, state.frontier.lag)
            if (step + 1) % record_every == 0:
                metrics = model_measure(world, state)
                for m in range(len(metrics)):
                    values[(step + 1) // record_every - 1, m] = metrics[m]
    model_start, model_step, model_measure, model_act, model_observe = model.start, model.step, model.measure, model.act, model.observe
    return run_policy


def make_tally(function):
    @function
    def tally(values, n, scale, knee, low, inverse_width, sums, squares, counts):
        """values (record, metric, trajectory) of one policy, into its cells."""
        for r in range(values.shape[0]):
            for m in range(values.shape[1]):
                total, square = np.float32(0), np.float32(0)
                for i in range(n):
                    x = values[r, m, i]
                    total += x
                    square += x * x
                slots = counts[r, m]
                for i in range(n):
                    x = values[r, m, i]
                    t = x
                    if scale[m] == 1:
                        t = math.log(x)
                    elif scale[m] == 2:
                        t = math.copysign(math.log(np.float32(1) + abs(x) / knee[m]), x)
                    place = (t - low[m]) * inverse_width[m]
                    slots[int(max(np.float32(-1), min(place, np.float32(len(slots) - 2))) + np.float32(1))] += 1
                sums[r, m] += total
                squares[r, m] += square
    return tally


def make_run(Parameters, fastmath, parallel):
    function, model = compile_model(fastmath)
    draw_month, run_policy, tally = make_draw_month(function, model.decays), make_run_policy(function, model), make_tally(function)
    start_world = model.start_world

    @numba.njit(fastmath=fastmath, error_model="numpy", parallel=parallel)
    def run(begin, end, worlds, levers, triggers, carried, record_every, seeds, summarise, scale, knee, low,
            inverse_width, sums, squares, counts, event_steps):
        steps, policies, records = len(carried), len(levers), len(carried) // record_every
        for t in numba.prange(len(seeds)):
            rng = seeds[t:t + 1].copy()
            months = np.empty((CHUNK, steps, FIELDS), np.float32)
            values = np.empty((records, len(METRICS), CHUNK + PADDING), np.float32)
            first = np.empty(len(EVENTS) + 1, np.int32)
            for chunk in range(begin[t], end[t], CHUNK):
                n = min(CHUNK, end[t] - chunk)
                for i in range(n):
                    p = Parameters(*to_fixed_tuple(worlds[chunk + i], PARAMETERS))
                    for step in range(steps):
                        draw_month(p, step, carried[step], rng, months[i, step])
                for q in range(policies):
                    trigger = Triggers(*to_fixed_tuple(triggers[q], 4))
                    for i in range(n):
                        world = start_world(Parameters(*to_fixed_tuple(worlds[chunk + i], PARAMETERS)))
                        run_policy(world, months[i], levers[q], trigger, record_every, values[:, :, i], first)
                        if summarise:
                            for e in range(len(first)):
                                event_steps[t, e, q, first[e]] += 1
                    if summarise:
                        tally(values, n, scale, knee, low, inverse_width, sums[t, q], squares[t, q], counts[t, q])
    return run


class NumbaPeer:
    name = "numba"
    version = numba.__version__

    def __init__(self, problem, threads=1, fastmath=True, **_):
        self.problem, self.threads = problem, threads
        self.device = f"CPU, {threads} thread" + "s" * (threads > 1)
        numba.set_num_threads(threads)
        self.worlds = np.ascontiguousarray(problem.worlds.T)
        self.triggers = np.ascontiguousarray(np.stack(problem.triggers, axis=1))
        self.scale = np.array([SCALES.index(s) for s in problem.scale])
        self.carried = np.array([not problem.january(step) for step in range(problem.steps)], np.float32)
        self.loop = make_run(problem.Parameters, fastmath, threads > 1)

    def run(self, count, seed, summarise=True):
        p, threads, policies = self.problem, self.threads, len(self.problem.policies)
        cells = (threads, policies, p.records, len(METRICS))
        sums, squares, counts = np.zeros(cells), np.zeros(cells), np.zeros(cells + (p.bins + 2,), np.int32)
        summary = Summary(p, count)
        events = np.zeros((threads, *summary.events.shape), np.int64)
        ends = np.arange(threads + 1) * count // threads
        seeds = np.random.SeedSequence(seed).generate_state(threads, np.uint64)
        self.loop(ends[:-1], ends[1:], self.worlds, p.levers, self.triggers, self.carried, p.record_every, seeds, summarise, self.scale,
                  p.knee, p.low, p.inverse_width, sums, squares, counts, events)
        total = (lambda each: each[0]) if threads == 1 else (lambda each: each.sum(0))
        order = (1, 2, 0)  # (policy, record, metric) to (record, metric, policy)
        summary.sums, summary.squares = total(sums).transpose(order), total(squares).transpose(order)
        summary.counts, summary.events = total(counts).transpose(*order, 3), total(events)
        return summary
