"""The steps of tests/gpu/check on the machine with the GPU, but for those that measure (measure.py).

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import platform
import re
from pathlib import Path

from kit import ROOT, digest_of_sources, one

# File and trajectories, none of them a multiple of anything; None: as the file says.
HASH_CASES = [("baseline.toml", 20_000), ("baseline.toml", 20_011), ("smoke.toml", None), ("smoke.toml", 7), ("smoke.toml", 999),
              ("brownian.toml", 20_011), ("inspection.toml", 20_011), ("evidence.toml", 5_003), ("hindcast/2024-09.toml", 5_003)]
HASH_CASES += [(f"baseline.toml worldviews/{path.name}", 5_003) for path in sorted((ROOT / "configs/worldviews").glob("*.toml"))]
BLOCK_SIZES = (32, 64, 96, 128, 160, 192, 256, 320)
REHEARSED_CASES, REHEARSED_BLOCK_SIZES = [("smoke.toml", 7), ("smoke.toml", 999), ("brownian.toml", 20_011)], (64, 96)
ALWAYS_TAKEN = 128  # larger blocks may be refused
EXIT_REFUSED = (2, 3)  # bad input, environment

GPU_QUERIES = ("name", "uuid", "driver_version", "compute_cap", "memory.total", "memory.used", "clocks.sm", "clocks.max.sm", "clocks.mem",
               "clocks.max.mem", "temperature.gpu", "power.draw", "power.limit", "ecc.mode.current", "mig.mode.current")


def gpu_state(step, queries=GPU_QUERIES):
    smi = step.kit.tool("nvidia-smi")
    if not smi:
        return {}
    answer = step.run([smi, f"--query-gpu={','.join(queries)}", "--format=csv,noheader", "-i", "0"], limit=20)
    values = answer.output.strip().split(", ")
    return dict(zip(queries, values)) if answer.code == 0 and len(values) == len(queries) else {}


def info(step):
    """What is there. Reads, and changes no setting of the GPU."""
    kit = step.kit
    figures = step.figures
    figures["gpu"] = gpu_state(step)
    if kit.tool("nvidia-smi"):
        text = step.run([kit.tool("nvidia-smi")], limit=20).output
        figures["cuda_of_driver"] = one(r"CUDA Version:\s*([\d.]+)", text)
    cpu = Path("/proc/cpuinfo").read_text()
    figures["cpu"] = {"model": one(r"model name\s*:\s*(.+)", cpu), "threads": len(os.sched_getaffinity(0)), "avx512": "avx512f" in cpu,
                      "memory_GiB": int(one(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())) >> 20}
    figures["system"] = {"kernel": platform.release(), "libc": " ".join(platform.libc_ver()), "python": platform.python_version()}
    figures["tools"] = {name: bool(kit.tool(name)) for name in ("nvcc", "g++", "cmake", "ninja", "ncu", "compute-sanitizer")}
    if kit.tool("nvcc"):
        figures["nvcc"] = one(r"release ([\d.]+)", step.run([kit.tool("nvcc"), "--version"], limit=30).output)
    chokepoint = kit.program("chokepoint")
    if not step.expect(chokepoint, f"no programs in {kit.folder}: make them with `tests/gpu/check pack` where the libraries are"):
        return
    figures["version"] = step.run([chokepoint, "--version"], limit=60).output.strip()
    devices = step.run([chokepoint, "devices"], limit=60)
    figures["devices"] = devices.output.strip().splitlines()
    step.expect(devices.code == 0, f"chokepoint devices: {devices.tail()}")
    if not kit.rehearsal:
        step.expect("cuda:0 " in devices.output, "nvidia-smi sees a GPU, chokepoint none: is the driver older than CUDA 13 asks for?")
    if kit.manifest:
        figures["pack"] = {name: kit.manifest[name] for name in ("commit", "glibc", "bytes")}
        step.expect(kit.manifest["sources"] == digest_of_sources(), "the pack was not built from the sources beside it: pack again")


def build(step):
    """The kernels from source, with nvcc and a C++ compiler alone, for the GPU that is there."""
    kit = step.kit
    missing = [name for name in ("cmake", "g++") if not kit.tool(name)]
    if missing:
        step.unavailable.append(f"{', '.join(missing)} is not here")
        return
    have_nvcc = kit.tool("nvcc")
    architecture = "90-real" if kit.rehearsal else "native"
    configure = ["cmake", "--preset", "kernels", f"-DCHOKEPOINT_CUDA={'ON' if have_nvcc else 'OFF'}",
                 f"-DCMAKE_CUDA_ARCHITECTURES={architecture}", "-DCMAKE_CUDA_FLAGS=-Xptxas=-v"]
    if not kit.tool("ninja"):
        configure += ["-G", "Unix Makefiles"]
    made = step.run(configure)
    if made.code == 0:
        made = step.run(["cmake", "--build", "--preset", "kernels", "--parallel", str(kit.jobs)])
        step.figures["compile_seconds"] = round(made.seconds, 1)
        step.figures["registers"] = sorted({int(n) for n in re.findall(r"Used (\d+) registers", made.output)})
        step.figures["spilled_bytes"] = sorted({int(n) for n in re.findall(r"(\d+) bytes spill stores", made.output)})
    if not step.expect(made.code == 0, made.tail()):
        return
    step.expect(have_nvcc or kit.rehearsal, "nvcc is not here")
    compare_digests(step, ROOT / "build/kernels/tests/kernel_digest", "built here")


def compare_digests(step, program, whose):
    """CPU and device by kernel_digest, against each other and against the CPU that packed."""
    job = step.kit.job(step, "digest")
    if not job:
        step.notes.append("no job files: kernel_digest did not run")
        return
    digests = {"cpu": step.run([program, job, "0"], limit=60).output.strip()}
    for block in (0, 64):
        done = step.run([program, job, step.kit.digest_device, "1531", block], limit=60)
        digests[f"device, blocks of {block or 'its choice'}"] = done.output.strip()
    if "digest" in step.kit.manifest:
        digests["cpu that packed"] = step.kit.manifest["digest"]
    step.figures[f"kernel_digest {whose}"] = digests
    step.expect(len(set(digests.values())) == 1 and re.fullmatch("[0-9a-f]{16}", digests["cpu"]), f"kernel_digest {whose}: {digests}")


def tests(step):
    """The tests of the engines, and those of the whole run whose name is SameBits."""
    same_bits = "SameBits.OneTwoAndSevenThreads" if step.kit.rehearsal else "SameBits.*"
    for program, pattern, needed in (("test_gpu", "*", ("Gpu", "GpuAlone")), ("test_runs", same_bits, ("CpuAndGpu",))):
        path = step.kit.program(program)
        if not step.expect(path, f"{program} is not in {step.kit.folder}"):
            continue
        answers = step.kit.work / f"{program}.json"
        answers.unlink(missing_ok=True)
        done = step.run([path, f"--gtest_filter={pattern}", f"--gtest_output=json:{answers}"])
        if not step.expect(done.code is not None and answers.exists(), f"{program}: {done.tail()}"):
            continue
        counts = {"passed": 0, "failed": 0, "skipped": 0}
        for suite in json.loads(answers.read_text())["testsuites"]:
            for test in suite["testsuite"]:
                skipped = test["result"] == "SKIPPED"
                failed = bool(test.get("failures"))
                counts["failed" if failed else "skipped" if skipped else "passed"] += 1
                name = f"{suite['name']}.{test['name']}"
                step.expect(not failed, f"{name}: {test['failures'][0]['failure'][:600] if failed else ''}")
                if skipped and not step.kit.rehearsal:
                    step.expect(suite["name"] not in needed and test["name"] not in needed, f"{name} was skipped although a GPU is there")
                step.figures.update({key: value for key, value in test.items() if key.startswith("block_sizes_")})
        step.figures[program] = {**counts, "seconds": round(done.seconds, 1)}
        step.expect(done.code == 0 and counts["passed"] > 0, f"{program} left with {done.code}")


def run_case(step, case, device, output="case.h5"):
    """(exit code and output, result_hash or None)"""
    files, trajectories = case
    command = [step.kit.program("chokepoint"), "run", *(ROOT / "configs" / file for file in files.split()), "-o", step.kit.work / output, "--force", *device]
    done = step.run(command + (["--trajectories", trajectories] if trajectories else []), limit=120)
    return done, one(r"result_hash ([0-9a-f]{32})", done.output) if done.code == 0 else None


def case_name(case):
    return f"{case[0]} {case[1] or 'as it is'}"


def cpu_hashes(step, cases):
    return {case_name(case): run_case(step, case, ["--device", "cpu"])[1] for case in cases}


def hashes(step):
    """result_hash through the program that users run."""
    kit = step.kit
    if not step.expect(kit.program("chokepoint"), f"no programs in {kit.folder}"):
        return
    cases, blocks = (REHEARSED_CASES, REHEARSED_BLOCK_SIZES) if kit.rehearsal else (HASH_CASES, BLOCK_SIZES)
    here = cpu_hashes(step, cases)
    step.figures["hashes"] = here
    for case in cases:
        name = case_name(case)
        done, found = run_case(step, case, kit.device)
        step.expect(found and found == here[name], f"{name}: CPU {here[name]}, device {found or done.tail(3)}")
        carried = kit.manifest.get("hashes", {}).get(name)
        step.expect(not carried or carried == here[name], f"{name}: CPU here {here[name]}, CPU that packed {carried}")
    smoke = ("smoke.toml", 999)
    taken = []
    for block in blocks:
        done, found = run_case(step, smoke, kit.device + ["--block-size", str(block)])
        if done.code in EXIT_REFUSED and block > ALWAYS_TAKEN:
            continue
        taken.append(block)
        step.expect(found and found == here[case_name(smoke)], f"--block-size {block}: {found or done.tail(3)}")
    step.figures["block_sizes"] = taken
    two = f"{kit.device[1]},{kit.device[1]}"
    done, found = run_case(step, smoke, ["--device", two])
    if done.code == 2 and "not a device" in done.output:
        step.notes.append(f"this version takes no list of devices ({two})")
    else:
        step.figures["two_streams"] = found
        step.expect(found and found == here[case_name(smoke)], f"--device {two}: {found or done.tail(3)}")
    shards(step)
    if kit.kernel_digest():
        compare_digests(step, kit.kernel_digest(), "carried" if kit.manifest else "of the build")


def shards(step):
    """One shard on the CPU and one on the device, which is interrupted and goes on: together they have the hash of the run."""
    kit, paths, trajectories = step.kit, [], 4096
    expected = run_case(step, ("smoke.toml", trajectories), ["--device", "cpu"])[1]
    for number, device, limit in ((1, ["--device", "cpu"], "0"), (2, kit.device, "0.000001")):
        paths.append(kit.work / f"{number}.shard")
        command = [kit.program("chokepoint"), "run", ROOT / "configs" / "smoke.toml", "--trajectories", trajectories, "--shard", f"{number}/2",
                   "-o", paths[-1], *device]
        paths[-1].unlink(missing_ok=True)
        first = step.run([*command, "--force", "--time-limit", limit], limit=60)
        step.expect(first.code == (75 if number == 2 else 0), f"shard {number} left with {first.code}")
        done = step.run([*command, "--resume"], limit=60)
        if not step.expect(done.code == 0, f"shard {number}: {done.tail(3)}"):
            return
    done = step.run([kit.program("chokepoint"), "merge", *paths, "-o", kit.work / "merged.h5", "--force"], limit=60)
    found = one(r"result_hash ([0-9a-f]{32})", done.output)
    step.figures["merged_shards"] = found
    step.expect(found == expected, f"shards of CPU and device: {found or done.tail(3)}")


# What compute-sanitizer says where it cannot watch a device, and which of its lines are its verdict.
SANITIZER_REFUSALS = ("Device not supported", "Unable to find injection library", "InitializeInjection", "Failed to initialize")
NO_ERRORS = r"ERROR SUMMARY: 0 errors"
SANITIZER_VERDICTS = {"memcheck": NO_ERRORS, "initcheck": NO_ERRORS, "synccheck": NO_ERRORS,
                      "racecheck": r"RACECHECK SUMMARY: 0 hazards displayed \(0 errors, 0 warnings\)"}
FOUND = 9  # exit code that asks for attention


def sanitize(step):
    tool, program = step.kit.tool("compute-sanitizer"), step.kit.kernel_digest()
    if not tool:
        step.unavailable.append("compute-sanitizer is not here")
        return
    if not step.expect(program, "no kernel_digest: neither a pack nor a build"):
        return
    for name, trajectories in (("race-small", 200), ("brownian-small", 200)):
        job = step.kit.job(step, name)
        if not step.expect(job, f"no job file {name}"):
            continue
        expected = step.run([program, job, "0", trajectories], limit=60).output.strip()
        for check, clean in SANITIZER_VERDICTS.items():
            watched = [program, job, step.kit.digest_device, trajectories, 64]
            verdict = judge_sanitizer(step.run([tool, "--tool", check, "--error-exitcode", FOUND, *watched], limit=40), clean, expected)
            step.figures[f"{check}, {name}"] = verdict
            if verdict.startswith("not available"):
                step.unavailable.append(f"{check}, {name}: {verdict}")
            else:
                step.expect(verdict == "clean", f"{check}, {name}: {verdict}")


def judge_sanitizer(done, clean, expected):
    """`clean` only where the tool ran to its verdict and the program to its digest."""
    if any(refusal in done.output for refusal in SANITIZER_REFUSALS):
        lines = done.output.splitlines()
        return f"not available here: {next(line for line in lines if any(text in line for text in SANITIZER_REFUSALS)).strip()}"
    if done.code is None:
        return f"not available here: {done.output.strip().splitlines()[-1]}"
    if done.code == FOUND:
        return done.tail(20)
    if "SUMMARY" not in done.output:
        return f"not available here: it left with {done.code} and no verdict: {done.tail(3)}"
    if done.code != 0 or not re.search(clean, done.output):
        return done.tail(20)
    return "clean" if expected and expected in done.output.split() else f"the digest differs from the CPU's {expected}: {done.tail(5)}"
