#!/bin/sh
# Bad input and bad luck: each gives the documented exit code, a message that names the field, and
# leaves no file behind.
cd "$(dirname "$0")/.." || exit 1
suite=cli_errors
. tests/tools/cli.sh

# ---- usage: 2 ----
refuses no_verb 2 'usage: voxgrad VERB' $V
refuses unknown_verb 2 "unknown verb 'recn'.*recon" $V recn
refuses near_verb 2 "unknown verb 'recno' \(did you mean recon\?\)" $V recno
refuses begun_verb 2 "unknown verb 'simul' \(did you mean simulate\?\)" $V simul
refuses far_verb 2 "unknown verb 'transmogrify'; the verbs are" $V transmogrify
refuses unknown_option 2 'unknown option --rotaton-axis \(did you mean --rotation-axis\?\)' \
    $V recon $tooth -o "$W/o" --rotaton-axis 3
refuses unknown_letter 2 'unknown option -z' $V recon $tooth -z
refuses other_verbs_option 2 'unknown option --ring' $V info $tooth --ring 3
refuses missing_value 2 '\-\-ring needs a value' $V recon $tooth -o "$W/o" --ring
refuses missing_file 2 'operand is missing' $V recon -o "$W/o"
refuses missing_output 2 '\-\-output is missing' $V recon $tooth
refuses one_too_many 2 "'b' is one operand too many" $V info $tooth b
refuses not_a_number 2 "\-\-max-memory: 'big'" $V recon $tooth -o "$W/o" --max-memory big
refuses out_of_bounds 2 "\-\-threads: '-3'.*0 to 256" $V recon $tooth -o "$W/o" --threads -3
refuses not_a_choice 2 "\-\-filter: 'hanning' is not one of ramp" \
    $V recon $tooth -o "$W/o" --filter hanning
refuses spelled_otherwise 2 "\-\-fbp-filter: 'hanning' is not one of ramp" \
    $V recon $tooth -o "$W/o" --fbp-filter hanning
refuses as_typed 2 "\-\-columns: '2:1' is not start:stop" $V recon $tooth -o "$W/o" --columns 2:1
refuses library_bounds 2 "\-\-cutoff: '1.5' is not a number from 0 to 1 \(of Nyquist\)" \
    $V recon $tooth -o "$W/o" --cutoff 1.5
refuses even_ring 2 '\-\-ring: 4 is not odd' $V recon $tooth -o "$W/o" --ring 4
refuses cutoff_of_none 2 '\-\-cutoff does not go with --fbp-filter none' \
    $V recon $tooth -o "$W/o" --filter none --cutoff 0.5
refuses no_bound 2 "\-\-rows: '2:1' is not start:stop .* to the end, 0 or more" $V recon $tooth -o "$W/o" --rows 2:1
refuses threads_bound 2 "\-\-threads: '1000' is not a whole number from 0 to 256" $V recon $tooth -o "$W/o" -t 1000
refuses try_alike 2 '\-\-center-range: two centres are 295.00, .*larger step' \
    $V recon $tooth -o "$W/o" --type try --center-range 295:295.000001:0.0000002
refuses curve_ending 2 '\-\-output: .*q.txt does not end in .png' $V center $tooth -o "$W/q.txt"
for o in size slices; do
    refuses "bench_$o" 2 "\-\-$o does not go with ct.parallel2d" $V bench ct.parallel --$o 1 --runs 1 --device cpu
done
echo '{"beam": "parallel", "rows": 3, "cols": 4, "pixel": 1, "views": 5}' >"$W/g.json"
for o in "views 180" "rows 128" "cols 128" "pixel 1" "range 0" "sod 0" "sdd 0" "detector flat" "rotation-axis middle"; do
    # shellcheck disable=SC2086
    refuses "simulate_geometry_${o%% *}" 2 "\-\-${o%% *}: the scan is described by --geometry" \
        $V simulate -o "$W/o.h5" --geometry "$W/g.json" --$o
done
check environment "VXG_H5 is not in the help" sh -c "$V help | grep -q '^ *VXG_H5_SECONDS '"
refuses flag_with_value 2 '\-\-json' $V info $tooth --json=yes
refuses bad_range 2 '\-\-rows: .*start:stop' $V recon $tooth -o "$W/o" --rows 2:1
refuses rows_outside 2 '\-\-rows: 0:9 reaches outside 0:2' $V recon $tooth -o "$W/o" --rows 0:9
refuses broken_rows 2 '\-\-rows: .*whole numbers' $V recon $tooth -o "$W/o" --rows 0.5:1.5
refuses nsino_outside 2 '\-\-nsino: row 7 is outside 0:2' \
    $V recon $tooth -o "$W/o" --type slice --nsino 7
