"""Runs that several processes share, as users start them: with mpirun. Arguments: chokepoint, the same without MPI, reduce_ranks,
mpirun, the folder of the configurations.

SPDX-License-Identifier: Apache-2.0
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

CHOKEPOINT, WITHOUT_MPI, REDUCE, MPIRUN, CONFIGS = sys.argv[1:6]
SECONDS = 120  # for anything; a loaded machine may take long

# Any number of ranks, as root, too, and all that they say to each other stays on this machine.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not re.match("OMPI|PMI|SLURM|MV2|FLUX|JSM", name)} | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_btl": "self,tcp",
    "OMPI_MCA_btl_tcp_if_include": "lo",
    "OMPI_MCA_oob_tcp_if_include": "lo",
}
SMALL = [str(Path(CONFIGS) / "brownian.toml"), "--set", "run.keep=700"]
BROWNIAN = [*SMALL, "--device", "cpu"]
BASELINE = [str(Path(CONFIGS) / "baseline.toml"), "--device", "cpu", "--set", "run.years=1", "--trajectories", "1003"]
ENDLESS = BROWNIAN + ["--trajectories", "100_000_000_000"]


class Finished:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        found = re.search("result_hash ([0-9a-f]+)", out)
        self.hash = found and found[1]


class Started:
    def __init__(self, command, **variables):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT | variables)

    def finish(self):
        try:
            out, err = self.process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            out, err = self.process.communicate()
            raise AssertionError(f"not done after {SECONDS} seconds:\n{out}\n{err}") from None
        return Finished(self.process.returncode, out, err)


def mpirun(ranks, *command, **variables):
    return Started([MPIRUN, "-n", str(ranks), *command], **variables)


class SharedRuns(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def out(self, name="out.h5"):
        return ["-o", str(self.folder / name)]

    def plain(self, *arguments):
        finished = Started([CHOKEPOINT, "run", *arguments, *self.out("plain.h5"), "--force"]).finish()
        self.assertEqual(finished.code, 0, finished.err)
        return finished.hash

    def shared(self, ranks, *arguments):
        finished = mpirun(ranks, CHOKEPOINT, "run", *arguments, *self.out(), "--force").finish()
        self.assertEqual(finished.code, 0, finished.err)
        self.assertEqual(len(re.findall("^rank [0-9]+ ", finished.err, re.M)), ranks if ranks > 1 else 0, finished.err)
        return finished.hash

    # A run of two ranks that goes on until it is told otherwise; the process of each, when the run is under way.
    def endless(self):
        write_pid = f'echo $$ > {self.folder}/$OMPI_COMM_WORLD_RANK; exec "$0" "$@"'
        started = mpirun(2, "sh", "-c", write_pid, CHOKEPOINT, "run", *ENDLESS, *self.out(), "--checkpoint-every", "0.1")
        for _ in range(SECONDS * 20):
            if (self.folder / "out.h5.checkpoint").exists():
                return started, [int((self.folder / str(rank)).read_text()) for rank in range(2)]
            time.sleep(0.05)
        started.process.terminate()
        self.fail("no checkpoint: " + started.finish().err)

    def test_any_number_of_ranks_gives_the_same_bits(self):
        one = self.plain(*BROWNIAN)
        for ranks in (1, 2, 3, 4):
            self.assertEqual(self.shared(ranks, *BROWNIAN), one, f"{ranks} ranks")

    def test_a_large_model_gives_the_same_bits(self):
        self.assertEqual(self.shared(3, *BASELINE), self.plain(*BASELINE))

    def test_whole_worlds_are_shared(self):
        worlds = [*BROWNIAN, "--set", "run.replicates=3", "--trajectories", "6000"]
        self.assertEqual(self.shared(3, *worlds), self.plain(*worlds))

    def test_a_run_that_stops_by_itself_stops_at_the_same_place(self):
        stop = [*BROWNIAN, "--trajectories", "1000", "--set",
                "run.stop={metric='log_value', statistic='mean', standard_error=0.004, max_trajectories=1000000}"]
        self.assertEqual(self.shared(2, *stop), self.plain(*stop))

    def test_world_views_are_shared_one_after_the_other(self):
        view = self.folder / "fast.toml"
        view.write_text("parameters.drift = 0.2\n")
        views = [*BROWNIAN, "--worldviews", str(view)]
        self.plain(*views)
        finished = mpirun(2, CHOKEPOINT, "run", *views, *self.out(), "--force").finish()
        self.assertEqual(finished.code, 0, finished.err)
        one, two = (Started([CHOKEPOINT, "export", str(self.folder / name), "worldview/value_mean"]).finish().out
                    for name in ("plain.h5", "out.h5"))
        self.assertIn("\nfast,", one)
        self.assertEqual(one, two)

    def test_each_rank_may_have_several_devices(self):
        self.assertEqual(self.shared(2, *SMALL, "--device", "cpu,cpu"), self.plain(*BROWNIAN))

    def test_a_signal_to_one_rank_ends_the_run_which_can_be_resumed(self):
        started, processes = self.endless()
        os.kill(processes[1], signal.SIGUSR1)
        finished = started.finish()
        self.assertEqual(finished.code, 75, finished.err)
        self.assertIn("signal USR1: stopped after ", finished.err)
        self.assertFalse((self.folder / "out.h5").exists())

        again = mpirun(3, CHOKEPOINT, "run", *ENDLESS, *self.out(), "--resume", "--time-limit", "0.5").finish()
        self.assertEqual(again.code, 75, again.err)
        self.assertIn("going on after ", again.err)

    def test_an_interrupted_run_comes_to_the_same_bits(self):
        limited = [*BROWNIAN, "--trajectories", "3_000_003"]
        command = [CHOKEPOINT, "run", *limited, *self.out(), "--time-limit"]
        self.assertEqual(mpirun(2, *command, "0.05").finish().code, 75)
        resumed = mpirun(3, *command, "0", "--resume").finish()
        self.assertEqual(resumed.code, 0, resumed.err)
        self.assertEqual(resumed.hash, self.plain(*limited))

    def test_a_signal_to_mpirun_reaches_the_run(self):
        started, _ = self.endless()
        started.process.send_signal(signal.SIGUSR1)
        self.assertEqual(started.finish().code, 75)

    def test_a_killed_rank_ends_all_and_leaves_the_checkpoint(self):
        started, processes = self.endless()
        os.kill(processes[1], signal.SIGKILL)
        self.assertNotEqual(started.finish().code, 0)
        self.assertTrue((self.folder / "out.h5.checkpoint").exists())

    def test_only_one_rank_speaks_of_a_bad_configuration(self):
        finished = mpirun(3, CHOKEPOINT, "run", *BROWNIAN, "--set", "run.years=-1", *self.out()).finish()
        self.assertEqual(finished.code, 2)
        self.assertEqual(finished.err.count("run.years = -1 is outside"), 1, finished.err)

    def test_no_rank_starts_without_the_device_that_was_asked_for(self):
        finished = mpirun(2, CHOKEPOINT, "run", BROWNIAN[0], "--device", "cuda:61", *self.out()).finish()
        self.assertEqual(finished.code, 3)
        self.assertEqual(finished.err.count("2 of 2 ranks cannot work; nothing was run:\n"), 1, finished.err)
        for rank in (0, 1):
            self.assertEqual(finished.err.count(f"  rank {rank} on "), 1, finished.err)

    def test_shards_are_no_shared_run(self):
        shard = f'exec {CHOKEPOINT} run {" ".join(BROWNIAN)} --quiet --shard $((OMPI_COMM_WORLD_RANK+1))/2 -o {self.folder}/$OMPI_COMM_WORLD_RANK.shard'
        finished = mpirun(2, "sh", "-c", shard).finish()
        self.assertEqual(finished.code, 0, finished.err)
        merged = Started([CHOKEPOINT, "merge", str(self.folder), *self.out("merged.h5")]).finish()
        self.assertEqual(merged.hash, self.plain(*BROWNIAN), merged.err)


class Refusals(unittest.TestCase):
    def refused(self, program, *arguments, **variables):
        finished = Started([program, *arguments], **variables).finish()
        self.assertEqual(finished.code, 2, finished.err)
        self.assertEqual(finished.out, "")
        return finished.err

    def test_a_program_without_mpi_is_not_run_several_times(self):
        message = self.refused(WITHOUT_MPI, "run", *BROWNIAN, SLURM_STEP_NUM_TASKS="4", SLURM_PROCID="0")
        self.assertEqual(message, "a launcher started 4 tasks (SLURM_STEP_NUM_TASKS=4), but this program was built without MPI: each would "
                                  "do the whole run. Build it with -DCHOKEPOINT_MPI=ON, or give every task a part of its own, "
                                  "--shard $((SLURM_PROCID+1))/4, and merge.\n")
        self.assertEqual(self.refused(WITHOUT_MPI, "run", *BROWNIAN, SLURM_STEP_NUM_TASKS="4", SLURM_PROCID="2"), "")

    def test_under_mpirun_it_says_so_once(self):
        finished = mpirun(3, WITHOUT_MPI, "run", *BROWNIAN).finish()
        self.assertEqual(finished.code, 2)
        self.assertEqual(finished.err.count("a launcher started 3 tasks (OMPI_COMM_WORLD_SIZE=3)"), 1, finished.err)

    def test_ranks_that_do_not_find_each_other_are_refused(self):
        message = self.refused(CHOKEPOINT, "run", *BROWNIAN, PMI_SIZE="4", PMI_RANK="0")
        self.assertRegex(message, r"^a launcher started 4 tasks \(PMI_SIZE=4\), but .* does not find the others: each would do the whole run\.")
        self.assertIn("srun --mpi=pmix", message)
        self.assertEqual(self.refused(CHOKEPOINT, "run", *BROWNIAN, PMI_SIZE="4", PMI_RANK="1"), "")

    def test_commands_that_do_not_share_their_work_are_refused(self):
        for command in ("bench", "sensitivity", "discover"):
            message = self.refused(CHOKEPOINT, command, BROWNIAN[0], SLURM_STEP_NUM_TASKS="2", SLURM_PROCID="0")
            self.assertEqual(message.count(f"{command}: a launcher started 2 tasks (SLURM_STEP_NUM_TASKS=2)"), 1, message)
        validated = Started([CHOKEPOINT, "validate", BROWNIAN[0]], SLURM_STEP_NUM_TASKS="2", SLURM_PROCID="0").finish()
        self.assertEqual(validated.code, 0, validated.err)

    def test_one_task_is_a_plain_start(self):
        validated = Started([WITHOUT_MPI, "run", "nowhere.toml"], SLURM_STEP_NUM_TASKS="1", SLURM_NTASKS="4").finish()
        self.assertIn("nowhere.toml", validated.err)


class Reductions(unittest.TestCase):
    def test_are_what_merging_gives(self):
        for ranks in (2, 3, 4):
            finished = mpirun(ranks, REDUCE, str(Path(CONFIGS) / "baseline.toml")).finish()
            self.assertEqual((finished.code, finished.out), (0, f"{ranks} ranks, 0 differences\n"), finished.err)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[6:]])
