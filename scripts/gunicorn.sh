#!/usr/bin/env bash
# Prints the folder of gunicorn and of the Python that runs it; installs it from PyPI into target/venv if needed.
set -euo pipefail
cd "$(dirname "$0")/.."

version=27.0.1
python=target/venv/bin/python3

[ -x "$python" ] || python3 -m venv target/venv
if ! "$python" -m pip show gunicorn 2>/dev/null | grep -qx "Version: $version"; then
    "$python" -m pip install --quiet --disable-pip-version-check "gunicorn==$version" >&2
fi
echo "$PWD/target/venv/bin"
