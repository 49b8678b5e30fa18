"""What all tools are given: worlds, policies and bins, read from a result file of Chokepoint; and what they give back."""
# SPDX-License-Identifier: Apache-2.0
import re
import tomllib
from collections import namedtuple
from dataclasses import dataclass, field

import h5py
import numpy as np

from fields import EVENTS, METRICS, Levers

NEVER = 1e9  # months that no condition holds


class Triggers(namedtuple("Triggers", "when_below months release_above release_months")):
    """One a policy; its months are NEVER for a policy without."""


@dataclass
class Problem:
    names: tuple           # of parameters
    worlds: np.ndarray     # (parameter, trajectory)
    policies: tuple
    levers: np.ndarray     # (policy, 0: as announced or 1: while its trigger is active, lever)
    triggers: Triggers     # of arrays (policy)
    steps: int
    record_every: int
    start_month: int       # 0: January
    scale: list            # of bins, by metric: linear, log or signed_log
    knee: np.ndarray
    low: np.ndarray        # in t(x), see outputs/README.md
    inverse_width: np.ndarray
    bins: int

    def __post_init__(self):
        self.records = self.steps // self.record_every
        self.Parameters = namedtuple("Parameters", self.names)
        self.triggered = np.flatnonzero(self.triggers.months < NEVER)
        # Levers that any trigger moves.
        self.moved = [bool(x) for x in (self.levers[:, 0] != self.levers[:, 1]).any(axis=0)]

    def january(self, step):
        return (self.start_month + step) % 12 == 0


@dataclass
class Summary:
    problem: Problem
    trajectories: int = 0
    sums: np.ndarray = field(init=False)     # (record, metric, policy)
    squares: np.ndarray = field(init=False)
    counts: np.ndarray = field(init=False)   # (record, metric, policy, slot): below, bins, above
    events: np.ndarray = field(init=False)   # (event, policy, step of the first time, or the number of steps: never)

    def __post_init__(self):
        p = self.problem
        cells = (p.records, len(METRICS), len(p.policies))
        self.sums, self.squares = np.zeros(cells), np.zeros(cells)
        self.counts = np.zeros(cells + (p.bins + 2,), np.int64)
        self.events = np.zeros((len(EVENTS) + 1, len(p.policies), p.steps + 1), np.int64)


def text(dataset):
    value = dataset[()]
    return (value if isinstance(value, bytes) else value[0]).decode()


def to_bin_scale(scale, knee, x):
    if scale == "linear":
        return x
    return np.log(x) if scale == "log" else np.sign(x) * np.log1p(np.abs(x) / knee)


def condition(words, metric, sign):
    match = re.fullmatch(rf"{metric} *{sign} *([-+.\d]+)", words)
    if not match:
        raise SystemExit(f"the trigger condition '{words}' is not of the kind that the peers know: {metric} {sign} NUMBER")
    return float(match[1])


def read_policies(policies):
    """Levers and triggers of a resolved configuration, which names only the levers that differ from the status quo."""
    levers, triggers = [], []
    for name, policy in policies.items():
        announced = {key: policy[key] for key in Levers._fields if key in policy}
        if unknown := policy.keys() - announced.keys() - {"title", "description", "trigger"}:
            raise SystemExit(f"the peers do not know {', '.join(sorted(unknown))} of policy {name}")
        active, trigger = announced, (-NEVER, NEVER, NEVER, NEVER)
        for t in policy.get("trigger", ()):
            other = policies[t["set"]] if isinstance(t["set"], str) else t["set"]
            active = announced | {key: other[key] for key in Levers._fields if key in other}
            trigger = (condition(t["when"], "capability_lag", "<"), t["months"],
                       condition(t["release"], "capability_lag", ">"), t["release_months"])
        if len(policy.get("trigger", ())) > 1:
            raise SystemExit(f"policy {name} has several triggers: the peers know one a policy")
        levers.append((Levers(**announced), Levers(**active)))
        triggers.append(trigger)
    return np.array(levers, np.float32), Triggers(*np.array(triggers, np.float32).T)


def read_problem(path):
    with h5py.File(path) as file:
        config = tomllib.loads(text(file["provenance/configuration_resolved"]))
        if file.attrs["metrics"].decode().split() != list(METRICS):
            raise SystemExit(f"{path}: the metrics are not those of the peers' equations: bring fields.py and equations.py up to date")
        events = [name.decode() for name in file["event"][()]]
        if events != [*EVENTS, "trigger_1"]:
            raise SystemExit(f"{path}: the events are {', '.join(events)}: bring fields.py and equations.py up to date")
        bins = [file[f"histogram/{m}_bin_edges"] for m in METRICS]
        attributes = [file[f"histogram/{m}_bin"].attrs for m in METRICS]
        scale = [a["scale"].decode() for a in attributes]
        knee = [float(np.ravel(a.get("knee", 1))[0]) for a in attributes]
        ends = np.array([to_bin_scale(s, k, b[[0, -1]]) for s, k, b in zip(scale, knee, bins)])
        count = len(bins[0]) - 1
        levers, triggers = read_policies(config["policies"])
        run = config["run"]
        return Problem(tuple(name.decode() for name in file["sample/parameter"][()]),
                       np.ascontiguousarray(file["sample/parameters"][()].T.astype(np.float32)), tuple(config["policies"]), levers,
                       triggers, run["years"] * 12, run["record_every_months"], run["start"].month - 1, scale,
                       np.array(knee, np.float32), ends[:, 0].astype(np.float32),
                       (count / (ends[:, 1] - ends[:, 0])).astype(np.float32), count)
