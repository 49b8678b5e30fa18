"""Do a tool's results and Chokepoint's come from the same distributions?

At three times, for every policy: means, shares of trajectories below Chokepoint's quantiles, shares in which an event has
happened. Each difference is held against its standard error; worlds and shocks are other ones on the two sides.
"""
# SPDX-License-Identifier: Apache-2.0
import math

import h5py
import numpy as np

from fields import METRICS
from problem import to_bin_scale

LIMIT = 5.0  # standard errors
QUANTILES = (0.05, 0.5, 0.95)


def compare_means(file, summary, records):
    n = summary.trajectories
    mean = summary.sums[records] / n
    variance = np.maximum(summary.squares[records] / n - mean ** 2, 0) / n
    theirs = np.stack([file[f"{m}_mean"][()].T[records] for m in METRICS], axis=1)
    error = np.stack([file[f"{m}_mean_se"][()].T[records] for m in METRICS], axis=1)
    z = (mean - theirs) / np.sqrt(error ** 2 + variance)
    yield from ((f"mean of {METRICS[m]}", r, p, z[r, m, p]) for r, m, p in np.ndindex(z.shape))


def share_below(problem, m, slots, x):
    """From a histogram, with straight lines within a bin as Chokepoint draws them; None where x lies outside the bins."""
    place = (to_bin_scale(problem.scale[m], float(problem.knee[m]), x) - float(problem.low[m])) * float(problem.inverse_width[m])
    if not 0 <= place <= problem.bins:
        return None
    return np.interp(place, np.arange(problem.bins + 1), np.cumsum(slots)[:-1]) / slots.sum()


def compare_quantiles(file, summary, records, n):
    shares = file["quantile"][()]
    for m, metric in enumerate(METRICS):
        quantiles = file[f"{metric}_quantile"][()]
        for i, record in enumerate(records):
            for p in range(quantiles.shape[0]):
                for q in QUANTILES:
                    x = quantiles[p, record, np.argmin(abs(shares - q))]
                    below = share_below(summary.problem, m, summary.counts[record, m, p], x)
                    if below is not None:
                        error = math.sqrt(q * (1 - q) * (1 / n + 1 / summary.trajectories))
                        yield f"share below the {q:g} quantile of {metric}", i, p, (below - q) / error


def compare_events(file, summary, records, n):
    """By the arc sine of Freeman and Tukey, whose standard error is known for rare events as well."""
    theirs = file["event_cdf"][()]
    names = [name.decode() for name in file["event"][()]]
    for i, record in enumerate(records):
        happened = summary.events[:, :, :(record + 1) * summary.problem.record_every].sum(axis=2)
        for e, p in np.ndindex(happened.shape):
            if not np.isnan(theirs[p, e, record]):
                angles = [math.asin(math.sqrt((k + 0.375) / (size + 0.75)))
                          for k, size in ((happened[e, p], summary.trajectories), (theirs[p, e, record] * n, n))]
                yield f"probability of {names[e]}", i, p, 2 * (angles[0] - angles[1]) / math.sqrt(1 / n + 1 / summary.trajectories)


def compare(path, summary):
    """(number of comparisons, the largest difference in standard errors, texts of those beyond LIMIT)."""
    problem = summary.problem
    records = [problem.records // 3 - 1, 2 * problem.records // 3 - 1, problem.records - 1]
    with h5py.File(path) as file:
        n = int(np.ravel(file["accumulator"].attrs["trajectories"])[0])
        found = [*compare_means(file, summary, records), *compare_quantiles(file, summary, records, n),
                 *compare_events(file, summary, records, n)]
    beyond = [f"{what}, {problem.policies[p]}, month {(records[i] + 1) * problem.record_every}: {z:+.1f} standard errors"
              for what, i, p, z in found if not abs(z) <= LIMIT]
    return len(found), max(abs(z) for *_, z in found), beyond
