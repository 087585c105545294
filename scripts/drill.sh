#!/usr/bin/env bash
# The drill: nodes, PostgreSQL, connections and agents are killed and cut for minutes, under load, and what clients saw is judged.
# Everything is on loopback, ends by itself, and only what it started is ended. docs/DRILL.md explains the table.
#
#   scripts/drill.sh               the self-test, the upgrade, then MINUTES (10) of rounds; SEED= repeats the choices of another run
#   scripts/drill.sh --smoke       one short round with a fixed seed; part of `make test`
#   scripts/drill.sh --self-test   builds that are broken on purpose must be caught, and the good one must pass
#   scripts/drill.sh --upgrade     an earlier version and this one on one database; PREVIOUS= names another commit
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

export SQLX_OFFLINE=true
unset DATABASE_URL SQLX_OFFLINE_DIR
minutes=${MINUTES:-10}
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
case $minutes$seed in *[!0-9]*)
    echo 'MINUTES and SEED must be whole numbers' >&2
    exit 2
    ;;
esac
# Builds that must not meet the ordinary ones, and the programs they make.
builds=$root/target/drill/build
programs=$root/target/drill/bin
logs=$root/target/drill/logs
mkdir -p "$programs" "$logs"

drill() { cargo test --quiet --locked --test drill -- "$@"; }

# Builds the program of a folder into a target folder of its own: `build FOLDER NAME [cargo's arguments]`.
build() {
    local folder=$1 name=$2
    shift 2
    (cd "$folder" && CARGO_TARGET_DIR=$builds cargo build --quiet --locked --bin pintle "$@")
    install -m 0755 "$builds/debug/pintle" "$programs/$name"
}

# What a broken build must be caught by, in the last line of the drill.
self_test() {
    local feature needle log
    while read -r feature needle; do
        echo "== self-test: $feature must be caught by $needle"
        build . "$feature" --features "$feature"
        log=$logs/$feature.log
        if drill --seed "$seed" run --smoke --seconds 12 --program "$programs/$feature" >"$log" 2>&1; then
            echo "the drill did not notice $feature; see ${log#"$root"/}" >&2
            return 1
        fi
        if ! grep -Eq "^verdict: WRONG .*$needle=[1-9]" "$log"; then
            tail -n 20 "$log" >&2
            echo "$feature was not caught by $needle; see ${log#"$root"/}" >&2
            return 1
        fi
        sed -n '/^[0-9]* rounds in /,/^verdict:/p' "$log" | cut -c 1-240
        echo "caught: $feature"
    done <<<'broken-skips-tail gaps
broken-acks-early lost'
    echo '== self-test: the good build must pass'
    smoke
}

smoke() { drill --seed "${1:-$seed}" run --smoke --seconds 8; }

# The last tag that is not this very commit; until there is one, the commit before the last migration was added.
previous_commit() {
    local tag last
    tag=$(git describe --tags --abbrev=0 HEAD^ 2>/dev/null) && {
        git rev-parse "$tag^{commit}"
        return
    }
    last=$(git log -1 --diff-filter=A --format=%H -- migrations)
    git rev-parse "$last^"
}

upgrade() {
    local previous sources=$root/target/drill/previous
    previous=$(git rev-parse --verify "${PREVIOUS:-$(previous_commit)}^{commit}")
    echo "== upgrade: from $(git log -1 --format='%h of %cs, %s' "$previous")"
    rm -rf "$sources"
    mkdir -p "$sources"
    # With the time of now: cargo goes by the times of files.
    git archive "$previous" | tar -xm -C "$sources"
    build "$sources" previous
    rm -rf "$sources"
    drill --seed "$seed" upgrade --previous "$programs/previous"
}

case ${1:-} in
--smoke) smoke 1 ;;
--self-test) self_test ;;
--upgrade) upgrade ;;
'')
    scripts/setup.sh test
    echo "== drill: SEED=$seed MINUTES=$minutes"
    export SEED=$seed
    failed=()
    "$0" --self-test || failed+=(self-test)
    "$0" --upgrade || failed+=(upgrade)
    echo "== rounds: $minutes minutes of everything at once"
    drill --seed "$seed" run --seconds "$((minutes * 60))" || failed+=(rounds)
    if [ "${#failed[@]}" -gt 0 ]; then
        echo "== drill: WRONG: ${failed[*]}; SEED=$seed MINUTES=$minutes repeats it"
        exit 1
    fi
    echo "== drill: all good"
    ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
