#!/usr/bin/env python3
"""Four pictures of a result file: fans.png, events.png, differences.png and tornado.png.

  python3 outputs/plots/plot.py outputs/baseline.h5 outputs/pictures -m capability_lag,row_adoption -p status_quo,tight_controls

Needs xarray, netCDF4 (or h5netcdf) and matplotlib. Copy it and change it: the file's layout is in outputs/README.md.
"""
# SPDX-License-Identifier: Apache-2.0
import argparse
import os
import textwrap

import matplotlib

matplotlib.use("Agg")  # no display is needed
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.ticker import LogLocator, MaxNLocator, PercentFormatter

REFERENCE = "#444444"
OTHERS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # Okabe and Ito: safe for colour-blind readers
DASHES = ["-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (2, 2))]  # never colour alone
SETTINGS = {"font.size": 8, "axes.titlesize": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "0.6",
            "axes.grid": True, "axes.axisbelow": True, "grid.color": "0.92", "xtick.color": "0.3", "ytick.color": "0.3"}


class Results:
    """The groups of a file, and what is to be drawn of it."""

    def __init__(self, path, metrics, policies):
        self.root, self.paired, self.provenance = (xr.open_dataset(path, group=group) for group in (None, "paired", "provenance"))
        try:
            self.sensitivity = xr.open_dataset(path, group="sensitivity")
        except OSError:
            self.sensitivity = None  # no parameter varies
        self.reference = self.paired.attrs["reference"]
        names = [str(name) for name in self.root.policy.values]
        known = self.root.attrs["metrics"].split()
        self.metrics = choose(metrics, known, [m for m in ("capability_lag", "row_adoption") if m in known] or known[:2], "metric")
        self.policies = choose(policies, names, self.most_different(names), "policy")
        rest = [name for name in self.policies if name != self.reference]
        self.colour = {self.reference: REFERENCE, **{name: OTHERS[i % len(OTHERS)] for i, name in enumerate(rest)}}
        self.dash = {self.reference: "-", **{name: DASHES[1 + i % (len(DASHES) - 1)] for i, name in enumerate(rest)}}

    def most_different(self, names):
        """The reference, and the three policies whose first metric differs most from it at the end."""
        gap = abs(self.paired[f"{self.metrics[0]}_mean_difference"].isel(time=-1)).fillna(0).values
        return [self.reference, *(names[i] for i in np.argsort(-gap) if names[i] != self.reference)][:4]

    def title(self, policy, width):
        return textwrap.fill(str(self.root.policy_title.sel(policy=policy).values), width)

    def label(self, metric):
        units = self.root[f"{metric}_mean"].units
        return spaced(metric) + ("" if units == "1" else f" ({units})")

    def meaning(self, metric):
        return self.root[f"{metric}_mean"].long_name.split(": ", 1)[-1]  # without "mean: "

    def end(self):
        return f"end of {int(self.root.year[-1] - 0.01)}"

    def save(self, figure, title, reading, path):
        count = f"{int(self.provenance.attrs['trajectories']):,}".replace(",", " ")
        figure.suptitle(f"{self.root.attrs['title']}: {title}", x=0.008, ha="left", fontsize=11, fontweight="bold")
        figure.supxlabel(f"{reading}. {count} trajectories per policy, result {self.root.attrs['result_hash']}", fontsize=7, color="0.4")
        figure.savefig(path, dpi=115, pil_kwargs={"optimize": True})
        plt.close(figure)


def choose(wanted, known, defaults, what):
    names = wanted.split(",") if wanted else defaults
    for name in names:
        if name not in known:
            raise SystemExit(f"'{name}' is no {what} of this result. It has: {', '.join(known)}.")
    return names


def spaced(name):
    return str(name).replace("_", " ")


def grid_of(rows, columns, size, **sharing):
    figure, grid = plt.subplots(rows, columns, squeeze=False, layout="constrained", figsize=size, **sharing)
    figure.get_layout_engine().set(h_pad=0.1, w_pad=0.08)
    return figure, grid


def subtitle(axes, text, size):
    written = axes.annotate(text, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", color="0.4", fontsize=size)
    written.set_in_layout(False)


def legend_below_title(figure, axes):
    """The title must end with an empty line."""
    handles, labels = axes.get_legend_handles_labels()
    below = 1 - 0.24 / figure.get_figheight()
    figure.legend(handles, labels, loc="upper left", bbox_to_anchor=(0, below), ncols=len(labels), frameon=False, handlelength=3)


def note(axes, text):
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes, color="0.3", fontsize=10)


def fans(r, path):
    """Median, 25-75 % and 5-95 % of trajectories: one row per metric, one panel per policy."""
    levels = r.root["quantile"].sel(quantile=[0.05, 0.25, 0.5, 0.75, 0.95], method="nearest").values
    figure, grid = grid_of(len(r.metrics), len(r.policies), (10, 1.3 + 2.1 * len(r.metrics)), sharex=True, sharey="row")
    for row, metric in zip(grid, r.metrics):
        values = r.root[f"{metric}_quantile"]
        row[0].yaxis.set_major_locator(MaxNLocator(5))
        for axes, policy in zip(row, r.policies):
            lowest, low, middle, high, highest = (values.sel(policy=policy, quantile=level) for level in levels)
            axes.fill_between(r.root.year, lowest, highest, color=r.colour[policy], alpha=0.18, linewidth=0)
            axes.fill_between(r.root.year, low, high, color=r.colour[policy], alpha=0.35, linewidth=0)
            axes.plot(r.root.year, middle, color=r.colour[policy], linewidth=1.8)
            if policy != r.reference:
                median = values.sel(policy=r.reference, quantile=levels[2])
                axes.plot(r.root.year, median, color=REFERENCE, linewidth=0.9, linestyle=(0, (4, 2)))
        row[0].set_ylabel(r.label(metric))
        if r.root[f"{metric}_mean"].scale == "log":
            set_log(row[0])
        subtitle(row[0], r.meaning(metric), 8)
    for axes, policy in zip(grid[0], r.policies):
        axes.set_title(r.title(policy, 104 // len(r.policies)), loc="left", pad=20, fontweight="bold")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    dashed = f"; dashed: the same under {r.reference}" if len(r.policies) > 1 else ""
    r.save(figure, "how outcomes spread", "bands: {:g}-{:g} % and {:g}-{:g} % of trajectories; line: median{}".format(
        *100 * levels[[0, 4, 1, 3]], dashed), path)


def set_log(axes):
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1e4 * low else (1,)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()


def events(r, path):
    """Share of trajectories in which an event has happened by then, with its 95 % interval; events in which policies differ most."""
    probability = r.root.event_probability
    shown = [str(name) for name in probability.event.values if probability.sel(event=name).notnull().all()]
    spread = [float(probability.sel(event=name).max() - probability.sel(event=name).min()) for name in shown]
    shown = [shown[i] for i in np.argsort(-np.array(spread), kind="stable")][:6]
    columns = min(3, max(len(shown), 1))
    rows = -(-len(shown) // columns)
    figure, grid = grid_of(rows, columns, (10, 1.4 + 2.2 * rows), sharex=True)
    others = [str(name) for name in r.root.policy.values if name not in r.policies]
    for axes in grid.flat[len(shown):]:
        axes.set_axis_off()
    for axes, event in zip(grid.flat, shown):
        curves, bounds = r.root.event_cdf.sel(event=event), r.root.event_cdf_bounds.sel(event=event)
        for policy in others:
            axes.plot(r.root.year, curves.sel(policy=policy), color="0.8", linewidth=0.7)
        for policy in r.policies:
            low, high = bounds.sel(policy=policy).transpose("bound", "time")
            axes.fill_between(r.root.year, low, high, color=r.colour[policy], alpha=0.25, linewidth=0)
            axes.plot(r.root.year, curves.sel(policy=policy), color=r.colour[policy], linestyle=r.dash[policy], linewidth=1.6,
                      label=r.title(policy, 40).replace("\n", " "))
        axes.set_title(spaced(event), loc="left", pad=16, fontsize=8, fontweight="bold")
        subtitle(axes, textwrap.shorten(str(r.root.event_title.sel(event=event).values), 56, placeholder=" …"), 7)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    for axes in grid[:, 0]:
        axes.set_ylabel("has happened by then")
    legend_below_title(figure, grid[0, 0])
    grey = "; grey: the other policies" if others else ""
    r.save(figure, "when events happen\n", f"bands: 95 % interval of the sampling{grey}", path)


def differences(r, path):
    """Mean difference from the reference in the same trajectory, at the end, with its 95 % interval and the spread of trajectories."""
    others = [str(name) for name in r.root.policy.values if name != r.reference]
    figure, grid = grid_of(1, len(r.metrics) if others else 1, (10, 1.5 + 0.34 * max(len(others), 3)))
    for axes, metric in zip(grid[0], r.metrics):
        if not others:
            note(axes, "There is one policy: nothing to compare it with.")
            continue
        last = r.paired.isel(time=-1)
        mean = last[f"{metric}_mean_difference"].sel(policy=others)
        order = np.argsort(mean.values)
        names, place = [others[i] for i in order], np.arange(len(others))
        mean = mean.values[order]
        bounds = last[f"{metric}_mean_difference_bounds"].sel(policy=names).values
        low, high = (last[f"{metric}_difference_quantile"].sel(policy=names).sel(quantile=q, method="nearest").values for q in (0.05, 0.95))
        colours = [r.colour.get(name, "0.55") for name in names]
        axes.use_sticky_edges = False
        axes.axvline(0, color=REFERENCE, linewidth=1)
        axes.barh(place, high - low, left=low, height=0.5, color=colours, alpha=0.25)
        for at, y, x, ends, colour in zip(place, place, mean, bounds, colours):
            axes.errorbar(x, y, xerr=[[x - ends[0]], [ends[1] - x]], fmt="o", markersize=4, capsize=3, color=colour)
        axes.set_yticks(place, [r.title(name, 34) for name in names])
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("difference of " + r.label(metric))
        axes.set_title(textwrap.shorten(r.meaning(metric), 58, placeholder=" …"), loc="left", fontsize=8, color="0.4")
    reference = r.title(r.reference, 60)
    r.save(figure, f"difference from “{reference}”, {r.end()}",
           "dot: mean difference in the same trajectory, with its 95 % interval; bar: 5-95 % of trajectories", path)


def tornado(r, path):
    """The parameters that move the first metric most under the reference policy, and the share of its variance that each explains."""
    metric, most = r.metrics[0], 12
    figure, grid = grid_of(1, 2, (10, 4.6), sharey=True, gridspec_kw={"width_ratios": [3, 2]})
    if r.sensitivity is None:
        note(grid[0, 0], "No parameter varies in this result.")
        grid[0, 1].set_axis_off()
    else:
        of = r.sensitivity.sel(policy=r.reference)
        index, error = (of[f"{metric}_first_order{what}"].isel(sensitivity_time=-1).values for what in ("", "_se"))
        means = of[f"{metric}_bin_mean"].values
        low, high = means[:, :4].mean(1), means[:, -4:].mean(1)  # an eighth of the draws at each end
        order = np.argsort(np.nan_to_num(abs(high - low)))[-most:]
        place, centre = np.arange(len(order)), float(r.root[f"{metric}_mean"].sel(policy=r.reference).isel(time=-1))
        bars = {"height": 0.62, "left": centre, "edgecolor": "white", "linewidth": 0}
        grid[0, 0].barh(place, low[order] - centre, color=OTHERS[0], label="lowest eighth of its draws", **bars)
        grid[0, 0].barh(place, high[order] - centre, color=OTHERS[1], hatch="////", label="highest eighth", **bars)
        grid[0, 0].axvline(centre, color=REFERENCE, linewidth=1)
        grid[0, 0].set_yticks(place, [spaced(of.driver.values[i]) for i in order])
        grid[0, 0].set_xlabel(f"mean of {r.label(metric)}, {r.end()}")
        legend_below_title(figure, grid[0, 0])
        grid[0, 0].set_title("Mean where the parameter is low and high", loc="left", fontsize=8, fontweight="bold")
        bars = {"height": 0.62, "color": "0.7", "error_kw": {"capsize": 2, "elinewidth": 1}}
        grid[0, 1].barh(place, 100 * index[order], xerr=196 * error[order], **bars)
        grid[0, 1].set_xlabel("share of the variance (first-order index, %)")
        grid[0, 1].set_title("What knowing it would explain", loc="left", fontsize=8, fontweight="bold")
        for axes in grid[0]:
            axes.grid(axis="y", visible=False)
    title = f"what drives {spaced(metric)} under “{r.title(r.reference, 60)}”\n"
    r.save(figure, title, "error bars: 95 % interval of the sampling", path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result")
    parser.add_argument("folder", help="where the pictures go")
    parser.add_argument("-m", "--metrics", help="separated by commas; tornado.png shows the first")
    parser.add_argument("-p", "--policies", help="separated by commas; by default the reference and the three that differ most from it")
    options = parser.parse_args()
    plt.rcParams.update(SETTINGS)
    os.makedirs(options.folder, exist_ok=True)
    results = Results(options.result, options.metrics, options.policies)
    for draw in (fans, events, differences, tornado):
        draw(results, os.path.join(options.folder, draw.__name__ + ".png"))
