# What the job scripts share: the site's settings, and a program that Slurm may interrupt and start again.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # the scripts use what it sets

repository=$PWD  # cluster/submit sets it with --chdir
# shellcheck source=cluster/site.sh
source "${CHOKEPOINT_SITE:-cluster/site.sh}"
set +u  # modules of sites read variables that are not set
prepare
set -u

say() { printf '%(%FT%T)T job %s: %s\n' -1 "$SLURM_JOB_ID" "$*"; }  # no process, which a signal to all of the job would end

warned=     # Slurm has announced the end with USR1
signalled=  # a signal has interrupted `wait`
child=
crashes_left=0  # after so many crashes of the program it is started again
trap 'warned=yes signalled=yes; say "USR1: time is nearly up"; [ -z "$child" ] || kill -USR1 "$child" || :' USR1
# Slurm sends TERM to every process of the job. The shell only has to live on until the program has written its checkpoint.
trap 'signalled=yes; say "TERM"' TERM

# run COMMAND…: returns when it is done, leaves the script with its exit code when it is not. In the background, because bash
# acts on a signal only when nothing is in the foreground.
run() {
  local code=75
  if [ -z "$warned" ]; then
    "$@" &
    child=$!
    [ -z "$warned" ] || kill -USR1 "$child" || :  # it came between the two lines above
    while
      code=0 signalled=
      wait "$child" || code=$?
      [ -n "$signalled" ]
    do :; done
    child=
    if [ "$code" -eq $((128 + 11)) ] && [ "$crashes_left" -gt 0 ]; then
      crashes_left=$((crashes_left - 1))
      say "crashed; started again"
      run "$@"
      return
    fi
  fi
  [ "$code" -ne 0 ] || return 0
  [ "$code" -ne $((128 + 10)) ] || [ -z "$warned" ] || code=75  # USR1 came before the program was ready for it
  [ "$code" -ne 75 ] || go_on_later
  exit "$code"
}

# 75: there is a checkpoint, or another copy of this job still writes. Whoever cancels a job wants it to end, and what Slurm
# has taken back itself it also starts again: in both cases the job is no longer RUNNING.
go_on_later() {
  local state
  if [ "${SLURM_RESTART_COUNT:-0}" -ge "$max_restarts" ]; then
    say "started $((max_restarts + 1)) times and not done: stopped. max_restarts in site.sh; the same cluster/submit goes on"
    return
  fi
  state=$(squeue --noheader --jobs "$SLURM_JOB_ID" --format %T || :)
  if [ "$state" != RUNNING ]; then
    say "interrupted; not requeued, because Slurm has it as ${state:-unknown}. The same cluster/submit goes on"
  elif scontrol requeue "$SLURM_JOB_ID"; then
    say "interrupted; requeued"
  else
    say "interrupted; Slurm does not requeue it here. The same cluster/submit goes on"
  fi
}

# For `chokepoint run`: all GPUs that Slurm gave to this job on this node, or its CPUs.
device=cpu threads=${SLURM_CPUS_PER_TASK:-0}
[ -z "${SLURM_GPUS_ON_NODE:-}" ] || device=all
