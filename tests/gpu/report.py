"""What the steps left behind, as one JSON file and one table.

SPDX-License-Identifier: Apache-2.0
"""

import json
import re

from kit import RESULTS, one

ORDER = ("pack", "info", "build", "tests", "hash", "sanitize", "profile", "bench", "peers")


def collect(kit):
    """Steps of this and of earlier calls on the same programs, sources and device."""
    now = kit.identity()
    steps = {}
    for name in ORDER:
        path = kit.work / f"{name}.json"
        if not path.exists():
            continue
        step = json.loads(path.read_text())
        if all(step["run"][key] == now[key] for key in ("commit", "sources", "device", "rehearsal")):
            steps[name] = step
    gpu = steps.get("info", {}).get("figures", {}).get("gpu", {})
    return {"rehearsal": kit.rehearsal, "device": now["device"], "driver": gpu.get("driver_version"),
            "cuda": steps.get("info", {}).get("figures", {}).get("nvcc"), "date": kit.date, "commit": now["commit"],
            "dirty": now["commit"].endswith("-dirty"), "sources": now["sources"], "steps": steps}


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def write(kit):
    """Writes both files; returns the report and the table."""
    report = collect(kit)
    text = table(report)
    kit.out.mkdir(parents=True, exist_ok=True)
    base = "rehearsal" if kit.rehearsal else f"{slug(report['device'] or 'no-gpu')}-{report['date']}"
    (kit.out / f"{base}.json").write_text(json.dumps(report, indent=1) + "\n")
    (kit.out / f"{base}.md").write_text(text)
    if kit.out != RESULTS:
        logs = "".join(f"==== {name}\n{(kit.work / f'{name}.log').read_text()}\n" for name in report["steps"])
        (kit.out / f"{base}.log").write_text(logs[-8_000_000:])
    return report, text


def table(report):
    title = "Rehearsal, no GPU: shows that the kit works and nothing about a GPU" if report["rehearsal"] else report["device"] or "No GPU"
    lines = [f"## {title}", "",
             f"{report['date']}, commit {report['commit']}, driver {report['driver'] or '?'}, nvcc {report['cuda'] or 'none'}", "",
             "| step | outcome | seconds | figures |", "|---|---|---:|---|"]
    for name, step in report["steps"].items():
        lines.append(f"| {name} | {step['outcome']} | {step['seconds']} | {summary(name, step)} |")
    return "\n".join(lines) + "\n"


def rate(entry):
    return f"{entry['rate']:.3g}/s" if entry else "failed"


def function_name(kernel):
    """Without its namespace, template arguments and parameters."""
    plain = re.sub(r"<unnamed>::|\(anonymous namespace\)::", "", kernel)
    return one(r"(\w+)[<(]", plain) or kernel


def summary(name, step):
    """What a reader wants of a step, in one cell."""
    figures = step["figures"]
    parts = []
    if name == "pack":
        parts.append(f"{figures.get('MiB')} MiB, needs glibc {figures.get('glibc')}")
    elif name == "info" and "cpu" in figures:
        parts += [figures["gpu"].get("name", "no GPU"), f"{figures['cpu']['threads']} threads of {figures['cpu']['model']}"]
    elif name == "build" and "compile_seconds" in figures:
        parts.append(f"{figures['compile_seconds']} s, registers {figures['registers']}, spilled {figures['spilled_bytes']}")
    elif name == "tests":
        parts += [f"{program}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped"
                  for program, counts in figures.items() if isinstance(counts, dict)]
    elif name == "hash":
        parts.append(f"{len(figures.get('hashes', {}))} runs, block sizes {' '.join(map(str, figures.get('block_sizes', [])))}")
    elif name == "sanitize":
        parts.append(f"{sum(verdict == 'clean' for verdict in figures.values())} of {len(figures)} clean")
    elif name == "bench":
        parts += [f"{key.replace('_', ' ')} {rate(entry)}" for key, entry in figures.items()
                  if key in ("baseline", "cpu", "brownian", "end_to_end") or key.startswith("one_policy")]
    elif name == "profile":
        parts += [f"{function_name(launch['kernel'])}: {launch.get('duration_ns', 0) / 1e6:.3g} ms, "
                  f"{launch.get('registers_per_thread', 0):.0f} registers, occupancy {launch.get('occupancy_percent', 0):.0f} %, "
                  f"issue {launch.get('issue_slots_used_percent', 0):.0f} %" for launch in figures.get("launches", [])[:2]]
    for key in ("failures", "unavailable", "notes"):
        parts += [f"{key}: {text}" for text in step.get(key, [])[:3]]
    if step.get("skipped"):
        parts.append(step["skipped"])
    return "; ".join(re.sub(r"[\s|]+", " ", part)[:300] for part in parts)
