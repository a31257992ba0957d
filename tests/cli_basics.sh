#!/bin/sh
# Help, manual, completion, aliases and JSON of the command.
cd "$(dirname "$0")/.." || exit 1
suite=cli_basics
. tests/tools/cli.sh

verbs="devices info center recon merge simulate geometry mask dti odf csd peaks track tracks check bench version help"
for v in $verbs; do
    if "$V" "$v" --help >"$W/help" 2>"$W/err" && [ ! -s "$W/err" ] &&
        [ "$(head -n 1 "$W/help" | cut -d' ' -f1-2)" = "voxgrad $v" ] &&
        grep -q '^usage: voxgrad' "$W/help"; then
        pass "help_$v"
    else
        fail "help_$v" "voxgrad $v --help"
    fi
    long=$(sed '/^examples:/,$d' "$W/help" | awk 'length > 80' | head -n 1)
    [ -z "$long" ] || fail "help_width_$v" "over 80 columns: $long"
done
check help_all "voxgrad --help does not list every verb" sh -c \
    "$V --help >'$W/all'; for v in $verbs; do grep -q \"^  \$v \" '$W/all' || exit 1; done"
check units_and_defaults "units and defaults are in the help" sh -c \
    "$V recon --help | tr -s ' \n' ' ' | grep -q 'rotation-axis C .*\[px, default auto'"
check version "voxgrad --version" sh -c "$V --version | grep -q '^voxgrad [0-9]*\.[0-9]*\.[0-9]*$'"

# ---- generated texts; `man` checks every option table first ----
check man_page "voxgrad man" sh -c "$V man >'$W/voxgrad.1' && grep -q '^.TH VOXGRAD 1' '$W/voxgrad.1'"
sed 's/\\//g' "$W/voxgrad.1" >"$W/plain"
for v in $verbs; do
    "$V" "$v" --help | sed -nE 's/^  (-[a-z], |    )--([a-z0-9-]*).*/\2/p' | while read -r o; do
        grep -q -- "fB--${o}fR" "$W/plain" || echo "$v: --$o"
    done
done >"$W/missing"
check man_has_every_option "$(head -n 3 "$W/missing")" [ ! -s "$W/missing" ]
if command -v groff >/dev/null; then
    check man_renders "groff complains" sh -c \
        "groff -man -Tascii -ww '$W/voxgrad.1' >'$W/page' 2>'$W/groff' && [ ! -s '$W/groff' ]"
else
    skip man_renders "no groff here"
fi
"$V" completion bash >"$W/voxgrad.bash"
complete_words() { # WORDS...: what bash would offer for the last one
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _voxgrad; echo "${COMPREPLY[*]}"' \
        "$W/voxgrad.bash" "$@"
}
if command -v bash >/dev/null; then
    check bash_verbs "$(complete_words voxgrad '')" \
        [ "$(complete_words voxgrad '')" = "$verbs" ]
    check bash_options "$(complete_words voxgrad recon --ro)" \
        [ "$(complete_words voxgrad recon --ro)" = "--rotation-axis --rows" ]
    check bash_choices "$(complete_words voxgrad recon --save-format t)" \
        [ "$(complete_words voxgrad recon --save-format t)" = "tiff tiff-stack" ]
else
    skip bash_completion "no bash here"
fi
"$V" completion zsh >"$W/_voxgrad"
if command -v zsh >/dev/null; then
    check zsh_completion "zsh does not parse it" zsh -n "$W/_voxgrad"
else
    check zsh_completion "no _arguments for recon" grep -q -- '--rotation-axis=\[' "$W/_voxgrad"
fi

# ---- JSON for programs ----
json() {
    name=$1
    shift
    if "$@" >"$W/out.json" 2>"$W/err" && valid_json "$W/out.json"; then pass "json_$name"; else
        cat "$W/err"
        fail "json_$name" "$* prints no valid JSON"
    fi
}
json devices $V devices --json
json version $V version --json
json info $V info $tooth --json
json center $V center $tooth --json
json recon $V recon $tooth -o "$W/full" -c 295.7 --json
check json_recon_no_talk "progress on standard output" grep -q '"center": 295.7' "$W/out.json"
json provenance cat "$W/full/provenance.json"
json try $V recon $tooth -o "$W/try" --type try --center-range 295:297 --json
json check $V check math.scale --device cpu --examples 2 --json
json bench $V bench math.scale --device cpu --runs 1 --json

# ---- other packages' spellings ----
check alias_find_center "find_center" sh -c \
    "[ \"\$($V find_center $tooth -q)\" = \"\$($V center $tooth -q)\" ]"
check british "centre, --centre and --centre-range" sh -c \
    "[ \"\$($V centre $tooth -q --centre-range 290:300)\" = \"\$($V center $tooth -q --center-range 290:300)\" ] &&
     $V recon $tooth -o '$W/british' --centre 295.7 -q"
check alias_type "--reconstruction-type" $V recon $tooth -o "$W/alias" --reconstruction-type slice \
    --fbp-filter hann --center 295.7
check letter_forms "-o and -c in every form" sh -c \
    "$V recon $tooth -o'$W/l1' -c295.7 --save-format npy -q &&
     $V recon $tooth --output='$W/l2' --rotation-axis=295.7 --save-format=npy -q &&
     $V recon --save-format npy -q -o '$W/l3' -c 295.7 -- $tooth &&
     cmp '$W/l1/recon.npy' '$W/l2/recon.npy' && cmp '$W/l1/recon.npy' '$W/l3/recon.npy'"

# ---- messages stay off standard output, --quiet is quiet ----
$V recon $tooth -o "$W/talk" -c 295.7 >"$W/out" 2>"$W/err"
check stdout_is_results "file names only on standard output" sh -c \
    "[ \"\$(grep -c . '$W/out')\" = 3 ] && [ -f \"\$(head -n 1 '$W/out')\" ]"
check progress_lines "no progress line" grep -qE '^100% 2/2 slices' "$W/err"
$V recon $tooth -o "$W/quiet" -c 295.7 --quiet >"$W/out" 2>"$W/err"
check quiet "--quiet says something" [ ! -s "$W/err" ]
exit $failed
