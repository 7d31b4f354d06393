# SPDX-License-Identifier: MIT
# Shared by the scripts of this folder. Sourced, never run.
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

# The registry that npm would use: its environment, its own file, else the public one.
npm_registry() {
    local url=${npm_config_registry:-${NPM_CONFIG_REGISTRY:-}}
    if [ -z "$url" ] && [ -r "$HOME/.npmrc" ]; then
        url=$(sed -n 's/^registry[[:space:]]*=[[:space:]]*//p' "$HOME/.npmrc" | tail -1)
    fi
    url=${url:-https://registry.npmjs.org}
    echo "${url%/}"
}

# npm_package PACKAGE VERSION FILE: the package's archive as FILE, by npm where there is one, which knows proxies and
# passwords, else by curl. What it holds is the caller's to check.
npm_package() {
    local package=$1 wanted=$2 file=$3 folder
    if command -v npm >/dev/null 2>&1; then
        folder=$(mktemp -d "$(dirname "$file")/pack.XXXXXX")
        if (cd "$folder" && npm pack --silent "$package@$wanted") >/dev/null 2>&1 </dev/null; then
            mv "$folder"/*.tgz "$file"
            return 0
        fi
    fi
    command -v curl >/dev/null 2>&1 || return 1
    curl -fsSL --retry 2 --connect-timeout 10 --max-time 600 -o "$file" \
        "$(npm_registry)/$package/-/${package##*/}-$wanted.tgz" </dev/null
}
