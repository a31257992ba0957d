#!/bin/sh
# README and documents: links lead somewhere, commands and options exist. tests/snippets.sh runs what they show.
cd "$(dirname "$0")/.." || exit 1
suite=readme
. tests/tools/cli.sh

for f in README.md docs/*.md docs/adding/*.md data/README.md CHANGELOG.md; do
    sed -n 's/[^(]*](\([^)#:]*\))/\n\1\n/gp' "$f" | grep -E '^[A-Za-z./_-]+$' | while read -r link; do
        [ -e "$(dirname "$f")/$link" ] || echo "$f: $link"
    done
done >"$W/links"
check links "$(head -n 1 "$W/links") leads nowhere" [ ! -s "$W/links" ]
cat README.md docs/*.md | sed -n 's/^ *voxgrad  *\([a-z]*\) .*/\1/p' | sort -u | while read -r verb; do
    "$V" help "$verb" >/dev/null 2>&1 || echo "$verb"
done >"$W/verbs"
check verbs "voxgrad $(head -n 1 "$W/verbs") is no verb" [ ! -s "$W/verbs" ]
grep -hoE 'voxgrad [a-z]+ [^`#]*' README.md docs/*.md | while read -r _ verb words; do
    for w in $words; do
        case $w in --help) ;; --*) "$V" help "$verb" 2>/dev/null | grep -q -- "$w" || echo "$verb $w" ;; esac
    done
done >"$W/options"
check options "no option: $(head -n 1 "$W/options")" [ ! -s "$W/options" ]
./dev help >"$W/dev"
for word in demo test build bench lint docs install gpu fuzz; do
    grep -q "^./dev $word" "$W/dev" || echo "$word"
done >"$W/words"
check dev_words "./dev help lacks $(head -n 1 "$W/words")" [ ! -s "$W/words" ]
exit $failed
