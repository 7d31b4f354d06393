# SPDX-License-Identifier: MIT
# Shared by setup, run and test. Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Jobs for the compiler: two gigabytes of memory each, at least one, at most the number of cores.
jobs_for_build() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable:/ { print int($2 / 2097152) }' /proc/meminfo 2>/dev/null || true)
    [ -n "$memory" ] && [ "$memory" -ge 1 ] || memory=1
    [ "$memory" -lt "$cores" ] && echo "$memory" || echo "$cores"
}

# build_preset PRESET [TARGET...]: configures and builds.
build_preset() {
    local preset=$1
    shift
    local targets=()
    [ $# -gt 0 ] && targets=(--target "$@")
    cd "$ROOT"
    say "Configuring ($preset)"
    cmake --preset "$preset" --log-level=WARNING </dev/null
    say "Building ($preset)"
    cmake --build --preset "$preset" -j "$(jobs_for_build)" "${targets[@]}" </dev/null
}
