#!/usr/bin/env bash
# Makes sure that the machine has what Pintle's build needs, and installs what Debian and Ubuntu can.
#
#   scripts/setup.sh run    for `make run`: a C compiler, PostgreSQL's server programs, Rust
#   scripts/setup.sh test   also for `make test`: psql, etcd, Python with what comes from PyPI, nginx, Node with npm, Chromium, openssl,
#                           libfaketime, unshare, rustfmt and clippy
#   scripts/setup.sh bench  for `make bench`: what `run` needs, psql, nginx, Node with npm, and etcd
#
# As root, or where sudo asks for no password, it uses apt-get; elsewhere it prints the command to run and fails.
# No database or web server of the system is made, started or used.
set -euo pipefail

mode=${1:-}
if [ "$mode" != run ] && [ "$mode" != test ] && [ "$mode" != bench ]; then
    echo "usage: $0 run | test | bench" >&2
    exit 2
fi
cd "$(dirname "$0")/.."

has() {
    command -v "$1" >/dev/null 2>&1
}

# A C compiler: crates with C or assembly in them, and the linker.
missing_packages() {
    { has cc && has make; } || echo build-essential
    scripts/postgres.sh where >/dev/null || echo postgresql
    if [ "$mode" != run ]; then
        has psql || echo postgresql-client
        { has nginx || [ -x /usr/sbin/nginx ]; } || echo nginx-light
        has etcd || echo etcd-server
        has node || echo nodejs
        has npm || echo npm
    fi
    if [ "$mode" = test ]; then
        { has curl && has diff; } || echo curl diffutils
        { has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; } || echo python3 python3-venv
        ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || echo libfaketime
        has openssl || echo openssl
        has chromium || has chromium-browser || has google-chrome || echo chromium
        has unshare || echo util-linux
    fi
}

# Installs as root, without questions. Debian's postgresql makes and starts a database of its own when it is
# installed, its nginx starts on port 80 and its etcd on 2379; for this one time they are told not to.
install_script() {
    cat <<SCRIPT
set -eu
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -y -q -o DPkg::Lock::Timeout=300 "\$@" </dev/null; }
apt update
conf=/etc/postgresql-common/createcluster.conf
policy=/usr/sbin/policy-rc.d
undo() {
    [ ! -e \$conf.pintle ] || mv \$conf.pintle \$conf
    ! grep -qs '^# pintle' \$policy || rm \$policy
}
trap undo EXIT
case " $* " in *" nginx-light "* | *" etcd-server "*)
    [ -e \$policy ] || { printf '#!/bin/sh\n# pintle: services are not started\nexit 101\n' >\$policy; chmod 0755 \$policy; }
esac
case " $* " in *" postgresql "*)
    apt install --no-install-recommends postgresql-common
    cp -p \$conf \$conf.pintle
    echo 'create_main_cluster = false' >> \$conf
esac
apt install --no-install-recommends $*
SCRIPT
}

install_packages() {
    if ! has apt-get; then
        echo "missing, in Debian's names: $*. Install them with this system's package manager." >&2
        return 1
    fi
    echo "installing $*"
    if [ "$(id -u)" -eq 0 ]; then
        install_script "$@" | sh
    elif has sudo && sudo -n true 2>/dev/null; then
        install_script "$@" | sudo -n sh
    else
        echo "missing: $*. Run this as root, then try again:" >&2
        echo "    apt-get update && apt-get install -y $*" >&2
        return 1
    fi
}

check_rust() {
    local wanted found
    wanted=$(sed -nE 's/^rust-version = "(.*)"/\1/p' Cargo.toml)
    if ! has cargo || ! has rustc; then
        echo "Rust is missing: install rustup as https://rustup.rs says, then run: rustup toolchain install $wanted" >&2
        return 1
    fi
    found=$(rustc --version | cut -d ' ' -f 2)
    if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
        echo "Rust $found is too old, Pintle needs $wanted or newer. Run: rustup update stable && rustup default stable" >&2
        return 1
    fi
    [ "$mode" = test ] || return 0
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        echo "rustfmt or clippy is missing. Run: rustup component add rustfmt clippy" >&2
        return 1
    fi
}

read -ra missing <<<"$(missing_packages | tr '\n' ' ')"
if [ "${#missing[@]}" -gt 0 ]; then
    install_packages "${missing[@]}"
    if ! scripts/postgres.sh where >/dev/null; then
        echo "PostgreSQL 14 or newer is still missing; the newest that this system offers may be older" >&2
        exit 1
    fi
fi
check_rust
# For the examples, so that their tests need no network.
[ "$mode" != test ] || scripts/gunicorn.sh >/dev/null
