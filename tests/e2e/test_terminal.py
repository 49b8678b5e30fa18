#!/usr/bin/env python3
"""`summary` and `compare` as people and scripts meet them: on a terminal, in a pipe, as CSV and as JSON.

usage: test_terminal.py CHOKEPOINT RESULT.h5
"""
# SPDX-License-Identifier: Apache-2.0
import csv
import fcntl
import io
import json
import math
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

try:
    import h5py
except ImportError:
    print("h5py is not installed")
    sys.exit(77)

PROGRAM, RESULT = sys.argv[1], sys.argv[2]
PLAIN = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "LC_ALL", "LANG", "LC_CTYPE")}


def in_pipe(*words, code=0, **environment):
    run = subprocess.run([PROGRAM, *words], capture_output=True, env={**PLAIN, **environment}, timeout=60)
    assert run.returncode == code, run.stderr.decode()
    return (run.stdout if code == 0 else run.stderr).decode()


def on_terminal(*words, columns=100, **environment):
    """What the program writes to a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    settings = {**PLAIN, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment}
    run = subprocess.Popen([PROGRAM, *words], stdout=follower, stderr=subprocess.DEVNULL, env=settings)
    os.close(follower)
    text = b""
    try:
        while part := os.read(leader, 65536):
            text += part
    except OSError:  # the program has ended
        pass
    os.close(leader)
    assert run.wait(timeout=60) == 0
    return text.decode().replace("\r\n", "\n")


class Terminal(unittest.TestCase):
    def test_colour_is_for_terminals_that_want_it(self):
        for command in ("summary", "compare"):
            coloured = on_terminal(command, RESULT)
            self.assertIn("\033[1m", coloured)
            for text in (in_pipe(command, RESULT), on_terminal(command, RESULT, NO_COLOR="1"), on_terminal(command, RESULT, TERM="dumb"),
                         on_terminal(command, RESULT, "--colour", "never")):
                self.assertNotIn("\033", text)
                self.assertEqual(text, coloured.replace("\033[1m", "").replace("\033[2m", "").replace("\033[0m", ""))
            self.assertEqual(on_terminal(command, RESULT, NO_COLOR=""), coloured, "an empty NO_COLOR is none")
            self.assertEqual(in_pipe(command, RESULT, "--colour", "always", NO_COLOR="1", TERM="dumb"), coloured)
        self.assertIn("\033[1m", on_terminal("summary", RESULT, "--drivers"))
        self.assertNotIn("\033", on_terminal("voi", RESULT, NO_COLOR="1"))

    def test_tables_take_the_width_of_the_terminal(self):
        for command in ("summary", "compare", "voi"):
            for columns in (40, 60, 80, 100, 160, 200):
                lines = on_terminal(command, RESULT, "--colour", "never", columns=columns).splitlines()
                longest = max(lines, key=len)
                self.assertLessEqual(len(longest), max(columns, 45), longest)  # the hash is one word
                self.assertEqual("\n".join(lines) + "\n", in_pipe(command, RESULT, "--width", str(columns)))
        self.assertEqual(on_terminal("summary", RESULT, columns=20), on_terminal("summary", RESULT, columns=40))
        self.assertIn("--width 39: neither 0 nor from 40", in_pipe("summary", RESULT, "--width", "39", code=2))
        self.assertIn("--colour red: not one of auto, always and never", in_pipe("summary", RESULT, "--colour", "red", code=2))

    def test_terminals_without_unicode_get_ascii(self):
        self.assertTrue(on_terminal("summary", RESULT, LC_ALL="C").isascii())


class Scripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = h5py.File(RESULT)
        cls.policies = [name.decode() for name in cls.file["policy"][()]]
        cls.metrics = cls.file.attrs["metrics"].decode().split() if isinstance(cls.file.attrs["metrics"], bytes) else cls.file.attrs["metrics"].split()

    def expect(self, found, value, where):
        self.assertTrue(found == value or (math.isnan(value) and math.isnan(found)), f"{where}: {found} is not {value}")

    def check(self, command, rows):
        """rows: (kind, name, policy, column, number), NaN for what is missing."""
        f, seen = self.file, set()
        quantiles = list(f["quantile"][()])
        reference = f["paired"].attrs["reference"]
        reference = reference.decode() if isinstance(reference, bytes) else reference
        for kind, name, policy, column, number in rows:
            p = self.policies.index(policy)
            stem, end = column, None
            for suffix, index in (("_low", 0), ("_high", 1)):
                if column.endswith(suffix):
                    stem, end = column[: -len(suffix)], index
            bounds = "" if end is None else "_bounds"
            at = lambda dataset, *place: float(dataset[place if end is None else (*place, end)])
            if kind == "event":
                e = [event.decode() for event in f["event"][()]].index(name)
                value = at(f["event_probability" + bounds], p, e)
            elif kind == "threshold":
                t = [text.decode() for text in f["decision/threshold"][()]].index(name)
                value = at(f["decision/satisfied" + bounds], p, t)
            elif stem.startswith("quantile_"):
                value = at(f[f"{name}_quantile{bounds}"], p, -1, quantiles.index(float(stem[9:])))
            elif stem.startswith("difference_quantile_"):
                value = at(f[f"paired/{name}_difference_quantile{bounds}"], p, -1, quantiles.index(float(stem[20:])))
            elif stem in ("mean", "mean_se"):
                value = at(f[f"{name}_{stem}"], p, -1)
            elif stem in ("mean_difference", "mean_difference_se", "probability_better"):
                value = at(f[f"paired/{name}_{stem}{bounds}"], p, -1)
            elif stem.startswith("rank_"):
                criterion = [text.decode() for text in f["decision/criterion"][()]].index(stem[5:])
                value = at(f[f"decision/{name}_score_rank"], criterion, p)
            elif stem.startswith("winner_"):
                winning = [text.decode() for text in f["decision/winning"][()]].index(stem[7:].rsplit("_", 1)[0])
                dataset = f[f"decision/{name}_winner_{stem.rsplit('_', 1)[1]}{bounds}"]
                best = f[f"decision/{name}_winner_seen"].attrs["policy"]
                value = at(dataset, winning) if policy == (best.decode() if isinstance(best, bytes) else best) else math.nan
            else:
                value = at(f[f"decision/{name}_{stem}{bounds}"], p)
            if "difference" in stem or stem == "probability_better":
                value = math.nan if policy == reference else value
            self.expect(number, value, (command, kind, name, policy, column))
            seen.add((kind, name, column))
        return seen

    def csv_rows(self, text):
        for row in csv.DictReader(io.StringIO(text), strict=True):
            self.assertEqual(row["units"], "1" if row["kind"] != "metric" else self.units(row["name"]))
            for column, field in list(row.items())[4:]:
                if field:
                    yield row["kind"], row["name"], row["policy"], column, float(field)

    def json_rows(self, text):
        found = json.loads(text)
        for kind in ("metric", "event", "threshold"):
            for subject in found[kind + "s"]:
                for policy in subject["policies"]:
                    for column, number in policy.items():
                        if column != "policy" and not isinstance(number, list) and number is not None:
                            yield kind, subject["name"], policy["policy"], column, number

    def units(self, name):
        units = self.file[name + "_mean"].attrs["units"]
        return units.decode() if isinstance(units, bytes) else units

    def test_numbers_are_those_of_the_file(self):
        for command in ("summary", "compare"):
            words = (command, RESULT, "-m", ",".join(self.metrics))
            as_csv = self.check(command, self.csv_rows(in_pipe(*words, "--csv", "-")))
            as_json = self.check(command, self.json_rows(in_pipe(*words, "--json", "-")))
            self.assertEqual({(k, n, c) for k, n, c in as_csv}, as_json | {row for row in as_csv if row[2] == "trajectories_to_separate"})
            names = {column for _, _, column in as_csv}
            wanted = {"summary": {"mean", "mean_se", "mean_difference", "quantile_0.05", "quantile_0.5_low", "probability", "probability_high"},
                      "compare": {"mean_difference_se", "probability_better", "regret_mean", "regret_p95_low", "rank_maximin", "separation"}}
            self.assertLessEqual(wanted[command], names)

    def test_what_tables_draw_is_in_the_json(self):
        found = json.loads(in_pipe("summary", RESULT, "--json", "-"))
        self.assertEqual(found["years"], list(self.file["year"][()]))
        quantiles = list(self.file["quantile"][()])
        for metric in found["metrics"]:
            counts = self.file[f"histogram/{metric['name']}_count"][:, -1, :]
            edges = self.file[f"histogram/{metric['name']}_bin_edges"][()]
            low, high = metric["histogram_edges"][0], metric["histogram_edges"][-1]
            for policy in metric["policies"]:
                p = self.policies.index(policy["policy"])
                self.assertEqual(policy["quantile_0.05_over_time"], list(self.file[metric["name"] + "_quantile"][p, :, quantiles.index(0.05)]))
                inside = counts[p, 1:-1][(edges[:-1] >= low) & (edges[1:] <= high)].sum() / counts[p].sum()
                self.assertAlmostEqual(sum(policy["histogram"]), inside, delta=1e-9)
                self.assertGreaterEqual(inside, 0.98 - 1e-9)

    def test_order_is_that_of_the_tables(self):
        metric = "capability_lag" if "capability_lag" in self.metrics else self.metrics[0]
        means = dict(zip(self.policies, self.file[metric + "_mean"][:, -1]))
        direction = self.file[metric + "_mean"].attrs["direction"]
        direction = direction.decode() if isinstance(direction, bytes) else direction
        wanted = sorted(self.policies, key=means.get, reverse=direction != "lower")
        found = json.loads(in_pipe("summary", RESULT, "--sort", metric, "--json", "-"))
        self.assertEqual([policy["name"] for policy in found["policies"]], wanted)
        rows = list(csv.DictReader(io.StringIO(in_pipe("compare", RESULT, "-m", metric, "--sort", metric, "--csv", "-"))))
        self.assertEqual([row["policy"] for row in rows][: len(wanted)], wanted)

    def test_drivers_are_those_of_the_file(self):
        metric, sensitivity = "capability_lag", self.file["sensitivity"]
        drivers = [name.decode() for name in sensitivity["driver"][()]]
        rows = list(csv.DictReader(io.StringIO(in_pipe("summary", RESULT, "-m", metric, "--drivers", "--sort", metric, "--csv", "-"))))
        self.assertEqual([row["name"] for row in rows if row["kind"] == "source"], ["policy", "parameters", "chance"])
        self.assertEqual(float(rows[0]["variance_share"]), sensitivity[metric + "_variance_share"][-1, 0])
        found = {(row["name"], row["policy"]): row for row in rows if row["kind"] == "parameter"}
        self.assertEqual(len(found), len(drivers) * len(self.policies))
        as_json = json.loads(in_pipe("summary", RESULT, "-m", metric, "--drivers", "--json", "-"))["metrics"][0]["parameters"]
        for d, driver in enumerate(drivers):
            self.assertEqual(as_json[d]["name"], driver)
            for p, policy in enumerate(self.policies):
                for column in ("first_order", "first_order_se", "difference_first_order", "difference_first_order_se"):
                    value = float(sensitivity[f"{metric}_{column}"][p, -1, d])
                    self.expect(float(found[driver, policy][column] or "nan"), value, (driver, policy, column))
                    number = as_json[d]["policies"][p][column]
                    self.expect(math.nan if number is None else number, value, (driver, policy, column))

    def test_the_value_of_information_is_that_of_the_tables(self):
        words = ("voi", RESULT, "-m", "capability_lag")
        rows = list(csv.DictReader(io.StringIO(in_pipe(*words, "--csv", "-"))))
        found = json.loads(in_pipe(*words, "--json", "-"))
        self.assertEqual([(row["parameter"], float(row["evppi"]), float(row["evppi_se"])) for row in rows],
                         [(parameter["name"], parameter["evppi"], parameter["evppi_se"]) for parameter in found["parameters"]])
        self.assertIn(f"Best knowing nothing: {found['best']}.", in_pipe(*words))
        for d, row in enumerate(rows):
            self.assertAlmostEqual(float(row["evppi"]), self.file["sensitivity/capability_lag_evppi"][d], delta=1e-9)

    def test_files_and_standard_output(self):
        with tempfile.TemporaryDirectory() as folder:
            one, other = str(Path(folder) / "a.csv"), str(Path(folder) / "a.json")
            tables = in_pipe("summary", RESULT)
            self.assertEqual(in_pipe("summary", RESULT, "--csv", one, "--json", other), tables, "files and tables")
            self.assertEqual(Path(one).read_text(), in_pipe("summary", RESULT, "--csv", "-"))
            self.assertEqual(in_pipe("summary", RESULT, "--csv", "-", "--json", other, "--force"), Path(one).read_text())
            self.assertIn("exists already", in_pipe("compare", RESULT, "--csv", one, code=2))
            self.assertIn("both name", in_pipe("compare", RESULT, "--csv", one, "--json", one, "--force", code=2))
        self.assertIn("--csv and --json both name standard output", in_pipe("compare", RESULT, "--csv", "-", "--json", "-", code=2))
        self.assertIn("the name of a file is missing", in_pipe("compare", RESULT, "--csv", "", code=2))
        self.assertIn("unrecognised option '--drivers'", in_pipe("compare", RESULT, "--drivers", code=2))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
