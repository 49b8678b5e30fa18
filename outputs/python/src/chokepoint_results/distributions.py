"""Laws of parameters, as configurations write them: 'lognormal = { p5 = 4, p95 = 11 }' or {"lognormal": {"p5": 4, "p95": 11}}.

Each has a log density, a distribution function, single values that have a probability of their own (`atoms`), and the intervals that
hold the rest (`support`).
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

Interval = tuple[float, float]
EVERYWHERE: list[Interval] = [(-np.inf, np.inf)]
ABOUT_A_LAW = {"source", "rationale", "would_change_if"}


class LawError(ValueError):
    """What was given is no law."""


class Law:
    atoms: Mapping[float, float] = {}
    support: list[Interval] = EVERYWHERE

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Log density of what is no atom; -inf outside the support."""
        raise NotImplementedError

    def cdf(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def normal_score(self, x: np.ndarray) -> np.ndarray:
        """The standard normal variable that the law's quantile function turns into x."""
        return special.ndtri(np.clip(self.cdf(x), 1e-15, 1 - 1e-15))

    def log_mass(self, x: np.ndarray) -> np.ndarray:
        """Log density, or at an atom the log of its probability. Samples are 32-bit floats, and so are atoms here."""
        result = self.log_density(x)
        for value, probability in self.atoms.items():
            result = np.where(np.float32(x) == np.float32(value), log(probability), result)
        return result


def log(x: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


@dataclass
class Normal(Law):
    mean: float
    sd: float

    def log_density(self, x):
        return -0.5 * ((x - self.mean) / self.sd) ** 2 - np.log(self.sd * np.sqrt(2 * np.pi))

    def cdf(self, x):
        return special.ndtr((x - self.mean) / self.sd)

    def normal_score(self, x):
        return (x - self.mean) / self.sd


@dataclass
class Lognormal(Law):
    mean_log: float
    sd_log: float
    support = [(0.0, np.inf)]

    def _normal(self):
        return Normal(self.mean_log, self.sd_log)

    def log_density(self, x):
        logarithm = log(np.where(x > 0, x, 1))
        return np.where(x > 0, self._normal().log_density(logarithm) - logarithm, -np.inf)

    def cdf(self, x):
        return np.where(x > 0, self._normal().cdf(log(np.where(x > 0, x, 1))), 0)

    def normal_score(self, x):
        return self._normal().normal_score(log(x))


@dataclass
class Beta(Law):
    """On [low, high]. Uniform: alpha = beta = 1. PERT: 1 + 4 (mode - low) / (high - low), 6 - alpha."""

    alpha: float
    beta: float
    low: float = 0
    high: float = 1

    def __post_init__(self):
        self.support = [(self.low, self.high)]

    def log_density(self, x):
        width = self.high - self.low
        share = (x - self.low) / width
        within = (share >= 0) & (share <= 1)
        share = np.where(within, share, 0.5)
        power = special.xlogy(self.alpha - 1, share) + special.xlog1py(self.beta - 1, -share)
        return np.where(within, power - special.betaln(self.alpha, self.beta) - np.log(width), -np.inf)

    def cdf(self, x):
        return special.betainc(self.alpha, self.beta, np.clip((x - self.low) / (self.high - self.low), 0, 1))


@dataclass
class Triangular(Law):
    low: float
    mode: float
    high: float

    def __post_init__(self):
        self.support = [(self.low, self.high)]

    def log_density(self, x):
        with np.errstate(divide="ignore", invalid="ignore"):
            rising, falling = (x - self.low) / (self.mode - self.low), (self.high - x) / (self.high - self.mode)
        side = np.where(x < self.mode, rising, np.where(x > self.mode, falling, 1))
        return log(2 * np.clip(side, 0, 1) / (self.high - self.low))

    def cdf(self, x):
        x = np.clip(x, self.low, self.high)
        width = self.high - self.low
        with np.errstate(divide="ignore", invalid="ignore"):
            below = (x - self.low) ** 2 / (width * (self.mode - self.low))
            above = 1 - (self.high - x) ** 2 / (width * (self.high - self.mode))
        return np.where(x < self.mode, below, np.where(x > self.mode, above, (self.mode - self.low) / width))


@dataclass
class Choice(Law):
    """Single values. A constant is a choice of one."""

    values: list[float]
    weights: list[float]
    support = []

    def __post_init__(self):
        total = sum(self.weights)
        self.atoms = {}
        for value, weight in zip(self.values, self.weights, strict=True):
            if weight > 0:
                self.atoms[value] = self.atoms.get(value, 0) + weight / total

    def log_density(self, x):
        return np.full(np.shape(x), -np.inf)

    def cdf(self, x):
        return sum(probability * (np.asarray(x) >= value) for value, probability in self.atoms.items())


@dataclass
class Table(Law):
    """Straight lines of the quantile function; where it is level, an atom."""

    probabilities: list[float]
    values: list[float]
    atoms: dict[float, float] = field(init=False)

    def __post_init__(self):
        p, x = np.asarray(self.probabilities, float), np.asarray(self.values, float)
        steps = list(zip(np.diff(p), x[:-1], x[1:], strict=True))
        self.atoms = {}
        for step, low, high in steps:
            if low == high:
                self.atoms[low] = self.atoms.get(low, 0) + step
        self._pieces = [(step, low, high) for step, low, high in steps if low < high]
        self.support = merged([(low, high) for _, low, high in self._pieces])

    def log_density(self, x):
        density = np.zeros(np.shape(x))
        for step, low, high in self._pieces:
            inside = (x >= low) & ((x < high) | ((x == high) & (high == self.values[-1])))
            density = np.where(inside, step / (high - low), density)
        return log(density)

    def cdf(self, x):
        x = np.asarray(x, float)
        level = sum((step * np.clip((x - low) / (high - low), 0, 1) for step, low, high in self._pieces), np.zeros(x.shape))
        return level + sum(probability * (x >= value) for value, probability in self.atoms.items())


@dataclass
class Truncated(Law):
    of: Law
    low: float
    high: float

    def __post_init__(self):
        self.support = [(max(low, self.low), min(high, self.high)) for low, high in self.of.support if low < self.high and high > self.low]
        self._below, above = (float(self.of.cdf(np.float64(end))) for end in (self.low, self.high))
        self._share = above - self._below
        if not self._share > 0:
            raise LawError(f"truncated: [{self.low}, {self.high}] holds nothing of the law inside")
        self.atoms = {value: probability / self._share for value, probability in self.of.atoms.items() if self.low < value <= self.high}

    def log_density(self, x):
        within = (x >= self.low) & (x <= self.high)
        return np.where(within, self.of.log_density(np.where(within, x, self.high)) - np.log(self._share), -np.inf)

    def cdf(self, x):
        return np.clip((self.of.cdf(np.clip(x, self.low, self.high)) - self._below) / self._share, 0, 1)


@dataclass
class Mixture(Law):
    parts: list[Law]
    weights: list[float]

    def __post_init__(self):
        shares = np.asarray(self.weights) / sum(self.weights)
        self._shares = [(share, part) for share, part in zip(shares, self.parts, strict=True) if share > 0]
        self.support = merged([interval for _, part in self._shares for interval in part.support])
        self.atoms = {}
        for share, part in self._shares:
            for value, probability in part.atoms.items():
                self.atoms[value] = self.atoms.get(value, 0) + share * probability

    def log_density(self, x):
        return np.logaddexp.reduce([np.log(share) + part.log_density(x) for share, part in self._shares])

    def cdf(self, x):
        return sum(share * part.cdf(x) for share, part in self._shares)


def merged(intervals: list[Interval]) -> list[Interval]:
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


def outside(new: Law, old: Law) -> str:
    """What of `new` the old law cannot have drawn; empty if nothing."""
    for value in new.atoms:
        if np.float32(value) not in {np.float32(atom) for atom in old.atoms}:
            return f"the single value {value:g}"
    for low, high in new.support:
        if not any(least <= low and high <= most for least, most in old.support):
            return f"[{low:g}, {high:g}]"
    return ""


# ---- from text and tables


def parse_law(given: Any) -> Law:
    """A law from TOML text, from a table such as {"uniform": {"low": 0, "high": 1}}, or from a number."""
    if isinstance(given, Law):
        return given
    if isinstance(given, str):
        try:
            given = tomllib.loads(given)
        except tomllib.TOMLDecodeError as error:
            raise LawError(f"'{given}' is no TOML: {error}. A law looks like 'lognormal = {{ p5 = 4, p95 = 11 }}'") from error
    if isinstance(given, (int, float)):
        return Choice([float(given)], [1])
    entries = {key: value for key, value in given.items() if key not in ABOUT_A_LAW}
    if len(entries) != 1 or next(iter(entries)) not in MAKERS:
        raise LawError(f"expected one law of {', '.join(MAKERS)}; got {', '.join(map(str, entries)) or 'nothing'}")
    name, arguments = next(iter(entries.items()))
    try:
        return MAKERS[name](arguments)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, LawError):
            raise
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise LawError(f"{name} = {arguments}: {what}") from error


def location_and_scale(arguments: Mapping[str, float], names: tuple[str, str], transform=float) -> tuple[float, float]:
    """Of a normal law: as given, or from two percentiles."""
    percentiles = {int(key[1:]): transform(value) for key, value in arguments.items() if re.fullmatch("p[1-9][0-9]?", key)}
    if len(percentiles) != 2:
        return transform(arguments[names[0]]), float(arguments[names[1]])
    (first, low), (second, high) = sorted(percentiles.items())
    z_low, z_high = special.ndtri(first / 100), special.ndtri(second / 100)
    scale = (high - low) / (z_high - z_low)
    return low - scale * z_low, scale


def checked(law: Law, good: bool, limit: str) -> Law:
    if not good:
        raise LawError(f"{law}: {limit}")
    return law


def make_normal(a):
    mean, sd = location_and_scale(a, ("mean", "sd"))
    return checked(Normal(mean, sd), sd > 0, "sd must be above 0")


def make_lognormal(a):
    mean_log, sd_log = location_and_scale(a, ("median", "sd_log"), lambda x: float(log(x)))
    return checked(Lognormal(mean_log, sd_log), sd_log > 0 and np.isfinite(mean_log), "values must be above 0 and increase")


def make_beta(a):
    law = Beta(float(a["alpha"]), float(a["beta"]), float(a.get("low", 0)), float(a.get("high", 1)))
    return checked(law, law.alpha > 0 and law.beta > 0 and law.low < law.high, "alpha and beta must be above 0, low below high")


def make_pert(a):
    low, mode, high = (float(a[key]) for key in ("low", "mode", "high"))
    rise = 4 * (mode - low) / (high - low)
    return checked(Beta(1 + rise, 5 - rise, low, high), low <= mode <= high, "low, mode and high must increase")


def make_uniform(a):
    return make_beta({"alpha": 1, "beta": 1, "low": a["low"], "high": a["high"]})


def make_triangular(a):
    law = Triangular(*(float(a[key]) for key in ("low", "mode", "high")))
    return checked(law, law.low <= law.mode <= law.high and law.low < law.high, "low, mode and high must increase")


def make_choice(a):
    return Choice([float(x) for x in a["values"]], [float(x) for x in a["weights"]])


def make_table(a):
    law = Table([float(x) for x in a["probabilities"]], [float(x) for x in a["values"]])
    good = (len(law.values) > 1 and law.probabilities[0] == 0 and law.probabilities[-1] == 1 and
            bool(np.all(np.diff(law.probabilities) > 0) and np.all(np.diff(law.values) >= 0)))
    return checked(law, good, "probabilities must increase from 0 to 1, values must not decrease")


def make_truncated(a):
    return Truncated(parse_law(a["of"]), float(a["low"]), float(a["high"]))


def make_mixture(parts):
    return Mixture([parse_law({key: value for key, value in part.items() if key != "weight"}) for part in parts],
                   [float(part["weight"]) for part in parts])


MAKERS = {"constant": lambda value: Choice([float(value)], [1]), "normal": make_normal, "lognormal": make_lognormal,
          "uniform": make_uniform, "beta": make_beta, "triangular": make_triangular, "pert": make_pert, "choice": make_choice,
          "table": make_table, "truncated": make_truncated, "mixture": make_mixture}
