#!/bin/sh
# Names of every kind, links, pipes, inputs as outputs: nothing but the declared outputs changes,
# every JSON text is valid, and what is refused is refused by name, before any work.
cd "$(dirname "$0")/.." || exit 1
suite=cli_paths
. tests/tools/cli.sh
if ! "$V" simulate -o "$W/scan.h5" --views 24 --rows 8 --cols 32 --flats 2 --darks 2 -q \
    --geometry-out "$W/g.json" --sod 100 --sdd 200 >/dev/null 2>&1; then
    skip all "built without HDF5"
    exit 0
fi
"$V" simulate -o "$W/flat.h5" --views 24 --rows 8 --cols 32 --flats 2 --darks 2 -q >/dev/null
options="-c 15.5 -t 1 --device cpu -q --rows 0:3"
recon() { timeout 60 "$V" recon "$@" -c 15.5 -t 1 --device cpu -q --rows 0:3; }
json_name() { # FILE KEY NAME: the value of a key is that name, to the byte
    python3 -c "
import json, os, sys
value = json.load(open(sys.argv[1]))[sys.argv[2]]
sys.exit(os.fsencode(value) != os.fsencode(sys.argv[3]))" "$1" "$2" "$3"
}

# ---- names ----
number=0
odd_name() {
    name=$1 number=$((number + 1))
    mkdir "$W/n$number"
    (
        cp "$W/flat.h5" "$W/n$number/$name.h5" &&
            recon "$W/n$number/$name.h5" -o "$W/n$number/$name" >/dev/null &&
            json_name "$W/n$number/$name/provenance.json" input "$W/n$number/$name.h5" &&
            recon "$W/n$number/$name.h5" -o "$W/n$number/$name" --force --json >"$W/out.json" &&
            json_name "$W/out.json" provenance "$W/n$number/$name/provenance.json" &&
            [ "$(ls -A "$W/n$number/$name" | wc -l)" = 5 ] &&
            "$V" info "$W/n$number/$name.h5" --json >"$W/out.json" &&
            valid_json "$W/out.json" &&
            "$V" center "$W/n$number/$name.h5" -q -o "$W/n$number/$name.png" --json \
                >"$W/out.json" &&
            json_name "$W/out.json" picture "$W/n$number/$name.png"
    ) >"$W/.check" 2>&1
    if [ $? = 0 ]; then pass "name_$number"; else
        cat "$W/.check"
        fail "name_$number" "a name of odd bytes: $(printf %s "$name" | od -An -c | head -n 1)"
    fi
}
odd_name 'a b'
odd_name "$(printf 'new\nline')"
odd_name "$(printf 'tab\there')"
odd_name "$(printf 'letters \303\274 \346\227\245 \360\237\230\200')"
odd_name "$(printf 'bytes\377\376\303')"
odd_name "$(printf 'surrogate\355\240\200 long\300\257')"
odd_name "quote'\"q\\"
odd_name '$(touch pwned)`touch pwned`'
odd_name '%s%n%d'
odd_name 'a;b|c&d'
odd_name '...'
odd_name "$(printf 'escape\033[31mred\a')"
# No message hands a name's control characters on to the terminal; output paths on stdout are exact.
escape=$(printf 'e\033[31m\007\177x')
cp "$W/flat.h5" "$W/$escape.h5"
quiet_bytes() { # COMMAND...: stderr holds the name's letters and no byte that a terminal obeys
    "$@" >"$W/out" 2>"$W/err"
    grep -q 'e?.31m??x' "$W/err" && [ "$(tr -d '\n\t\040-\176\200-\377' <"$W/err" | wc -c)" = 0 ]
}
check escape_in_error "a missing file's name reaches the terminal raw" \
    quiet_bytes "$V" info "$W/missing$escape.h5"
check escape_in_option "an unknown option reaches the terminal raw" \
    quiet_bytes "$V" info "--none$escape" "$W/flat.h5"
check escape_in_words "the words before the work show a scan's name raw" \
    quiet_bytes "$V" simulate -o "$W/$escape.h5" --force --views 9 --rows 4 --cols 8
check nothing_run "a name was run as a command" [ ! -e pwned ]
# The command in the provenance is a line for the shell, whatever the bytes.
bytes=$(printf 'again\377\033')
cp "$W/flat.h5" "$W/$bytes.h5"
recon "$W/$bytes.h5" -o "$W/again" >/dev/null
python3 - "$W/again/provenance.json" >"$W/again.sh" <<'PY'
import json, sys
line = json.load(open(sys.argv[1]))["command"]
assert line.isprintable() and line.isascii(), line
print(line.replace("voxgrad", '"$V"', 1), "--force")
PY
if command -v bash >/dev/null; then
    check command_again "the command in the provenance does not run" \
        env V="$V" bash "$W/again.sh"
fi

