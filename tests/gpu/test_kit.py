#!/usr/bin/env python3
"""Tests of the acceptance kit itself. The tools of a machine with a GPU are stood in for by scripts that say what
the real ones are documented to say. CHOKEPOINT_BUILD_DIR names the build folder for the rehearsal.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import measure
import ncu
import report
from kit import RESULTS, ROOT, Finished, Kit, Step
from steps import FOUND, SANITIZER_VERDICTS, judge_sanitizer

CHECK = Path(__file__).resolve().parent / "check"

KERNEL = "void chokepoint::<unnamed>::run_trajectories<chokepoint::Race, (bool)1>(unsigned long, unsigned long, DeviceTallies)"
STALL = "smsp__average_warps_issue_stalled_{}_per_issue_active.ratio"
# Columns of ncu's raw page: name, unit and the values of two launches.
COLUMNS = (
    ("ID", "", "0", "1"),
    ("Process ID", "", "4242", "4242"),
    ("Kernel Name", "", KERNEL, "void thrust::cuda_cub::_kernel_agent<chokepoint::DeviceCell>(int)"),
    ("Block Size", "", "(128, 1, 1)", "(256, 1, 1)"),
    ("CC", "", "9.0", "9.0"),
    ("gpu__time_duration.sum", "ns", "104,512,320", "2,048"),
    ("launch__registers_per_thread", "register/thread", "235", "16"),
    ("sm__warps_active.avg.pct_of_peak_sustained_active", "%", "11.98", "50.5"),
    (STALL.format("long_scoreboard"), "inst", "0.51", "n/a"),
    (STALL.format("wait"), "inst", "1.24", "0.1"),
    (STALL.format("barrier"), "inst", "0.00", "0.2"),
    ("dram__bytes_read.sum", "byte", "1,048,576", "n/a"),
)
PAGE = ("==PROF== Connected to process 4242 (/kit/kernel_digest)\n7a1f7589d16cf531\n==PROF== Disconnected from process 4242\n" +
        "".join(",".join(f'"{column[row]}"' for column in COLUMNS) + "\n" for row in range(4)))


def options(**given):
    defaults = {"rehearse": True, "work": None, "build": None, "out": None, "limit": 60.0, "jobs": 1}
    return argparse.Namespace(**{**defaults, **given})


class NsightCompute(unittest.TestCase):
    def test_a_launch_is_a_row_and_figures_have_their_names(self):
        first, second = ncu.kernels(PAGE)
        self.assertEqual(first["kernel"], KERNEL)
        self.assertEqual(first["duration_ns"], 104_512_320)
        self.assertEqual(first["registers_per_thread"], 235)
        self.assertEqual(first["dram_read_bytes"], 1_048_576)
        self.assertEqual(first["stalls"], {"wait": 1.24, "long_scoreboard": 0.51})  # greatest first, zeros left out
        self.assertNotIn("l2_percent", first)
        self.assertNotIn("dram_read_bytes", second)
        self.assertEqual(second["stalls"], {"barrier": 0.2, "wait": 0.1})

    def test_kernels_have_short_names(self):
        self.assertEqual(report.function_name(ncu.kernels(PAGE)[0]["kernel"]), "run_trajectories")
        self.assertEqual(report.function_name("chokepoint::(anonymous namespace)::tally(int)"), "tally")

    def test_output_without_a_page_has_no_launches(self):
        self.assertEqual(ncu.kernels("==WARNING== No kernels were profiled.\n"), [])
        self.assertEqual(ncu.kernels("\n".join(PAGE.splitlines()[:5])), [])


class Sanitizer(unittest.TestCase):
    CLEAN = "========= COMPUTE-SANITIZER\n7a1f7589d16cf531\n========= ERROR SUMMARY: 0 errors\n"

    def judge(self, code, output, tool="memcheck", expected="7a1f7589d16cf531"):
        return judge_sanitizer(Finished(code, output, 1.0), SANITIZER_VERDICTS[tool], expected)

    def test_only_a_verdict_and_the_right_digest_are_clean(self):
        self.assertEqual(self.judge(0, self.CLEAN), "clean")
        self.assertIn("digest differs", self.judge(0, self.CLEAN, expected="0123456789abcdef"))
        self.assertIn("digest differs", self.judge(0, self.CLEAN, expected=""))
        self.assertIn("2 errors", self.judge(0, self.CLEAN.replace("0 errors", "2 errors")))
        race = "7a1f7589d16cf531\n========= RACECHECK SUMMARY: 1 hazard displayed (0 errors, 1 warnings)\n"
        self.assertIn("1 warnings", self.judge(0, race, "racecheck"))
        write = "========= Invalid __global__ write of size 4\n========= ERROR SUMMARY: 1 error\n"
        self.assertIn("Invalid __global__ write", self.judge(FOUND, write))

    def test_a_tool_that_cannot_run_is_not_available_and_never_clean(self):
        refused = "========= Error: Device not supported. Please refer to the documentation\n"
        for code, output in ((1, refused), (1, "cannot open"), (0, ""), (None, "stopped after 40 s")):
            self.assertTrue(self.judge(code, output).startswith("not available here"), output)


class Reports(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.kit = Kit(options(work=self.folder.name))

    def step(self, name):
        return Step(name, self.kit, 30)

    def test_outcomes(self):
        step = self.step("tests")
        self.assertEqual(step.outcome(), "passed")
        step.unavailable.append("no tool")
        self.assertEqual(step.outcome(), "unavailable")
        step.expect(False, "a difference | in a table")
        self.assertEqual(step.outcome(), "failed")
        step.save()
        self.assertIn("| tests | failed |", report.table(report.collect(self.kit)))
        self.assertIn("a difference in a table", report.table(report.collect(self.kit)))

    def test_steps_of_other_programs_do_not_count(self):
        self.step("tests").save()
        self.step("hash").save()
        path = Path(self.folder.name) / "tests.json"
        old = json.loads(path.read_text())
        old["run"]["commit"] = "another"
        path.write_text(json.dumps(old))
        self.assertEqual(list(report.collect(self.kit)["steps"]), ["hash"])

    def test_a_program_that_outlasts_its_time_is_stopped(self):
        done = self.step("tests").run(["sh", "-c", "echo begun; sleep 60"], limit=1)
        self.assertEqual((done.code, done.output), (None, "begun\n\nstopped after 1 s"))
        self.assertLess(done.seconds, 10)

    def test_a_rehearsal_never_writes_among_the_results(self):
        with self.assertRaises(SystemExit):
            Kit(options(work=self.folder.name, out=RESULTS))
        report.write(self.kit)
        text = (Path(self.folder.name) / "rehearsal.md").read_text()
        self.assertTrue(text.startswith("## Rehearsal, no GPU"))

    def test_one_policy_is_the_baseline_with_one_policy(self):
        text = measure.one_policy(self.step("bench")).read_text()
        self.assertIn("[policies.status_quo]", text)
        self.assertEqual(text.count("[policies."), 1)
        baseline = (ROOT / "configs/baseline.toml").read_text()
        self.assertEqual(text[:text.index("[policies.")], baseline[:baseline.index("[policies.")])
        self.assertEqual(text[text.index("[outputs]"):], baseline[baseline.index("[outputs]"):])


def script(folder, name, text):
    path = Path(folder) / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


# Each runs the program that it is given, behind its own options.
FAKE_SANITIZER = '''last="ERROR SUMMARY: 0 errors"
[ "$2" = racecheck ] && last="RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)"
shift 4; "$@" && echo "========= $last"
'''
FAKE_NCU = '''[ "$1" = --import ] && { cat "$(dirname "$0")/page"; exit; }
while [ "$1" != -o ]; do shift; done
touch "$2.ncu-rep"; shift 2; "$@"
'''


@unittest.skipUnless("CHOKEPOINT_BUILD_DIR" in os.environ, "CHOKEPOINT_BUILD_DIR is not set")
class WholeKit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "page").write_text(PAGE)

    def check(self, *words):
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        environment.pop("OUT", None)
        command = [sys.executable, CHECK, "--build", os.environ["CHOKEPOINT_BUILD_DIR"], "--work", self.folder / "work", *words]
        return subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True)

    def test_rehearsal(self):
        script(self.folder, "compute-sanitizer", FAKE_SANITIZER)
        script(self.folder, "ncu", FAKE_NCU)
        done = self.check("--rehearse", "--out", self.folder / "out", "info", "tests", "hash", "sanitize", "profile")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        found = json.loads((self.folder / "out/rehearsal.json").read_text())
        self.assertTrue(found["rehearsal"])
        self.assertEqual({name: step["outcome"] for name, step in found["steps"].items()},
                         dict.fromkeys(("info", "tests", "hash", "sanitize", "profile"), "passed"))
        self.assertGreaterEqual(found["steps"]["tests"]["figures"]["test_gpu"]["passed"], 15)
        self.assertEqual(set(found["steps"]["sanitize"]["figures"].values()), {"clean"})
        self.assertEqual(found["steps"]["profile"]["figures"]["launches"][0]["registers_per_thread"], 235)
        self.assertIn("| hash | passed |", done.stdout)

    def test_without_a_gpu_it_says_so(self):
        script(self.folder, "nvidia-smi", "exit 9\n")
        done = self.check("tests")
        self.assertEqual(done.returncode, 77, done.stdout + done.stderr)

    def test_a_gpu_that_the_programs_do_not_see_is_a_failure(self):
        script(self.folder, "nvidia-smi", 'case "$*" in *name,uuid*) exit 9;; *query*) echo "NVIDIA Pretend";; esac\n')
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        self.addCleanup(os.environ.pop, "CUDA_VISIBLE_DEVICES")
        done = self.check("--out", self.folder / "out", "info")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("nvidia-smi sees a GPU, chokepoint none", done.stdout)
        self.assertEqual([path.name for path in sorted((self.folder / "out").glob("*.json"))][0][:14], "nvidia-pretend")


if __name__ == "__main__":
    unittest.main()
