#!/usr/bin/env bash
# Everything that has to pass before a merge, in phases: `scripts/test.sh` runs them all, `scripts/test.sh fmt unit`
# those named. It stops at the first phase that fails. At the end it says how long each took, and repeats the last
# lines of the test runners. To add a phase, write a function of its name and put the name into `all`.
set -uo pipefail
cd "$(dirname "$0")/.."

all=(setup web fmt clippy library sqlx unit architecture it browser faults drill bench openapi doc deny schemathesis)

# Ordinary builds read .sqlx/ and need no database.
export SQLX_OFFLINE=true
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-$([ -t 1 ] && echo always || echo never)}
unset DATABASE_URL SQLX_OFFLINE_DIR

deny_version=0.20.2
logs=target/test

setup() { scripts/setup.sh test; }

# Before the first build, since the binary carries the console.
web() { scripts/web.sh check; }

fmt() { cargo fmt --check; }

clippy() { cargo clippy --all-targets --locked -- -D warnings; }

# The library by itself, as a client would use it: no server in it, and no sqlx.
library() {
    cargo check --no-default-features --lib --locked
    local tree
    tree=$(cargo tree --no-default-features --edges normal --prefix none --locked)
    if grep '^sqlx' <<<"$tree"; then
        echo 'the library without features depends on sqlx'
        return 1
    fi
}

sqlx() { scripts/sqlx.sh check; }

unit() { cargo test --lib --locked; }

architecture() { cargo test --test architecture --locked; }

it() { cargo test --test it --locked; }

# Chromium, as a person has it: `it` has just built the binary that it talks to. `web` has built the console.
browser() { scripts/browser.sh; }

# Really kills things: nodes, PostgreSQL, connections, agents; and attacks them. The crash test is a load of its own, and
# goes first.
faults() {
    cargo test --test faults --locked crash::
    cargo test --test faults --locked watch::
    cargo test --test faults --locked attacks::
    cargo test --test faults --locked -- --skip crash:: --skip watch:: --skip attacks::
}

# One short round of every figure: that they can be measured, not how fast anything is.
bench() { cargo bench --profile dev --bench compare --locked -- --smoke --out "$logs/bench"; }

# One short round of the drill. The tests of how it judges are among the faults.
drill() { scripts/drill.sh --smoke; }

openapi() {
    cargo run --quiet --locked -- openapi >"$logs/openapi.json"
    diff -u openapi.json "$logs/openapi.json" || {
        echo 'openapi.json is out of date: run "make openapi" and commit it'
        return 1
    }
    cargo run --quiet --locked -- errors >"$logs/ERRORS.md"
    diff -u docs/ERRORS.md "$logs/ERRORS.md" || {
        echo 'docs/ERRORS.md is out of date: run "make openapi" and commit it'
        return 1
    }
}

doc() { RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked; }

# cargo-deny of our version, from PATH or from target/tools.
deny_program() {
    local program
    for program in "$(command -v cargo-deny)" target/tools/bin/cargo-deny; do
        [ -x "$program" ] && [ "$("$program" --version)" = "cargo-deny $deny_version" ] && echo "$program" && return
    done
    return 1
}

# Installing it takes some minutes, which it spends beside the other phases with what they leave of the processor.
installer=''
begin_to_install_deny() {
    deny_program >/dev/null && return
    mkdir -p target/tools
    nice -n 19 cargo install --quiet --locked --root target/tools --target-dir target/tools/build \
        "cargo-deny@$deny_version" </dev/null >"$logs/install-deny.log" 2>&1 &
    installer=$!
}
finish_to_install_deny() {
    [ -n "$installer" ] || begin_to_install_deny
    [ -n "$installer" ] || return
    wait "$installer"
    installer=''
    rm -rf target/tools/build
}

# Licenses, sources and versions of what we depend on; known weaknesses where their database can be had.
deny() {
    local deny
    deny=$(deny_program) || {
        cat "$logs/install-deny.log"
        return 1
    }
    "$deny" --locked check bans licenses sources
    if timeout 120 "$deny" fetch db >"$logs/advisories.log" 2>&1; then
        "$deny" --locked check --disable-fetch advisories
    else
        echo 'skipped: the database of known weaknesses cannot be fetched from here'
    fi
}

schemathesis() { scripts/schemathesis.sh; }

table=()
summary() {
    local status=$?
    [ -z "$installer" ] || kill "$installer" 2>/dev/null
    printf '\n%-14s %8s\n' phase seconds
    printf '%s\n' "${table[@]+"${table[@]}"}"
    if [ "$status" -eq 0 ]; then
        # Colour would hide the runners' lines from whoever looks for them.
        for phase in unit architecture it faults; do
            sed 's/\x1b\[[0-9;]*m//g' "$logs/$phase.log" 2>/dev/null | grep '^test result:'
        done
    fi
    exit "$status"
}

phases=("$@")
[ "$#" -gt 0 ] || phases=("${all[@]}")
for phase in "${phases[@]}"; do
    if [[ " ${all[*]} " != *" $phase "* ]]; then
        echo "there is no phase $phase, only: ${all[*]}" >&2
        exit 2
    fi
done

rm -rf "$logs"
mkdir -p "$logs"
trap summary EXIT
for phase in "${phases[@]}"; do
    echo "== $phase"
    begun=$EPOCHREALTIME
    [ "$phase" != deny ] || finish_to_install_deny
    (set -e && "$phase") </dev/null 2>&1 | tee "$logs/$phase.log"
    status=${PIPESTATUS[0]}
    took=$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
    table+=("$(printf '%-14s %8s%s' "$phase" "$took" "$([ "$status" -eq 0 ] || echo '  failed')")")
    [ "$status" -eq 0 ] || exit "$status"
    [ "$phase" != setup ] || begin_to_install_deny
done
