# Sourced by tests/deep/wheel_*.sh, which set suite first and are in the project's folder: makes the wheel of ./dev
# wheel ($wheel) and makes environments for it in a scratch folder $W, away from the sources. Debian's Python and all of
# pyenv's are tried, or those that VXG_PYTHONS names.
root=$PWD
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
failed=0
pass() { echo "PASS $suite.$1"; }
fail() {
    echo "FAIL $suite.$1: $2"
    failed=1
}
skip() { echo "SKIP $suite.$1: $2"; }
unset PYTHONPATH VOXGRAD_LIBRARY LD_LIBRARY_PATH VXG_H5 VXG_H5_HELPER
PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 JAX_PLATFORMS=cpu
export PYTHONDONTWRITEBYTECODE PIP_DISABLE_PIP_VERSION_CHECK JAX_PLATFORMS

pythons() { # lines "LABEL MINOR PATH"; a label is "debian311" or "312", Debian's first, then the newest
    for p in ${VXG_PYTHONS:-/usr/bin/python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3*/bin/python}; do
        minor=$("$p" -c 'import sys; print(sys.version_info[1])' 2>/dev/null) || continue
        case $p in /usr/bin/*) echo "debian3$minor 99 $minor $p" ;; *) echo "3$minor $minor $minor $p" ;; esac
    done | sort -k2,2rn | awk '!seen[$1]++ {print $1, $3, $4}'
}
# environment LABEL PYTHON OPTIONS PACKAGE...: made anew as $W/LABEL, with the wheel, which finds all it needs among
# the packages. 1: without (a SKIP line says why), 2: the wheel cannot be installed.
environment() {
    label=$1 python=$2 options=$3
    shift 3
    # shellcheck disable=SC2086
    "$python" -m venv $options "$W/$label" >"$W/$label.log" 2>&1 || {
        skip "$label" "$python makes no virtual environment: $(tail -n 1 "$W/$label.log")"
        return 1
    }
    "$W/$label/bin/pip" -q install --only-binary :all: "$@" >"$W/$label.log" 2>&1 || {
        skip "$label" "pip does not get $*: $(grep -v '^$' "$W/$label.log" | tail -n 1)"
        return 1
    }
    "$W/$label/bin/pip" -q install --no-index "$wheel" >"$W/$label.log" 2>&1 || {
        fail "$label" "the wheel is refused: $(tail -n 1 "$W/$label.log")"
        return 2
    }
    mkdir -p "$W/elsewhere"
}
# tests_in LABEL LACKS FILE...: files of tests/python by the environment's Python, from another folder. What is skipped
# for a package that the environment was not given (LACKS, "torch|jax") is not told: another environment has it.
tests_in() {
    label=$1 lacks=$2
    shift 2
    for file in "$@"; do
        (cd "$W/elsewhere" && "$W/$label/bin/python" "$root/tests/python/$file.py") >"$W/all" 2>&1
        code=$?
        sed -e "s/^\([A-Z]*\) \(wheel_[a-z]*\)\./\1 \2_$label./" -e "s/^\([A-Z]*\) python_/\1 ${suite}_${label}_/" "$W/all" |
            grep -vE "^SKIP .*: ($lacks) is not installed\$" >"$W/out"
        cat "$W/out"
        if grep -q '^FAIL ' "$W/out"; then
            failed=1
        elif [ $code != 0 ] || ! grep -qE '^(PASS|SKIP) ' "$W/out"; then
            fail "$label.$file" "exit code $code, $(wc -l <"$W/out") lines"
        fi
    done
}

sh "$root/tools/wheel.sh" "$W/dist" >"$W/made" 2>"$W/log" || {
    cat "$W/log"
    why=$(grep '^wheel: ' "$W/log" | tail -n 1)
    case $why in
    *"Debian's sources"* | *"no sources of"* | *"pip does not get"* | *"is not here"* | *"not a Debian"* | *"makes no virtual"*) skip all "no wheel is made here: $why" ;;
    *) fail build "${why:-it cannot be made}" ;;
    esac
    exit $failed
}
wheel=$(tail -n 1 "$W/made")
