"""NumPy: arrays of (policies, trajectories) in single precision, in chunks that fit the second-level cache.

One core. SFC64 is NumPy's fastest generator. What the profile asked for: np.where branches and costs 2 to 7 ns an element,
so selections are arithmetic; powers go through exp and log, which are vectorised; events are bytes.
"""
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np

from fields import EVENTS, METRICS, NORMALS, UNIFORMS, WAITS, DT, Levers, Month, load
from problem import Summary, Triggers


def blend(mask, a, b):
    if type(b) is int and b == 0:
        return mask * a
    return b + mask * (a - b)


def load_over(where):
    return load(exp=np.exp, log=np.log, sqrt=np.sqrt, where=where, minimum=np.minimum, maximum=np.maximum, both=np.logical_and,
                negate=np.logical_not)


MODEL = load_over(blend)


class NumpyPeer:
    name = "numpy"
    version = np.__version__

    def __init__(self, problem, chunk=2048, model=MODEL, **_):
        self.problem, self.chunk, self.model = problem, chunk, model
        self.device = "CPU, 1 thread"

    def run(self, count, seed, summarise=True):
        """Trajectories 0 .. count - 1 of every policy."""
        summary = Summary(self.problem, count)
        rng = np.random.Generator(np.random.SFC64(seed))
        with np.errstate(divide="ignore"):  # log 0 is below every bin
            for first in range(0, count, self.chunk):
                self.run_chunk(first, min(self.chunk, count - first), rng, summary, summarise)
        return summary

    def run_chunk(self, first, n, rng, summary, summarise):
        p, shape = self.problem, (len(self.problem.policies), n)
        world = self.model.start_world(p.Parameters(*p.worlds[:, first:first + n]))
        state = self.model.start(world)
        z, wait, u = (np.empty((k, n), np.float32) for k in (NORMALS, WAITS, UNIFORMS))
        values = np.empty((len(METRICS), *shape), np.float32)
        # Months before each event; it has happened where `happened` is 1. Triggers come last.
        happened, months_before = (np.zeros((len(EVENTS) + 1, *shape), np.uint8) for _ in range(2))
        triggers = TriggerRows(p, n)
        for step in range(p.steps):
            rng.standard_normal(out=z, dtype=np.float32)
            rng.standard_exponential(out=wait, dtype=np.float32)
            rng.random(out=u, dtype=np.float32)
            month = Month(*z, *wait, *u, *self.model.decays(world.p, step * DT), float(not p.january(step)))
            levers = triggers.act(happened[-1])
            state, events = self.model.step(world, month, levers, state)
            for seen, event in zip(happened, events):
                seen |= event
            months_before += happened ^ 1
            triggers.observe(state.frontier.lag)
            if (step + 1) % p.record_every == 0:
                for row, metric in zip(values, self.model.measure(world, state)):
                    row[:] = metric
                if summarise:
                    tally(p, (step + 1) // p.record_every - 1, values, summary)
        if summarise:
            tally_events(months_before, summary)


class PlainNumpyPeer:
    """Before looking at a profile: np.where, and one policy after another, each on the same shocks."""
    name = "numpy-plain"
    version = np.__version__

    def __init__(self, problem, **_):
        self.problem = problem
        self.device = "CPU, 1 thread"
        model = load_over(np.where)
        self.each = [NumpyPeer(replace(problem, policies=(name,), levers=problem.levers[[q]],
                                       triggers=Triggers(*(t[[q]] for t in problem.triggers))), chunk=16384, model=model)
                     for q, name in enumerate(problem.policies)]

    def run(self, count, seed, summarise=True):
        runs = [peer.run(count, seed, summarise) for peer in self.each]
        summary = Summary(self.problem, count)
        summary.sums, summary.squares, summary.counts = (np.concatenate([getattr(run, key) for run in runs], axis=2)
                                                         for key in ("sums", "squares", "counts"))
        summary.events = np.concatenate([run.events for run in runs], axis=1)
        return summary


class TriggerRows:
    """The levers of all policies; those that a trigger moves as whole rows, rewritten for the policies that have one."""

    def __init__(self, problem, n):
        self.rows = problem.triggered
        self.each = [Triggers(*(float(t[row]) for t in problem.triggers)) for row in self.rows]
        self.active = np.zeros((len(self.rows), n), bool)
        self.held = np.zeros((len(self.rows), n), np.float32)
        off, self.on = problem.levers[:, 0, :, None], problem.levers[:, 1]
        self.off = problem.levers[:, 0]
        self.moved = np.flatnonzero(problem.moved)
        self.levers = [np.repeat(off[:, i], n, axis=1) if moved else off[:, i] for i, moved in enumerate(problem.moved)]

    def act(self, fired):
        for k, (row, trigger) in enumerate(zip(self.rows, self.each)):
            self.held[k], fires, ends = MODEL.act(trigger, self.active[k], self.held[k])
            self.active[k] = (self.active[k] | fires) & ~ends
            fired[row] |= fires
            for i in self.moved:
                self.levers[i][row] = blend(self.active[k], self.on[row, i], self.off[row, i])
        return Levers(*self.levers)

    def observe(self, lag):
        for k, (row, trigger) in enumerate(zip(self.rows, self.each)):
            self.held[k] = MODEL.observe(trigger, self.active[k], self.held[k], lag[row])


def tally(p, record, values, summary):
    """Adds a record's values to the sums and, one metric at a time, to the histograms of all policies."""
    summary.sums[record] += values.sum(axis=2)
    summary.squares[record] += np.einsum("mpn,mpn->mp", values, values)
    policies, slots = values.shape[1], p.bins + 2
    offset = slots * np.arange(policies)[:, None] + 1
    for m, x in enumerate(values):
        where = np.floor(MODEL.place(p.scale[m], p.knee[m], p.low[m], p.inverse_width[m], x))
        slot = np.minimum(np.maximum(where, -1), p.bins).astype(np.int64) + offset
        summary.counts[record, m] += np.bincount(slot.ravel(), minlength=policies * slots).reshape(policies, slots)


def tally_events(months_before, summary):
    for event, months in zip(summary.events, months_before):
        for steps, x in zip(event, months):
            steps += np.bincount(x, minlength=len(steps))
