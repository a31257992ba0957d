#!/bin/sh
# The option reference in docs/command-line.md comes from the command: write or check it.
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
    exit 0
fi
if cmp -s "$work" "$file"; then
    echo "PASS docs.command_line"
else
    diff "$file" "$work" | head -n 20
    echo "FAIL docs.command_line: run ./dev docs"
fi
