#!/usr/bin/env python3
"""check_readers.py FILE...: do the tools of analysts read these result files as they are?

Opens every group with both netCDF engines of xarray, without any argument that would help them, and runs
ncdump. Exit status 0: yes; 1: no, with the reason; 77: xarray or an engine is not installed.
"""
# SPDX-License-Identifier: Apache-2.0
import shutil
import subprocess
import sys

try:
    import h5netcdf
    import netCDF4
    import numpy as np
    import xarray as xr
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ENGINES = ("netcdf4", "h5netcdf")
LABELS = ("policy", "event", "parameter", "criterion", "winning", "threshold", "other_policy", "pair", "basis")


def check(holds, text):
    if not holds:
        raise AssertionError(text)


def open_group(path, group, engine):
    # xarray moves what it has understood, as the units of time, from attrs to encoding.
    with xr.open_dataset(path, group=group, engine=engine) as dataset:
        dataset.load()
    for name, variable in dataset.variables.items():
        for attribute in ("units", "long_name"):
            check(variable.attrs.get(attribute) or variable.encoding.get(attribute), f"{name} has no {attribute}")
        for axis in variable.dims:
            check(not axis.startswith("phony_dim"), f"{name} has an axis without a dimension scale")
    return dataset


def check_labels(dataset):
    for axis in LABELS:
        if axis not in dataset.dims:
            continue
        check(axis in dataset.indexes, f"{axis} has no labels")
        for number, label in enumerate(dataset[axis].values):
            check(isinstance(label, str) and label, f"label {number} of {axis} is {label!r}")
            check(dataset.sel({axis: label}).equals(dataset.isel({axis: number})), f"{axis} = {label!r} selects something else")
    if "time" in dataset.dims:
        check(np.issubdtype(dataset["time"].dtype, np.datetime64), "time was not decoded")


def check_root(dataset):
    for name in ("Conventions", "title", "source", "history", "file_type", "model", "metrics", "result_hash"):
        check(isinstance(dataset.attrs.get(name), str), f"the attribute {name} is missing or no text")
    check(dataset.attrs["file_type"] == "chokepoint-result", "file_type is another")
    check(int(dataset.attrs["format_version"]) >= 1, "format_version is no number")
    for metric in dataset.attrs["metrics"].split():
        check(dataset[metric + "_mean"].dims == ("policy", "time"), f"{metric}_mean has other axes")
        for name in dataset[metric + "_mean"].attrs["ancillary_variables"].split():
            check(name in dataset, f"{metric}_mean names {name}, which is not there")
        quantiles = dataset[metric + "_quantile"].values
        check(not (np.diff(quantiles, axis=2) < 0).any(), f"{metric}_quantile decreases")


def check_histogram(histogram, root, trajectories):
    for metric in root.attrs["metrics"].split():
        edges, bins = histogram[metric + "_bin_edges"].values, histogram[metric + "_bin"].values
        check((np.diff(edges) > 0).all() and (np.diff(bins) > 0).all(), f"the bins of {metric} do not increase")
        check(len(bins) == len(edges) + 1, f"the bins of {metric} do not fit their edges")
        count = histogram[metric + "_count"].sum(metric + "_bin") + histogram[metric + "_non_finite"]
        check((count == trajectories).all(), f"the counts of {metric} do not add up to {trajectories} trajectories")


def check_paired(paired, root):
    reference = paired.attrs["reference"]
    check(reference in paired["policy"].values, "the reference is no policy")
    for metric in root.attrs["metrics"].split():
        check((paired[metric + "_mean_difference"].sel(policy=reference) == 0).all(), f"{metric} differs from itself")
        of_means = root[metric + "_mean"] - root[metric + "_mean"].sel(policy=reference)
        error = paired[metric + "_mean_difference_se"] + 1e-5 * abs(root[metric + "_mean"])
        whole = (root[metric + "_mean"].notnull()).all()
        near = (abs(paired[metric + "_mean_difference"] - of_means) <= error).all()
        check(not whole or near, f"{metric}: the mean difference is none of means")
        check(not (np.diff(paired[metric + "_difference_quantile"].values, axis=2) < 0).any(), f"{metric}_difference_quantile decreases")
        for name in ("probability_higher", "probability_equal"):
            share = paired[f"{metric}_{name}"].values
            check(not ((share < 0) | (share > 1)).any(), f"{metric}_{name} is no probability")


def check_decision(decision, root):
    for metric in root.attrs["metrics"].split():
        if root[metric + "_mean"].attrs["direction"] == "none":
            continue
        total = decision[metric + "_rank_probability"].sum("rank").values
        check(np.allclose(total, 1), f"the rank probabilities of {metric} do not add up to 1")
        check((decision[metric + "_regret_mean"] >= 0).all(), f"{metric} has a negative regret")
        best = decision[metric + "_winner_seen"].attrs["policy"]
        check(decision[metric + "_gap"].sel(policy=best) == 0, f"the best policy of {metric} is none")
        bounds = decision[metric + "_winner_corrected_bounds"].values
        check((bounds[:, 0] <= bounds[:, 1]).all(), f"the interval of the winner of {metric} is none")


def check_tallies(accumulator, root):
    trajectories = accumulator.attrs["trajectories"]
    for metric in root.attrs["metrics"].split():
        count = accumulator[metric + "_difference_count"].sum("difference_slot")
        check(((count == trajectories) | (count == 0)).all(), f"the differences of {metric} do not add up to {trajectories} trajectories")


def check_engine(path, groups, engine):
    opened = {}
    for group in [None, *groups]:
        try:
            opened[group] = open_group(path, group, engine)
            check_labels(opened[group])
        except Exception as error:
            raise AssertionError(f"engine {engine}, group {group or '/'}: {error}") from error
    check_root(opened[None])
    if opened["accumulator"].attrs["trajectories"] > 0:
        check_histogram(opened["histogram"], opened[None], opened["accumulator"].attrs["trajectories"])
        check_paired(opened["paired"], opened[None])
        check_decision(opened["decision"], opened[None])
        check_tallies(opened["accumulator"], opened[None])
    return opened


def check_file(path):
    with netCDF4.Dataset(path) as file:
        groups = list(file.groups)
    for group in ("paired", "decision", "histogram", "accumulator", "provenance"):
        check(group in groups, f"there is no group {group}")
    first, second = (check_engine(path, groups, engine) for engine in ENGINES)
    for group in first:
        check(first[group].equals(second[group]), f"the engines read different values from group {group or '/'}")
    if not shutil.which("ncdump"):
        return "ncdump is not installed"
    dump = subprocess.run(["ncdump", "-h", path], capture_output=True, text=True, check=False)
    check(dump.returncode == 0, f"ncdump failed: {dump.stderr.strip()}")
    check("phony_dim" not in dump.stdout, "ncdump finds an axis without a dimension scale")
    return "ok"


def main(paths):
    if not paths:
        sys.exit(__doc__)
    failed = False
    for path in paths:
        try:
            print(f"{path}: {check_file(path)}")
        except (AssertionError, OSError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
