#!/bin/sh
# Mutated files through every reader, by libFuzzer: fuzz.sh RUNS. Findings stay in build-fuzz/; each
# becomes a file in tests/fuzz/findings, which ./dev test replays.
set -eu
cd "$(dirname "$0")/.."
runs=${1:-100000}
cmake -S . -B build-fuzz -DCMAKE_C_COMPILER=clang -DVXG_FUZZ=ON -DVXG_TESTS=OFF >build-fuzz.log 2>&1
