#!/usr/bin/env bash
# Pintle beside etcd, nginx, pgbench and what the machine allows, in one run: `scripts/bench.sh` measures everything, writes
# bench/ and the results in docs/BENCHMARKS.md anew, and takes about a quarter of an hour; `scripts/bench.sh read publish`
# measures some figures and writes to target/bench.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh bench
scripts/web.sh build
export SQLX_OFFLINE=true
if [ "$#" -gt 0 ]; then
    exec cargo bench --quiet --locked --bench compare -- --out target/bench "$@"
fi
cargo bench --quiet --locked --bench compare -- --out bench
page=docs/BENCHMARKS.md
sed '/^<!-- results -->$/q' "$page" >target/BENCHMARKS.md
cat bench/results.md >>target/BENCHMARKS.md
mv target/BENCHMARKS.md "$page"
rm bench/results.md
