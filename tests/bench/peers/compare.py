#!/usr/bin/env python3
"""The race model in other tools and in Chokepoint: do they agree, and how fast is each?

  tests/bench/peers/compare.py --chokepoint build/release/chokepoint --json peers.json

README.md beside this file says what is compared. Exit status 0: all agree; 1: a tool disagrees; 77: none is installed.
"""
# SPDX-License-Identifier: Apache-2.0
import argparse
import importlib
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of NumPy's and PyTorch's libraries; threads are asked for explicitly
ROOT = Path(__file__).resolve().parents[3]
TOOLS = {"numpy": ("numpy_peer", "NumpyPeer"), "numpy-plain": ("numpy_peer", "PlainNumpyPeer"), "numba": ("numba_peer", "NumbaPeer"),
         "jax": ("jax_peer", "JaxPeer"), "torch": ("torch_peer", "TorchPeer")}
GPU_TOOLS = ("jax", "torch")


class Chokepoint:
    def __init__(self, program, folder, threads):
        self.program, self.folder, self.threads = program, Path(folder), threads

    def run(self, trajectories, device="cpu", **settings):
        path = self.folder / "run.h5"
        command = [self.program, "run", ROOT / "configs/baseline.toml", "-o", path, "--force", "--device", device,
                   "--threads", str(self.threads)]
        for key, value in {"trajectories": trajectories, "keep": 0, **settings}.items():
            command += ["--set", f"run.{key}={value}"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"Chokepoint failed with exit status {done.returncode}:\n{done.stdout}")
        return path

    def keep(self, trajectories, name, **settings):
        return self.run(trajectories, **settings).rename(self.folder / name)

    def device(self, path):
        import h5py
        with h5py.File(path) as file:
            return file["provenance"].attrs["device"].decode(), float(file["provenance"].attrs["seconds"])

    def processor_seconds(self, trajectories):
        def spent():
            use = resource.getrusage(resource.RUSAGE_CHILDREN)
            return use.ru_utime + use.ru_stime
        before = spent()
        self.run(trajectories)
        return spent() - before


def has_gpu(tool):
    if tool == "torch":
        import torch
        return torch.cuda.is_available()
    import jax
    return any(d.platform == "gpu" for d in jax.devices())


def open_tools(names, problem, threads, on_cpu):
    """The peers that can run here, and why the others cannot."""
    peers, absent = [], {}
    for name in names:
        module, kind = TOOLS[name]
        try:
            kind = getattr(importlib.import_module(module), kind)
        except ImportError as error:
            absent[name] = f"not here ({error})"
            continue
        gpu = name in GPU_TOOLS and has_gpu(name)
        if name in GPU_TOOLS and not gpu and not on_cpu:
            absent[name] = "no GPU here (--on-cpu runs it on the CPU)"
            continue
        peers.append(kind(problem, threads=threads, gpu=gpu))
        peers[-1].on_gpu = gpu
    return peers, absent


def check(peers, reference, trajectories):
    from agreement import compare
    failed = False
    for peer in peers:
        count, worst, beyond = compare(reference, peer.run(trajectories, seed=12345))
        verdict = "DISAGREES" if beyond else "agrees"
        print(f"{peer.name:12} {count} comparisons, largest difference {worst:.1f} standard errors: {verdict}", flush=True)
        for text in beyond[:20]:
            print(f"  {text}")
        failed |= bool(beyond)
    # One in 1.7 million normal differences lies beyond five standard errors.
    print(f"(by chance, one of {count} would lie beyond 5 with probability {count * math.erfc(5 / math.sqrt(2)):.4f})")
    return not failed


def time_peer(peer, trajectories, seed, summarise):
    """Seconds of processor time, of all threads; of the clock where a GPU works."""
    clock = time.perf_counter if peer.on_gpu else time.process_time
    start = clock()
    peer.run(trajectories, seed, summarise)
    return clock() - start


