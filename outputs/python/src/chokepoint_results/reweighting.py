"""Importance re-weighting of the stored sample to other priors.

A trajectory has the weight w = new density of its parameters / old density; estimates are self-normalised, sum(w y) / sum(w), with
standard errors by the delta method over worlds (Owen 2013, Monte Carlo theory, methods and examples, 9.2; Hesterberg 1995,
Technometrics 37). Quantiles have Woodruff's intervals (1952, JASA 47).
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .distributions import Law, LawError, outside, parse_law

if TYPE_CHECKING:
    from .result import Result

Prior = Mapping[str, Any] | str | float | Law | Callable[[np.ndarray], np.ndarray]
NORMAL_95 = 1.959963984540054
MOST_CLAMPED = 0.001  # of a parameter's draws: they lie at the end of its valid range, where the density is not that of the prior


class ReweightError(ValueError):
    """The stored sample says nothing about these priors."""


class DegenerateWeightsWarning(UserWarning):
    """Few trajectories have most of the weight: the estimates and their standard errors cannot be trusted."""


class WeightedSample:
    """Trajectories with importance weights. Estimates are datasets: `estimate`, `standard_error`, and `low` and `high` of a 95 % interval.

    weights: (trajectory), adding up to 1. ess: Kish's effective number of worlds. worlds: how many there are. The standard errors count
    worlds, and know nothing of what the sample has not seen: where `ess` is much smaller than `worlds`, run again instead.
    """

    def __init__(self, log_ratio: np.ndarray, world: np.ndarray):
        if not np.any(log_ratio > -np.inf):
            raise ReweightError("no stored trajectory is possible under the new priors")
        weights = np.exp(log_ratio - np.max(log_ratio))
        self.weights = xr.DataArray(weights / weights.sum(), dims="trajectory", name="weight")
        self._world = xr.DataArray(np.unique(world, return_inverse=True)[1], dims="trajectory", name="world")
        by_world = np.bincount(self._world, self.weights)
        self.worlds = len(by_world)
        self.ess = float(1 / np.sum(by_world**2))
        self.largest_weight = float(by_world.max())

    def __repr__(self) -> str:
        return (f"<{type(self).__name__}: {self.ess:.0f} effective of {self.worlds} worlds, "
                f"largest weight {100 * self.largest_weight:.2g} %>")

    @property
    def degenerate(self) -> bool:
        return self.ess < 100 or self.ess < 0.1 * self.worlds or self.largest_weight > 0.05

    def expectation(self, values: xr.DataArray) -> xr.Dataset:
        """Mean of anything that has an axis `trajectory`; what is not finite is left out."""
        finite = np.isfinite(values)
        weight = self.weights.where(finite, 0)
        total = weight.sum("trajectory").where(lambda sum: sum > 0)
        numbers = values.where(finite, 0).astype(float)
        estimate = (weight * numbers).sum("trajectory") / total
        error = np.sqrt(self._variance(weight * (numbers - estimate))) / total
        return xr.Dataset({"estimate": estimate.assign_attrs(values.attrs), "standard_error": error,
                           "low": estimate - NORMAL_95 * error, "high": estimate + NORMAL_95 * error})

    def quantiles(self, values: xr.DataArray, levels: Iterable[float]) -> xr.Dataset:
        """The same of quantiles, with an axis `quantile`."""
        values = values.transpose(..., "trajectory")
        levels = np.asarray(list(levels), float)
        rows = np.array([self._quantiles_of(row, levels) for row in values.values.reshape(-1, values.sizes["trajectory"])])
        frame = values.isel(trajectory=0, drop=True).expand_dims(quantile=levels, axis=-1)
        return xr.Dataset({name: frame.copy(data=rows[..., i].reshape(frame.shape))
                           for i, name in enumerate(("estimate", "standard_error", "low", "high"))})

    def _quantiles_of(self, values: np.ndarray, levels: np.ndarray) -> np.ndarray:
        keep = np.isfinite(values)
        if not keep.any():
            return np.full((len(levels), 4), np.nan)
        order = np.argsort(values[keep])
        ordered, weight = values[keep][order].astype(float), self.weights.values[keep][order]
        level = (np.cumsum(weight) - weight / 2) / weight.sum()
        rows = []
        for p in levels:
            at = np.interp(p, level, ordered)
            residual = self.weights.where(keep, 0) * ((values <= at) - p)
            error = np.sqrt(float(self._variance(residual))) / weight.sum()
            low, high = np.interp([p - NORMAL_95 * error, p + NORMAL_95 * error], level, ordered)
            rows.append((at, (high - low) / (2 * NORMAL_95), low, high))
        return np.array(rows)

    def _variance(self, residuals: xr.DataArray) -> xr.DataArray:
        """Of the sum of residuals that are independent between worlds."""
        if self.worlds < self._world.size:
            residuals = residuals.groupby(self._world).sum().rename(world="trajectory")
        return (residuals**2).sum("trajectory") * self.worlds / max(self.worlds - 1, 1)


class Reweighted(WeightedSample):
    """The stored sample of a result, weighted."""

    def __init__(self, result: Result, log_ratio: np.ndarray):
        trajectory = result.file.array("sample/trajectory")
        super().__init__(log_ratio, trajectory.values // int(result.provenance.get("replicates", 1)))
        self.weights = self.weights.assign_coords(trajectory=trajectory)
        self.result = result
        if self.degenerate:
            warnings.warn(f"{self}: the new priors lie too far from those of the run. Run it again with them", DegenerateWeightsWarning,
                          stacklevel=4)

    def mean(self, metric: str, policy: str | list[str] | None = None) -> xr.Dataset:
        """Mean of a metric at the end."""
        return self.expectation(self._values(metric, policy))

    def quantile(self, metric: str, q: float | Iterable[float], policy: str | list[str] | None = None) -> xr.Dataset:
        """Quantiles of a metric at the end."""
        found = self.quantiles(self._values(metric, policy), np.atleast_1d(q))
        return found if np.ndim(q) else found.isel(quantile=0)

    def difference(self, metric: str, policy: str | list[str] | None = None) -> xr.Dataset:
        """Mean difference of a metric from the reference policy, in the same trajectory, at the end."""
        return self.expectation(self._values(metric, policy) - self._values(metric, self.result.reference).drop_vars("policy"))

    def event_probability(self, event: str | list[str] | None = None, policy: str | list[str] | None = None) -> xr.Dataset:
        """Probability that an event happens within the run."""
        happens = self._array("event_year").notnull().astype(float).where(self.result.events.probability.notnull())
        chosen = {axis: labels for axis, labels in (("event", event), ("policy", policy)) if labels is not None}
        found = self.expectation(happens.sel(chosen))
        return found.assign(low=found.low.clip(0, 1), high=found.high.clip(0, 1))

    def _values(self, metric: str, policy: str | list[str] | None) -> xr.DataArray:
        values = self._array(self.result.known_metric(metric))
        return values if policy is None else values.sel(policy=policy)

    def _array(self, name: str) -> xr.DataArray:
        return self.result.file.array(f"sample/{name}")


# ---- weights


def reweight(result: Result, priors: Mapping[str, Prior] | str | Callable) -> Reweighted:
    if not result.has_sample:
        raise ReweightError("the result holds no sample, because run.keep was 0")
    parameters = result.file.array("sample/parameters")
    if callable(priors):
        return Reweighted(result, np.asarray(priors(parameters.astype(float)), float))
    if isinstance(priors, str):
        table = tomllib.loads(priors)
        priors = table.get("parameters", table)
    changes = [Change(result, name, prior, parameters) for name, prior in priors.items()]
    if not changes:
        raise ReweightError("no parameter is given a new prior")
    log_ratio = sum(change.log_ratio() for change in changes)
    return Reweighted(result, log_ratio + copula_log_ratio(result, changes, parameters))


class Change:
    """A parameter with its old law and its new one."""

    def __init__(self, result: Result, name: str, prior: Prior, parameters: xr.DataArray):
        if name not in result.parameters.index:
            raise ReweightError(f"'{name}' is no parameter of this result")
        self.name = name
        self.old = parse_law(result.parameters.prior[name])
        self.x = parameters.sel(parameter=name).values.astype(float)
        self.new = prior if callable(prior) else parsed(name, prior)
        clamped = result.file.array("accumulator/clamped_draws").sel(parameter=name)
        share = float(clamped) / max(result.file.attributes("accumulator")["trajectories"], 1)
        if share > MOST_CLAMPED:
            raise ReweightError(f"{name}: {100 * share:.2g} % of its draws were clamped to its valid range, where the density of its "
                                "prior is not known. Run again with the new prior")
        if isinstance(self.new, Law) and (part := outside(self.new, self.old)):
            raise ReweightError(f"{name}: the new prior reaches {part}, which the prior of the run, {result.parameters.prior[name]}, "
                                "cannot draw. Run again with the new prior")

    def log_ratio(self) -> np.ndarray:
        new = self.new.log_mass(self.x) if isinstance(self.new, Law) else np.asarray(self.new(self.x), float)
        return new - self.old.log_mass(self.x)


def parsed(name: str, prior: Prior) -> Law:
    try:
        return parse_law(prior)
    except LawError as error:
        raise ReweightError(f"{name}: {error}") from error


def copula_log_ratio(result: Result, changes: list[Change], parameters: xr.DataArray) -> np.ndarray | float:
    """New over old density of the Gaussian copula, whose matrix R stays. With z the normal scores of the correlated parameters
    under their laws, its log density is -(z' (inv(R) - I) z + log det R) / 2: a new marginal law moves z."""
    names, matrix = correlations(result.configuration)
    changed = [change for change in changes if change.name in names]
    if not changed:
        return 0.0
    old = np.array([scores(parse_law(result.parameters.prior[name]), name, parameters.sel(parameter=name).values) for name in names])
    new = old.copy()
    for change in changed:
        if not isinstance(change.new, Law):
            raise ReweightError(f"{change.name}: is correlated with others, so that its new prior must be a law, not a function")
        new[names.index(change.name)] = scores(change.new, change.name, change.x)
    excess = np.linalg.inv(matrix) - np.eye(len(names))
    return 0.5 * (np.einsum("it,ij,jt->t", old, excess, old) - np.einsum("it,ij,jt->t", new, excess, new))


def scores(law: Law, name: str, x: np.ndarray) -> np.ndarray:
    if law.atoms:
        raise ReweightError(f"{name}: is correlated with others, and a law with single values has no density in the copula")
    low, high = law.support[0][0], law.support[-1][1]
    x = np.asarray(x, float)
    return law.normal_score(np.where((x > low) & (x < high), x, inner(law)))  # a weight of 0 outside, whatever the score


def inner(law: Law) -> float:
    low, high = law.support[0]
    return (low + high) / 2 if np.isfinite(low + high) else low + 1 if np.isfinite(low) else 0.0


def correlations(configuration: Mapping[str, Any]) -> tuple[list[str], np.ndarray]:
    """The correlated parameters and the matrix of their normal scores: 2 sin(pi rank / 6)."""
    entries = configuration.get("correlation", [])
    names = list(dict.fromkeys(name for entry in entries for name in entry["between"]))
    matrix = np.eye(len(names))
    for entry in entries:
        i, j = (names.index(name) for name in entry["between"])
        matrix[i, j] = matrix[j, i] = 2 * np.sin(np.pi / 6 * entry["rank"])
    return names, matrix