refuses axis_outside 2 '\-\-rotation-axis: 900 lies outside the detector columns 0 to 639' \
    $V recon $tooth -o "$W/o" --rotation-axis 900
refuses axis_nan 2 "\-\-rotation-axis: 'nan'" $V recon $tooth -o "$W/o" --rotation-axis nan
refuses axis_words 2 "\-\-rotation-axis: 'middle'" $V recon $tooth -o "$W/o" --rotation-axis middle
refuses try_outside 2 '\-\-center-range: 640 lies outside' \
    $V recon $tooth -o "$W/o" --type try --center-range 638:641
refuses try_too_many 2 'asks for 200 centres, more than 25' \
    $V recon $tooth -o "$W/o" --type try --center-range 200:400
refuses search_outside 2 '\-\-center-range: .*inside the columns 0:640' \
    $V center $tooth --center-range 600:700
refuses no_operator 2 "no registered operator matches 'nonsense'" $V check nonsense --device cpu
refuses bench_no_operator 2 "no registered operator matches 'nonsense'" $V bench nonsense --device cpu
refuses nsino_full 2 '\-\-nsino does not go with --type full' $V recon $tooth -o "$W/o" --nsino 0.5
refuses range_and_axis 2 '\-\-center-range does not go with --rotation-axis' \
    $V recon $tooth -o "$W/o" -c 295 --center-range 290:300
for o in "-c 3" "--center 3" "--center-range 1:2" "--rows :" "--columns 1:" "--reverse" "--type try"; do
    first=$(echo "${o%% *}" | sed 's/^-c$/--rotation-axis/; s/^--center$/--rotation-axis/')
    # shellcheck disable=SC2086
    refuses "geometry_and$(echo "$o" | tr -c 'a-z0-9\n' _)" 2 "\\$first.* does not go with --geometry" \
        $V recon $tooth -o "$W/o" -g LICENSE $o
done

# ---- input: 3 ----
refuses no_such_file 3 "nothing.h5.*No such file" $V recon "$W/nothing.h5" -o "$W/o"
refuses not_hdf5 3 'LICENSE.*not an HDF5 file' $V recon LICENSE -o "$W/o"
named() { # NAME PATTERN BYTES: a scan that is something else
    # shellcheck disable=SC2059
    printf "$3" >"$W/$1.h5"
    head -c 600 /dev/zero | tr '\0' ' ' >>"$W/$1.h5"
    for verb in info center "recon -o $W/o"; do
        # shellcheck disable=SC2086
        refuses "named_$1_${verb%% *}" 3 "$1.h5: not an HDF5 file but $2" $V $verb "$W/$1.h5"
    done
}
named tiff 'a TIFF picture.*exchange/data' 'II*\000'
named bigtiff 'a BigTIFF picture' 'MM\000+'
named bigtiff_small 'a BigTIFF picture' 'II+\000'
named tiff_big 'a TIFF picture' 'MM\000*'
named bz2 'packed with bzip2; unpack' 'BZh91AY'
named xz 'packed with xz; unpack' '\3757zXZ\000'
named zst 'packed with zstd; unpack' '\050\265\057\375'
named zip 'a ZIP archive .NumPy.s NPZ' 'PK\003\004'
named png 'a PNG picture.*exchange/data' '\211PNG\r\n\032\n'
named jpeg 'a JPEG picture.*exchange/data' '\377\330\377'
named netcdf 'a NetCDF file of the old kind.*NetCDF-4' 'CDF\001'
named tar 'a TAR archive; unpack' "$(printf '%257s' x)ustar"
named dicom 'a DICOM file.*exchange/data' "$(printf '%128s' x)DICM"
named nifti 'a NIfTI volume.*exchange/data' "$(printf '%344s' x)n+1"
named xml 'an XML or HTML file' '<html><body></body></html>'
named leap 'a geometry file of LEAP; .*geometry convert' 'proj_geometry = cone\nnumRows = 3\n'
named vectors 'vectors of ASTRA; .*geometry convert' 'fanflat_vec 3 4\n1 2 3 4 5 6\n'
named blank 'blank' '\n\n'
named npy 'a NumPy array' '\223NUMPY\001\000'
named mat 'a MATLAB file.*-v7.3' 'MATLAB 5.0 MAT-file, Platform: GLNXA64'
named txrm 'an OLE container, as Zeiss. TXRM' '\320\317\021\340\241\261\032\341'
named gz 'packed with gzip; unpack' '\037\213\010'
named json 'a JSON file, as geometry files are; .voxgrad geometry explain' '{"voxgrad": 1}'
named rtk 'a geometry file of RTK; .*voxgrad geometry convert' \
    '<?xml version="1.0"?>\n<!DOCTYPE RTKGEOMETRY>\n<RTKThreeDCircularGeometry version="3">'
