#!/bin/sh
# voxgrad mask, dti, odf, csd and peaks: DIPY's and MRtrix3's numbers out of the files they write, read by readers
# that share nothing with the program; tables, masks and series that are wrong; bad luck.
cd "$(dirname "$0")/.." || exit 1
suite=cli_dwi
. tests/tools/cli.sh
tool() { python3 tests/tools/dwi_files.py "$@"; }
tool make "$W"
data=${VXG_TEST_DATA:-/nowhere}
good=$W/good.nii.gz
fa() { echo "$1_model-DTI_param-FA_dwimap.nii.gz"; }
# run NAME VERB...: $W/out and $W/err; a command that fails is a failed test
run() {
    name=$1
    shift
    "$V" "$@" --device "${VXG_DWI_DEVICE:-cpu}" >"$W/out" 2>"$W/err" && return 0
    cat "$W/err"
    fail "$name" "the command fails"
    return 1
}
# holds NAME EXPRESSION: in Python, over files (load)
holds() { check "$1" "other numbers" tool check "$2"; }
says() { check "$1" "nothing about '$2'" grep -qE "$2" "$W/err"; }

# ---- measured data: DIPY's numbers ----
small=$data/dwi_small_64D/small_64D
if [ -f "$small.nii" ]; then
    run small_wls dti "$small.nii" --mask none -o "$W/wls" --json && {
        check json "no JSON" valid_json "$W/out"
        says beside 'gradient table: .*small_64D.bval'
    }
    holds dipy_wls "near(mean(load('$(fa "$W/wls")')[1]), 0.3930722336) and
        near(mean(load('$(fa "$W/wls" | sed s/FA/MD/)')[1]), 1.2786859906e-3) and
        near(load('$(fa "$W/wls")')[1][555], 0.6508432958, 2e-5)"
    run small_ols dti "$small.nii" --mask none -o "$W/ols" --fit ols --maps fa,eigenvalues,tensor
    holds dipy_ols "near(mean(load('$(fa "$W/ols")')[1]), 0.3936440975) and
        near(load('$(fa "$W/ols")')[1][555], 0.5919051780, 2e-5)"
    holds same_grid "same_affine(load('$(fa "$W/ols")')[2], load('$small.nii')[2]) and
        load('$(fa "$W/ols")')[0] == (10, 10, 10) and load('$(fa "$W/ols" | sed s/FA/tensor/)')[0] == (10, 10, 10, 6)"
    # As DIPY took them: directions as they stand in the file.
    tool grad "$small.bval" "$small.bvec" >"$W/raw.b"
    asis="--grad $W/raw.b --mask none --basis descoteaux07-legacy"
    run small_csd csd "$small.nii" $asis -o "$W/fod.nii" --response-fa 0.5 --response-out "$W/small.txt" && {
        says response '277 voxels.*0.001386 and 0.000463 mm2/s, S0 198.2'
        says no_single_fibres 'hardly single fibres'
    }
    holds dipy_csd "near(math.fsum(load('$W/fod.nii')[1]), 217.537899, 2e-4) and all(
        abs(load('$W/fod.nii')[1][555 + 1000 * k] - c) < 1e-5 for k, c in
        enumerate((.23577638, .14488502, .09418805, -.17087309, .18516708, .08390141)))"
    run again csd "$small.nii" $asis -o "$W/again.nii" --response "$W/small.txt"
    check response_file "another result with the response that was written" cmp "$W/fod.nii" "$W/again.nii"
    run small_csa odf "$small.nii" $asis -o "$W/odf" --min-signal 1e-30
    holds dipy_csa "near(math.fsum(load('$W/odf_model-CSA_param-ODF_dwimap.nii.gz')[1]), 269.5977, 2e-4) and
        near(mean(load('$W/odf_model-CSA_param-GFA_dwimap.nii.gz')[1]), .44926562, 2e-4)"
    run small_qball odf "$small.nii" $asis -o "$W/qball.nii.gz" --maps sh --model qball --min-signal 1e-30
    holds dipy_qball "near(math.fsum(load('$W/qball.nii.gz')[1]), 1425.39362472, 2e-4)"
    run small_opdt odf "$small.nii" $asis -o "$W/opdt.nii" --maps sh --model opdt --min-signal 1e-30
    run small_peaks peaks "$W/opdt.nii" --basis descoteaux07-legacy --relative-threshold 0.25 --min-separation 45 \
        -o "$W/pk"
    holds dipy_peaks "near(load('$W/pk_param-peakvalues_dwimap.nii.gz')[1][555], 2.43061327) and
        near(load('$W/pk_param-peakvalues_dwimap.nii.gz')[1][1555], 1.58390334) and
        load('$W/pk_param-peakvalues_dwimap.nii.gz')[1][2555] == 0"
    holds peak_lengths "near(math.hypot(*[load('$W/pk_param-peaks_dwimap.nii.gz')[1][555 + 1000 * k]
        for k in range(3)]), 2.43061327)"
    run recursive csd "$small.nii" $asis -o "$W/recursive.nii" --response recursive --response-out "$W/r.txt"
    check dipy_recursive "another response" awk '/^[^#]/ {
        split("392.6915676460646 -161.67113177302193 37.38133464140014 -6.907637896860731 -1.459296712213785", w)
        for (i = 1; i <= 5; i++) { d = $i - w[i]; if (d < 0) d = -d; if (d > 4e-3) exit 1 }
        n++ } END { exit n != 1 }' "$W/r.txt"
    for p in "${VXG_PYTHON:-/usr/bin/python3}" python3; do
        if "$p" -c 'import nibabel' 2>/dev/null; then
            check nibabel "nibabel reads other numbers" "$p" -c "
