#!/usr/bin/env bash
# Includes point downwards only: kernels know no host, the host no CUDA and no lanes, main no model; a
# mechanism of a model names no thread, lane or memory; only the CUDA back end has a __global__ function.
set -u
cd "$(dirname "$0")/.."
failed=0
forbid() {  # WHY PATTERN FILES...
  local why=$1 pattern=$2
  shift 2
  if grep -nE "$pattern" "$@"; then
    echo "^ $why"
    failed=1
  fi
}
forbid "kernels/ must not include host/" '#include .*host/' kernels/*.* kernels/*/*.h
forbid "host/ must not include CUDA" '#include [<"](cuda|thrust|cub)' host/*.* host/*/*.*
lanes='pack|math|random|distributions|events|triggers|tally|trajectory|cpu_|models|race|brownian|inspection|textbook'
forbid "host/ must not include lanes" "#include .*kernels/($lanes)" host/*.* host/*/*.*
forbid "MPI is the business of one file" '#include <mpi' $(ls host/*.* host/*/*.* | grep -v host/ranks/mpi_wire.cpp)
forbid "the program must not know a model" 'race|brownian|inspection|textbook' host/main.cpp
forbid "mechanisms must not name threads, lanes or memory" 'thread|__shared__|blockIdx|malloc|new |std::vector|kLanes[^>]*\[' kernels/race/[a-l]*.h kernels/race/m[ae]*.h kernels/race/[r-z]*.h
forbid "mechanisms include only what they are made of" '#include "\.\./(engine|trajectory|tally|cpu_|distributions|triggers|plan)' \
  kernels/race/*.h kernels/brownian/*.h kernels/inspection/*.h kernels/textbook/*.h
[ "$(grep -l '__global__' kernels/*.* kernels/*/*.h | tr '\n' ' ')" = "kernels/run_cuda.cu " ] || { echo "__global__ outside run_cuda.cu"; failed=1; }
[ "$(grep -c '^__global__' kernels/run_cuda.cu)" = 5 ] ||
  { echo "there must be five __global__ functions: run, tally, analysis, choice and bin"; failed=1; }
forbid "the steps of the GPU back end name no CUDA" '__global__|__shared__|threadIdx|blockIdx|cuda[A-Z_]' kernels/device_*.h
exit $failed