named astra 'a table of numbers, as ASTRA.s vectors' '1.0 -2e3 0 4 5 6\n'
: >"$W/empty.h5"
refuses named_empty 3 'empty.h5: not an HDF5 file but empty' $V info "$W/empty.h5"
refuses scan_as_geometry 3 'tooth.h5: no JSON geometry file but an HDF5 file' \
    $V recon $tooth -o "$W/o" -g $tooth
refuses rtk_as_geometry 3 'rtk.h5: no JSON geometry file but a geometry file of RTK; .*convert' \
    $V recon $tooth -o "$W/o" -g "$W/rtk.h5"
echo '{"DSD": 1536, "DSO": 1000}' >"$W/tigre.json"
refuses tigre_as_geometry 3 'TIGRE or CIL, .voxgrad geometry convert' $V recon $tooth -o "$W/o" -g "$W/tigre.json"
refuses folder_as_geometry 3 'tests: cannot read' $V recon $tooth -o "$W/o" -g tests
refuses a_folder 3 'not a regular file' $V recon data -o "$W/o"
refuses no_plugin 3 '\-\-plugin' $V check --plugin "$W/none.so"
head -c 500000 $tooth >"$W/cut.h5"
refuses truncated 3 'cut.h5: .*(truncated|damaged)' $V recon "$W/cut.h5" -o "$W/o"
refuses truncated_info 3 'cut.h5: .*(truncated|damaged)' $V info "$W/cut.h5"
refuses truncated_center 3 'cut.h5: .*(truncated|damaged)' $V center "$W/cut.h5" -o "$W/pic/c.png"
if has_hdf5; then
    "$make_scan" "$W/v73.h5" flaw=only-array
    for verb in info center "recon -o $W/o"; do
        # shellcheck disable=SC2086
        refuses "matlab_${verb%% *}" 3 'v73.h5: a MATLAB 7.3 file, which is HDF5; .*--dataset NAME' \
            $V $verb "$W/v73.h5"
    done
    check matlab_read "an array of a MATLAB 7.3 file is not read" "$V" recon "$W/v73.h5" \
        --dataset sinogram -c 33.2 -o "$W/v73" --type slice --device cpu -q
    rm -rf "$W/v73"
    flawed() { # FLAW PATTERN [extra]
        "$make_scan" "$W/$1.h5" "flaw=$1"
        refuses "flaw_$(echo "$1" | tr - _)" 3 "$1.h5.*$2" $V recon "$W/$1.h5" -o "$W/o/deep/er"
    }
    flawed rank 'exchange/data: rank 2, rank 3'
    flawed flat-shape 'exchange/data_white: frames of 8 x 61, 8 x 64 expected'
    flawed nan-theta 'exchange/theta: .*projection 45 is nan'
    flawed theta-length 'exchange/theta: 85 angles, 90 expected'
    flawed string-data 'exchange/data: elements are not plain numbers'
    flawed no-flat 'flat'
    flawed zero-flat 'flat'
else
    skip flaws "built without HDF5"
fi

# ---- messages name options, not the library's fields ----
if has_hdf5; then
    refuses flag_of_integrals 3 'no-flat.h5 has no flat fields .use --no-minus-log' $V recon "$W/no-flat.h5" -o "$W/o" -c 30
    "$make_scan" "$W/few.h5" views=12
    refuses auto_memory 5 'max-memory 1 MB.*--device cpu takes less' $V recon "$W/few.h5" -o "$W/o" -c 30 --max-memory 1
    $V recon "$W/few.h5" -o "$W/one" -c 30 --projections 0:1 --device cpu >"$W/.out" 2>"$W/.err"
    check one_view "a full turn of one view" sh -c "grep -q 'few.h5: one view' '$W/.err' && ! grep -q 'full turn' '$W/.err'"
    $V recon "$W/few.h5" -o "$W/one" -c 30 --projections 0:1 --device cpu --force -q >"$W/.out" 2>"$W/.err"
    check quiet "-q says warnings" [ ! -s "$W/.err" ]
    rm -rf "$W/one"
fi

# ---- nothing to compute with: 6 ----
if has_hdf5; then
    "$make_scan" "$W/zero.h5" flaw=zero-data
    refuses center_of_zeros 6 'zero.h5: no rotation axis found: all 90 projections are the same' \
        $V center "$W/zero.h5" --no-minus-log
    refuses recon_of_zeros 6 'zero.h5: no rotation axis found' \
        $V recon "$W/zero.h5" -o "$W/o" --no-minus-log
    refuses center_of_no_counts 6 'zero.h5' $V center "$W/zero.h5"