import nibabel, numpy, sys
a = nibabel.load('$(fa "$W/wls")'); b = nibabel.load('$small.nii')
assert abs(a.get_fdata().mean() - 0.3930722336) < 2e-6 and a.shape == (10, 10, 10)
assert numpy.allclose(a.affine, b.affine, atol=1e-5) and a.get_data_dtype() == numpy.float32
v = nibabel.load('$(fa "$W/wls" | sed s/FA/V1/)').get_fdata()
assert v.shape == (10, 10, 10, 3) and numpy.allclose(numpy.linalg.norm(v, axis=-1), 1, atol=1e-5)"
            break
        fi
    done
else
    skip dipy "no test data"
fi
brain=$data/dwi_philips_brain/dwi.nii.gz
if [ -f "$brain" ]; then
    run brain_mask mask "$brain" -o "$W/brain.nii.gz" --clean none --json
    check dipy_mask "not 132892 voxels" grep -q '"mask_voxels": 132892' "$W/out"
    holds mask_file "load('$W/brain.nii.gz')[1].typecode == 'B' and
        sum(n for n, v in enumerate(load('$W/brain.nii.gz')[1]) if v == 1) == 24992281493"
    refuses few_directions 3 '12 directions of b = 1000 s/mm2; a density of fibres needs 15' \
        "$V" csd "$brain" -o "$W/n.nii"
else
    skip dipy_mask "no test data"
fi
mr=$data/dwi_mrtrix_b3000
if [ -f "$mr/dwi.mif" ]; then
    run mrtrix dti "$mr/dwi.mif" --mask "$mr/mask.mif" -o "$W/mr.mif" --maps tensor --start data --iterations 2 \
        --min-share 1e-6
    holds mrtrix_tensor "(lambda a, b: all(abs(x - y) <= 2e-5 * max(abs(b[v + 432 * k]) for k in range(6)) for v in
        range(432) if b[v] == b[v] and a[v] for x, y in ((a[v], b[v]),)))(load('$W/mr.mif')[1],
        load('$mr/dwi2tensor/out_mask.mif')[1])"
    run fsl dti "$mr/dwi.nii.gz" --bvals "$mr/dwi.bval" --bvecs "$mr/dwi.bvec" --mask "$mr/mask.mif" -o "$W/fsl.mif" \
        --maps v1
    run scheme dti "$mr/dwi.mif" --mask "$mr/mask.mif" -o "$W/scheme.mif" --maps v1
    run grad dti "$mr/dwi.nii.gz" --grad "$mr/dwi.grad_mrtrix.b" --mask "$mr/mask.mif" -o "$W/grad.nii" --maps v1
    holds tables_agree "all(abs(abs(sum(a[v + 432 * k] * b[v + 432 * k] for k in range(3))) - (a[v] != 0)) < 1e-5
        for a in (load('$W/fsl.mif')[1], load('$W/grad.nii')[1]) for b in (load('$W/scheme.mif')[1],)
        for v in range(432)) and same_affine(load('$W/fsl.mif')[2], load('$W/grad.nii')[2])"
    run mr_csd csd "$mr/dwi.mif" --mask "$mr/mask.mif" -o "$W/mrfod.mif" --response "$mr/response.txt" --rules mrtrix
    # 181 directions are looked at here, 300 of its own there.
    holds mrtrix_fod "alike(load('$W/mrfod.mif')[1], load('$mr/dwi2fod/out_mask.mif')[1]) > 0.99"
