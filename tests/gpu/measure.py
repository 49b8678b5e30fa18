"""The steps of tests/gpu/check that measure: bench, profile and peers.

SPDX-License-Identifier: Apache-2.0
"""

import json
import re

import ncu
from kit import ROOT, one
from steps import BLOCK_SIZES, EXIT_REFUSED, gpu_state

BASELINE = ROOT / "configs/baseline.toml"
LONG_RUN = 12.0  # seconds that the end-to-end run should take
LARGE = ((10**8, 25.0), (10**9, 75.0))  # trajectories of one policy, and the seconds that they may take
PEERS = ROOT / "tests/bench/peers/compare.py"
NO_PEER = 77  # exit code of compare.py
REHEARSAL_SCALE = 2000  # a rehearsal runs this many times fewer trajectories


def one_policy(step):
    """The baseline with its reference policy alone."""
    text = BASELINE.read_text()
    kept = "[policies.status_quo]"
    sections = re.split(r"(?m)^(?=\[)", text)
    path = step.kit.work / "one_policy.toml"
    path.write_text("".join(section for section in sections if section.startswith(kept) or not re.match(r"\[+policies\.", section)))
    return path


def timed_run(step, file, trajectories, device, may_refuse=False):
    """Rates of a `chokepoint run`: by the seconds that it reports itself, and by those of the whole program. None if there are none."""
    program = step.kit.program("chokepoint")
    sizes = step.run([program, "validate", file], limit=30).output
    policies, months = one(r"(\d+) policies", sizes), one(r"trajectories of (\d+) months", sizes)
    done = step.run([program, "run", file, "-o", step.kit.work / "bench.h5", "--force", "--trajectories", trajectories, *device], limit=120)
    if may_refuse and done.code in EXIT_REFUSED:
        return None
    seconds = one(r"run time\s+([\d.]+) s", done.output)
    if not step.expect(done.code == 0 and seconds and policies and months, f"{file.name}, {trajectories} trajectories: {done.tail(5)}"):
        return None
    work = trajectories * int(policies) * int(months)
    return {"trajectories": trajectories, "policies": int(policies), "months": int(months), "seconds": float(seconds),
            "rate": work / max(float(seconds), 0.005), "wall_seconds": round(done.seconds, 2), "wall_rate": work / done.seconds,
            "device": one(r"(?m)^device\s+(.+)$", done.output)}


def long_run(step, short, seconds):
    """A run of the baseline that takes about so long, from the rate of a shorter one, which start-up makes too low."""
    for _ in range(2):
        if not short or short["seconds"] > 0.8 * seconds:
            break
        short = timed_run(step, BASELINE, int(short["trajectories"] * seconds / max(short["seconds"], 0.005)), step.kit.device)
    return short


