"""Step `pack`: statically linked programs, job files and the CPU's hashes, in one folder to carry to a machine with a GPU.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from kit import JOBS, PACK, ROOT, describe_commit, digest_of_sources
from steps import HASH_CASES, cpu_hashes

PROGRAMS = ("chokepoint", "tests/test_gpu", "tests/test_runs", "tests/kernel_digest")
GLIBC = ("linux-vdso.so", "libc.so", "libm.so", "libpthread.so", "libdl.so", "librt.so", "ld-linux-x86-64.so")
LARGEST = 40 << 20


def pack(step):
    build = ROOT / "build/static"
    programs = [Path(program).name for program in PROGRAMS] + ["write_job"]
    made = step.run(["cmake", "--preset", "static", "-DCHOKEPOINT_TESTS=ON", "-DCHOKEPOINT_BENCH=OFF"])
    if made.code == 0:
        made = step.run(["cmake", "--build", "--preset", "static", "--parallel", str(step.kit.jobs), "--target", *programs])
    if not step.expect(made.code == 0, f"the static build: {made.tail()}"):
        return
    shutil.rmtree(PACK, ignore_errors=True)
    for program in PROGRAMS:
        (PACK / program).parent.mkdir(parents=True, exist_ok=True)
        step.expect(step.run(["strip", "-o", PACK / program, build / program]).code == 0, f"strip {program}")
        check_needs(step, program)
    (PACK / "jobs").mkdir()
    for name, arguments in JOBS.items():
        job = PACK / "jobs" / f"{name}.job"
        step.expect(step.run([build / "tests/write_job", job, *arguments]).code == 0, f"write_job {name}")
    run_alone(step)
    size = sum(file.stat().st_size for file in PACK.rglob("*") if file.is_file())
    step.expect(size < LARGEST, f"the folder takes {size >> 20} MiB, more than {LARGEST >> 20}")
    step.kit.folder = PACK
    digest = step.run([PACK / "tests/kernel_digest", PACK / "jobs/digest.job", "0"]).output.strip()
    manifest = {"commit": describe_commit(), "sources": digest_of_sources(), "glibc": step.figures.get("glibc"), "bytes": size,
                "version": step.run([PACK / "chokepoint", "--version"]).output.strip(), "digest": digest,
                "hashes": cpu_hashes(step, HASH_CASES)}
    (PACK / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    step.kit.manifest = manifest
    step.figures.update({"folder": str(PACK.relative_to(ROOT)), "MiB": round(size / 2**20, 1), "commit": manifest["commit"],
                         "programs": {program: round((PACK / program).stat().st_size / 2**20, 1) for program in PROGRAMS}})
    step.expect("CUDA yes" in manifest["version"], f"built without CUDA: {manifest['version']}")


def check_needs(step, program):
    """Nothing but glibc, and which version of it."""
    for line in step.run(["ldd", PACK / program]).output.splitlines():
        step.expect(line.strip().split("/")[-1].startswith(GLIBC) or line.strip().startswith(GLIBC), f"{program} needs {line.strip()}")
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", step.run(["objdump", "-T", PACK / program]).output)
    newest = max((int(major), int(minor)) for major, minor in versions)
    before = tuple(int(part) for part in step.figures.get("glibc", "0.0").split("."))
    step.figures["glibc"] = ".".join(map(str, max(newest, before)))


def run_alone(step):
    """In a root directory that holds glibc and the programs alone, where this user may make one."""
    if os.geteuid() != 0:
        step.notes.append("not run in an empty root directory: only root may")
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        shutil.copytree(PACK, root / "kit")
        shutil.copytree(ROOT / "configs", root / "configs")
        (root / "tmp").mkdir()
        libraries = subprocess.run(["ldd", PACK / "chokepoint"], capture_output=True, text=True).stdout
        for library in re.findall(r"(/\S+)", libraries):
            target = root / library.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)
        alone = ["env", "-i", "CHOKEPOINT_SOURCE_DIR=/", shutil.which("chroot"), root]
        for command in (["/kit/chokepoint", "run", "/configs/smoke.toml", "-o", "/tmp/smoke.h5", "--device", "cpu"],
                        ["/kit/tests/test_gpu"], ["/kit/tests/test_runs", "--gtest_filter=SameBits.OneTwoAndSevenThreads"],
                        ["/kit/tests/kernel_digest", "/kit/jobs/digest.job", "0"]):
            done = step.run([*alone, *command])
            step.expect(done.code == 0, f"in an empty root directory: {' '.join(command)}: {done.tail(3)}")
    step.notes.append("ran in a root directory that holds glibc and the programs alone")