else
    skip mrtrix "no test data"
fi

# ---- a series of known contents ----
run known dti "$good" -o "$W/known" --mask "$W/mask.nii.gz"
holds known "(lambda m, fa, v: all((abs(f - 0.76980) < 1e-3 and abs(abs(x) - 1) < 1e-5) if i else f == x == 0
    for i, f, x in zip(m, fa, v)))(load('$W/mask.nii.gz')[1], load('$(fa "$W/known")')[1],
    load('$(fa "$W/known" | sed s/FA/V1/)')[1])"
check sidecar "no JSON" valid_json "$(fa "$W/known" | sed s/nii.gz/json/)"
check described "the description lacks something" sh -c "for k in Units FitMethod 'option.fit' 'input.sha256' \
    'bvals.sha256' 'mask.file.sha256' '\"voxels\": \"3' 'device' 'GeneratedBy'; do
    grep -q \"\$k\" '$(fa "$W/known" | sed s/nii.gz/json/)' || { echo \$k; exit 1; }; done"
run near_grid dti "$good" -o "$W/near" --maps fa --mask "$W/mask_near.nii.gz"
check near_grid "an affine with float32's noise counts as another" cmp "$(fa "$W/known")" "$(fa "$W/near")"
run columns dti "$good" --bvals "$W/good.bval" --bvecs "$W/columns.bvec" -o "$W/columns" --maps fa \
    --mask "$W/mask.nii.gz"
check columns "columns of vectors give another FA" cmp "$(fa "$W/known")" "$(fa "$W/columns")"
run grad_file dti "$good" --grad "$W/good.b" -o "$W/gradfile" --maps fa,v1 --mask "$W/mask.nii.gz"
holds grad_file "max(abs(a - b) for a, b in zip(load('$(fa "$W/known")')[1], load('$(fa "$W/gradfile")')[1])) < 1e-5"
run in_header dti "$W/good.mif" -o "$W/header" --maps fa,v1 --mask "$W/mask.nii.gz"
check in_header "the header's table gives another FA" cmp "$(fa "$W/header")" "$(fa "$W/gradfile")"
run aside dti "$W/good.mif" --grad "$W/good.b" -o "$W/aside" --maps fa --mask "$W/mask.nii.gz"
says aside "its header's own table of gradients is left aside"
run scaled dti "$W/scaled.nii" -o "$W/scaled" --maps s0 --mask "$W/mask.nii.gz"
holds scaled "all(near(a, b, 1e-5) for a, b in zip(load('$(fa "$W/scaled" | sed s/FA/S0/)')[1],
    load('$(fa "$W/known" | sed s/FA/S0/)')[1]))"
run automatic dti "$W/head.nii.gz" -o "$W/auto" --maps s0 --json
says automatic 'mask \(auto: .*of 11520 voxels'
holds automatic "sum(1 for x in load('$(fa "$W/auto" | sed s/FA/S0/)')[1] if x > 500) == 2176 and
    sum(1 for x in load('$(fa "$W/auto" | sed s/FA/S0/)')[1] if x) < 4000"
