#!/bin/sh
# voxgrad check and bench: tables, exit codes, an operator out of a plug-in, right and wrong.
cd "$(dirname "$0")/.." || exit 1
suite=cli_check
. tests/tools/cli.sh

$V check math.scale ct.parallel --device cpu >/dev/null 2>&1
[ $? = 2 ] && pass one_pattern || fail one_pattern "two patterns are one too many"
check table "no ok line per precision" sh -c \
    "$V check ct.parallel.joseph --device cpu --examples 3 >'$W/table' &&
     [ \"\$(grep -c '^ct.parallel.joseph .* ok$' '$W/table')\" = 2 ] &&
     grep -q '^operator .*adjoint .*transpose .*parity' '$W/table'"
check shell_pattern "math.* has not four operators" sh -c \
    "$V check 'math.*' --device cpu --examples 1 | grep -c 'cpu .* ok$' | grep -qx 8"

# An operator of a user's, once right and once with a forgotten element.
compile() { # OUT FLAGS
    out=$1
    shift
    cc -std=c11 -shared -fPIC -Iinclude "$@" examples/operator_plugin.c -o "$out" \
        -L"$build/lib" -lvoxgrad
}
if [ -n "${ASAN_OPTIONS:-}" ]; then
    skip plugin "the sanitizers' run-time is not in a plug-in built without them"
elif compile "$W/right.so" && compile "$W/wrong.so" -DWRONG_ADJOINT; then
    check plugin_right "the example's operator" sh -c \
        "$V check example --plugin '$W/right.so' --device cpu --quiet | grep -c ' ok$' | grep -qx 2"
    "$V" check example --plugin "$W/wrong.so" --device cpu >"$W/table" 2>"$W/err"
    rc=$?
    if [ $rc = 1 ] && grep -q '^example.shift .*! .*FAIL$' "$W/table" && grep -q 'fail' "$W/err"; then
        pass plugin_wrong
    else
        cat "$W/table" "$W/err"
        fail plugin_wrong "a wrong adjoint gives exit code $rc"
    fi
    # Operators that cannot be checked or made: never "all lines ok".
    cat >"$W/odd.c" <<'C'
#include <voxgrad/voxgrad.h>
static int apply(const vxg_op *op, const vxg_call *c, const vxg_array *in, const vxg_array *out) {
    (void)op;
    return vxg_array_copy(c->queue, in, out);
}
static int ints(vxg_device *d, const vxg_problem *p, vxg_op **o) {
    static const vxg_op_class k = {.name = "ints", .apply = apply};
    const vxg_space s = {.dtype = VXG_I32, .ndim = 1, .shape = {5}};
    (void)p;
    return vxg_op_new(&k, &(vxg_op_opts){.linear = 1, .device = d, .in = &s, .ninputs = 1, .out = &s}, o);
}
static int mute(vxg_device *d, const vxg_problem *p, vxg_op **o) { return (void)d, (void)p, (void)o, -3; }
static int none(vxg_device *d, const vxg_problem *p, vxg_op **o) { return (void)d, (void)p, (void)o, 0; }
static int lacking(vxg_device *d, const vxg_problem *p, vxg_op **o) {
    return (void)d, (void)p, (void)o, vxg_error_set(VXG_ERR_UNSUPPORTED, "not here");
}
int vxg_plugin_register(void) {
    vxg_op_row r = {.name = "odd.int", .summary = "s", .make = ints, .examples = 1};
    int status = vxg_op_register(&r);
    r.name = "odd.mute", r.make = mute, status |= vxg_op_register(&r);
    r.name = "odd.none", r.make = none, status |= vxg_op_register(&r);
    r.name = "odd.lacking", r.make = lacking, status |= vxg_op_register(&r);
    return status;
}
C
    cc -std=c11 -shared -fPIC -Iinclude "$W/odd.c" -o "$W/odd.so" -L"$build/lib" -lvoxgrad
    for row in "int:lines were not checked" "mute:gives status -3 without words" \
        "none:make gives no operator" "lacking:lines were not checked"; do
        "$V" check "odd.${row%%:*}" --plugin "$W/odd.so" --device cpu >"$W/table" 2>"$W/err"
        rc=$?
        if [ $rc = 1 ] && grep -q "${row#*:}" "$W/err" && ! grep -q 'ok' "$W/table" "$W/err"; then
            pass "plugin_${row%%:*}"
        else
            cat "$W/table" "$W/err"
            fail "plugin_${row%%:*}" "exit code $rc"
        fi
    done
    check plugin_other_device "a row that cannot run on a device is no failure" sh -c \
        "$V check example --plugin '$W/right.so' --examples 2"
else
    fail plugin "examples/operator_plugin.c does not compile"
fi

# ---- bench: the numbers are there and belong together ----
$V bench ct.parallel.back --size 64 --slices 8 --runs 2 --device cpu --compare --json >"$W/b.json"
if python3 - "$W/b.json" <<'PY'; then
import json, sys
rows = json.load(open(sys.argv[1]))
assert [r["direction"] for r in rows] == ["forward", "adjoint"], rows
for r in rows:
    assert r["updates"] == 64 * 64 * 8 * 64 and r["runs"] == 2, r
    assert abs(r["gups"] * r["seconds"] * 1e9 / r["updates"] - 1) < 1e-4, r
    assert r["error_against_plain_loop"] <= 1e-5, r
PY
    pass bench_numbers
else
    fail bench_numbers "see build/log"
fi
check bench_plain "--schedule off" sh -c \
    "$V bench ct.parallel.back --size 32 --slices 4 --runs 1 --device cpu --schedule off | grep -q ' off '"

# ---- the example program ----
ex=$build/examples/recon
check example_recon "examples/recon" $ex $tooth 295.7 "$W/vol.npy"
check example_bits "the example differs from the command" sh -c \
    "$V recon $tooth -o '$W/cmd' -c 295.7 --filter shepp-logan --save-format npy -q &&
     cmp '$W/cmd/recon.npy' '$W/vol.npy'"
check example_solver "examples/custom_solver is not cgls" sh -c \
    "$build/examples/custom_solver cpu | awk '/cgls/ { exit !(\$5 <= 2e-6 && \$7 > 0.5) } END { exit NR != 2 }'"
# fewer views are further off; all of them, in any order, are none
check example_views "examples/random_views" sh -c "$build/examples/random_views cpu | awk -F= '
    { bad = bad || (NR > 1 && !(\$2 > before)); before = \$2 } NR == 1 && !(\$2 < 1e-5) { bad = 1 }
    END { exit bad || NR != 4 || !(before < 1) }'"
refuses example_fails 3 'nothing.h5' $ex "$W/nothing.h5" 1 "$W/no.npy"
exit $failed
