#!/usr/bin/env bash
# The whole program on emulated GPUs: the CPU's hash from one device, from several, and when one of them is lost.
#   check_emulated.sh PROGRAM CONFIGURATION
set -euo pipefail
program=$1
configuration=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

run() {  # DEVICE: the result's hash
  "$program" run "$configuration" --trajectories 150 --set run.record_every_months=12 --device "$1" -o "$folder/r.h5" --force \
    2>"$folder/errors" | sed -n 's/.*result_hash //p'
}
fail() { echo "$1" >&2; cat "$folder/errors" >&2; exit 1; }

expected=$(run cpu)
[ -n "$expected" ] || fail "no result from the CPU"
for device in cuda:0 cuda cuda:0,cuda:0; do
  [ "$(run $device)" = "$expected" ] || fail "--device $device: another hash than the CPU's"
done
export CHOKEPOINT_EMULATED_GPUS=3
for device in all cuda:2,cuda:0 cpu,cuda:1; do
  [ "$(run $device)" = "$expected" ] || fail "--device $device: another hash than the CPU's"
done
# The first launch that comes fails, and its device is gone: the others take over.
export CHOKEPOINT_EMULATED_FAILURE=cudaLaunchKernel:1
[ "$(run all)" = "$expected" ] || fail "a lost device: another hash than the CPU's"
grep -q "cudaErrorECCUncorrectable" "$folder/errors" || fail "a lost device: no warning"
rm "$folder/r.h5"
status=0
"$program" run "$configuration" --trajectories 150 --device cuda:0 -o "$folder/r.h5" >"$folder/output" 2>"$folder/errors" || status=$?
[ $status = 3 ] || fail "the only device lost: exit code $status instead of 3"
[ ! -e "$folder/r.h5" ] || fail "the only device lost: a result all the same"
