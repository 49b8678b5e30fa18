#!/usr/bin/env python3
"""Tests of cluster/submit without Slurm: sbatch, scontrol and the program are stood in for by scripts.

SPDX-License-Identifier: Apache-2.0
"""

import os
import shlex
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SBATCH = """#!/bin/sh
for word; do printf '%s\\n' "$word"; done >> "$CALLS"; echo "--" >> "$CALLS"
n=$(grep -c '^--$' "$CALLS"); echo "10$n;cluster"
"""
SCONTROL = """#!/bin/sh
printf 'MaxArraySize            = 1001\\nMaxJobCount             = 10000\\n'
"""
CHOKEPOINT = """#!/bin/sh
! grep -q wrong "$2"
"""


class Submit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="a folder with spaces ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        (self.folder / "cluster").symlink_to(ROOT / "cluster")
        (self.folder / "bin").mkdir()
        for name, text in (("sbatch", SBATCH), ("scontrol", SCONTROL), ("chokepoint", CHOKEPOINT)):
            (self.folder / "bin" / name).write_text(text)
            (self.folder / "bin" / name).chmod(0o755)
        (self.folder / "my scenario.toml").write_text("[run]\n")
        self.site("")

    def site(self, text):
        (self.folder / "site.sh").write_text(f'source "$repository/cluster/site.sh"\nprogram=("$repository/bin/chokepoint")\n{text}\n')

    def submit(self, *options, file="my scenario.toml", required=True):
        if required:
            options = ("--partition", "gpu", "--gpus", "1", "--time", "2:00:00", *options)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "SBATCH"))}
        environment.update(PATH=f"{self.folder}/bin:{environment['PATH']}", CALLS=f"{self.folder}/calls",
                           CHOKEPOINT_SITE=f"{self.folder}/site.sh")
        command = [f"{self.folder}/cluster/submit", f"{self.folder}/{file}", *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def calls(self):
        calls = (self.folder / "calls").read_text().split("\n--\n")[:-1]
        return [call.split("\n") for call in calls]

    def refused(self, message, *options, code=2, **how):
        done = self.submit(*options, **how)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(message, done.stderr)
        self.assertFalse((self.folder / "calls").exists(), "something was submitted")

    def test_one_task(self):
        done = self.submit("--", "--set", "run.years=3")
        self.assertEqual(done.returncode, 0, done.stderr)
        [call] = self.calls()
        for option in ("--partition=gpu", "--gpus-per-node=1", "--time=2:00:00", "--requeue", "--signal=B:USR1@120", "--open-mode=append",
                       f"--chdir={self.folder}", f"--output={self.folder}/outputs/my scenario.logs/%x-%j.log"):
            self.assertIn(option, call)
        self.assertEqual(call[-5:], [f"{self.folder}/cluster/single.sbatch", f"{self.folder}/my scenario.toml",
                                     f"{self.folder}/outputs/my scenario.h5", "--set", "run.years=3"])
        self.assertIn("job 101:", done.stdout)
        self.assertTrue((self.folder / "outputs" / "my scenario.logs").is_dir())

    def test_without_gpus_none_is_asked_for(self):
        self.submit("--gpus=0", "--cpus=32")
        [call] = self.calls()
        self.assertFalse([word for word in call if word.startswith("--gpus")])
        self.assertIn("--cpus-per-task=32", call)

    def test_a_rank_for_every_gpu(self):
        self.submit("--nodes", "3", "--gpus", "a100:4")
        [call] = self.calls()
        self.assertLessEqual({"--nodes=3", "--ntasks-per-node=4", "--gpus-per-node=a100:4", f"{self.folder}/cluster/mpi.sbatch"}, set(call))

    def test_shards_are_merged_when_all_have_ended(self):
        done = self.submit("--array", "8", "--at-once", "2")
        array, merge = self.calls()
        self.assertIn("--array=1-8%2", array)
        self.assertEqual(array[-5:], [f"{self.folder}/cluster/array.sbatch", f"{self.folder}/my scenario.toml",
                                      f"{self.folder}/outputs/my scenario.shards", "8", "1"])
        self.assertIn("--dependency=afterany:101", merge)
        self.assertNotIn("--gpus-per-node=1", merge)
        self.assertEqual(merge[-2:], [f"{self.folder}/outputs/my scenario.shards", f"{self.folder}/outputs/my scenario.h5"])
        self.assertIn("scancel 101 102", done.stdout)

    def test_elements_take_more_shards_where_the_site_allows_few(self):
        self.submit("--array", "10000")  # of 1000 elements
        self.assertIn("--array=1-1000", self.calls()[0])
        self.assertEqual(self.calls()[0][-1], "10")
        self.submit("--array", "1001")
        self.assertIn("--array=1-501", self.calls()[2])
        self.assertEqual(self.calls()[2][-1], "2")
        self.submit("--array", "1000")
        self.assertIn("--array=1-1000", self.calls()[4])
        self.submit("--array", "10", "--chunk", "4")
        self.assertIn("--array=1-3", self.calls()[6])

    def test_too_small_a_chunk(self):
        self.refused("need at least 10", "--array", "10000", "--chunk", "9")

    def test_dry_run_prints_commands_that_a_shell_understands_and_leaves_nothing(self):
        before = sorted(self.folder.rglob("*"))
        done = self.submit("--array", "8", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        words = shlex.split(done.stdout, comments=True)
        self.assertEqual(words.count("sbatch"), 2)
        self.assertIn(f"{self.folder}/my scenario.toml", words)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def test_settings_of_the_site(self):
        self.site("account=climate qos=low constraint=a100 sbatch_options=(--mem=4G '--comment=two words') merge_partition=cpu lead=60")
        self.submit("--array", "2")
        array, merge = self.calls()
        for call in array, merge:
            self.assertLessEqual({"--account=climate", "--qos=low", "--mem=4G", "--comment=two words"}, set(call))
        self.assertLessEqual({"--constraint=a100", "--partition=gpu", "--signal=B:USR1@60"}, set(array))
        self.assertNotIn("--constraint=a100", merge)
        self.assertIn("--partition=cpu", merge)

    def test_what_is_missing_or_wrong(self):
        self.refused("no such file", file="nothing.toml")
        (self.folder / "wrong.toml").write_text("wrong\n")
        self.refused("to be corrected first", file="wrong.toml")
        self.refused("--partition is missing", required=False)
        self.refused("--time is missing", "--partition", "gpu", "--gpus", "1", required=False)
        self.refused("a whole number from 0 on", "--gpus", "two")
        self.refused("a whole number from 1 on", "--array", "0")
        self.refused("exclude each other", "--array", "8", "--nodes", "2")
        self.refused("about an --array", "--chunk", "2")
        self.refused("is not an option", "--trajectories", "8")
        self.refused("cluster/submit and its jobs see to that", "--", "--shard", "1/2")
        self.refused("needs a value", "--name")

    def test_times(self):
        for time in ("2h", "1:2:3:4", "-5", "1-2-3"):
            self.refused("give minutes", f"--time={time}")
        for time in ("3", "3:59", "0:03:59"):
            self.refused("at least 240 s", "--time", time)
        for time in ("4", "4:00", "0:4:0", "0-1", "1-00:00:00", "08:09:09"):
            self.assertEqual(self.submit("--time", time, "--dry-run").returncode, 0, time)

    def test_what_is_already_there(self):
        (self.folder / "done.h5").touch()
        self.refused("is already there", "--output", f"{self.folder}/done.h5")
        (self.folder / "other.shards").mkdir()
        (self.folder / "other.shards" / "1-of-4.shard").touch()
        self.refused("another division", "--output", f"{self.folder}/other.h5", "--array", "8")
        self.assertEqual(self.submit("--output", f"{self.folder}/other.h5", "--array", "4").returncode, 0)

    def test_what_the_site_lacks(self):
        (self.folder / "bin" / "sbatch").write_text("#!/bin/sh\necho invalid partition >&2; exit 1\n")
        self.refused("sbatch refused", code=3)
        (self.folder / "bin" / "scontrol").write_text("#!/bin/sh\nexit 1\n")
        self.refused("MaxArraySize", "--array", "8", code=3)
        self.site("program=(/nowhere/chokepoint)")
        self.refused("is not a program", code=3)


class Shellcheck(unittest.TestCase):
    @unittest.skipUnless(shutil.which("shellcheck"), "no shellcheck here")
    def test_it_has_nothing_to_say(self):
        scripts = ["cluster/submit", *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "cluster").glob("*.s*")))]
        done = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
