#!/bin/sh
# docs/kernels.md, the preludes and the conformance kernel know the same K_ names; kernel texts keep the
# dialect's rules that no compiler here would notice.
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root/kernels" || exit 1
page=$root/docs/kernels.md
failed=0
result() { # result NAME FINDINGS: passes when there are none
    if [ -z "$2" ]; then
        echo "PASS dialect.$1"
    else
        echo "FAIL dialect.$1: $(printf '%s' "$2" | tr '\n' ' ' | cut -c 1-300)"
        failed=1
    fi
}
defined() { # names a set of preludes defines
    {
        sed -n 's/^ *# *define \(K_[A-Za-z0-9_]*\).*/\1/p' "$@"
        sed -n 's/^K_FN [a-z_]* \(K_[a-z_]*\)(.*/\1/p; s/^ *K_FN void \(K_atomic_[a-z]*\)(space .*/\1/p' "$@"
    } | sed 's/\(KERNEL\|ANY\)[1-8]$/\1n/' | sort -u
}
c_names=$(defined prelude/c.h prelude/entries.h)
table=$(sed -n 's/^| `\(K_[A-Za-z0-9_]*\).*/\1/p' "$page" | sort -u)
inside=$(sed -n '/^The preludes use further names/,/^$/p' "$page" | grep -o 'K_[A-Z0-9_]*n*' | sort -u)
[ "$(printf '%s\n' "$table" | wc -l)" -ge 30 ] || result table_found "the table of $page is not where it was"

result documented "$(for n in $c_names; do
    [ "$n" = K_SCHEDULE ] && continue
    printf '%s\n%s\n' "$table" "$inside" | grep -qx "$n" || echo "$n is not in docs/kernels.md"
done)"
result in_c "$(for n in $table $inside; do
    printf '%s\n' "$c_names" | grep -qx "$n" || echo "$n is in docs/kernels.md and not in c.h"
done)"
for target in opencl cuda metal; do
    names=$(defined prelude/$target.h prelude/gpu.h prelude/entries.h)
    result "in_$target" "$(for n in $table; do
        printf '%s\n' "$names" | grep -qx "$n" || echo "$n is not in $target.h or gpu.h"
    done)"
done
result exercised "$(for n in $table; do
    case $n in
    K_IMAGE_KERNELn) grep -q '^K_IMAGE_KERNEL3(' num/conformance_image.k || echo "no K_IMAGE_KERNEL3" ;;
    *KERNELn)
        for k in 1 2 3 4 5 6 7 8; do
            grep -q "^${n%n}$k(" num/conformance.k || echo "${n%n}$k is not in conformance.k"
            grep -q "define ${n%n}$k(" prelude/entries.h || echo "${n%n}$k is not in entries.h"
        done ;;
    *) grep -q "\b$n\b" num/conformance.k num/conformance_image.k || echo "$n is not in conformance.k" ;;
    esac
done)"

# ---- Texts: kernel files and the headers they include, without comments ----
files=$(find . -name '*.k' | sed 's|^\./||')
headers=$(sed -n 's|^ *#include "kernels/\(.*\)".*|\1|p' $files | sort -u)
headers="$headers $(sed -n 's|^ *#include "kernels/\(.*\)".*|\1|p' $headers | sort -u)"
bare() { # FILE:LINE:text of the files given, comments blanked
    for f in "$@"; do
        awk -v f="$f" '{
            line = $0; out = ""
            while (length(line)) {
                if (inside) {
                    k = index(line, "*/")
                    if (!k) break
                    line = substr(line, k + 2); inside = 0
                } else {
                    k = index(line, "/*")
                    if (!k) { out = out line; break }
                    out = out substr(line, 1, k - 1) " "; line = substr(line, k + 2); inside = 1
                }
            }
            print f ":" NR ":" out
        }' "$f"
    done
}
# of the preludes each target sees its own part only
texts=$(bare $(printf '%s\n' $files $headers | grep -v '^prelude/' | sort -u))
pointers() {
    grep -E '\b(real|int|k_long|k_uint|k_params)( const)? *\*' |
        grep -vE '^[^:]*:[0-9]*: *#' |
        sed 's/K_\(GLOBAL\|LOCAL\|PRIVATE\) \(const \)\{0,1\}\(real\|int\|k_long\|k_uint\|k_params\)\( const\)\{0,1\} *\*//g' |
        grep -E '\b(real|int|k_long|k_uint|k_params)( const)? *\*'
}
words() {
    sed 's/^[^:]*:[0-9]*://; s/"[^"]*"//g' |
        grep -wE 'half|float|double|long|short|unsigned|size_t|kernel|device|thread|constant|global|local|private|threadgroup|sampler|goto|volatile|restrict|(float|int|uint|real)[2348]|bool|fragment|vertex|using|class|template|new|this|operator|namespace|event_t|image2d_t|union|typedef'
}
bare_literals() { # TERM(sign, magnitude): a table whose users put K_R around it
    sed 's/K_R(-\{0,1\}[0-9.e+-]*)//g; s/TERM([+-], [0-9.]*)//g; s/^[^:]*:[0-9]*://' | grep -E '(^|[^A-Za-z0-9_.])([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+e-?[0-9]+)f?'
}
# ---- The page names headers that exist ----
result headers "$(grep -ohE '(kernels|num|ct|maths)/[a-z_/]+\.(h|k|cpu\.h)' "$page" ../docs/adding/kernel.md ../include/voxgrad/device.h |
    sort -u | while read -r f; do [ -f "../$f" ] || echo "$f does not exist"; done)"
result pointers "$(printf '%s\n' "$texts" | pointers)"
result words "$(printf '%s\n' "$texts" | words)"
result literals "$(printf '%s\n' "$texts" | bare_literals)"

# ---- These checks see what they are for ----
teeth=
printf 'x.k:1:K_FN real f(real *p) {\n' | pointers >/dev/null || teeth="$teeth pointers"
printf 'x.k:1:K_FN real f(K_GLOBAL const real *p, K_PRIVATE real *q, K_LOCAL int *r) {\n' | pointers >/dev/null && teeth="$teeth pointers2"
printf 'x.k:1:    int half = 1;\n' | words >/dev/null || teeth="$teeth words"
printf 'x.k:1:    x = 0.5;\n' | bare_literals >/dev/null || teeth="$teeth literals"
printf 'x.k:1:    x = K_R(0.5) + K_R(-1e-3) + a[0];\n' | bare_literals >/dev/null && teeth="$teeth literals2"
result teeth "$teeth"
exit $failed
