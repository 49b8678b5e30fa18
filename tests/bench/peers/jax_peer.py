"""JAX: one jit over a batch of trajectories of all policies, lax.scan over records, the "rbg" generator of XLA."""
# SPDX-License-Identifier: Apache-2.0
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from fields import DT, EVENTS, NORMALS, UNIFORMS, WAITS, Carry, Month, load
from problem import Summary, Triggers

MODEL = load(exp=jnp.exp, log=jnp.log, sqrt=jnp.sqrt, where=jnp.where, minimum=jnp.minimum, maximum=jnp.maximum,
             both=jnp.logical_and, negate=jnp.logical_not)


class JaxPeer:
    name = "jax"
    version = jax.__version__

    def __init__(self, problem, gpu=True, batch=None, **_):
        self.problem = problem
        self.place = jax.devices("gpu" if gpu else "cpu")[0]
        self.device = self.place.device_kind if gpu else "CPU, all threads"
        self.batch = batch or (1 << 16 if gpu else 4096)
        with jax.default_device(self.place):
            self.worlds = jnp.asarray(problem.worlds)
        self.levers = tuple((low, high if moved else low) for low, high, moved in
                            zip(problem.levers[:, 0, :, None].swapaxes(0, 1), problem.levers[:, 1, :, None].swapaxes(0, 1), problem.moved))
        self.trigger = Triggers(*(t[:, None] for t in problem.triggers))
        steps = np.arange(problem.steps).reshape(problem.records, problem.record_every)
        carried = np.vectorize(lambda step: not problem.january(step))(steps)
        self.months = (np.float32(steps * DT), np.float32(carried))
        self.run_batch = jax.jit(self.run_batch, static_argnums=(2,))

    def run(self, count, seed, summarise=True):
        """Whole batches only, so that one compilation serves."""
        summary, batch = Summary(self.problem, count), min(self.batch, count)
        if count % batch:
            raise SystemExit(f"jax: {count} trajectories are no multiple of its batch of {batch}")
        with jax.default_device(self.place):
            key = jax.random.key(seed, impl="rbg")
            batches = []
            for first in range(0, count, batch):
                key, chance = jax.random.split(key)
                batches.append(self.run_batch(self.worlds[:, first:first + batch], chance, summarise))
                jax.block_until_ready(batches[-1])
        if summarise:
            for sums, squares, counts, events in batches:
                summary.sums += np.asarray(sums, np.float64)
                summary.squares += np.asarray(squares, np.float64)
                summary.counts += np.asarray(counts)
                summary.events += np.asarray(events)
        return summary

    def run_batch(self, parameters, key, summarise):
        p, policies, n = self.problem, len(self.problem.policies), parameters.shape[1]
        world = MODEL.start_world(p.Parameters(*parameters))
        state = jax.tree_util.tree_map(lambda x: jnp.broadcast_to(x, (policies, n)), MODEL.start(world))
        no = jnp.zeros((policies, n), bool)
        carry = Carry(state, no, no.astype(jnp.float32), (no,) * (len(EVENTS) + 1), (no.astype(jnp.uint8),) * (len(EVENTS) + 1))

        def record(carry, months):
            carry, key = carry
            for years, carried in zip(*months):
                key, *keys = jax.random.split(key, 4)
                month = Month(*jax.random.normal(keys[0], (NORMALS, n)), *jax.random.exponential(keys[1], (WAITS, n)),
                              *jax.random.uniform(keys[2], (UNIFORMS, n)), *MODEL.decays(world.p, years), carried)
                carry = MODEL.advance(world, month, self.levers, self.trigger, carry)
            return (carry, key), self.tally(MODEL.measure(world, carry.state), summarise)

        (carry, _), tallies = lax.scan(record, (carry, key), self.months)
        if not summarise:
            return tallies
        events = jax.vmap(jax.vmap(lambda months: jnp.bincount(months, length=p.steps + 1)))(jnp.stack(carry.months_before))
        return *tallies, events

    def tally(self, metrics, summarise):
        """Sums, squares and histograms; without summaries a sum of everything, so that nothing is optimised away."""
        p, policies = self.problem, len(self.problem.policies)
        values = jnp.stack([jnp.broadcast_to(x, metrics[0].shape) for x in metrics])
        if not summarise:
            return values.sum(2)
        counts = []
        for m, x in enumerate(values):
            place = MODEL.place(p.scale[m], float(p.knee[m]), float(p.low[m]), float(p.inverse_width[m]), x)
            slot = jnp.clip(jnp.floor(place), -1, p.bins).astype(jnp.int32) + 1
            offset = (p.bins + 2) * jnp.arange(policies)[:, None]
            counts.append(jnp.bincount((slot + offset).ravel(), length=policies * (p.bins + 2)).reshape(policies, p.bins + 2))
        return values.sum(2), (values * values).sum(2), jnp.stack(counts)
