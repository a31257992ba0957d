#!/bin/sh
# Which object file calls which: findings where that breaks tools/layers.txt, or where files form a circle.
#   symbols.sh BUILD        prints one finding a line, nothing when all is well
#   symbols.sh BUILD edges  prints "FILE FILE SYMBOL" for every call between two files
set -u
build=$1
cd "$(dirname "$0")/.." || exit 1
for library in voxgrad voxgrad_io; do
    folder=$build/CMakeFiles/$library.dir/src
    [ -d "$folder" ] || continue
    # Objects of files that are gone stay behind in a build folder.
    find "$folder" -name '*.c.o' | sort | while read -r object; do
        file=${object#"$folder"/}
        [ -f "src/${file%.o}" ] && nm "$object" | sed "s#^#$library ${file%.o} #"
    done
done | awk -v words="${2:-findings}" '
function room(file) { return file ~ /\// ? substr(file, 1, match(file, /\/[^\/]*$/) - 1) : "" }
# Everything that can be reached from a file.
function reach(start,   todo, n, i, k, f, at) {
    todo[1] = start
    n = 1
    for (at = 1; at <= n; at++) {
        k = split(to[todo[at]], f, " ")
        for (i = 1; i <= k; i++)
            if (!((start, f[i]) in reached)) {
                reached[start, f[i]] = 1
                todo[++n] = f[i]
            }
    }
}
BEGIN {
    while ((getline line < "tools/layers.txt") > 0) {
        n = split(line, f, " ")
        if (n == 0 || f[1] == "#") continue
        for (i = 2; i <= n; i++) may[f[1], f[i]] = 1
        known[f[1]] = 1
    }
}
NF == 5 && $4 ~ /^[TDRBVC]$/ { home[$1, $5] = $2; from[$5] = $2 }
NF == 4 && $3 == "U" { uses[++nuses] = $1 " " $2 " " $4 }
NF == 5 && $4 == "U" { uses[++nuses] = $1 " " $2 " " $5 }
END {
    if (!nuses) print "no object files were found: build first"
    for (u = 1; u <= nuses; u++) {
        split(uses[u], f, " ")
        a = f[2]
        b = (f[1], f[3]) in home ? home[f[1], f[3]] : from[f[3]]
        if (b == "" || a == b || room(b) == "" || room(a) == "") continue
        if (words == "edges") { print a, b, f[3]; continue }
        if (!((room(a), room(b)) in may) && room(a) in known) print a " may not call " b " (" f[3] ")"
        if (!((a, b) in edge)) { edge[a, b] = f[3]; to[a] = to[a] " " b }
    }
    if (words == "edges") exit
    for (a in to) reach(a)
    for (pair in edge) {
        split(pair, f, SUBSEP)
        if ((f[2], f[1]) in reached) print "a circle: " f[1] " calls " f[2] " (" edge[pair] ")"
    }
}' | sort -u
