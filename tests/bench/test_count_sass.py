#!/usr/bin/env python3
"""count_sass.py on a listing worked by hand: a loop of five instructions, of which a branch can skip two.

SPDX-License-Identifier: Apache-2.0
"""
import pathlib
import subprocess
import sys
import tempfile

LISTING = """
		Function : _Z10run_kernel
        /*0000*/                   MOV R1, c[0x0][0x28] ;
        /*0010*/                   FFMA R2, R2, R3, R4 ;
        /*0020*/              @!P0 BRA 0x50 ;
        /*0030*/                   LDS R5, [R6] ;
        /*0040*/                   FADD R2, R2, R5 ;
        /*0050*/               @P1 BRA 0x10 ;
        /*0060*/                   EXIT ;
		Function : _Z5other
        /*0000*/                   EXIT ;
"""
EXPECTED = """_Z10run_kernel
  kernel 0x0-0x60: 2  (move 1, control 1)
    loop 0x10-0x50: 3  (control 2, float 1)
      may be skipped 0x30-0x40: 2  (memory on chip 1, float 1)
"""

with tempfile.NamedTemporaryFile("w", suffix=".sass") as file:
    file.write(LISTING)
    file.flush()
    program = pathlib.Path(__file__).with_name("count_sass.py")
    found = subprocess.run([sys.executable, program, file.name, "--least", "1"], capture_output=True, text=True, check=True).stdout
    absent = subprocess.run([sys.executable, program, file.name, "--kernel", "nothing"], capture_output=True, text=True)
if found != EXPECTED:
    sys.exit(f"expected\n{EXPECTED}\nfound\n{found}")
if absent.returncode == 0 or "no kernel called nothing" not in absent.stderr:
    sys.exit(f"a kernel that is not there: exit code {absent.returncode}, {absent.stderr}")
