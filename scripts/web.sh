#!/usr/bin/env bash
# The console.
#
#   scripts/web.sh build    web/dist, which the binary carries; does nothing when it is there and nothing changed
#   scripts/web.sh check    generated types, TypeScript, lints, unit tests, the build and its sizes
#   scripts/web.sh types    writes the types of openapi.json anew
#
# Without a Node that is new enough, `build` says so and leaves the binary without the console.
set -euo pipefail
cd "$(dirname "$0")/../web"

mode=${1:-}
wanted=20.19.0

node_is_new_enough() {
    local found
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    found=$(node --version)
    [ "$(printf '%s\n' "$wanted" "${found#v}" | sort -V | head -n 1)" = "$wanted" ]
}

need_node() {
    node_is_new_enough && return
    echo "Node $wanted or newer and npm are needed" >&2
    return 1
}

install_packages() {
    cmp -s package-lock.json node_modules/.installed-lock.json && return
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed-lock.json
}

build() {
    local newer=''
    [ ! -f dist/index.html ] || newer=$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer dist/index.html -print -quit)
    [ -f dist/index.html ] && [ -z "$newer" ] && return
    install_packages
    npm run --silent build -- --logLevel warn
}

case $mode in
build)
    if node_is_new_enough; then
        build
    else
        echo "the console is left out: it is built with Node $wanted or newer and npm, which are not there" >&2
    fi
    ;;
types)
    need_node
    install_packages
    npm run --silent api
    ;;
check)
    need_node
    install_packages
    npm run --silent api -- --check
    npm run --silent check
    npm run --silent test
    npm run --silent build -- --logLevel warn
    node scripts/size.mjs
    ;;
*)
    echo "usage: $0 build | check | types" >&2
    exit 2
    ;;
esac
