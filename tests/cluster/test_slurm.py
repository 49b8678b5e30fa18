#!/usr/bin/env python3
"""cluster/submit and its job scripts under a real Slurm: whatever happens to a job, its result has the hash of an undisturbed
run, or it ends with a clear message and nothing lost.

    test_slurm.py CHOKEPOINT [CASE…]      exit code 77: no Slurm here

SPDX-License-Identifier: Apache-2.0
"""

import concurrent.futures
import contextlib
import copy
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from slurm_lab import Lab, command_line, missing_programs, output_of, wait_for

ROOT = Path(__file__).resolve().parents[2]
# Cases run side by side: those that lose a node, or are pushed off one, have nodes of their own to lose.
NODES = {"node1": "Weight=10", "node2": "Weight=10", "mortal1": "Weight=1", "mortal2": "Weight=1", "contested": ""}
PARTITIONS = {
    "main": "Nodes=node[1-2] Default=YES PriorityTier=1",
    "mortal": "Nodes=node[1-2],mortal[1-2] PriorityTier=1",
    "cheap": "Nodes=contested PriorityTier=1 PreemptMode=REQUEUE",
    "graced": "Nodes=contested PriorityTier=1 PreemptMode=REQUEUE GraceTime=30",
    "urgent": "Nodes=contested PriorityTier=10 PreemptMode=OFF",
}
SITE = """
source "$repository/cluster/site.sh"
program=("{program}")
cpus=1 lead=20 merge_time=5
prepare() {{
  # Several nodes on one machine: no shared memory between them, and no network but the loopback.
  export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo UCX_NET_DEVICES=lo FI_TCP_IFACE=lo
}}
"""


class Submitted:
    """A scenario that cluster/submit has been given."""

    def __init__(self, bench, out, jobs):
        self.bench, self.lab, self.out, self.jobs = bench, bench.lab, out, jobs
        self.job, self.checkpoint = jobs[0], Path(f"{out}.checkpoint")
        self.shards, self.logs = out.with_suffix(".shards"), out.with_suffix(".logs")

    def log(self):
        return "".join(path.read_text(errors="replace") for path in sorted(self.logs.iterdir()))

    def wait_for_log(self, text, seconds=60):
        wait_for(f"'{text}' in {self.logs}", lambda: text in self.log(), seconds)

    def wait_for_checkpoint(self):
        wait_for(f"{self.checkpoint}", self.checkpoint.exists, 150)  # a crash in MPI_Init costs a minute

    def wait_until_done(self):
        """The job that writes the result has COMPLETED, and the result is that of the undisturbed run."""
        ended = self.lab.wait_for_state(self.jobs[-1], "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", seconds=180)
        same(ended["JobState"], "COMPLETED", "state")
        same(self.bench.hash_of(self.out), self.bench.hash, "result_hash")
        same(self.checkpoint.exists(), False, "is the checkpoint still there")
        return int(ended["Restarts"])

    def wait_until_resumed_and_done(self):
        same(self.wait_until_done() > 0, True, "was it started again")
        contains(self.log(), "start 2 on ", "going on after ")

    def signal_program(self, number):
        """To the program itself, not to the shell that started it."""
        found = [pid for pid in self.lab.processes_of(self.job) if f"{self.bench.program} run " in command_line(pid)]
        for pid in found:
            os.kill(pid, number)
        return found