def measure(peers, chokepoint, trajectories, repeats, problem):
    """Nanoseconds per trajectory-month by row and repeat, all rows in turn."""
    months = len(problem.policies) * problem.steps * 1e-9
    rows = {}
    for repeat in range(repeats):
        def add(row, seconds, count):
            rows.setdefault(row, []).append(seconds / (count * months))
        # Start and file are no part of the comparison: they cancel in the difference of two runs.
        few, many = trajectories, 5 * trajectories
        add(("chokepoint", True), chokepoint.processor_seconds(many) - chokepoint.processor_seconds(few), many - few)
        if any(peer.on_gpu for peer in peers):
            add(("chokepoint-gpu", True), chokepoint.device(chokepoint.run(many, "cuda"))[1], many)
        for peer in peers:
            for summarise in (True, False):
                add((peer.name, summarise), time_peer(peer, trajectories, repeat, summarise), trajectories)
    return rows


def report(rows, peers, device, gpu_device):
    devices = {"chokepoint": ("", device), "chokepoint-gpu": ("", gpu_device)} | {p.name: (p.version, p.device) for p in peers}
    against = {p.name: "chokepoint-gpu" if p.on_gpu else "chokepoint" for p in peers}
    out = []
    for (name, summaries), values in rows.items():
        us = rows[against.get(name, name), True]
        out.append({"tool": name, "version": devices[name][0], "device": devices[name][1], "summaries": summaries,
                    "ns_per_trajectory_month": statistics.median(values), "fastest": min(values), "all": values,
                    "ratio": statistics.median(values) / statistics.median(us), "ratio_of_fastest": min(values) / min(us)})
    print("\nns per trajectory-month (processor time; GPU: clock), median of", len(next(iter(rows.values()))), "runs in turn\n")
    print(f"{'tool':14} {'version':10} {'summaries':9} {'median':>8} {'fastest':>8} {'ratio':>6} {'of fastest':>10}  device")
    for row in out:
        print("{tool:14} {version:10} {with_or_without:9} {ns_per_trajectory_month:8.1f} {fastest:8.1f} {ratio:6.1f}"
              " {ratio_of_fastest:10.1f}  {device}".format(with_or_without="yes" if row["summaries"] else "no", **row))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default="numpy,numba,jax,torch", help=f"some of {', '.join(TOOLS)}")
    parser.add_argument("--chokepoint", default=str(ROOT / "build/release/chokepoint"), metavar="PATH")
    parser.add_argument("--trajectories", type=int, default=16384, help="of each policy; Chokepoint runs five times as many")
    parser.add_argument("--threads", type=int, default=1, help="of Chokepoint, Numba and PyTorch; NumPy has one")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--on-cpu", action="store_true", help="run JAX and PyTorch on the CPU where they find no GPU")
    parser.add_argument("--check-only", action="store_true", help="agreement, no timing")
    parser.add_argument("--json", metavar="OUT")
    options = parser.parse_args()
    names = options.tools.split(",")
    if unknown := [name for name in names if name not in TOOLS]:
        parser.error(f"--tools: no peer is called {', '.join(unknown)}; there are {', '.join(TOOLS)}")
    try:
        from problem import read_problem
    except ImportError as error:
        print(f"skipped: {error}")
        return 77

    with tempfile.TemporaryDirectory() as folder:
        chokepoint = Chokepoint(options.chokepoint, folder, options.threads)
        reference = chokepoint.keep(8 * options.trajectories, "reference.h5")
        # Other worlds than the reference's, so that differences have the standard error of independent samples.
        worlds = chokepoint.keep(options.trajectories, "worlds.h5", keep=options.trajectories, seed_worlds=101)
        problem = read_problem(worlds)
        peers, absent = open_tools(names, problem, options.threads, options.on_cpu)
        for name, why in absent.items():
            print(f"{name:12} {why}")
        if not peers:
            return 77
        agree = check(peers, reference, options.trajectories)
        if options.check_only:
            return 0 if agree else 1
        rows = measure(peers, chokepoint, options.trajectories, options.repeats, problem)
        gpu = chokepoint.device(chokepoint.run(1024, "cuda"))[0] if ("chokepoint-gpu", True) in rows else ""
        table = report(rows, peers, chokepoint.device(reference)[0], gpu)
    if options.json:
        Path(options.json).write_text(json.dumps({"trajectories": options.trajectories, "threads": options.threads, "agree": agree,
                                                  "absent": absent, "rows": table}, indent=1) + "\n")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