# ---- inputs as outputs ----
sums() { (cd "$1" && find . -type f -exec cksum {} + | sort); }
intact() { # NAME PATTERN COMMAND...: exit code 4, and the folder $W/io is as before
    input_name=$1 pattern=$2
    shift 2
    input_sums=$(sums "$W/io")
    refuses "$input_name" 4 "$pattern" "$@"
    check "${input_name}_intact" "a refused command changed files" \
        [ "$input_sums" = "$(sums "$W/io")" ]
}
mkdir "$W/io"
cp "$W/flat.h5" "$W/io/recon.h5"
cp "$W/g.json" "$W/io/g.json"
cp "$W/flat.h5" "$W/io/other.h5"
cp "$W/flat.h5" "$W/io/scan.png" # a scan, whatever its name: pictures are written under such names alone
ln "$W/io/other.h5" "$W/io/hard.png"
ln -s other.h5 "$W/io/soft.png"
for force in '' --force; do
    end=${force:+_force}
    # shellcheck disable=SC2086
    intact "recon_into_input$end" 'recon.h5 is the input .*recon.h5' \
        "$V" recon "$W/io/recon.h5" -o "$W/io" $options --save-format h5 $force
    # shellcheck disable=SC2086
    intact "center_into_input$end" 'scan.png is the input' \
        "$V" center "$W/io/scan.png" -o "$W/io/./scan.png" -q $force
    # shellcheck disable=SC2086
    intact "center_into_link$end" 'soft.png is the input .*other.h5' \
        "$V" center "$W/io/other.h5" -o "$W/io/soft.png" -q $force
    # shellcheck disable=SC2086
    intact "center_into_hard_link$end" 'hard.png is the input .*other.h5' \
        "$V" center "$W/io/other.h5" -o "$W/io/hard.png" -q $force
    # shellcheck disable=SC2086
    intact "simulate_into_geometry$end" 'g.json is the input' \
        "$V" simulate --geometry "$W/io/g.json" -o "$W/io/g.json" -q $force
    # shellcheck disable=SC2086
    intact "convert_into_itself$end" 'g.json is the input' \
        "$V" geometry convert "$W/io/g.json" --to rtk -o "$W/io/g.json" $force
    # shellcheck disable=SC2086
    intact "sketch_into_geometry$end" 'g.json is the input' \
        "$V" geometry explain "$W/io/g.json" --svg "$W/io/g.json" $force
done
# A slice, kept or to be removed as left over, that is the geometry or the scan.
mkdir "$W/sl"
cp "$W/g.json" "$W/sl/recon_00099.tiff"
refuses geometry_is_a_slice 4 'recon_00099.tiff is the input' \
    "$V" recon "$W/scan.h5" -g "$W/sl/recon_00099.tiff" -o "$W/sl" -q -t 1 --device cpu --force
check geometry_stays "the geometry is gone" cmp "$W/g.json" "$W/sl/recon_00099.tiff"

# ---- what is no regular file ----
special() { # NAME PATTERN FILE, made by the caller, in $W/sp
    for force in '' --force; do
        # shellcheck disable=SC2086
        refuses "$1${force:+_force}" 4 "$2" timeout 20 \
            "$V" recon "$W/flat.h5" -o "$W/sp" $options --save-format npy $force
    done
    rm -rf "$W/sp/$3"
}
mkdir "$W/sp"
mkfifo "$W/sp/recon.npy"
special pipe_at_volume 'recon.npy is a pipe' recon.npy
mkfifo "$W/sp/provenance.json"
special pipe_at_provenance 'provenance.json is a pipe' provenance.json
mkdir "$W/sp/orthoslices.png"
special folder_at_picture 'orthoslices.png is a folder' orthoslices.png
ln -s nowhere "$W/sp/recon.npy"
special link_to_nowhere 'recon.npy exists, a link that leads nowhere' recon.npy
ln -s recon.npy "$W/sp/recon.npy"
special link_to_itself 'recon.npy exists, a link that leads nowhere' recon.npy
if python3 -c "
import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])" "$W/sp/recon.npy" 2>/dev/null; then
    special socket_at_volume 'recon.npy is a socket' recon.npy
fi
ln -s /dev/null "$W/sp/recon.npy"
special device_at_volume 'recon.npy is a device' recon.npy
mkfifo "$W/sp/recon_00000.tiff"
refuses pipe_at_slice 4 'recon_00000.tiff is a pipe' timeout 20 \
    "$V" recon "$W/flat.h5" -o "$W/sp" $options --force
mkfifo "$W/pipe" "$W/pipe.png"
refuses pipe_at_curve 4 'pipe.png is a pipe' timeout 20 "$V" center "$W/flat.h5" -o "$W/pipe.png" --force
refuses pipe_at_geometry 4 'pipe is a pipe' timeout 20 \
    "$V" geometry convert "$W/g.json" -o "$W/pipe" --force
refuses pipe_at_simulation 4 'pipe is a pipe' timeout 20 "$V" simulate -o "$W/pipe" --force

# ---- links ----
mkdir "$W/l"
echo precious >"$W/l/target"
ln -s target "$W/l/recon_00000.tiff"
recon "$W/flat.h5" -o "$W/l" --force >/dev/null
check slice_link_replaced "the link's target changed, or the slice is still a link" \
    sh -c "[ precious = \"\$(cat '$W/l/target')\" ] && [ ! -h '$W/l/recon_00000.tiff' ]"
ln -s target "$W/l/recon.npy"
recon "$W/flat.h5" -o "$W/l" --force --save-format npy >/dev/null
check link_followed "the link's target is not the volume" \
    sh -c "[ -h '$W/l/recon.npy' ] && head -c 6 '$W/l/target' | grep -q NUMPY"

# ---- two runs at once ----
for one in hann ramp; do
    recon "$W/flat.h5" -o "$W/two_$one" --filter $one >/dev/null
done
mixed=0
mkdir "$W/two"
for attempt in 1 2 3 4 5; do
    recon "$W/flat.h5" -o "$W/two" --filter hann --force >/dev/null 2>&1 &
    recon "$W/flat.h5" -o "$W/two" --filter ramp --force >/dev/null 2>&1
    wait
    used=$(grep -o '"option.filter": "[a-z]*"' "$W/two/provenance.json" | cut -d'"' -f4)
    for slice in 1 2; do # the first one says its command line
        cmp -s "$W/two/recon_0000$slice.tiff" "$W/two_$used/recon_0000$slice.tiff" || mixed=1
    done
    [ "$(ls -A "$W/two" | wc -l)" = 5 ] || mixed=1
done
check not_mixed "slices of two runs are in one folder, or hidden files are left" [ $mixed = 0 ]
exit $failed
