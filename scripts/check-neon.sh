#!/usr/bin/env bash
# Compiles the kernels for 64-bit ARM with Debian's cross compiler, where it is installed or can be.
set -euo pipefail
cd "$(dirname "$0")/.."
compiler=aarch64-linux-gnu-g++
if ! command -v "$compiler" >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  (apt-get update && apt-get install -y --no-install-recommends g++-aarch64-linux-gnu) >/dev/null 2>&1 || true
fi
if ! command -v "$compiler" >/dev/null; then
  echo "NEON check left out: no $compiler on this machine"
  exit 0
fi
for source in kernels dispatch pool; do
  "$compiler" -std=c++17 -O3 -fno-math-errno -fno-trapping-math -Wall -Wextra -Wno-unused-function -Wno-psabi \
    -Wno-ignored-attributes -DTELAR_ISA=neon -c "native/$source.cc" -o /dev/null
done
echo "NEON check: the kernels compile for 64-bit ARM"
