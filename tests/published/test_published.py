#!/usr/bin/env python3
"""Do the scenarios in configs/published give the numbers that the studies published?

usage: test_published.py CHOKEPOINT [--table]

Runs every scenario that configs/published/expected.csv names and compares row by row. A row without `misses_by` must be reached within
its tolerance, a factor. A row with it must miss by that factor, within the sampling error, so that it is noticed when a miss grows or
shrinks. The table of configs/published/README.md must be the one that --table prints.
"""
# SPDX-License-Identifier: Apache-2.0
import csv
import datetime
import io
import math
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "configs" / "published"
NO_STUDY = {"common"}  # what the studies extend
SIGMAS = 4             # of the sampling error: how far a miss may lie from the one that is recorded
STATISTICS = {"quantile_0.05": "5 %", "quantile_0.1": "10 %", "quantile_0.5": "median", "quantile_0.9": "90 %", "quantile_0.95": "95 %"}
HEADER = ["Scenario", "Policy", "Quantity", "", "Published", "Here", "Here / published", "Tolerance", "Outcome"]


def expected_rows():
    with open(FOLDER / "expected.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    studies = {path.stem for path in FOLDER.glob("*.toml")} - NO_STUDY
    named = {row["file"] for row in rows}
    assert named == studies, f"expected.csv and the scenarios of {FOLDER} differ: {sorted(named ^ studies)}"
    return rows


class Result:
    """Quantiles of a scenario's run, with their sampling errors."""

    def __init__(self, program, study, rows, folder):
        self.program, self.file, self.numbers = program, folder / f"{study}.h5", {}
        subprocess.run([program, "run", FOLDER / f"{study}.toml", "-o", self.file, "--device", "cpu", "--quiet"], check=True, timeout=300)
        metrics = sorted({metric for row in rows for metric, _ in terms(row)})
        for dataset in ("quantile", "quantile_bounds"):
            for line in self.export([f"{metric}_{dataset}" for metric in metrics]):
                key = line["policy"], line["time"], float(line["quantile"])
                for metric in metrics:
                    self.numbers.setdefault((metric, *key), []).append(float(line[f"{metric}_{dataset}"]))

    def export(self, datasets):
        run = subprocess.run([self.program, "export", self.file, ",".join(datasets)], check=True, capture_output=True, text=True, timeout=60)
        return csv.DictReader(io.StringIO(run.stdout))

    def value(self, row):
        """The quantity of a row, and its standard error: of a quotient, as if its terms were independent, which is too large here."""
        logarithm, variance = 0, 0
        for sign, (metric, time) in zip((1, -1), terms(row)):
            probability = float(row["statistic"].removeprefix("quantile_"))
            estimate, low, high = self.numbers[metric, row["policy"], time, probability]
            logarithm += sign * math.log(estimate)
            variance += ((high - low) / (2 * 1.96 * estimate)) ** 2
        value = math.exp(logarithm)
        return value, value * math.sqrt(variance)


def terms(row):
    """The metrics of a quantity, `metric@date` or a quotient of two, each with the time at which results hold it: the day after."""
    for term in row["quantity"].split(" / "):
        metric, date = term.split("@")
        yield metric, str(datetime.date.fromisoformat(date) + datetime.timedelta(days=1))


def nearest_published(row, value):
    """The published number, or the nearest one of a published range, of which an end may be open."""
    if row["value"]:
        return float(row["value"])
    return min(max(value, float(row["low"] or 0)), float(row["high"] or math.inf))


class Comparison:
    def __init__(self, row, value, error):
        self.row, self.value, self.error = row, value, error
        published = nearest_published(row, value)
        self.factor, self.factor_error = value / published, error / published
        self.tolerance = float(row["tolerance"])
        self.reached = 1 / self.tolerance <= self.factor <= self.tolerance

    def problem(self):
        place = f"{self.row['file']}, {self.row['policy']}, {self.row['quantity']}, {self.row['statistic']}"
        is_now = f"is {self.factor:.3g} times the published number (standard error {self.factor_error:.1g})"
        recorded = self.row["misses_by"]
        if not recorded:
            return None if self.reached else f"{place}: {is_now}, beyond the tolerance of {self.tolerance:g}"
        if self.reached:
            return f"{place}: {is_now}, within the tolerance; clear misses_by"
        rounding = 0.5 * 10 ** -len(recorded.partition(".")[2])
        if abs(self.factor - float(recorded)) > SIGMAS * self.factor_error + rounding:
            return f"{place}: {is_now}, but misses_by says {recorded}"
        return None

    def cells(self):
        row = self.row
        outcome = "**missed**" if not self.reached else "input" if row["kind"] == "input" else "reached"
        quantity = " / ".join(f"`{term}`" for term in row["quantity"].split(" / "))
        return [f"[{row['file']}]({row['file']}.toml)", f"`{row['policy']}`", quantity, STATISTICS[row["statistic"]], published_text(row),
                f"{three_digits(self.value)} ± {self.error:.1g}", three_digits(self.factor), f"{self.tolerance:g}", outcome]


def three_digits(number):
    return f"{number:#.3g}".rstrip(".")


def published_text(row):
    low, high = row["low"], row["high"]
    number = row["value"] or (f"{low} to {high}" if low and high else f"above {low}" if low else f"below {high}")
    return f"{number} ({row['printed']})" if row["printed"] else number


def table(comparisons):
    lines = [HEADER, ["---"] * len(HEADER), *(comparison.cells() for comparison in comparisons)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def table_of_page():
    return "".join(line for line in (FOLDER / "README.md").read_text().splitlines(keepends=True) if line.startswith("|"))


def compare(program):
    rows = expected_rows()
    comparisons = []
    with tempfile.TemporaryDirectory() as folder:
        for study in dict.fromkeys(row["file"] for row in rows):
            own = [row for row in rows if row["file"] == study]
            result = Result(program, study, own, pathlib.Path(folder))
            comparisons += [Comparison(row, *result.value(row)) for row in own]
    return comparisons


def main(program, *options):
    comparisons = compare(program)
    if options == ("--table",):
        print(table(comparisons), end="")
        return 0
    problems = [problem for comparison in comparisons if (problem := comparison.problem())]
    if table(comparisons) != table_of_page():
        problems.append(f"the table of {FOLDER / 'README.md'} is not the one that --table prints")
    missed = sum(not comparison.reached for comparison in comparisons)
    print(f"{len(comparisons)} comparisons, {missed} of them missed; {len(problems)} problems", *problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
