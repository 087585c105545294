#!/usr/bin/env bash
# The SQL in src/store is checked against a real schema, and what that found out is kept in .sqlx/, so that a build
# needs no database.
#
#   scripts/sqlx.sh prepare   writes .sqlx/ anew
#   scripts/sqlx.sh check     fails when .sqlx/ is not what `prepare` would write
#
# It starts a throw-away PostgreSQL, applies the migrations and compiles the library with the macros looking at that
# database; they write one file per query (SQLX_OFFLINE_DIR). No sqlx-cli is needed.
set -euo pipefail

mode=${1:-}
if [ "$mode" != prepare ] && [ "$mode" != check ]; then
    echo "usage: $0 prepare | check" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

work=$(mktemp -d "${TMPDIR:-/tmp}/pintle-sqlx.XXXXXX")
finish() {
    "$root/scripts/postgres.sh" stop "$work/db" || true
    rm -rf "$work"
}
trap finish EXIT
chmod 0711 "$work"
mkdir "$work/db" "$work/queries"

url=$(scripts/postgres.sh start "$work/db")
for migration in migrations/*.sql; do
    # As sqlx does: each in one transaction, unless its first line says otherwise.
    transaction=--single-transaction
    if head -n 1 "$migration" | grep -q '^-- no-transaction'; then
        transaction=--no-psqlrc
    fi
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$transaction" --file="$migration" "$url" >/dev/null
done

# Macros run when the crate is compiled, so it must not be fresh. With `--profile test`, as the queries of the unit
# tests count, too.
touch src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$work/queries" DATABASE_URL="$url" \
    cargo check --quiet --locked --lib --profile test
# What was just compiled knows nothing of .sqlx/; the next build looks again.
touch src/lib.rs

written=$(find "$work/queries" -name 'query-*.json' | wc -l)
if [ "$written" -eq 0 ]; then
    echo "the macros wrote no query" >&2
    exit 1
fi
if [ "$mode" = prepare ]; then
    rm -rf .sqlx
    mkdir .sqlx
    cp "$work"/queries/query-*.json .sqlx/
    echo ".sqlx/ has $written queries"
elif diff -r .sqlx "$work/queries"; then
    echo ".sqlx/ is up to date: $written queries"
else
    echo ".sqlx/ is out of date: run scripts/sqlx.sh prepare and commit it" >&2
    exit 1
fi
