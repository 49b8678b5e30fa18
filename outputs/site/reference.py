# Pages of reference, from what the program says of itself and from the baseline scenario.
# SPDX-License-Identifier: Apache-2.0
import re
import subprocess
import tomllib

TOPICS = ["commands", "configuration", "distributions", "levers", "metrics", "events", "stops", "statistics"]


def describe(program, topic):
    return subprocess.run([program, "describe", topic, "--markdown"], check=True, capture_output=True, text=True).stdout


def reference_page(program, topic):
    return describe(program, topic) + f"\nPrinted by `chokepoint describe {topic}`.\n"


def cell(text):
    return re.sub(r"([|*_`<\[\]\\$])", r"\\\1", text).replace("\\<", "&lt;")


def units_and_meanings(program):
    rows = {}
    for line in describe(program, "parameters").splitlines():
        cells = [part.strip() for part in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4:
            rows[cells[0].strip("`")] = cells[1], cells[3]
    return rows


def law_text(setting):
    told = {"source", "rationale", "would_change_if", "unit"}
    (law, value), = ((key, value) for key, value in setting.items() if key not in told)
    if not isinstance(value, dict):
        return f"{law} {value:g}"
    return f"{law} " + ", ".join(f"{key} = {number}" for key, number in value.items())


def priors_page(program, baseline):
    """Every prior of the baseline with its source, in the sections of the file."""
    text = baseline.read_text()
    parameters, known = tomllib.loads(text)["parameters"], units_and_meanings(program)
    lines = ["# Priors and their sources", "",
             "From [configs/baseline.toml](../configs/baseline.toml). Every prior is a belief with a source; none is a fact. A source that",
             'starts with "judgement:" means that nobody has measured the quantity: the text says what the belief rests on.']
    body = text.split("[parameters]", 1)[1].split("[policies.", 1)[0]
    for section in re.split(r"^# --- ", body, flags=re.M)[1:]:
        heading, rows = section.split(" ---\n", 1)
        keys = re.findall(r"^(\w+) = ", rows, re.M)
        if not keys:
            continue
        lines += ["", f"## {heading}", "", "| parameter | prior | source and rationale |", "|---|---|---|"]
        for key in keys:
            setting, (unit, meaning) = parameters[key], known[key]
            change = f"<br>*Would change if:* {cell(setting['would_change_if'])}" if "would_change_if" in setting else ""
            lines.append(f"| `{key}`<br>{meaning} | {cell(law_text(setting))}<br>{'' if unit == '1' else unit} | "
                         f"{cell(setting['source'])}.<br>*Why:* {cell(setting['rationale'])}{change} |")
    return "\n".join(lines) + "\n"
