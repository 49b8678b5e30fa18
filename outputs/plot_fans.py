#!/usr/bin/env python3
"""Fan charts of a result file: median, 25-75 % and 5-95 % of trajectories, one row per metric, one panel per policy.

  python3 outputs/plot_fans.py outputs/baseline.h5 -m capability_lag,row_adoption -p status_quo,tight_controls -o fans.png

Needs xarray, netCDF4 and matplotlib. Copy it and change it: the file's layout is in outputs/README.md.
"""
import argparse
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.ticker import LogLocator, MaxNLocator

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # Okabe and Ito: safe for colour-blind readers
SETTINGS = {"font.size": 8, "axes.titlesize": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "0.6",
            "axes.grid": True, "axes.axisbelow": True, "grid.color": "0.92", "xtick.color": "0.3", "ytick.color": "0.3"}


def choose(wanted, known, defaults, what):
    names = wanted.split(",") if wanted else defaults
    for name in names:
        if name not in known:
            raise SystemExit(f"'{name}' is no {what} of this result. It has: {', '.join(known)}.")
    return names


def draw_fan(axes, fan, reference, colour, quantiles):
    lowest, low, middle, high, highest = [fan.sel(quantile=q) for q in quantiles]
    axes.fill_between(fan.year, lowest, highest, color=colour, alpha=0.18, linewidth=0)
    axes.fill_between(fan.year, low, high, color=colour, alpha=0.35, linewidth=0)
    axes.plot(fan.year, middle, color=colour, linewidth=1.8)
    if fan.policy != reference.policy:
        axes.plot(fan.year, reference.sel(quantile=quantiles[2]), color="0.25", linewidth=0.9, linestyle=(0, (4, 2)))


def label_row(axes, mean, metric):
    unit = "" if mean.units == "1" else f" ({mean.units})"
    axes.set_ylabel(metric.replace("_", " ") + unit)
    if mean.scale == "log":
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1e4 * low else (1,)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
    meaning = mean.long_name.split(": ", 1)[-1]  # without "mean: "
    axes.annotate(meaning, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", color="0.4").set_in_layout(False)


def plot(path, metrics, policies, output):
    root = xr.open_dataset(path).set_coords("year")
    how = xr.open_dataset(path, group="provenance").attrs
    known = root.attrs["metrics"].split()
    metrics = choose(metrics, known, [m for m in ("capability_lag", "row_adoption") if m in known] or known[:2], "metric")
    names = [str(name) for name in root.policy.values]
    spread = np.unique(np.linspace(0, len(names) - 1, min(4, len(names))).round().astype(int))
    policies = choose(policies, names, [names[i] for i in spread], "policy")
    quantiles = root["quantile"].sel(quantile=[0.05, 0.25, 0.5, 0.75, 0.95], method="nearest").values

    plt.rcParams.update(SETTINGS)
    figure, grid = plt.subplots(len(metrics), len(policies), squeeze=False, sharex=True, sharey="row", layout="constrained",
                                figsize=(10, 1.2 + 2.1 * len(metrics)))
    figure.get_layout_engine().set(h_pad=0.12, w_pad=0.06)
    for axes, policy in zip(grid[0], policies):
        title = textwrap.fill(str(root.policy_title.sel(policy=policy).values), 104 // len(policies))
        axes.set_title(title, loc="left", pad=20, fontweight="bold")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    for row, metric, colour in zip(grid, metrics, COLOURS * len(metrics)):
        values = root[f"{metric}_quantile"]
        for axes, policy in zip(row, policies):
            draw_fan(axes, values.sel(policy=policy), values.sel(policy=policies[0]), colour, quantiles)
        label_row(row[0], root[f"{metric}_mean"], metric)
    figure.suptitle(root.attrs["title"], x=0.008, ha="left", fontsize=11, fontweight="bold")
    reading = "bands: {:g}-{:g} % and {:g}-{:g} % of trajectories; line: {:g} %".format(*100 * quantiles[[0, 4, 1, 3, 2]])
    origin = f"{how.get('trajectories', '?')} trajectories per policy, result {root.attrs['result_hash']}"
    dashed = f"; dashed: the same under {policies[0]}" if len(policies) > 1 else ""
    figure.supxlabel(f"{reading}{dashed}. {origin}", fontsize=7, color="0.4")
    figure.savefig(output, dpi=160)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result")
    parser.add_argument("-m", "--metrics", help="separated by commas")
    parser.add_argument("-p", "--policies", help="separated by commas")
    parser.add_argument("-o", "--output", default="fans.png", help="PNG, SVG or PDF")
    options = parser.parse_args()
    plot(options.result, options.metrics, options.policies, options.output)
