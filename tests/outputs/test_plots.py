#!/usr/bin/env python3
"""test_plots.py TOOL CHOKEPOINT SOURCE_DIR: does the script of TOOL (python, R, gnuplot, octave) draw pictures that show something?

A picture must have ink in every panel, and the colours of the policies that it shows. Exit status 77: the tool is not installed.
"""
# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    from PIL import Image
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TOOL = sys.argv[1]
CHOKEPOINT, SOURCE = (os.path.abspath(argument) for argument in sys.argv[2:4])
SCRIPT = {"python": [sys.executable, "plot.py"], "R": ["Rscript", "plot.R"], "gnuplot": ["gnuplot", "-c", "plot.gp"],
          "octave": ["octave", "--no-gui", "--quiet", "plot.m"]}[TOOL]
NEEDS = {"python": [sys.executable, "-c", "import xarray, netCDF4, matplotlib"], "R": ["Rscript", "-e", "library(ncdf4)"],
         "gnuplot": ["gnuplot", "-e", "set terminal pngcairo"],
         "octave": ["octave", "--no-gui", "--quiet", "--eval", "pkg load netcdf; figure ('visible', 'off'); axes ();"]}[TOOL]
PICTURES = ("fans", "events", "differences", "tornado")
GREY, BLUE, VERMILLION, GREEN = (0x44, 0x44, 0x44), (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0x00, 0x9E, 0x73)
NEAR = 14      # of 255, in each channel: antialiasing blends lines with what is below
FOLDER = tempfile.mkdtemp(prefix="chokepoint_plots_")


def tearDownModule():
    shutil.rmtree(FOLDER)


def run(name, text):
    """Once for each name."""
    path, configuration = (os.path.join(FOLDER, name + ending) for ending in (".h5", ".toml"))
    if os.path.exists(path):
        return path
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run([CHOKEPOINT, "run", configuration, "-o", path, "--quiet", "--device", "cpu"], check=True, stdout=subprocess.DEVNULL)
    return path


def logarithmic():
    return run("log", f'extends = "{SOURCE}/configs/brownian.toml"\n[run]\ntrajectories = 2_000\nyears = 40\n[parameters]\n'
               'drift = { normal = { mean = 0.05, sd = 0.02 } }\n')


def draw(*arguments):
    command = [*SCRIPT[:-1], os.path.join(SOURCE, "outputs", "plots", SCRIPT[-1]), *arguments]
    environment = {**os.environ, "CHOKEPOINT": CHOKEPOINT, "OMP_NUM_THREADS": "1"}
    environment.pop("DISPLAY", None)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


class Pictures(unittest.TestCase):
    def drawn(self, path, *arguments):
        """All pictures of a result, as arrays (row, column, channel)."""
        folder = os.path.join(FOLDER, "pictures of " + os.path.basename(path))
        done = draw(path, folder, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        pictures = {}
        for name in PICTURES:
            file = os.path.join(folder, name + ".png")
            self.assertLess(os.path.getsize(file), 400_000, name)
            with Image.open(file) as image:
                pictures[name] = np.asarray(image.convert("RGB")).astype(int)
            self.assertGreaterEqual(min(pictures[name].shape[:2]), 250, name)
        return pictures

    def has(self, picture, colour, what):
        count = int((np.abs(picture - colour).max(2) <= NEAR).sum())
        self.assertGreater(count, 40, f"{what}: the colour {colour} is missing")

    def lacks(self, picture, colour, what):
        self.assertLess(int((np.abs(picture - colour).max(2) <= NEAR).sum()), 10, f"{what}: the colour {colour} should not be there")

    def has_ink(self, picture, rows, columns, least, what):
        """Each panel, without the margins of the picture, has a share of pixels that are no background, and not of one colour."""
        height, width = picture.shape[:2]
        inner = picture[height // 6:-height // 8, width // 16:]
        for i in range(rows):
            for j in range(columns):
                panel = inner[i * len(inner) // rows:(i + 1) * len(inner) // rows,
                              j * inner.shape[1] // columns:(j + 1) * inner.shape[1] // columns].reshape(-1, 3)
                share = float((panel.min(1) < 220).mean())
                self.assertGreater(share, least, f"{what}: panel {i}, {j} is empty")
                self.assertLess(share, 0.8, f"{what}: panel {i}, {j} is full")
                self.assertGreater(len(np.unique(panel, axis=0)), 10, f"{what}: panel {i}, {j} has too few colours")

    def test_a_result_with_many_policies(self):
        path = run("many", f'extends = "{SOURCE}/configs/smoke.toml"\n')
        pictures = self.drawn(path)
        for name in ("fans", "events", "differences"):
            for colour in (BLUE, VERMILLION, GREEN):
                self.has(pictures[name], colour, name)
        self.has(pictures["fans"], GREY, "fans")
        self.has(pictures["tornado"], BLUE, "tornado")
        self.has(pictures["tornado"], VERMILLION if TOOL != "octave" else (0xEA, 0xAE, 0x80), "tornado")
        self.has_ink(pictures["fans"], 1, 4, 0.05, "fans")
        self.has_ink(pictures["events"], 2, 3, 0.01, "events")
        self.has_ink(pictures["differences"], 1, 1, 0.02, "differences")
        self.has_ink(pictures["tornado"], 1, 2, 0.03, "tornado")

    def test_one_policy_and_no_parameter_that_varies(self):
        with open(os.path.join(SOURCE, "configs", "brownian.toml"), encoding="utf-8") as file:
            alone = file.read().partition("[policies.push]")[0].replace("200_000", "2_000")
        pictures = self.drawn(run("alone", alone))
        self.has(pictures["fans"], GREY, "fans")
        self.lacks(pictures["fans"], BLUE, "fans")
        self.has_ink(pictures["fans"], 1, 1, 0.05, "fans")
        self.has_ink(pictures["events"], 1, 2, 0.005, "events")
        for name in ("differences", "tornado"):
            self.has_ink(pictures[name], 1, 1, 0.0005, name)  # a sentence

    def test_a_metric_on_a_logarithmic_scale(self):
        pictures = self.drawn(logarithmic(), *(["-m", "value"] if TOOL == "python" else ["value"]))
        self.has_ink(pictures["fans"], 1, 2, 0.05, "fans")
        for name in PICTURES:
            self.has(pictures[name], BLUE, name)

    def test_an_unknown_metric_is_refused(self):
        done = draw(logarithmic(), FOLDER, *(["-m", "speed"] if TOOL == "python" else ["speed"]))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("speed", done.stdout + done.stderr)


if __name__ == "__main__":
    if not shutil.which(SCRIPT[0]) or subprocess.run(NEEDS, capture_output=True, check=False).returncode:
        print(f"skipped: {TOOL}, or what its script needs, is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
