#!/bin/sh
# The code and the commands shown in README.md and docs/ work: see tests/tools/snippets.py.
cd "$(dirname "$0")/.." || exit 1
command -v python3 >/dev/null 2>&1 || {
    echo "SKIP snippets.all: python3 is not installed"
    exit 0
}
exec python3 tests/tools/snippets.py
