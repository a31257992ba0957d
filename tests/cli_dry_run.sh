#!/bin/sh
# voxgrad recon --dry-run: nothing is written, what is said is what a run then does, and its exit code is the run's.
cd "$(dirname "$0")/.." || exit 1
suite=cli_dry_run
. tests/tools/cli.sh
$V simulate -q -o "$W/scan.h5" --views 120 --rows 90 --cols 300 --pixel 0.25 --unit mm --photons 0 >/dev/null
$V simulate -q -o "$W/cone.h5" --views 60 --rows 40 --cols 100 --sod 300 --sdd 450 --photons 0 --geometry-out "$W/cone.json" >/dev/null
dry() { # NAME options: what is said in $W/.NAME, and nothing else
    name=$1
    shift
    before=$(listing)
    $V recon -o "$W/$name" --device cpu --dry-run "$@" >"$W/.$name" 2>"$W/.err"
    code=$?
    [ "$before" = "$(listing)" ] || fail "$name.writes" "something was written"
    [ ! -e "$W/$name" ] || fail "$name.folder" "the folder was made"
    return $code
}
has() { grep -qx "$2: $3" "$W/.$1"; }
value() { sed -n "s/^$2: //p" "$W/.$1"; }

# ---- what is said ----
dry fbp "$W/scan.h5" -c 149.5 -a fbp --save-format npy
check fbp "code" test $? = 0
check said "what filtered backprojection would do" sh -c "
    for line in 'input: $W/scan.h5' 'projections: 120' 'rows: 90' 'columns: 300' 'center: 149.5' 'device: cpu.*' \
        'algorithm: fbp' 'slices: 90' 'height: 300' 'width: 300' 'per: mm' 'memory_limit_bytes: 1024000000' \
        'memory_of_device_bytes: 0' 'work: backprojection' 'updates: 972000000' 'written_bytes: 32400000' \
        'output: $W/fbp/recon.npy' 'output: $W/fbp/orthoslices.png' 'output: $W/fbp/provenance.json'; do
        grep -qx \"\$line\" '$W/.fbp' || { echo \"no \$line\"; exit 1; }
    done"
