"""PyTorch: all policies and a large batch of trajectories as one tensor, torch.compile where the version has it, else eager.

Its own generator (Philox on a GPU, Mersenne twister on a CPU).
"""
# SPDX-License-Identifier: Apache-2.0
import torch

from fields import DT, EVENTS, METRICS, NORMALS, UNIFORMS, WAITS, Carry, Month, load
from problem import Summary, Triggers


def minimum(a, b):
    if torch.is_tensor(a):
        return torch.minimum(a, b) if torch.is_tensor(b) else a.clamp(max=b)
    return b.clamp(max=a)


def maximum(a, b):
    return torch.maximum(a, b) if torch.is_tensor(b) else a.clamp(min=b)


MODEL = load(exp=torch.exp, log=torch.log, sqrt=torch.sqrt, where=torch.where, minimum=minimum, maximum=maximum,
             both=torch.logical_and, negate=torch.logical_not)


class TorchPeer:
    name = "torch"
    version = torch.__version__

    def __init__(self, problem, threads=1, gpu=True, batch=None, **_):
        self.problem = problem
        self.place = torch.device("cuda" if gpu else "cpu")
        self.device = torch.cuda.get_device_name() if gpu else f"CPU, {threads} thread" + "s" * (threads > 1)
        torch.set_num_threads(threads)
        self.batch = batch or (1 << 17 if gpu else 4096)
        self.worlds = self.tensor(problem.worlds)
        off, on = (self.tensor(problem.levers[:, k, :, None]) for k in (0, 1))
        self.levers = [(low, high if moved else low) for low, high, moved in zip(off.unbind(1), on.unbind(1), problem.moved)]
        self.trigger = Triggers(*(self.tensor(t[:, None]) for t in problem.triggers))
        self.years = self.tensor([step * DT for step in range(problem.steps)])
        self.carried = self.tensor([float(not problem.january(step)) for step in range(problem.steps)])
        compiled = torch.compile if hasattr(torch, "compile") else lambda f: f
        self.advance, self.measure = compiled(self.advance), compiled(self.measure)

    def tensor(self, values):
        return torch.as_tensor(values, dtype=torch.float32, device=self.place)

    @torch.no_grad()
    def run(self, count, seed, summarise=True):
        p, generator = self.problem, torch.Generator(self.place).manual_seed(seed)
        policies, slots = len(p.policies), p.bins + 2
        sums, squares = (torch.zeros((p.records, len(METRICS), policies), dtype=torch.float64, device=self.place) for _ in range(2))
        counts = torch.zeros((p.records, len(METRICS) * policies * slots), dtype=torch.int64, device=self.place)
        months = torch.zeros((len(EVENTS) + 1, policies, p.steps + 1), dtype=torch.int64, device=self.place)
        for first in range(0, count, self.batch):
            self.run_batch(first, min(self.batch, count - first), generator, summarise, sums, squares, counts, months)
        summary = Summary(p, count)
        summary.sums, summary.squares, summary.events = sums.cpu().numpy(), squares.cpu().numpy(), months.cpu().numpy()
        summary.counts = counts.cpu().numpy().reshape(p.records, len(METRICS), policies, slots)
        return summary

    def run_batch(self, first, n, generator, summarise, sums, squares, counts, months):
        p, policies = self.problem, len(self.problem.policies)
        world = MODEL.start_world(p.Parameters(*self.worlds[:, first:first + n]))
        state = MODEL.start(world)
        no = torch.zeros((policies, n), dtype=torch.bool, device=self.place)
        carry = Carry(state, no, no.float(), (no,) * (len(EVENTS) + 1), (no.byte(),) * (len(EVENTS) + 1))
        z, wait, u = (torch.empty((k, n), device=self.place) for k in (NORMALS, WAITS, UNIFORMS))
        for step in range(p.steps):
            z.normal_(generator=generator), wait.exponential_(generator=generator), u.uniform_(generator=generator)
            carry = self.advance(world, z, wait, u, self.years[step], self.carried[step], carry)
            if (step + 1) % p.record_every == 0:
                values, slots = self.measure(world, carry.state)
                if summarise:
                    record = (step + 1) // p.record_every - 1
                    sums[record] += values.sum(2)
                    squares[record] += (values * values).sum(2)
                    counts[record] += torch.bincount(slots.flatten(), minlength=counts.shape[1])
        if summarise:
            offset = (p.steps + 1) * torch.arange(len(months) * policies, device=self.place).view(len(months), policies, 1)
            months += torch.bincount((torch.stack(carry.months_before) + offset).flatten(), minlength=months.numel()).view(months.shape)

    def advance(self, world, z, wait, u, years, carried, carry):
        month = Month(*z, *wait, *u, *MODEL.decays(world.p, years), carried)
        return MODEL.advance(world, month, self.levers, self.trigger, carry)

    def measure(self, world, state):
        p, policies = self.problem, len(self.problem.policies)
        metrics = MODEL.measure(world, state)
        shape = metrics[0].shape
        offset = (p.bins + 2) * torch.arange(policies, device=self.place)[:, None] + 1
        slots = []
        for m, x in enumerate(metrics):
            place = MODEL.place(p.scale[m], float(p.knee[m]), float(p.low[m]), float(p.inverse_width[m]), x)
            slots.append(place.floor().clamp(-1, p.bins).long() + offset + m * policies * (p.bins + 2))
        return torch.stack([x.expand(shape) for x in metrics]), torch.stack(slots)
