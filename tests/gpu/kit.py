"""What the steps of tests/gpu/check share: where things lie, how programs are run, what a step leaves behind.

SPDX-License-Identifier: Apache-2.0
"""

import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "build/gpu-kit"
RESULTS = ROOT / "tests/gpu/results"
SOURCES = ("CMakeLists.txt", "configs", "host", "kernels", "tests/e2e", "tests/gpu")  # what the programs are made of

# Where NVIDIA's tools and its driver are found when no variable names them.
TOOL_FOLDERS = ("/usr/local/cuda/bin", "/usr/local/cuda/compute-sanitizer", "/usr/local/nvidia/bin", "/opt/nvidia/nsight-compute/*")
DRIVER_FOLDER = "/usr/local/nvidia/lib64"

# Arguments of write_job: jobs that kernel_digest runs without any library.
JOBS = {
    "digest": [],
    "race-small": [ROOT / "configs/baseline.toml", "run.years=1", "run.keep=40"],
    "brownian-small": [ROOT / "configs/brownian.toml", "run.years=1", "run.keep=40", "outputs.joint=[['value', 'log_value']]"],
    "profile": [ROOT / "configs/baseline.toml", "run.keep=0"],
}


class Finished:
    """A program that ran: exit code (None: stopped at its time limit), output with errors, seconds."""

    def __init__(self, code, output, seconds):
        self.code, self.output, self.seconds = code, output, seconds

    def tail(self, lines=12):
        return "\n".join(self.output.strip().splitlines()[-lines:])


class Step:
    """One step: it runs programs within its time and notes what it found."""

    def __init__(self, name, kit, limit):
        self.name, self.kit = name, kit
        self.start = time.monotonic()
        self.end = min(self.start + limit, kit.deadline)
        self.figures, self.failures, self.unavailable, self.notes = {}, [], [], []
        self.skipped = None
        self.log = kit.work / f"{name}.log"
        self.log.write_text("")

    def seconds_left(self):
        return self.end - time.monotonic()

    def run(self, command, limit=None):
        """Output goes to the step's log. A program that outlasts its time is stopped with all its children."""
        command = [str(word) for word in command]
        limit = max(1.0, min(limit or 1e9, self.seconds_left()))
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                   errors="replace", start_new_session=True, cwd=ROOT, env=self.kit.environment)
        try:
            output, _ = process.communicate(timeout=limit)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            output += f"\nstopped after {limit:.0f} s"
            code = None
        seconds = time.monotonic() - begin
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{output}\n[exit {code}, {seconds:.2f} s]\n\n")
        return Finished(code, output, seconds)

    def expect(self, condition, message):
        if not condition:
            self.failures.append(message)
        return condition

    def outcome(self):
        if self.failures:
            return "failed"
        if self.skipped:
            return "skipped"
        return "unavailable" if self.unavailable else "passed"

    def save(self):
        text = {"outcome": self.outcome(), "seconds": round(time.monotonic() - self.start, 1), "figures": self.figures}
        for name in ("failures", "unavailable", "notes", "skipped"):
            if getattr(self, name):
                text[name] = getattr(self, name)
        text["run"] = self.kit.identity()
        (self.kit.work / f"{self.name}.json").write_text(json.dumps(text, indent=1) + "\n")
        return text


class Kit:
    def __init__(self, arguments):
        self.rehearsal = arguments.rehearse
        self.work = Path(arguments.work or ROOT / ("build/gpu-rehearsal" if self.rehearsal else "build/gpu-check"))
        self.work.mkdir(parents=True, exist_ok=True)
        self.deadline = time.monotonic() + arguments.limit
        self.folder = Path(arguments.build or PACK).resolve()
        self.out = Path(arguments.out or os.environ.get("OUT") or (self.work if self.rehearsal else RESULTS))
        if self.rehearsal and self.out.resolve() == RESULTS:
            raise SystemExit("--out: tests/gpu/results holds results of GPUs; a rehearsal goes elsewhere")
        self.environment = {**os.environ, "CHOKEPOINT_SOURCE_DIR": str(ROOT), "LC_ALL": "C.UTF-8"}
        self.extend("PATH", [folder for pattern in TOOL_FOLDERS for folder in sorted(glob.glob(pattern))])
        self.extend("LD_LIBRARY_PATH", glob.glob(DRIVER_FOLDER))
        if self.rehearsal:
            self.environment["CHOKEPOINT_REHEARSE"] = "1"
        manifest = self.folder / "manifest.json"
        self.manifest = json.loads(manifest.read_text()) if manifest.exists() else {}
        for program in map(self.program, ("chokepoint", "test_gpu", "test_runs", "kernel_digest")):
            if program and not os.access(program, os.X_OK):
                program.chmod(0o755)  # some copies lose it
        self.jobs = arguments.jobs
        self.gpu = self.first_gpu()
        self.date = time.strftime("%Y-%m-%d", time.gmtime())
        # The device as `chokepoint run` and as kernel_digest name it.
        self.device = ["--device", "cpu", "--threads", "1", "--lanes", "8"] if self.rehearsal else ["--device", "cuda:0"]
        self.digest_device = "8" if self.rehearsal else "cuda"

    def extend(self, variable, folders):
        before = [self.environment[variable]] if self.environment.get(variable) else []
        if folders:
            self.environment[variable] = os.pathsep.join(before + folders)

    def tool(self, name):
        return shutil.which(name, path=self.environment["PATH"])

    def program(self, name):
        """In the same place as in a build folder; None if it is not there."""
        path = self.folder / name if name == "chokepoint" else self.folder / "tests" / name
        return path if path.exists() else None

    def kernel_digest(self):
        """Of the pack or, failing that, of the build made here."""
        built = ROOT / "build/kernels/tests/kernel_digest"
        return self.program("kernel_digest") or (built if built.exists() else None)

    def job(self, step, name):
        """A job file of the pack; in a build folder, one made now."""
        packed = self.folder / "jobs" / f"{name}.job"
        if packed.exists():
            return packed
        writer, made = self.program("write_job"), self.work / f"{name}.job"
        if not writer:
            return None
        return made if step.run([writer, made, *JOBS[name]]).code == 0 else None

    def first_gpu(self):
        """Its name, or None."""
        if self.rehearsal:
            return "rehearsal, no GPU"
        smi = self.tool("nvidia-smi")
        if not smi:
            return None
        answer = subprocess.run([smi, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True)
        return answer.stdout.strip().splitlines()[0] if answer.returncode == 0 and answer.stdout.strip() else None

    def identity(self):
        return {"commit": self.manifest.get("commit") or describe_commit(), "sources": digest_of_sources(), "device": self.gpu,
                "rehearsal": self.rehearsal, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def describe_commit():
    try:
        answer = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, cwd=ROOT)
        return answer.stdout.strip() or "unknown"
    except OSError:
        return "unknown"


def digest_of_sources():
    """Of the files that the programs are made of, so that a pack knows whether it is that of the tree beside it."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in (".cpp", ".cu", ".h", ".toml", ".txt"):
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def one(pattern, text):
    """The first group of the first match, or None."""
    found = re.search(pattern, text)
    return found.group(1) if found else None
