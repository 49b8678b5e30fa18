"""open_result(): what an analyst asks of a result, by name."""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from .file import ResultError, ResultFile
from .reweighting import Prior, Reweighted, reweight


def open_result(path: str | os.PathLike[str], worldview: str | None = None) -> Result:
    """Opens a result file, or the result of one of its world views. Use it in a `with` statement, or close() it."""
    return Result(path, worldview)


class Result:
    """One result. Everything is read when it is first asked for; what was read stays after close()."""

    def __init__(self, path: str | os.PathLike[str], worldview: str | None = None):
        self.file = ResultFile(path, worldview)
        root = self.file.attributes()
        self.title: str = root["title"]
        self.model: str = root["model"]
        self.result_hash: str = root["result_hash"]
        self.reference: str = self.file.attributes("paired")["reference"]

    def __enter__(self) -> Result:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return (f"<Result {self.title!r}: model {self.model}, {len(self.policies)} policies, {len(self.metrics)} metrics, "
                f"{self.result_hash}>")

    def close(self) -> None:
        self.file.close()

    # ---- what there is

    @property
    def worldviews(self) -> list[str]:
        """Names of the world views in the file, the scenario as given first; none if it was run under no others."""
        return self.file.worldviews

    @cached_property
    def policies(self) -> pd.Series:
        """Titles of the policies, by name, in the order of the file."""
        return self.file.array("policy_title").to_pandas()

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Meaning, units, direction (which way is better) and scale of each metric."""
        rows = {}
        for name in self.file.attributes()["metrics"].split():
            about = self.file.attributes(f"{name}_mean")
            rows[name] = {"meaning": about["long_name"].partition(": ")[2], **{key: about[key] for key in ("units", "direction", "scale")}}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("metric")

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """The table of assumptions: meaning, units, prior, source, rationale, ... of each parameter."""
        columns = [name for name in self.file.names("provenance") if name.startswith("parameter_")]
        order = ["meaning", "units", "prior", "source", "rationale", "would_change_if", "origin"]
        table = {name.removeprefix("parameter_"): self.file.array(f"provenance/{name}").to_pandas() for name in columns}
        return pd.DataFrame({name: table[name] for name in sorted(table, key=lambda name: order.index(name) if name in order else 99)})

    @cached_property
    def provenance(self) -> dict[str, str]:
        """How the result came about: version, seeds, device, trajectories, ..."""
        return {name: str(value) for name, value in self.file.attributes("provenance").items()}

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """The whole configuration, as one resolved TOML document says it."""
        return tomllib.loads(str(self.file.array("provenance/configuration_resolved").values))

    # ---- statistics

    def quantiles(self, metric: str) -> xr.DataArray:
        """Quantiles over trajectories: (policy, time, quantile)."""
        return self._of_metric(metric, "quantile")

    def mean(self, metric: str) -> xr.Dataset:
        """Mean, its standard error and 95 % interval: (policy, time[, bound])."""
        return xr.Dataset({name: self._of_metric(metric, name) for name in ("mean", "mean_se", "mean_bounds")})

    def histogram(self, metric: str) -> xr.DataArray:
        """Counts of trajectories: (policy, time, bin), with `low` and `high` of each bin."""
        counts = self.file.array(f"histogram/{self.known_metric(metric)}_count").rename({f"{metric}_bin": "bin"})
        edges = self.file.array(f"histogram/{metric}_bin_edges").values
        return counts.assign_coords(low=("bin", np.append(-np.inf, edges)), high=("bin", np.append(edges, np.inf)))

    @cached_property
    def events(self) -> xr.Dataset:
        """When events happen: probability (policy, event) and cdf (policy, event, time), each with `_bounds`."""
        names = [name for name in self.file.names() if name.startswith("event_") and name != "event_title"]
        events = xr.Dataset({name.removeprefix("event_"): self.file.array(name) for name in names})
        return events.assign_coords(event_title=self.file.array("event_title"))

    @cached_property
    def paired(self) -> xr.Dataset:
        """Each policy less the reference in the same trajectory: mean_difference, difference_quantile, ... (metric, policy, time, ...)."""
        return self._stacked("paired").assign_attrs(reference=self.reference)

    @cached_property
    def decision(self) -> xr.Dataset:
        """Regret, ranks, scores, the winner and what cannot be told apart, at the end: (metric, policy, ...)."""
        return self._stacked("decision")

    @cached_property
    def sensitivity(self) -> xr.Dataset:
        """What drives the outcome: first_order, pawn, evppi, ... (metric, policy, sensitivity_time, driver)."""
        return self._stacked("sensitivity")

    @cached_property
    def dataset(self) -> xr.Dataset:
        """Statistics of metrics, events and paired differences in one: `.mean.sel(metric="capability_lag")`."""
        events = self.events.rename({name: f"event_{name}" for name in self.events.data_vars})
        joined = xr.merge([self._stacked("/"), self.paired, events], combine_attrs="drop")
        return joined.assign_attrs(title=self.title, model=self.model, result_hash=self.result_hash, reference=self.reference)

    @cached_property
    def sample(self) -> xr.Dataset:
        """The first trajectories, whole: each metric (policy, trajectory), parameters (trajectory, parameter), event_year."""
        if not self.has_sample:
            raise ResultError(f"{self.file.path}: holds no sample, because run.keep was 0")
        sample = xr.Dataset({name: self.file.array(f"sample/{name}") for name in self.file.names("sample")})
        return sample.set_coords("parameter_units")

    @property
    def has_sample(self) -> bool:
        return self.file.has("sample/parameters")

    def group(self, name: str) -> xr.Dataset:
        """Any group of the file as it is: "/", "histogram", "accumulator", ..."""
        return xr.Dataset({each: self.file.array(f"{name}/{each}") for each in self.file.names(name)}, attrs=self.file.attributes(name))

    # ---- other priors

    def reweight(self, priors: Mapping[str, Prior] | str | Callable[[xr.DataArray], np.ndarray]) -> Reweighted:
        """The stored sample under other priors, by importance weights. See Reweighted.

        `priors`: new laws by parameter, as the configuration writes them: {"initial_lag": {"lognormal": {"p5": 3, "p95": 8}}}, or
        with TOML text or a function that gives the log density in place of the table; or one TOML text with a line for each
        parameter; or a function of the sample's parameters (trajectory, parameter) that gives the log of new over old density.
        """
        return reweight(self, priors)

    # ---- parts

    def known_metric(self, metric: str) -> str:
        if metric not in self.metrics.index:
            raise ResultError(f"'{metric}' is no metric of this result. It has: {', '.join(self.metrics.index)}")
        return metric

    def _of_metric(self, metric: str, statistic: str) -> xr.DataArray:
        return self.file.array(f"{self.known_metric(metric)}_{statistic}")

    def _stacked(self, group: str) -> xr.Dataset:
        """A group whose datasets METRIC_statistic are joined to statistic(metric, ...); missing: NaN."""
        parts: dict[str, dict[str, xr.DataArray]] = {}
        variables = {}
        by_length = sorted(self.metrics.index, key=len, reverse=True)
        for name in self.file.names(group):
            metric = next((metric for metric in by_length if name.startswith(metric + "_")), None)
            if metric:
                parts.setdefault(name[len(metric) + 1:], {})[metric] = self.file.array(f"{group}/{name}")
            elif not name.startswith("event_") and name != "policy_title":
                variables[name] = self.file.array(f"{group}/{name}")
        metrics = [metric for metric in self.metrics.index if any(metric in part for part in parts.values())]
        for statistic, part in parts.items():
            joined = join(part, metrics)
            variables[statistic + "s" if statistic in joined.dims else statistic] = joined  # quantiles(quantile)
        about = self.metrics.loc[metrics]
        return xr.Dataset(variables, attrs=self.file.attributes(group) if group != "/" else {}).assign_coords(
            {column: ("metric", about[column].to_numpy(str)) for column in ("units", "direction", "meaning")})


def join(part: dict[str, xr.DataArray], metrics: list[str]) -> xr.DataArray:
    first = next(iter(part.values()))
    values = np.full((len(metrics), *first.shape), np.nan)
    for number, metric in enumerate(metrics):
        if metric in part:
            values[number] = part[metric].values
    units = {array.attrs.get("units") for array in part.values()}
    attributes = {"long_name": first.attrs["long_name"].partition(": ")[0], "units": "1" if units == {"1"} else "that of the metric"}
    return xr.DataArray(values, {"metric": metrics, **first.coords}, ("metric", *first.dims), attrs=attributes)
