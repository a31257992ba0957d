#!/bin/sh
# The wheel of ./dev wheel: what it says it needs is what it needs, it shows nothing of the libraries inside, and it
# runs where there is nothing but NumPy.
cd "$(dirname "$0")/../.." || exit 1
suite=wheel_alone
. tests/tools/wheel.sh
cat "$W/log"
pass build

# ---- the file ----
name=$(basename "$wheel")
mkdir "$W/files"
/usr/bin/python3 -m zipfile -e "$wheel" "$W/files" || python3 -m zipfile -e "$wheel" "$W/files"
if found=$(sh tools/wheel_check.sh "$W/files"); then pass contents; else
    echo "$found"
    fail contents "$(echo "$found" | head -n 1)"
fi
# The tag once more, by another program's reading.
most=$(find "$W/files/voxgrad/_lib" -type f ! -path '*/licenses/*' -exec objdump -T {} + 2>/dev/null |
    sed -n 's/.*(\{0,1\}GLIBC_\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | sort -u -k1,1n -k2,2n | tail -n 1)
set -- $most
case $name in
voxgrad-*-py3-none-manylinux_"${1:-x}"_"${2:-x}"_"$(uname -m)".whl) pass tag ;;
*) fail tag "$name, and what is needed is glibc $most" ;;
esac
# Its description says the same.
if grep -qx "Tag: $(echo "${name%.whl}" | cut -d- -f3-)" "$W"/files/voxgrad-*.dist-info/WHEEL; then pass description; else
    fail description "$(grep Tag "$W"/files/voxgrad-*.dist-info/WHEEL)"
fi
# A wheel with one of the faults is told from a good one.
faults() {
    cc -shared -fPIC -o "$W/files/voxgrad/_lib/more.so" -x c - -lz <<'TXT'
int crc32(int, const char *, int);
int H5open(void);
int H5open(void) { return crc32(0, "", 0); }
TXT
    sh tools/wheel_check.sh "$W/files" >"$W/faults" && return 1
    rm "$W/files/voxgrad/_lib/more.so"
    cat "$W/faults"
    grep -q 'more.so needs libz.so.1' "$W/faults" && grep -q 'more.so exports H5open' "$W/faults" &&
        grep -q 'more.so looks for crc32' "$W/faults" && [ "$(wc -l <"$W/faults")" = 3 ]
}
if faults; then pass faults; else fail faults "faults of a wheel are not found, or others are"; fi

# ---- environments with NumPy alone ----
pythons >"$W/pythons"
while read -r label minor python; do
    if [ "$minor" -lt 8 ]; then # pip says no by itself
        if "$python" -m venv "$W/old" && ! "$W/old/bin/pip" install --no-index --no-deps "$wheel" >"$W/old.log" 2>&1; then
            pass "refused_$label"
        else fail "refused_$label" "pip installs it for a Python that is too old"; fi
        rm -rf "$W/old"
        continue
    fi
    environment "$label" "$python" "" numpy </dev/null || continue
    tests_in "$label" "torch|jax" wheel_alone files documents </dev/null
    rm -rf "${W:?}/$label"
done <"$W/pythons"
exit $failed