read_bytes() { # uint16 projections, flats and darks of 90 x 300
    frames=$($V info "$W/scan.h5" --json | python3 -c "
import json, sys
j = json.load(sys.stdin)
print(j['projections'] + j['flats'] + j['darks'])")
    [ "$(value fbp read_bytes)" = $((frames * 90 * 300 * 2)) ]
}
check read_bytes "bytes to be read" read_bytes
dry sirt "$W/scan.h5" -c 149.5 -a sirt --iterations 7 --report
check iterative "what an iterative method would do" sh -c "
    for line in 'algorithm: sirt' 'iterations: 7' 'updates_per_iteration: 1944000000' 'updates: 13608000000' \
        'output: $W/sirt/report.html' 'output: $W/sirt/convergence.csv' 'output: $W/sirt/recon_00000.tiff'; do
        grep -qxF \"\$line\" '$W/.sirt' || { echo \"no \$line\"; exit 1; }
    done"
dry fourier "$W/scan.h5" -c 149.5 -a fourier
check fourier "what Fourier reconstruction would do" sh -c "grep -qx 'algorithm: fourier' '$W/.fourier' && grep -qx 'samples: 3240000' '$W/.fourier'"
dry cone "$W/cone.h5" -g "$W/cone.json"
check cone "what the method of cone beams would do" sh -c "grep -qx 'algorithm: fdk' '$W/.cone' && grep -qx 'geometry: $W/cone.json' '$W/.cone' && ! grep -q '^center:' '$W/.cone'"
dry cone_cgls "$W/cone.h5" -g "$W/cone.json" -a cgls --iterations 4
check cone_cgls "what cgls would do" has cone_cgls iterations 4
dry slice "$W/scan.h5" -c 149.5 --type slice --nsino 40
check slice "what a slice takes" sh -c "grep -qx 'slices: 1' '$W/.slice' && grep -qx 'rows: 1' '$W/.slice' && grep -q 'slice_00040' '$W/.slice'"
dry shard "$W/scan.h5" -c 149.5 --shard 2/2
check shard "what a part does" sh -c "grep -qx 'blocks: 2' '$W/.shard' && grep -qx 'blocks_of_this_part: 1' '$W/.shard' && grep -qx 'job: $W/shard.job' '$W/.shard' && ! grep -q ^output: '$W/.shard'"
dry auto "$W/scan.h5"
check found "the axis is not found" sh -c "awk '\$1 == \"center:\" { exit !(\$2 > 149 && \$2 < 150) }' '$W/.auto'"
if command -v python3 >/dev/null; then
    dry json "$W/scan.h5" -c 149.5 -a sirt --iterations 7 --json
    check json "--json is not the same" python3 -c "
import json
j = json.load(open('$W/.json'))
lines = [l.rstrip('\n').split(': ', 1) for l in open('$W/.sirt')]
for k, v in lines:
    if k in ('output', 'memory_bytes') or k.startswith('memory_of_p'): continue
    got = j[k]
    assert (got == v) if isinstance(got, str) else float(v) == got, (k, v, got)
assert j['output'][0].endswith('recon_00000.tiff') and len(j['output']) == 3, j['output']"
fi

# ---- what is said is what a run takes: at least that, and not much more ----
sanitized() { [ "$(nm "$V" 2>/dev/null | grep -c __asan_init)" != 0 ]; }
peak() { # options: the most memory of the run and of its helper, in kB, as GNU time or Python see it
    python3 - "$V" "$@" <<'TXT'
import os, resource, subprocess, sys
subprocess.run([sys.argv[1], 'recon'] + sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
TXT
}
if sanitized; then
    skip held "the sanitizer's own memory hides what the command takes"
elif command -v python3 >/dev/null; then
    for what in "-a fbp" "-a fourier" "-a sirt --iterations 1" "-a cgls --iterations 1" "-a fbp --max-memory 60" "-a sirt --iterations 1 --report"; do
        # shellcheck disable=SC2086
        dry plan "$W/scan.h5" -c 149.5 --no-checksum --save-format npy $what
        # shellcheck disable=SC2086
        took=$(peak "$W/scan.h5" -o "$W/run" -c 149.5 --no-checksum --save-format npy --force --device cpu $what)
        said=$(value plan memory_bytes)
        rm -rf "$W/run"
        check "held ($what)" "a run takes ${took:-nothing} kB, said were $said bytes" \
            sh -c "[ $((took * 1024)) -le $said ] && [ $said -le $((took * 1024 * 5 / 2 + 40000000)) ]"
    done
    check within "more than the limit is planned" sh -c "
        $V recon '$W/scan.h5' -o '$W/x' -c 149.5 -a fbp --max-memory 60 --device cpu --dry-run | awk '\$1 == \"memory_bytes:\" { exit !(\$2 <= 60e6) }'"
else
    skip held "no python3 here"
fi

# ---- refused with the run's code, and nothing on standard output ----
same_code() { # NAME CODE PATTERN options
    name=$1 want=$2 pattern=$3
    shift 3
    refuses "$name" "$want" "$pattern" $V recon "$@" --device cpu --dry-run
    check "$name.silent" "something is said of a run that is refused" test ! -s "$W/.out"
    refuses "$name.run" "$want" "$pattern" $V recon "$@" --device cpu
}
same_code memory 5 'max-memory 12' "$W/scan.h5" -o "$W/r" -c 149.5 --max-memory 12
same_code memory_whole 5 'this scan needs' "$W/scan.h5" -o "$W/r" -c 149.5 -a cgls --max-memory 34
same_code no_file 3 'nobody.h5' "$W/nobody.h5" -o "$W/r"
same_code no_scan 3 'cone.json' "$W/cone.json" -o "$W/r"
same_code option 2 '\-\-iterations' "$W/scan.h5" -o "$W/r" --iterations 4
same_code axis 2 'rotation-axis' "$W/scan.h5" -o "$W/r" -c 900
mkdir "$W/old"
echo old >"$W/old/orthoslices.png"
same_code exists 4 'orthoslices.png exists.*--force' "$W/scan.h5" -o "$W/old" -c 149.5
rm "$W/old/orthoslices.png"
echo old >"$W/old/recon_00007.tiff"
same_code exists_slice 4 'recon_00007.tiff exists.*--force' "$W/scan.h5" -o "$W/old" -c 149.5
dry forced "$W/scan.h5" -c 149.5 -o "$W/old" --force
check forced "--force does not count" grep -q '^output:' "$W/.forced"
same_code no_folder 4 'is not a folder' "$W/scan.h5" -o "$W/scan.h5" -c 149.5
refuses try 2 '\-\-dry-run does not go with --type try' $V recon "$W/scan.h5" -o "$W/r" --dry-run --type try --center-range 148:151
exit $failed