class Bench:
    """The lab, a repository whose path has spaces, and a run that takes long enough to be disturbed."""

    def __init__(self, lab, program):
        self.lab, self.program, self.submitted = lab, program, []
        self.folder = lab.folder / "a user's work"
        self.repository = self.folder / "the repository"
        self.repository.mkdir(parents=True)
        (self.repository / "cluster").symlink_to(ROOT / "cluster")
        (self.folder / "site.sh").write_text(SITE.format(program=program))
        self.scenario = self.folder / "brownian.toml"
        self.scenario.write_bytes((ROOT / "configs" / "brownian.toml").read_bytes())
        self.environment = dict(lab.environment, CHOKEPOINT_SITE=str(self.folder / "site.sh"))
        self.has_mpi = "MPI yes" in self.chokepoint("--version")
        self.trajectories = 1_000_000
        self.trajectories = int(self.trajectories * max(1, 6 / self.run_undisturbed()))
        self.run_undisturbed()

    def chokepoint(self, *arguments, expect=0):
        return output_of([self.program, *arguments], self.lab.environment, expect)

    def run_undisturbed(self):
        """Returns the seconds of processor time that it took: another load on the machine does not matter."""
        out = self.folder / "undisturbed.h5"
        out.unlink(missing_ok=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.chokepoint("run", self.scenario, "--trajectories", self.trajectories, "--threads", 1, "--device", "cpu", "-o", out)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        self.hash = self.hash_of(out)
        return used

    def hash_of(self, out):
        return re.search(r"result hash\s+(\w+)", self.chokepoint("summary", out)).group(1)

    def submit(self, name, *options, run=(), trajectories=None):
        """The same name again is the same scenario with the same output."""
        out = self.folder / f"{name}.h5"
        printed = output_of([self.repository / "cluster" / "submit", self.scenario, "--partition", "main", "--gpus", 0, "--time", 10,
                             "--output", out, *options, "--", "--trajectories", trajectories or self.trajectories,
                             "--checkpoint-every", 0.5, *run], self.environment)
        self.submitted.append(Submitted(self, out, re.findall(r"^job (\d+):", printed, re.M)))
        return self.submitted[-1]


def same(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: {got}, not {wanted}")


def contains(text, *wanted):
    for each in wanted:
        if each not in text:
            raise AssertionError(f"'{each}' is not in:\n{text}")


def single(bench):
    run = bench.submit("single")
    same(run.wait_until_done(), 0, "restarts")
    contains(run.log(), "start 1 on ", bench.hash)
    content = run.out.read_bytes()  # attributes stand there as plain text
    for name, value in ("SLURM_JOB_ID", run.job), ("SLURM_JOB_NODELIST", bench.lab.job(run.job)["NodeList"]):
        same(re.search(rb"%b.{1,200}%b" % (name.encode(), value.encode()), content, re.S) is not None, True, f"is {name}={value} in the file")


def array_of_eight(bench):
    """The site allows five elements: each does two shards. One of them is requeued on the way."""
    run = bench.submit("array", "--array", 8, "--at-once", 3)
    bench.lab.wait_for_state(f"{run.job}_1", "RUNNING")
    bench.lab.call("scontrol", "requeue", f"{run.job}_1")
    run.wait_until_done()
    same(bench.lab.job(f"{run.job}_1")["Restarts"], "1", "restarts of the first element")
    same(sorted(path.name for path in run.shards.glob("*.shard")), [f"{shard}-of-8.shard" for shard in range(1, 9)], "shards")


def missing_and_damaged_shards(bench):
    """The merge names them and writes nothing; the same command again does what is missing."""
    run = bench.submit("holes", "--array", 4, "--at-once", 1)
    bench.lab.call("scancel", f"{run.job}_3")
    same(bench.lab.wait_for_state(run.jobs[1], "FAILED", "COMPLETED")["ExitCode"], "2:0", "exit code of the merge")
    contains(run.log(), "not merged (exit code 2)", "shard 3 of 4")
    same(run.out.exists(), False, "is there a result")
    bench.submit("holes", "--array", 4).wait_until_done()
    run.out.unlink()

    damaged = run.shards / "2-of-4.shard"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    contains(bench.chokepoint("merge", run.shards, "-o", run.out, expect=2), f"{damaged}: is damaged")
    same(run.out.exists(), False, "is there a result")
    damaged.unlink()
    bench.submit("holes", "--array", 4).wait_until_done()


def mpi(bench):
    """Undisturbed, and warned on the way: every rank hears of it, one writes. A program without MPI has to refuse."""
    if not bench.has_mpi:
        run = bench.submit("mpi", "--nodes", 2)
        same(bench.lab.wait_for_state(run.job, "FAILED", "COMPLETED")["ExitCode"], "2:0", "exit code")
        contains(run.log(), "MPI")
        same(run.out.exists(), False, "is there a result")
        return
    runs = [bench.submit(name, "--nodes", 2) for name in ("mpi", "mpi_warned")]
    runs[1].wait_for_checkpoint()
    bench.lab.call("scancel", "--batch", "--signal=USR1", runs[1].job)
    same(runs[0].wait_until_done(), 0, "restarts")
    runs[1].wait_until_resumed_and_done()
    contains(runs[0].log(), "2 ranks")


def mpi_crashes(bench):
    """Every rank crashes once, as Open MPI does now and then in MPI_Init."""
    if not bench.has_mpi:
        return
    crashing = bench.folder / "crashing"
    crashing.write_text(f'#!/bin/bash\n[ ! -v SLURM_PROCID ] || ! mkdir "$0.$SLURM_PROCID" || kill -SEGV $$\nexec "{bench.program}" "$@"\n')
    crashing.chmod(0o755)
    site = bench.folder / "crashing_site.sh"
    site.write_text(SITE.format(program=crashing))
    bench.environment = dict(bench.environment, CHOKEPOINT_SITE=str(site))
    run = bench.submit("mpi_crashes", "--nodes", 2)
    run.wait_until_done()
    contains(run.log(), "crashed; started again")


def cancelled(bench, name="cancelled", *options):
    """Stays cancelled, keeps what it has done, and the same command goes on."""
    run = bench.submit(name, *options)
    run.wait_for_checkpoint()
    before = run.checkpoint.stat().st_mtime_ns
    bench.lab.call("scancel", run.job)
    bench.lab.wait_for_state(run.job, "CANCELLED")
    wait_for("the end of its processes", lambda: not bench.lab.processes_of(run.job))
    contains(run.log(), "signal TERM: stopped after ")
    same(run.checkpoint.stat().st_mtime_ns > before, True, "was the checkpoint written again")
    same(run.out.exists(), False, "is there a result")
    again = bench.submit(name, *options)
    again.wait_until_done()
    contains(again.log(), "going on after ")
    same(bench.lab.job(run.job)["JobState"], "CANCELLED", "state of the first job")


def mpi_cancelled(bench):
    if bench.has_mpi:
        cancelled(bench, "mpi_cancelled", "--nodes", 2)


def time_limit(bench):
    """USR1 comes 20 to 50 seconds before the minute is over. So that it need not compute for so long, the program is stopped
    until then."""
    run = bench.submit("time_limit", "--time", 1)
    run.wait_for_checkpoint()
    same(len(run.signal_program(signal.SIGSTOP)), 1, "programs")
    run.wait_for_log("USR1")
    run.signal_program(signal.SIGCONT)
    run.wait_until_resumed_and_done()
    contains(run.log(), "interrupted; requeued")


def preempted(bench):
    """Two jobs have to leave their node, one at once and one with time to finish: during that it still counts as running."""
    runs = [bench.submit("preempted", "--partition", "cheap"), bench.submit("preempted_with_grace", "--partition", "graced")]
    for run in runs:
        run.wait_for_checkpoint()
    urgent = bench.lab.call("sbatch", "--parsable", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true")
    bench.lab.wait_for_state(urgent.strip(), "COMPLETED")
    for run in runs:
        run.wait_until_resumed_and_done()


def requeued(bench):
    run = bench.submit("requeued")
    run.wait_for_checkpoint()
    bench.lab.call("scontrol", "requeue", run.job)
    run.wait_until_resumed_and_done()


def node_dies(bench):
    """The node with everything on it: nothing has a chance to say goodbye."""
    run = bench.submit("node_dies", "--partition", "mortal")
    run.wait_for_checkpoint()
    node = bench.lab.job(run.job)["NodeList"]
    doomed = bench.lab.processes_of(run.job)
    bench.lab.kill_daemon(node)
    for number in signal.SIGSTOP, signal.SIGKILL:  # all stand still before the first is gone, so that none reports its death
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
    run.wait_until_resumed_and_done()
    same(bench.lab.job(run.job)["NodeList"] != node, True, "has it moved")


def node_is_cut_off(bench):
    """Slurm believes the node dead and starts the job elsewhere, while the first copy lives on: the second waits."""
    run = bench.submit("node_is_cut_off", "--partition", "mortal")
    run.wait_for_checkpoint()
    same(len(run.signal_program(signal.SIGSTOP)), 1, "programs")
    first = bench.lab.processes_of(run.job)
    bench.lab.kill_daemon(bench.lab.job(run.job)["NodeList"])
    run.wait_for_log("interrupted; requeued")
    for pid in first:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    run.wait_until_done()
    contains(run.log(), "is being written by ", "is complete already")


def exit_codes(bench):
    """A job ends as its program does."""
    stop = [word for key, value in (("metric", "value"), ("statistic", "mean"), ("standard_error", 1e-9), ("max_trajectories", 300_000))
            for word in ("--set", f"run.stop.{key}={value}")]
    runs = {2: bench.submit("bad_input", run=["--set", "run.years=0"]), 4: bench.submit("not_reached", run=stop, trajectories=100_000)}
    for code, run in runs.items():
        same(bench.lab.wait_for_state(run.job, "FAILED", "COMPLETED")["ExitCode"], f"{code}:0", "exit code")
    no_gpu = bench.submit("no_gpu", "--gpus", 1)
    by_hand = subprocess.run([bench.program, "run", bench.scenario, "--device", "all", "-o", bench.folder / "by_hand.h5"],
                             env=bench.lab.environment, capture_output=True, timeout=120).returncode
    same(bench.lab.wait_for_state(no_gpu.job, "FAILED", "COMPLETED")["ExitCode"], f"{by_hand}:0", "exit code")


CASES = (time_limit, node_is_cut_off, node_dies, preempted, array_of_eight, missing_and_damaged_shards, mpi, mpi_crashes,
         mpi_cancelled, cancelled, requeued, exit_codes, single)


def run_case(case, bench):
    start = time.monotonic()
    own = copy.copy(bench)
    own.submitted = []
    try:
        case(own)
        return case, time.monotonic() - start, None
    except BaseException:
        return case, time.monotonic() - start, traceback.format_exc() + "".join(map(account, own.submitted))


def account(run):
    """What Slurm and the program say of a scenario."""
    jobs = "".join(run.lab.call("scontrol", "--oneliner", "show", "job", job, expect=None) for job in run.jobs)
    logs = sorted(run.logs.iterdir()) if run.logs.exists() else []
    return "".join([jobs, *(f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}\n" for path in logs)])


def print_logs(lab):
    for path in lab.logs():
        print(f"\n--- {path.name}\n{path.read_text(errors='replace')[-6000:]}")


def main(program, *names):
    missing = missing_programs()
    if missing:
        print(f"skipped: no {', '.join(missing)} here; Debian and Ubuntu have them in slurm-wlm, slurmctld, slurmd, slurm-client and munge")
        return 77
    try:
        socket.gethostbyname(socket.gethostname())
    except OSError:
        print(f"skipped: Slurm has to find this machine by its own name, {socket.gethostname()}; /etc/hosts does not have it")
        return 77
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os._exit(128 + number))  # without waiting for the cases; the lab is swept all the same
    cases = [case for case in CASES if not names or case.__name__ in names]
    with Lab(NODES, PARTITIONS) as lab:
        bench = Bench(lab, str(Path(program).resolve()))
        print(f"{bench.trajectories} trajectories, result_hash {bench.hash}", flush=True)
        failed = []
        with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
            for done in concurrent.futures.as_completed([pool.submit(run_case, case, bench) for case in cases]):
                case, seconds, error = done.result()
                print(f"{'FAILED' if error else 'passed'} {case.__name__} ({seconds:.0f} s)\n{error or ''}".rstrip(), flush=True)
                if error:
                    failed.append(case)
        if failed:
            print_logs(lab)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