fi

# ---- output: 4 ----
refuses unwritable 4 'cannot make folder' $V recon $tooth -o /proc/nowhere
refuses folder_is_file 4 'not a folder|Not a directory' $V recon $tooth -o LICENSE
$V recon $tooth -o "$W/done" -c 295.7 -q >/dev/null
sums=$(cksum "$W"/done/*)
refuses existing_slices 4 'recon_0000[01].tiff exists \(--force' $V recon $tooth -o "$W/done" -c 295
refuses existing_h5 4 'orthoslices.png exists' $V recon $tooth -o "$W/done" --save-format h5
check existing_untouched "a refused command changed files" [ "$sums" = "$(cksum "$W"/done/*)" ]
rm "$W"/done/recon_*
refuses existing_picture 4 'orthoslices.png exists \(--force' $V recon $tooth -o "$W/done" -c 295
: >"$W/curve.png"
refuses existing_curve 4 'curve.png exists' $V center $tooth -o "$W/curve.png"
if [ -w /dev/full ]; then
    "$V" devices >/dev/full 2>"$W/.err"
    rc=$?
    if [ $rc = 4 ] && grep -q 'standard output' "$W/.err"; then pass full_stdout; else
        fail full_stdout "exit code $rc"
    fi
fi
# A file-size limit ends writing in the middle, as a full disk does.
limited() { (ulimit -f 600 && "$@"); }
for format in tiff-stack h5 npy; do
    refuses "size_limit_$(echo $format | tr - _)" 4 'recon|File too large|No space' \
        limited $V recon $tooth -o "$W/limited" -c 295.7 --save-format $format
done
refuses size_limit_tiff 4 'recon_|File too large' limited $V recon $tooth -o "$W/limited" -c 295.7
if mkdir "$W/disk" && mount -t tmpfs -o size=2m tmpfs "$W/disk" 2>/dev/null; then
    for format in tiff tiff-stack h5 npy; do
        refuses "full_disk_$(echo $format | tr - _)" 4 'disk/.*No space|no room' \
            $V recon $tooth -o "$W/disk/o" -c 295.7 --save-format $format
    done
    refuses full_disk_try 4 'No space|no room' $V recon $tooth -o "$W/disk/o" --type try
    umount "$W/disk"
else
    skip full_disk "mounting a small file system is not allowed here"
fi
rmdir "$W/disk" 2>/dev/null

# ---- device: 5 ----
no_opencl() { env OCL_ICD_VENDORS="$W/none" OCL_ICD_FILENAMES= "$@"; }
refuses no_opencl 5 'opencl' no_opencl $V recon $tooth -o "$W/o" --device opencl:0
refuses unknown_device 5 'abacus' $V recon $tooth -o "$W/o" --device abacus
refuses no_such_index 5 'opencl:77' $V recon $tooth -o "$W/o" --device opencl:77
check devices_without_opencl "voxgrad devices fails without OpenCL" \
    no_opencl sh -c "$V devices >'$W/.list' && grep -q 'no opencl device: .' '$W/.list'"

# ---- interrupted: 130 ----
# A signal arrives while slices are being written: the command stops, cleans up and says so.
stopped() { # NAME SIGNAL OPTIONS
    name=$1 number=$2
    shift 2
    interrupted "$name" "$number" "$W/stopped/" "$V" recon "$W/long.h5" -o "$W/stopped/deep" \
        -c 64 --threads 1 "$@"
}
if has_hdf5; then
    "$make_scan" "$W/long.h5" views=60 rows=96 cols=128
    room=140
    [ -z "${ASAN_OPTIONS:-}" ] || room=260 # the sanitizer's own memory counts as the program's
    stopped interrupt_tiff 2 --max-memory $room
    stopped interrupt_h5 2 --save-format h5 --max-memory $room
    stopped terminate_npy 15 --save-format npy
    stopped interrupt_try 2 --type try
    # With --force what was there stays, bit for bit.
    for format in npy tiff; do
        $V recon "$W/long.h5" -o "$W/kept" -c 60 --rows 0:9 -q --save-format $format >/dev/null
        sums=$(cd "$W/kept" && find . -type f -exec cksum {} + | sort)
        interrupted interrupt_force_$format 2 "$W/kept/" "$V" recon "$W/long.h5" -o "$W/kept" \
            -c 64 --threads 1 --save-format $format --force
        check kept_$format "an interrupted command changed files" \
            [ "$sums" = "$(cd "$W/kept" && find . -type f -exec cksum {} + | sort)" ]
        rm -r "$W/kept"
    done
else
    skip interrupt "built without HDF5"
fi
exit $failed
