#!/usr/bin/env python3
"""Counts the machine instructions of the CUDA kernels by part and kind, without a GPU.

    count_sass.py build/release/chokepoint            what cuobjdump finds in a program or an object file
    count_sass.py listing.sass [--kernel run_kernel]  a listing of `cuobjdump -sass`

Prints each kernel as a tree of parts: loops, and stretches of at least --least instructions that a branch can
skip. The numbers of a part leave out the parts inside it, so that the instructions of one turn of a loop are its
own plus those of the stretches that are taken.
"""
# SPDX-License-Identifier: Apache-2.0
import argparse
import collections
import re
import subprocess
import sys

INSTRUCTION = re.compile(r"\s+/\*([0-9a-f]{4,})\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)\s*([^;]*);")
# What an instruction keeps busy, by its first word.
KINDS = {
    "float": {"FFMA", "FADD", "FMUL", "FSEL", "FSETP", "FMNMX", "FCHK", "FSWZADD", "FSET", "HFMA2"},
    "integer": {"IADD3", "LOP3", "SHF", "LEA", "ISETP", "SEL", "IABS", "PRMT", "PLOP3", "P2R", "IMNMX", "VIADD", "BMSK", "LOP"},
    "multiply": {"IMAD"},
    "move": {"MOV", "CS2R", "R2UR", "S2R", "S2UR"},
    "convert, reciprocal": {"MUFU", "I2F", "F2I", "I2FP", "F2F", "FRND"},
    "memory on chip": {"LDS", "STS", "ATOMS", "LDC", "ULDC"},
    "device memory": {"LDG", "STG", "RED", "REDG", "ATOM", "ATOMG", "LD", "ST"},
    "local memory": {"LDL", "STL"},
    "control": {"BRA", "BSSY", "BSYNC", "CALL", "RET", "EXIT", "BAR", "BREAK", "BRX", "NOP", "WARPSYNC", "JMP"},
}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}


def kind_of(opcode):
    word = opcode.split(".")[0]
    if word in KIND_OF:
        return KIND_OF[word]
    return "uniform" if word.startswith("U") or word.startswith("VOTEU") else "other"


def listing_of(path):
    with open(path, "rb") as file:
        start = file.read(4)
    if start != b"\x7fELF":
        return open(path, encoding="utf-8").read()
    try:
        return subprocess.run(["cuobjdump", "-sass", path], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        sys.exit("count_sass.py: cuobjdump is not here (it comes with the CUDA toolkit). Give a listing that it made elsewhere.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"count_sass.py: cuobjdump cannot read {path}: {error.stderr.strip()}")


def kernels_of(listing):
    """(name, [(address, opcode, operands)]) of each function; a listing without names is one function."""
    name, body = "kernel", []
    for line in listing.splitlines():
        function = re.match(r"\s*Function : (\S+)", line)
        if function:
            if body:
                yield name, body
            name, body = function[1], []
        instruction = INSTRUCTION.match(line)
        if instruction:
            body.append((int(instruction[1], 16), instruction[2], instruction[3].strip()))
    if body:
        yield name, body


class Part:
    def __init__(self, what, begin, end):
        self.what, self.begin, self.end, self.inside = what, begin, end, []

    def holds(self, other):
        return self.begin <= other.begin and other.end <= self.end

    def add(self, other):
        for part in self.inside:
            if part.holds(other):
                return part.add(other)
        # A stretch that only partly overlaps another is no part of its own.
        if all(p.end < other.begin or other.end < p.begin for p in self.inside):
            self.inside.append(other)


def parts_of(body, least):
    loops, skips = [], []
    for address, opcode, operands in body:
        target = re.search(r"0x([0-9a-f]+)\)?$", operands)
        if not opcode.startswith("BRA") or not target:
            continue
        to = int(target[1], 16)
        if to < address:
            loops.append(Part("loop", to, address))
        elif to - address >= 16 * least:
            skips.append(Part("may be skipped", address + 16, to - 16))
    whole = Part("kernel", body[0][0], body[-1][0])
    for part in sorted(loops + skips, key=lambda p: p.begin - p.end):
        if part.end - part.begin >= 16 * min(least, 40):
            whole.add(part)
    return whole


def show(part, body, depth):
    own = [i for i in body if part.begin <= i[0] <= part.end and not any(p.begin <= i[0] <= p.end for p in part.inside)]
    kinds = collections.Counter(kind_of(opcode) for _, opcode, _ in own)
    text = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    print(f"{'  ' * depth}{part.what} {part.begin:#x}-{part.end:#x}: {len(own)}  ({text})")
    for inner in sorted(part.inside, key=lambda p: p.begin):
        show(inner, body, depth + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--kernel", default="_kernel", help="names to show, as a regular expression")
    parser.add_argument("--least", type=int, default=60, help="instructions of a stretch that is shown")
    options = parser.parse_args()
    shown = 0
    for name, body in kernels_of(listing_of(options.file)):
        if name == "kernel" or re.search(options.kernel, name):
            print(name)
            show(parts_of(body, options.least), body, 1)
            shown += 1
    if not shown:
        sys.exit(f"count_sass.py: no kernel called {options.kernel} in {options.file}")


if __name__ == "__main__":
    main()
