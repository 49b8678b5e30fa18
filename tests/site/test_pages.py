#!/usr/bin/python3
# Runs what the pages of the repository tell a reader to type: test_pages.py PROGRAM [--update] [PAGE...].
#
# Every fenced block says what it is: ```sh are commands, ```python and ```r are run, ```toml is a scenario, ```text what something prints,
# ```json and ```math are left alone; a block without a language fails. All blocks of a page run in their order, in a folder that looks like
# the repository after `./quickstart run`: configs, outputs and cluster are copies, build/release/chokepoint is PROGRAM, also found as
# `chokepoint`, and outputs/baseline.h5 is there, but small. A command that fails fails the test.
# A ```toml block whose first line is `# configs/NAME.toml` is written to that file; any other must be a valid addition to the baseline.
# In PAGES_WITH_OUTPUT a ```text block after commands is what they print, where `…` stands for anything.
# `--update` in front of the pages puts there what is printed now, line for line, for a person to read over.
#
# Two exceptions, both below: SMALLER makes long runs short, EXCUSED lists what cannot run here. SPDX-License-Identifier: Apache-2.0
import difflib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PAGES_WITH_OUTPUT = {"outputs/site/tutorial.md", "outputs/site/faq.md"}
FENCE = re.compile(r"^(```+)([^\n]*)\n(.*?)^\1[ \t]*$", re.M | re.S)
INLINE_COMMAND = re.compile(r"`chokepoint ([a-z]+)\b([^`]*)`")
PYTHON = "/usr/bin/python3"  # Debian's packages belong to it

FEW = "--trajectories 5_000 --set run.years=3"
SMALLER = [  # what is typed, what runs instead; not in the tutorial, whose scenario is small and whose figures are shown
    (r"^(?!.*configs/smuggling)(.*) (--trajectories|--set run\.trajectories=) ?[\d_]+", r"\1"),
    (r"\bchokepoint (run|plan)\b(?! configs/smuggling)", rf"chokepoint \1 {FEW}"),
    (r"\bchokepoint sensitivity\b(.*) --samples \d+", r"chokepoint sensitivity\1"),
    (r"\bchokepoint sensitivity\b", "chokepoint sensitivity --samples 1_000 --set run.years=1"),
    (r"--worldviews all\b", "--worldviews commodity"),
    (r"\bchokepoint score\b", "chokepoint score --trajectories 2_000"),
    (r"\bchokepoint calibrate\b(.*) --worlds [\d_]+", r"chokepoint calibrate\1"),
    (r"\bchokepoint calibrate\b", "chokepoint calibrate --worlds 20_000"),
    (r"\bchokepoint bench\b", "chokepoint bench --seconds 1 --set run.years=2"),
    (r"(\S*chokepoint run .*)--shard \d+/\d+", r"for shard in 1 2; do \1--shard $shard/2; done"),
]

EXCUSED = [  # a command, and why it does not run here
    (r"\./quickstart|outputs/site/build", "what runs this test"),
    (r"(sudo )?apt(-get)? |pip install|git clone", "needs the network"),
    (r"cmake |ctest |apptainer ", "builds the program, which CI has done"),
    (r"\$EDITOR |xdg-open |\S*chromium ", "needs a person"),
    (r"cluster/submit |sbatch |srun |mpirun ", "tests/cluster and tests/e2e/test_ranks.py start Slurm and MPI"),
    (r"tests/gpu/check", "needs a GPU; the test GpuKit rehearses it"),
    (r"perf |build/release/tests/bench_kernels|build/release/tests/simulate_ranks", "measures a quiet machine"),
    (r"tests/bench/count_(instructions|sass)|tests/bench/peers/compare\.py", "the tests Instructions, CountSass and Peers.agree run it"),
    (r"chokepoint (merge outputs/baseline\.\*\.shard|bench configs/baseline)", "README.md does it with a scenario of its own"),
    (r"\S*chokepoint merge --partial .*\.checkpoint", "needs an interrupted run: tests/host/test_resume.cpp has one"),
]


REFERENCE = "reference/commands"  # as the site has it: `chokepoint describe commands`


def all_pages():
    skipped = {"build", "vendor", ".git"}
    return [REFERENCE, *sorted(str(page.relative_to(REPOSITORY)) for page in REPOSITORY.rglob("*.md")
                               if not skipped & set(page.relative_to(REPOSITORY).parts))]


def text_of(page, program):
    if page != REFERENCE:
        return (REPOSITORY / page).read_text()
    return subprocess.run([program, "describe", "commands", "--markdown"], capture_output=True, text=True, check=True).stdout


def logical_lines(block):
    """Lines with what continues them: after a backslash, within quotes or a here-document."""
    held = ""
    for line in block.splitlines():
        held += line + "\n"
        if subprocess.run(["bash", "-n", "-c", held], capture_output=True).returncode == 0 and not line.endswith("\\") and not open_here(held):
            yield held
            held = ""
    if held:
        yield held


def open_here(text):
    start = re.search(r"<<\s*'?(\w+)'?", text)
    return start and not re.search(rf"^{start[1]}$", text, re.M)


def script(block):
    """The commands of a block that can run here, long ones made short."""
    lines = []
    for line in logical_lines(block):
        if line.strip() and not any(re.match(pattern, line) for pattern, _ in EXCUSED):
            for pattern, smaller in SMALLER:
                line = re.sub(pattern, smaller, line)
            lines.append(line)
    return "".join(lines)