run one_thread dti "$good" -o "$W/one" --maps fa --mask "$W/mask.nii.gz" --threads 1
check threads "other numbers with one thread" cmp "$(fa "$W/known")" "$(fa "$W/one")"
for ending in nii nii.gz mif mif.gz; do
    run "file_$ending" dti "$good" -o "$W/ending.$ending" --maps fa --mask none
    check "file_$ending" "no file" test -s "$W/ending.$ending" -a -s "$W/ending.json"
    rm -f "$W/ending.json"
done
holds mif "max(abs(a - b) for a, b in zip(load('$W/ending.mif')[1], load('$W/ending.nii')[1])) == 0 and
    same_affine(load('$W/ending.mif')[2], load('$W/ending.nii')[2])"
run prefix_mif dti "$good" -o "$W/deep/er/sub-01" --maps fa,md --ending mif --mask none
check prefix_mif "no file" test -s "$W/deep/er/sub-01_model-DTI_param-MD_dwimap.mif"

# ---- voxels that hold no numbers ----
run nan dti "$W/nan.nii.gz" -o "$W/nan" --maps fa --mask "$W/mask.nii.gz" --json
says nan '2 of 960 voxels hold a value that is NaN or infinite: they are left out, 1 of them in the mask'
check nan_json "not counted" grep -q '"not_finite": 2' "$W/out"
holds nan "(lambda a, b: [n for n in range(960) if a[n] != b[n]] == [5 + 12 * 34] and b[5 + 12 * 34] == 0)(
    load('$(fa "$W/known")')[1], load('$(fa "$W/nan")')[1])"
refuses all_nan 3 'allnan.nii.gz: every voxel of the mask holds a value that is NaN or infinite' \
    "$V" dti "$W/allnan.nii.gz" -o "$W/n" --mask none
refuses flat 6 'flat.nii.gz: mask: the smoothed unweighted signal is 7 in every voxel' \
    "$V" mask "$W/flat.nii.gz" -o "$W/n.nii"

# ---- series and tables that are wrong ----
table() { # OPTIONS...: dti of the good series
    "$V" dti "$good" -o "$W/n" "$@"
}
refuses three_axes 3 'three.nii.gz: 3 axes, 12 x 10 x 8; a series has four' "$V" dti "$W/three.nii.gz" -o "$W/n"
refuses five_axes 3 'five.nii: 5 axes, 12 x 10 x 8 x 2 x 2; a series has four' "$V" dti "$W/five.nii" -o "$W/n"
refuses truncated 3 'cut.nii.gz: ' "$V" dti "$W/cut.nii.gz" -o "$W/n"
refuses cut_off 3 'cut.nii: ' "$V" dti "$W/cut.nii" -o "$W/n"
refuses complex 3 'complex.nii: complex numbers' "$V" dti "$W/complex.nii" -o "$W/n"
refuses no_affine 3 'nowhere.nii: no affine' "$V" dti "$W/nowhere.nii" -o "$W/n"
refuses no_file 3 'none.nii: .*No such file' "$V" dti "$W/none.nii" -o "$W/n"
refuses no_image 3 'good.bval' "$V" dti "$W/good.bval" -o "$W/n"
refuses no_table 2 'three.nii.gz|no gradient table: neither --bvals' \
    sh -c "ln '$good' '$W/lonely.nii.gz' && '$V' dti '$W/lonely.nii.gz' -o '$W/n'; rc=\$?; rm '$W/lonely.nii.gz'; exit \$rc"
refuses bvals_alone 2 '\-\-bvecs is missing' table --bvals "$W/good.bval"
refuses bvecs_alone 2 '\-\-bvals is missing' table --bvecs "$W/good.bvec"
refuses two_tables 2 '\-\-grad does not go with --bvals' table --grad "$W/good.b" --bvals "$W/good.bval" \
    --bvecs "$W/good.bvec"
refuses bval_count 3 'short.bval: 1 x 30 b-values; .*good.nii.gz has 31 volumes' \
    table --bvals "$W/short.bval" --bvecs "$W/good.bvec"
refuses bval_rows 3 'square.bval: 2 x 31 b-values' table --bvals "$W/square.bval" --bvecs "$W/good.bvec"
refuses bvec_count 3 'short.bvec: directions of 3 x 30 numbers; of 31 volumes 3 x 31 or 31 x 3' \
    table --bvals "$W/good.bval" --bvecs "$W/short.bvec"
