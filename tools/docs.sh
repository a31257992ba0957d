#!/bin/sh
# The option reference in docs/command-line.md comes from the command: write or check it. Stubs and reference of the
# Python package are written where there is a Python with NumPy; tests/python/stubs.py checks them.
set -eu
cd "$(dirname "$0")/.."
voxgrad=${VXG_BUILD:-build}/bin/voxgrad
file=docs/command-line.md
mark='<!-- From here on: written by ./dev docs out of the option tables. -->'
work=$(mktemp)
trap 'rm -f "$work"' EXIT
{
    sed "\|^$mark\$|q" "$file"
    echo
    "$voxgrad" man markdown
} >"$work"
if [ "${1:-check}" = write ]; then
    cat "$work" >"$file"
    for python in "${VXG_PYTHON:-/usr/bin/python3}" python3; do
        "$python" -c 'import numpy' 2>/dev/null || continue
        VOXGRAD_LIBRARY=${VXG_BUILD:-build}/lib PYTHONPATH=$PWD/python PYTHONDONTWRITEBYTECODE=1 \
            "$python" tools/python_stubs.py write
        exit 0
    done
    echo "docs.sh: no Python with NumPy: the stubs and docs/python-reference.md stay as they are" >&2
    exit 0
fi
if cmp -s "$work" "$file"; then
    echo "PASS docs.command_line"
else
    diff "$file" "$work" | head -n 20
    echo "FAIL docs.command_line: run ./dev docs"
fi
