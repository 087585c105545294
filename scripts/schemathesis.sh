#!/usr/bin/env bash
# Calls every operation of the API with generated input, good and bad, for about a minute (SECONDS_TO_RUN), against a
# `pintle dev` of its own on loopback. Schemathesis is installed into target/venv.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

seconds=${SECONDS_TO_RUN:-60}
version=4.32.5
pintle=target/debug/pintle
checks=not_a_server_error,response_schema_conformance,status_code_conformance,content_type_conformance,ignored_auth

venv=target/venv
if ! "$venv/bin/pip" show schemathesis 2>/dev/null | grep -qx "Version: $version"; then
    # Others keep their packages there, too.
    [ -x "$venv/bin/python3" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi
[ -x "$pintle" ] || cargo build --quiet --locked

work=$(mktemp -d "${TMPDIR:-/tmp}/pintle-schemathesis.XXXXXX")
chmod 0711 "$work"
server=''
finish() {
    local status=$?
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" || { [ "$status" -ne 0 ] || status=1; }
    fi
    # What the server said helps only when something went wrong.
    [ "$status" -eq 0 ] || tail -n 60 "$work/err" >&2 || true
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The first admin's password, so that nothing has to be read off the screen.
PINTLE_ADMIN_PASSWORD=$(python3 -c 'import secrets; print(secrets.token_urlsafe(24))')
export PINTLE_ADMIN_PASSWORD
"$pintle" dev --data-dir "$work/data" --listen 127.0.0.1:0 >"$work/out" 2>"$work/err" &
server=$!

address=''
deadline=$((SECONDS + 120))
until [ -n "$address" ]; do
    address=$(grep -aoE -m 1 'http://127\.0\.0\.1:[0-9]+' "$work/out" || true)
    if ! kill -0 "$server" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
        echo 'pintle dev did not become ready' >&2
        exit 1
    fi
    [ -n "$address" ] || sleep 0.1
done

post() {
    local path=$1
    shift
    curl --fail-with-body --silent --show-error --max-time 30 --header 'Content-Type: application/json' \
        "$@" "$address$path"
}
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

session=$(post /api/v1/session --data "{\"name\": \"admin\", \"password\": \"$PINTLE_ADMIN_PASSWORD\"}" | field token)
token=$(post /api/v1/tokens --header "Authorization: Bearer $session" --data '{"name": "schemathesis"}' | field token)

# Left out: what ends only when the caller goes (watch), and what would take the caller's own token away.
# It keeps notes in the folder it runs in.
# A revision far ahead is waited for and then answered 503, as documented: the head is not.
cd "$work"
run() {
    printf '%s\n' '[parameters]' '"query.min_revision" = 0' "$@" >schemathesis.toml
    "$root/$venv/bin/schemathesis" run "$root/openapi.json" --url "$address" --header "Authorization: Bearer $token" \
        --checks "$checks" --max-time $((seconds / 2)) --request-timeout 20 --seed 1 --workers 1 \
        --exclude-path-regex '/(watch|session|tokens/\{[^}]*\})$'
}
# First any names, then those of a place that exists, so that more than refusals is seen.
run
run '"path.env" = "dev"' '"path.ns" = "hello"' '"path.key" = "application.yaml"'