refuses not_unit 3 'long.bvec: volume 5: its direction .* has the length 1.5, not 1' \
    table --bvals "$W/good.bval" --bvecs "$W/long.bvec"
check unit_tolerance "the tolerance is not heeded" table --bvals "$W/good.bval" --bvecs "$W/long.bvec" --maps fa \
    --unit-tolerance 0.6 -q --mask none
rm -f "$W"/n_*
refuses nan_direction 3 'nan.bvec.txt: volume 6: b is 1000 s/mm2 and its direction is -?nan' \
    table --bvals "$W/good.bval" --bvecs "$W/nan.bvec.txt"
refuses all_b0 3 'zero.bval: no volume is weighted' table --bvals "$W/zero.bval" --bvecs "$W/good.bvec"
refuses threshold 3 'good.bval: no volume is weighted: .* at most --b0-threshold' table --b0-threshold 1500
refuses negative_b 3 'negative.bval.*: volume 4: b is -5 s/mm2' table --bvals "$W/negative.bval" --bvecs "$W/good.bvec"
refuses words 3 'words.bval:1: .many' table --bvals "$W/words.bval" --bvecs "$W/good.bvec"
refuses grad_count 3 'short.b: a table of 30 x 4 numbers; of 31 volumes 31 x 4' table --grad "$W/short.b"
refuses scheme_count 3 'short.mif: dw_scheme: a table of 30 x 4 numbers; of 31 volumes 31 x 4' \
    "$V" dti "$W/short.mif" -o "$W/n"
refuses scheme_words 3 "words.mif: dw_scheme, line 3: '0,0,up,1000' is not x,y,z,b" "$V" dti "$W/words.mif" -o "$W/n"
refuses mask_shape 3 'mask_small.nii.gz: 11 x 10 x 8 voxels, of .*good.nii.gz 12 x 10 x 8: not the same grid' \
    table --mask "$W/mask_small.nii.gz"
refuses mask_affine 3 'mask_moved.nii.gz: its affine puts a corner 0.5 mm from .*: not the same grid' \
    table --mask "$W/mask_moved.nii.gz"
refuses mask_axes 3 'mask_four.nii.gz: 4 axes' table --mask "$W/mask_four.nii.gz"
refuses mask_empty 3 'mask_empty.nii.gz: no voxel is in the mask' table --mask "$W/mask_empty.nii.gz"
refuses mask_none 3 'absent.nii: .*No such file' table --mask "$W/absent.nii"

# ---- options ----
refuses no_output 2 '\-\-output is missing' "$V" dti "$good"
refuses unknown_map 2 "\-\-maps: 'fractional' is none of fa, md" table --maps fractional
refuses many_in_one 2 'name of one file and there are 2 maps' "$V" dti "$good" -o "$W/n.nii" --maps fa,md
refuses no_maps 2 '\-\-maps: none is named' table --maps ''
refuses folder_name 2 'is no name of a file' "$V" dti "$good" -o "$W/n/"
refuses ols_iterations 2 '\-\-iterations does not go with --fit ols' table --fit ols --iterations 2
refuses wls_none 2 '\-\-iterations 0 is --fit ols' table --iterations 0
refuses spell 2 "\-\-sphere: 'round' is none of" "$V" csd "$good" -o "$W/n.nii" --sphere round
refuses odd_order 2 '\-\-order: 3 is odd' "$V" csd "$good" -o "$W/n.nii" --order 3
refuses no_shell 2 '\-\-shell 2: the series has 1' "$V" csd "$good" -o "$W/n.nii" --shell 2
refuses response_options 2 '\-\-response-fa is of --response auto, and this is recursive' "$V" csd "$good" \
    -o "$W/n.nii" --response recursive --response-fa 0.5
refuses which_shell 2 'the series has 2 shells; say which' "$V" odf "$good" -o "$W/n" --bvals "$W/two.bval" \
    --bvecs "$W/good.bvec"
refuses csd_few 3 '11 directions of b = 1000 s/mm2; a density of fibres needs 15' "$V" csd "$good" -o "$W/n.nii" \
    --bvals "$W/few.bval" --bvecs "$W/good.bvec"