def bench(step):
    """Trajectory-months per second."""
    kit, figures = step.kit, step.figures
    if not step.expect(kit.program("chokepoint"), f"no programs in {kit.folder}"):
        return
    scale = REHEARSAL_SCALE if kit.rehearsal else 1
    single = one_policy(step)
    figures["gpu_before"] = gpu_state(step)
    timed_run(step, BASELINE, 20_000 // min(scale, 20), kit.device)  # the first one loads the driver
    figures["baseline"] = timed_run(step, BASELINE, 10**6 // scale, kit.device)
    figures["one_policy"] = small = timed_run(step, single, 10**7 // scale, kit.device)
    figures["brownian"] = timed_run(step, ROOT / "configs/brownian.toml", 10**8 // scale, kit.device)
    figures["cpu"] = timed_run(step, BASELINE, 200_000 // scale, ["--device", "cpu"])
    if figures["baseline"] and figures["cpu"]:
        figures["times_as_fast_as_that_cpu"] = round(figures["baseline"]["rate"] / figures["cpu"]["rate"], 2)
    figures["block_sizes"] = {}
    for block in BLOCK_SIZES:
        blocks = ["--block-size", str(block)]
        figures["block_sizes"][block] = timed_run(step, BASELINE, 10**6 // scale, kit.device + blocks, may_refuse=True)
    figures["end_to_end"] = long_run(step, figures["baseline"], LONG_RUN / (20 if kit.rehearsal else 1))
    kernel_rates(step)
    for trajectories, limit in LARGE:
        if small:
            predicted = trajectories / scale * small["months"] / small["rate"]
            if predicted < min(limit, step.seconds_left() - 10):
                figures[f"one_policy_{trajectories:.0e}"] = small = timed_run(step, single, trajectories // scale, kit.device) or small
            else:
                step.notes.append(f"{trajectories:.0e} trajectories of one policy left out: they would take {predicted:.0f} s")
    figures["gpu_after"] = gpu_state(step)


def kernel_rates(step):
    """By `chokepoint bench`, where this version has it."""
    program = step.kit.program("chokepoint")
    if not re.search(r"(?m)^\s+bench ", step.run([program, "--help"]).output):
        step.notes.append("this version has no `chokepoint bench`: rates are those that runs report")
        return
    answer = step.kit.work / "chokepoint_bench.json"
    answer.unlink(missing_ok=True)
    seconds = 5 if step.kit.rehearsal else 40
    done = step.run([program, "bench", BASELINE, *step.kit.device, "--seconds", seconds, "--json", answer], limit=2 * seconds)
    if step.expect(done.code == 0 and answer.exists(), f"chokepoint bench: {done.tail()}"):
        step.figures["chokepoint_bench"] = json.loads(answer.read_text())


# What ncu says where the counters are closed to it.
COUNTER_REFUSALS = ("ERR_NVGPUCTRPERM", "LibraryNotLoaded", "Failed to initialize the profiler", "not supported", "ResourceUnavailable")
OUR_KERNELS = ["--kernel-name-base", "demangled", "--kernel-name", "regex:^(void )?chokepoint::"]
LAUNCHES = 6


def profile(step):
    """Hardware counters of a few launches of each kernel."""
    tool, program = step.kit.tool("ncu"), step.kit.kernel_digest()
    if not tool:
        step.unavailable.append("ncu is not here")
        return
    job = step.kit.job(step, "profile")
    if not step.expect(program and job, "no kernel_digest or no job file: neither a pack nor a build"):
        return
    trajectories = 2000 if step.kit.rehearsal else 262_144
    base = step.kit.work / "profile"
    report = base.with_suffix(".ncu-rep")
    for selected, launches in ((OUR_KERNELS, LAUNCHES), ([], 40)):  # all kernels, should names look otherwise than expected
        report.unlink(missing_ok=True)
        done = step.run([tool, "--clock-control", "none", "--set", "full", *selected, "--launch-count", launches, "-f", "-o", base,
                         program, job, step.kit.digest_device, trajectories], limit=110)
        if report.exists():
            break
        refusal = next((line for line in done.output.splitlines() if any(word in line for word in COUNTER_REFUSALS)), None)
        if refusal:
            step.unavailable.append(refusal.strip())
            return
    else:
        step.unavailable.append(f"ncu wrote no report: {done.tail(4)}")
        return
    page = step.run([tool, "--import", report, "--page", "raw", "--csv", "--print-units", "base"], limit=60)
    launches = [launch for launch in ncu.kernels(page.output) if "chokepoint" in launch["kernel"]]
    step.expect(launches, f"no launch of ours in ncu's page: {page.tail(4)}")
    step.figures["launches"] = launches


def peers(step):
    """The same model in array libraries, where the comparison is in the tree."""
    if not PEERS.exists():
        step.skipped = f"{PEERS.relative_to(ROOT)} is not in this tree"
        return
    answer = step.kit.work / "peers_answer.json"
    answer.unlink(missing_ok=True)
    small = ["--on-cpu", "--trajectories", 1024, "--repeats", 1] if step.kit.rehearsal else []
    done = step.run(["python3", PEERS, "--tools", "jax,torch", "--chokepoint", step.kit.program("chokepoint"), "--json", answer, *small])
    if done.code == NO_PEER:
        step.unavailable.append(done.tail(2))
        return
    if not step.expect(done.code == 0, f"compare.py: {done.tail()}"):
        return
    step.figures["peers"] = json.loads(answer.read_text()) if answer.exists() else done.output.strip().splitlines()
