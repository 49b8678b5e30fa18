"""A Slurm of its own on this machine: munge, controller and node daemons in a temporary folder and on free ports, run by
whoever runs this, root or not. Nothing of it outlives the process that made it.

SPDX-License-Identifier: Apache-2.0
"""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("munge", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
CPUS = 4  # per node, whatever the machine has

# Short pauses everywhere: a requeued job waits for cred_expire, a dead node is found after SlurmdTimeout. MaxArraySize is
# small enough to matter. No key of another version than 22.05, and none that a site would not have.
CONFIGURATION = """
ClusterName=lab
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
TmpFS={folder}/tmp/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog={folder}/task_prolog
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
PriorityType=priority/basic
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
ReturnToService=1
SlurmctldTimeout=10
SlurmdTimeout=5
MessageTimeout=10
TCPTimeout=5
KillWait=10
UnkillableStepTimeout=20
MaxArraySize=6
"""
NODE = ("NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs={cpus} Boards=1 SocketsPerBoard=1 "
        "CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory=1000 Gres=gpu:1 State=UNKNOWN {options}\n")


def missing_programs():
    return [name for name in DAEMONS + CLIENTS if not shutil.which(name, path=PATH)]


def output_of(command, environment, expect=0):
    """What a command printed, once it has ended with the expected exit code; None: with any."""
    command = [str(word) for word in command]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120)
    if expect not in (None, done.returncode):
        raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}, not {expect}\n{done.stdout}")
    return done.stdout


def wait_for(what, condition, seconds=60):
    """The first true value of the condition."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.1)


def processes():
    """Process id -> its parent's, of all that are alive."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                state, parent = Path("/proc", entry, "stat").read_text().rpartition(") ")[2].split()[:2]
                if state not in "ZX":
                    parents[int(entry)] = int(parent)
    return parents


def command_line(pid):
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def sweep(folder):
    """Ends every process of the lab, its jobs included: they all have its SLURM_CONF. Then removes the folder."""
    mark = f"SLURM_CONF={folder}/slurm.conf".encode()

    def belongs(pid):
        try:
            return mark in Path("/proc", str(pid), "environ").read_bytes().split(b"\0")
        except OSError:
            return False

    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        ours = [pid for pid in processes() if belongs(pid)]
        if not ours:
            break
        for pid in ours:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def sweep_when_gone(folder):
    """A process of its own that sweeps as soon as this one has ended, however it ended. Returns the open end of the pipe by
    which it knows."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(read)
        os.waitpid(child, 0)
        return write
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(write)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.read(read, 1)
    sweep(folder)
    os._exit(0)


class Lab:
    """nodes: name -> further options of its line; partitions: name -> options of its line."""

    def __init__(self, nodes, partitions):
        self.nodes, self.partitions = nodes, partitions

    def __enter__(self):
        # Munge refuses a socket in a folder that others may write to, and its path has to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-lab-"))
        self.watched = sweep_when_gone(self.folder)
        foreign = ("SLURM", "SBATCH", "SRUN", "CHOKEPOINT")
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        self.environment.update(SLURM_CONF=f"{self.folder}/slurm.conf", PATH=PATH)
        try:
            self._configure()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        os.close(self.watched)
        wait_for("the end of all processes of the lab", lambda: not self.folder.exists(), 40)

    def _configure(self):
        for name in ("state", "log", *(f"{kind}/{node}" for kind in ("spool", "tmp") for node in self.nodes)):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        (self.folder / "munge.key").write_bytes(os.urandom(1024))
        (self.folder / "munge.key").chmod(0o400)
        controller_port, *ports = free_ports(1 + len(self.nodes))
        text = CONFIGURATION.format(folder=self.folder, user=pwd.getpwuid(os.getuid()).pw_name, controller_port=controller_port)
        for (name, options), port in zip(self.nodes.items(), ports):
            text += NODE.format(name=name, port=port, cpus=CPUS, options=options)
        for name, options in self.partitions.items():
            text += f"PartitionName={name} State=UP {options}\n"
        (self.folder / "slurm.conf").write_text(text)
        # Tasks of one MPI job on several of these nodes must not meet in one folder, as on several machines.
        (self.folder / "task_prolog").write_text(f"#!/bin/sh\necho export TMPDIR={self.folder}/tmp/$SLURMD_NODENAME\n")
        (self.folder / "task_prolog").chmod(0o755)
        # A device file is all that Slurm asks of a GPU. Where cgroups are not mounted, slurmd has to be told a version of them.
        (self.folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")

    def _start(self):
        files = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid", "log-file": "log/munged.log",
                 "seed-file": "munge.seed"}
        self.call("munged", *(f"--{option}={self.folder}/{name}" for option, name in files.items()))
        self.call("slurmctld", "-c")
        wait_for("the controller", lambda: " is UP" in self.call("scontrol", "ping", expect=None), 30)
        for name in self.nodes:
            self.call("slurmd", "-N", name)
        wait_for("all nodes", lambda: len(self.call("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split()) >= len(self.nodes), 30)

    def call(self, *command, expect=0):
        """Runs a program of Slurm; returns what it printed."""
        return output_of(command, self.environment, expect)

    def job(self, number):
        """What `scontrol show job` says, e.g. JobState, Restarts, ExitCode, NodeList."""
        return dict(re.findall(r"(\w+)=(\S*)", self.call("scontrol", "--oneliner", "show", "job", number).splitlines()[0]))

    def wait_for_state(self, number, *states, seconds=120):
        def reached():
            job = self.job(number)
            return job if job["JobState"] in states else None
        return wait_for(f"job {number} to be {' or '.join(states)}", reached, seconds)

    def processes_of(self, number):
        """slurmstepd of every step of a job, and all that it started."""
        parents = processes()
        found = {pid for pid in parents if command_line(pid).startswith(f"slurmstepd: [{number}.")}
        while True:
            more = {pid for pid, parent in parents.items() if parent in found} - found
            if not more:
                return found
            found |= more

    def kill_daemon(self, node):
        os.kill(int((self.folder / f"{node}.pid").read_text()), signal.SIGKILL)

    def logs(self):
        return sorted((self.folder / "log").iterdir())