refuses response_sign 3 'response_bad.txt: the first term is -800' "$V" csd "$good" -o "$W/n.nii" --mask none \
    --response "$W/response_bad.txt"
refuses response_lines 3 'response_three.txt: 3 lines; one is expected, or one for each of 2 shells' \
    "$V" csd "$good" -o "$W/n.nii" --mask none --response "$W/response_three.txt"
refuses response_none 6 'response: no voxel has an FA above 0.9' "$V" csd "$good" -o "$W/n.nii" \
    --mask "$W/mask.nii.gz" --response-fa 0.9
refuses no_harmonics 3 'odd_sh.nii: 14 volumes; spherical harmonics of even order have 1, 6, 15' \
    "$V" peaks "$W/odd_sh.nii" -o "$W/n"
run lower csd "$good" -o "$W/lower.nii" --mask "$W/mask.nii.gz"
says lower_order '30 directions: order 6 instead of 8'
holds lower_order "load('$W/lower.nii')[0] == (12, 10, 8, 28)"
run higher csd "$good" -o "$W/higher.nii" --mask "$W/mask.nii.gz" --order 8
says higher_order '\-\-order 8: 30 directions determine fewer than its 45 coefficients'
run lower_odf odf "$good" -o "$W/lower" --order 4 --mask "$W/mask.nii.gz" --bvals "$W/few.bval" --bvecs "$W/good.bvec"
says lower_odf '\-\-order 4: 11 directions determine fewer than its 15'
run peak_of_known peaks "$W/higher.nii" -o "$W/known_peaks.nii" --maps peaks --mask "$W/mask.nii.gz" --npeaks 1 --unit-length
# The set's nearest direction to the x axis is within 5 degrees.
holds peak_of_known "(lambda m, p: all(abs(p[n]) > 0.996 if m[n] else p[n] == 0 for n in range(960)))(
    load('$W/mask.nii.gz')[1], load('$W/known_peaks.nii')[1])"

# ---- outputs ----
refuses exists 4 'known_model-DTI_param-FA_dwimap.nii.gz exists \(--force' "$V" dti "$good" -o "$W/known"
refuses sidecar_exists 4 'only.json exists \(--force' sh -c \
    "touch '$W/only.json'; '$V' dti '$good' -o '$W/only.nii' --maps fa --mask none; rc=\$?; rm '$W/only.json'; exit \$rc"
refuses is_input 4 'good.nii.gz' "$V" dti "$good" -o "$good" --maps fa --force
refuses is_mask 4 'mask.nii.gz' "$V" dti "$good" --mask "$W/mask.nii.gz" -o "$W/mask.nii.gz" --maps fa --force
refuses is_table 4 'response.txt' "$V" csd "$good" -o "$W/n.nii" --response "$W/response.txt" --mask none \
    --response-out "$W/response.txt" --force
check force "--force does not replace" "$V" dti "$good" -o "$W/known" --mask "$W/mask.nii.gz" --force -q
refuses unwritable 4 'cannot make the folder' "$V" dti "$good" -o /proc/nowhere/n
refuses wrong_ending 4 'n.json|is no|cannot' "$V" mask "$good" -o /proc/nowhere/n.nii
limited() { (ulimit -f 8 && "$@"); }
refuses size_limit 4 'File too large|No space|no room' limited "$V" dti "$good" -o "$W/deep2/er/n" --mask none \
    --ending nii
if mkdir "$W/disk" && mount -t tmpfs -o size=64k tmpfs "$W/disk" 2>/dev/null; then
    refuses full_disk 4 'No space|no room' "$V" dti "$good" -o "$W/disk/n" --mask none --ending nii
    umount "$W/disk"
else
    skip full_disk "mounting a small file system is not allowed here"
fi
rmdir "$W/disk" 2>/dev/null
interrupted interrupt 2 "$W/stopped/deep/" "$V" dti "$good" -o "$W/stopped/deep/n" --mask none
interrupted terminate 15 "$W/stopped/" "$V" csd "$good" -o "$W/stopped/n.nii" --mask "$W/mask.nii.gz"
exit $failed
