"""Nsight Compute's raw page as CSV, to the few figures that say why a kernel is as fast as it is.

The page has a row of names, a row of units and a row for each launch that was profiled.

SPDX-License-Identifier: Apache-2.0
"""

import csv
import io

# Our name, ncu's name. Those that a version of ncu lacks are left out.
METRICS = {
    "duration_ns": "gpu__time_duration.sum",
    "block_size": "launch__block_size",
    "grid_size": "launch__grid_size",
    "registers_per_thread": "launch__registers_per_thread",
    "shared_bytes_per_block": "launch__shared_mem_per_block_dynamic",
    "occupancy_percent": "sm__warps_active.avg.pct_of_peak_sustained_active",
    "occupancy_possible_percent": "sm__maximum_warps_per_active_cycle_pct",
    "issue_slots_used_percent": "smsp__issue_active.avg.pct_of_peak_sustained_active",
    "issued_per_cycle": "smsp__issue_active.avg.per_cycle_active",
    "instructions": "smsp__inst_executed.sum",
    "threads_per_instruction": "smsp__thread_inst_executed_per_inst_executed.ratio",
    "compute_percent": "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "l1_percent": "l1tex__throughput.avg.pct_of_peak_sustained_active",
    "l1_hit_percent": "l1tex__t_sector_hit_rate.pct",
    "l2_percent": "lts__throughput.avg.pct_of_peak_sustained_elapsed",
    "l2_hit_percent": "lts__t_sector_hit_rate.pct",
    "dram_percent": "dram__throughput.avg.pct_of_peak_sustained_elapsed",
    "dram_read_bytes": "dram__bytes_read.sum",
    "dram_written_bytes": "dram__bytes_write.sum",
    "shared_bank_conflicts": "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum",
    "l2_atomic_sectors": "lts__t_sectors_op_atom.sum",
    "l2_reduction_sectors": "lts__t_sectors_op_red.sum",
    "local_spilling_requests": "derived__local_spilling_requests",
}
STALL_PREFIX, STALL_SUFFIX = "smsp__average_warps_issue_stalled_", "_per_issue_active.ratio"
STALLS_SHOWN = 5


def number(text):
    """A value of the page, or None: figures have commas between thousands."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def kernels(text):
    """A list of launches, each with its kernel's name, the figures of METRICS and the greatest stalls (warps waiting per issue)."""
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith('"ID",')), None)
    if start is None:
        return []
    rows = list(csv.reader(io.StringIO("\n".join(line for line in lines[start:] if line.startswith('"')))))
    header, launches = rows[0], rows[2:]
    found = []
    for values in launches:
        launch = dict(zip(header, values))
        figures = {"kernel": launch.get("Kernel Name", "?")}
        for ours, theirs in METRICS.items():
            value = number(launch.get(theirs, ""))
            if value is not None:
                figures[ours] = value
        figures["stalls"] = stalls(launch)
        found.append(figures)
    return found


def stalls(launch):
    reasons = {name[len(STALL_PREFIX):-len(STALL_SUFFIX)]: number(value) for name, value in launch.items()
               if name.startswith(STALL_PREFIX) and name.endswith(STALL_SUFFIX)}
    greatest = sorted((reason for reason, value in reasons.items() if value), key=lambda reason: -reasons[reason])
    return {reason: round(reasons[reason], 3) for reason in greatest[:STALLS_SHOWN]}