def missing_part(shown, printed):
    """The first of what is shown between `…` that is not printed there; None if all is."""
    parts, place = re.split(r"\s*…\s*", tidy(shown)), 0
    for number, part in enumerate(parts):
        found = printed.find(part, place)
        if found < 0 or (number == 0 and found > 0):
            return part
        place = found + len(part)
    return None if printed.endswith(parts[-1]) else parts[-1]


def updated(shown, printed):
    """What is shown, each line replaced by the one of those printed after the last that is most like it."""
    lines, rest = [], tidy(printed).splitlines()
    for line in shown.splitlines():
        near = [] if "…" in line else difflib.get_close_matches(line, rest, 1, 0.3)
        if near:
            rest = rest[rest.index(near[0]) + 1 :]
        lines += near or [line]
    return "\n".join(lines) + "\n"


def tidy(text):
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


class Scratch:
    """A folder like the repository, for one page."""

    def __init__(self, folder, program, baseline):
        self.folder = folder
        for name in ("configs", "cluster"):
            shutil.copytree(REPOSITORY / name, folder / name)
        shutil.copytree(REPOSITORY / "outputs", folder / "outputs", ignore=shutil.ignore_patterns("vendor", "*.h5", "__pycache__"))
        if baseline:
            (folder / "outputs" / "baseline.h5").symlink_to(baseline)
        (folder / "bin").mkdir()
        for link in ("build/release/chokepoint", "build/static/chokepoint", "bin/chokepoint"):
            (folder / link).parent.mkdir(parents=True, exist_ok=True)
            (folder / link).symlink_to(program)
        self.environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin:/usr/sbin", "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "dumb",
                            "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1",
                            "PYTHONPATH": str(folder / "outputs" / "python" / "src")}  # as after `pip install outputs/python`

    def run(self, command, text):
        return subprocess.run(command, input=text, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=120)


class Page:
    def __init__(self, name, text, scratch, update):
        self.name, self.text, self.scratch, self.update, self.problems = name, text, scratch, update, []
        self.last = None  # what the last commands printed
        self.python = ""

    def complain(self, place, what, output=""):
        line = self.text.count("\n", 0, place) + 1
        self.problems.append(f"{self.name}:{line}: {what}\n{output}")

    def execute(self, place, command, text):
        done = self.scratch.run(command, text)
        if done.returncode != 0:
            self.complain(place, f"exit code {done.returncode} of\n{text}", "".join(done.stdout.splitlines(True)[-15:]))
        return done.stdout

    def scenario(self, place, text):
        named = re.match(r"# (configs/\w+\.toml)\n", text)
        name = named[1] if named else "configs/fragment.toml"
        whole = text if named or "extends" in text else 'extends = "baseline.toml"\n' + text
        (self.scratch.folder / name).write_text(whole)
        if not named:
            self.execute(place, ["bash", "-e"], f"chokepoint validate {name}\n")

    def block(self, place, language, text):
        if language == "text" and self.last is not None and self.name in PAGES_WITH_OUTPUT:
            if self.update:
                page = REPOSITORY / self.name
                page.write_text(page.read_text().replace(text, updated(text, self.last)))
            elif (part := missing_part(text, tidy(self.last))) is not None:
                self.complain(place, f"the commands above do not print, in this place,\n{part}\nbut\n", self.last)
        self.last = None
        if language == "sh":
            commands = script(text)
            if commands:
                self.last = self.execute(place, ["bash", "-e", "-o", "pipefail"], commands)
        elif language == "python":
            self.python = self.python + text if text.startswith(" ") else text  # an indented block goes on with the one before
            self.last = self.execute(place, [PYTHON, "-"], self.python)
        elif language == "r" and shutil.which("Rscript"):
            self.execute(place, ["Rscript", "-"], text)
        elif language == "toml":
            self.scenario(place, text)
        elif language not in {"text", "math", "json", "r"}:
            self.complain(place, f"a block in '{language}': say ```sh for commands, ```text for what they print, or see {__file__}")

    def check(self, options):
        for found in FENCE.finditer(self.text):
            self.block(found.start(), found[2], found[3])
        for found in INLINE_COMMAND.finditer(self.text):
            verb, rest = found[1], found[2]
            if verb not in options:
                self.complain(found.start(), f"there is no command `chokepoint {verb}`")
            for option in re.findall(r"--[a-z][a-z-]+", rest):
                if option not in options.get(verb, option):
                    self.complain(found.start(), f"`chokepoint {verb}` has no option {option}")
        return self.problems


def options_of(program):
    """What each command's help says, by command."""
    usage = subprocess.run([program, "--help"], capture_output=True, text=True).stdout
    verbs = re.findall(r"^  ([a-z]+) ", usage, re.M)
    return {verb: subprocess.run([program, verb, "--help"], capture_output=True, text=True).stdout for verb in verbs}


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    update = "--update" in sys.argv[2:]
    pages = [page for page in sys.argv[2:] if page != "--update"] or all_pages()
    options, problems = options_of(program), []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        baseline = work / "baseline.h5"
        subprocess.run([program, "run", REPOSITORY / "configs" / "baseline.toml", *FEW.split(), "--quiet", "-o", baseline], check=True)
        for number, name in enumerate(pages):
            folder = work / str(number)
            folder.mkdir()
            scratch = Scratch(folder, program, None if name == REFERENCE else baseline)  # which makes it
            problems += Page(name, text_of(name, program), scratch, update).check(options)
            shutil.rmtree(folder)
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


main()
