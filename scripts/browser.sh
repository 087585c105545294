#!/usr/bin/env bash
# The console in a real browser: Chromium without a window, against servers of its own on loopback, a proxy, other sites and a
# provider of logins. What the tests need from npm is installed into target/browser, as the lock file says; screenshots of every
# page are left in target/test/walk.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

find_program() {
    local name
    for name in "$@"; do
        command -v "$name" 2>/dev/null && return
        [ ! -x "/usr/sbin/$name" ] || { echo "/usr/sbin/$name"; return; }
    done
    echo "none of these is there: $*; run scripts/setup.sh test" >&2
    return 1
}
CHROMIUM=$(find_program chromium chromium-browser google-chrome)
PROXY=$(find_program nginx)
export CHROMIUM PROXY

PINTLE=$root/target/debug/pintle
export PINTLE
scripts/web.sh build
SQLX_OFFLINE=true cargo build --quiet --locked

# Node looks for packages beside the files that ask for them, so the tests are copied there.
installed=target/browser
mkdir -p "$installed"
if ! cmp -s tests/browser/package-lock.json "$installed/installed.json"; then
    cp tests/browser/package.json tests/browser/package-lock.json "$installed"
    npm ci --prefix "$installed" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp tests/browser/package-lock.json "$installed/installed.json"
fi
rm -f "$installed"/*.mjs
cp tests/browser/*.mjs "$installed"

work=$(mktemp -d "${TMPDIR:-/tmp}/pintle-browser.XXXXXX")
finish() {
    "$root/scripts/postgres.sh" stop "$work/db" || true
    rm -rf "$work"
}
trap finish EXIT
chmod 0711 "$work"
mkdir "$work/db"
DATABASE_URL=$(scripts/postgres.sh serve "$work/db")
export DATABASE_URL
export ARTEFACTS=$root/target/test/walk

# A proxy of the environment cannot reach this machine's own addresses.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
cd "$installed"
exec_tests() { timeout --kill-after=10 1500 node --test --test-concurrency=1 --test-reporter=spec "$@"; }
if [ "$#" -gt 0 ]; then exec_tests "$@"; else exec_tests ./*.test.mjs; fi
