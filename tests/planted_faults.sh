#!/bin/sh
# The tests' own test: faults are planted one by one in a copy of the sources, and some test must fail.
#   planted_faults.sh              all of them, in order
#   planted_faults.sh NAME...      these
#   planted_faults.sh --list       their names
#   planted_faults.sh --check      a line for each whose text or test is gone; plants and builds nothing
# One build of the kernels (VXG_PORTABLE), in $VXG_PLANTED (build/planted), kept between runs. Every fault changes a
# file and changes it back: where ccache is installed the second is no compilation.
# Lines: PASS planted.NAME when a test noticed; FAIL when none did, or when the text to change is gone.
set -u
cd "$(dirname "$0")/.." || exit 1
if [ "${1:-}" = --list ]; then
    sed -n 's/^plant \([a-z0-9_]*\) .*/\1/p' tests/planted_faults.sh
    exit 0
fi
chosen=" $* "
if [ "${1:-}" = --check ]; then
    # plant NAME FILE SED TEST...: what a run would find first
    plant() {
        name=$1 file=$2 change=$3
        shift 3
        sed -E "$change" "$file" 2>/dev/null | cmp -s - "$file" && echo "$name: nothing in $file matches $change"
        [ -f "$file" ] || echo "$name: there is no $file"
        for t in "$@"; do
            [ -f "tests/${t%% *}.c" ] || [ -f "tests/${t%% *}" ] || echo "$name: there is no test ${t%% *}"
        done
    }
    plants=$(mktemp) || exit 1
    sed -n '/^# ---- pairs that no longer match ----/,/^exit/p' "$0" | grep -v '^exit' >"$plants"
    # shellcheck disable=SC1090
    . "$plants"
    rm -f "$plants"
    exit 0
fi
work=${VXG_PLANTED:-$(pwd)/build/planted}
copy=$work/source
log=$work/log
jobs=$(nproc 2>/dev/null || echo 2)
VXG_CACHE_DIR=$work/cache
CCACHE_DIR=$work/ccache
export VXG_CACHE_DIR CCACHE_DIR
launcher=
command -v ccache >/dev/null && launcher=-DCMAKE_C_COMPILER_LAUNCHER=ccache
failed=0
mkdir -p "$copy"

# The copy follows the sources by content: a file that an interrupted run left changed comes back, with a new
# time, so that it is built again; the others keep theirs.
files() { (cd "$1" && find CMakeLists.txt include src kernels tests tools cli examples python data/phantoms data/spheres -type f -not -name '*.pyc' 2>/dev/null | sort); }
files . >"$work/here"
files "$copy" >"$work/there"
comm -13 "$work/here" "$work/there" | while read -r f; do rm -f "$copy/$f"; done
while read -r f; do
    cmp -s "$f" "$copy/$f" && continue
    mkdir -p "$copy/$(dirname "$f")"
    cp "$f" "$copy/$f"
done <"$work/here"
: >"$work/baseline" # tests seen to pass without a fault

fail() {
    echo "FAIL planted.$1: $2"
    failed=1
}

# Beside the test programs, what they run or load.
beside="fake_cuda voxgrad_cli voxgrad_h5 h5_attack make_scan signal_on_write example_recon example_custom_solver example_random_views"
build() { # build TARGET...
    # shellcheck disable=SC2086
    cmake --build "$work/b" -j"$jobs" --target $beside "$@" >"$log" 2>&1
}

# notices "PROGRAM ARGUMENT" or "SCRIPT.sh": succeeds when a line FAIL is printed or the program dies
notices() {
    # shellcheck disable=SC2086
    set -- $1
    program=$1
    shift
    case $program in
    *.sh) VXG_DEEP='' VXG_BUILD=$work/b VXG_PYTHON_TREE=$copy timeout 600 sh "tests/$program" "$@" >"$work/out" 2>&1 ;;
    *) timeout 600 "$work/b/tests/test_$program" "$@" >"$work/out" 2>&1 ;;
    esac
    code=$?
    grep -q '^FAIL ' "$work/out" || { [ $code != 0 ] && [ $code != 1 ]; }
}

# The programs beside the tests are built with every one of them.
target_of() {
    case ${1%% *} in
    *.sh) ;;
    *) echo "test_${1%% *}" ;;
    esac
}

# passes_without TEST...: without a fault the tests pass (looked at once a run)
passes_without() {
    for t in "$@"; do
        grep -qxF "$t" "$work/baseline" && continue
        # shellcheck disable=SC2046
        build $(target_of "$t") || {
            fail "$name" "the build without the fault: $(grep -m 1 -E 'error|Error' "$log")"
            return 1
        }
        if notices "$t"; then
            fail "$name" "$t fails without the fault: $(grep -m 1 '^FAIL' "$work/out")"
            return 1
        fi
        echo "$t" >>"$work/baseline"
    done
}

# plant NAME FILE SED TEST...: each TEST is "PROGRAM [ARGUMENT]" or a script, "SCRIPT.sh [ARGUMENT]"
plant() {
    name=$1 file=$2 change=$3
    shift 3
    case $chosen in
    "  " | *" $name "*) ;;
    *) return ;;
    esac
    cp -p "$copy/$file" "$work/saved"
    sed -E "$change" "$work/saved" >"$copy/$file"
    if cmp -s "$copy/$file" "$work/saved"; then
        fail "$name" "nothing in $file matches $change: keep this list up to date"
        cp -p "$work/saved" "$copy/$file"
        return
    fi
    targets=
    for t in "$@"; do
        if [ ! -f "tests/${t%% *}.c" ] && [ ! -f "tests/${t%% *}" ]; then
            fail "$name" "there is no test ${t%% *}"
            cp -p "$work/saved" "$copy/$file"
            return
        fi
        targets="$targets $(target_of "$t")"
    done
    cp -p "$work/saved" "$copy/$file"
    passes_without "$@" || return
    sed -E "$change" "$work/saved" >"$copy/$file"
    # shellcheck disable=SC2086
    if build $targets; then
        found=
        for t in "$@"; do
            if notices "$t"; then
                found=$t
                break
            fi
        done
        if [ -n "$found" ]; then
            echo "PASS planted.$name"
        else
            fail "$name" "no test noticed ($*)"
        fi
    else
        fail "$name" "the planted fault does not compile: $(grep -m 1 error "$log")"
    fi
    cat "$work/saved" >"$copy/$file" # a new mtime: the next build sees it is back
}

cmake -S "$copy" -B "$work/b" -DVXG_PORTABLE=ON -DVXG_KERNEL_FLAGS=-O1 -DCMAKE_BUILD_TYPE=Debug \
    "-DCMAKE_C_FLAGS_DEBUG=-O1" $launcher \
    >"$log" 2>&1 || {
    fail baseline "cmake: $(tail -n 1 "$log")"
    exit 1
}
# ---- pairs that no longer match ----
plant adjoint_weight_1_percent kernels/ct/project/parallel.k \
    's/part = K_fma\(w, proj/part = K_fma(w * K_R(1.01), proj/' "op_checks ct.parallel2d.joseph.float64.tiny"
plant adjoint_drops_last_view kernels/ct/project/parallel.k \
    's/view < nviews; view\+\+/view < nviews - 1; view++/' "op_checks ct.parallel2d.joseph.float64.tiny"
plant accumulate_ignored kernels/ct/project/parallel.k \
    's/proj\[at\] = K_I\(6\) \? proj\[at\] \+ v : v/proj[at] = v/' "op_checks ct.parallel2d.joseph.float64.tiny"
plant buffers_swapped src/device/cpu/cpu.c \
    's/job\.buffers\[i\] = launch->buffer\[i\]/job.buffers[i] = launch->buffer[i < 2 \&\& launch->nbuffers > 2 ? 1 - i : i]/' \
    "op_checks ct.parallel2d.joseph.float64.tiny"
plant schedule_mixes_lanes kernels/num/lanes.cpu.h \
    's/d \+ 2 \* pitch, d \+ 3 \* pitch/d + 3 * pitch, d + 2 * pitch/' "ct_schedule" "op_checks ct.parallel.joseph.float32"
plant schedule_weight_1_percent kernels/ct/schedule/parallel_places.cpu.h 's/\(w & ~ct_below_zero\(w\)\) \* CT_UNIT/(w \& ~ct_below_zero(w)) * CT_UNIT * 1.01f/' "ct_schedule" "op_checks ct.parallel.joseph.float32"
plant schedule_estimate_a_column_late kernels/ct/schedule/parallel_places.cpu.h 's/\(a->nu - 1\) \+ 1;/(a->nu - 1) + 2;/' "ct_schedule"
plant backprojection_reach_short src/ct/project/parallel.c 's/fabs\(low\[0\]\) \+ 1\.01/fabs(low[0]) - 0.5/' "op_checks ct.backprojector.float32" "ct_positions"
plant schedule_passes_of_another_view kernels/ct/schedule/parallel.cpu.h 's/if \(skip\) \{ /if (skip < 0) { /' "ct_limits steps_apart"
plant row_beside_the_slice_seen src/ct/geometry/voxels.c 's/v\.nz == 1 && s == 0/v.nz == 1/' "ct_limits row_beside"
plant backprojection_reach_rounded src/ct/project/parallel.c 's/most \* \(1 \+ 1e-6\)/most/' "ct_limits last_of"
plant parallel_low_parts_lost src/ct/project/parallel.c 's/low\[i\] = line\[i\] - high/low[i] = 0 * high/' "ct_positions joseph_plain" "ct_positions siddon"
plant schedule_rests_lost src/ct/schedule/parallel.c 's/\(float\)\(units - whole\)/0 * (float)(units - whole)/' "ct_positions joseph_schedules"
plant schedule_place_of_the_tile kernels/ct/schedule/parallel_places.cpu.h 's/\(float\)\(u - whole\)/(float)u - (float)whole/' "ct_positions backprojector_schedule"
plant cone_schedule_rows_cut src/ct/schedule/cone.c 's/floor\(r\[0\]\) - 1/floor(r[0]) + 2/' "ct_schedule_cone tilts"
plant cone_schedule_drift_unguarded kernels/ct/schedule/cone_backproject.cpu.h 's/du \* g \* g \* 7 > CB_ONE/du * g * g * 7 > 100/' \
    "ct_schedule_cone tilts"
plant cone_schedule_curved_rows kernels/ct/schedule/cone_backproject.cpu.h 's/const double middle = curved \? 0\.5 \* \(nv - 1\) : 0/const double middle = curved ? 0.5 * nv : 0/' \
    "ct_schedule_cone curved"
plant cone_pixels_last_row kernels/ct/schedule/cone_pixels.cpu.h 's/v = v < end \? v : end/v = v < end - 2 ? v : end - 2/' \
    "ct_schedule_cone few_slices"
plant cone_schedule_behind_source kernels/ct/schedule/cone_backproject.cpu.h 's/int64_t seen = \(depth > 0\) &/int64_t seen =/' \
    "ct_schedule_cone near_the_source"
plant stale_cache_entry src/device/cache.c \
    's/for \(int i = 0; i < count; i\+\+\)( vxg__sha256_add)/for (int i = 0; i < count - 1; i++)\1/' "internal_cache key"
plant cache_of_others src/device/cache.c 's/if \(st->st_mode & \(S_IWGRP \| S_IWOTH\)\)/if (0)/' "internal_cache writable"
plant cache_without_secret src/device/cache.c 's/\(i < SECRET_BYTES \? secret\[i\] : 0\)/0/' "internal_cache keyed"
plant threads_change_in_a_call src/base/threads.c 's/if \(scope\.threads\) return scope\.threads;//' "internal_threads change"
plant fork_loses_pieces src/base/threads.c 's/own->lost = own->busy > 0/own->lost = 0/' "internal_threads fork_in_poll"
plant second_caller_waits src/base/threads.c 's/^    if \(inside \|\| workers <= 1/    while (pool.jobs \&\& !inside) usleep(100);\n    if (inside || workers <= 1/' "internal_threads nobody_waits"
plant fork_leaves_locks src/base/lock.c 's/if \(taken\) pthread_mutex_lock\(&l->mutex\);/;/; s/l->taken = taken;/l->taken = 0;/' "fork while"
plant pool_of_the_parent src/base/lock.c 's/w->after\(\);/(void)w;/' "fork"
plant log_never_delivered src/base/lock.c 's/if \(when_free\) when_free\(\);/;/' "base_status"
plant queues_in_no_order src/device/order.c 's/if \(!a\.queue \|\| a\.queue == q->order\.number\) return VXG_OK;/return VXG_OK;/' "internal_order queues" "device_order opencl"
plant readers_forgotten src/device/order.c 's/i < b->nreaders && writes; i\+\+\)/i < b->nreaders \&\& writes > 1; i++)/' "internal_order queues"
plant buffers_do_not_rest src/device/order.c 's/const int now = b->order\.nmarks == 0 \&\& /const int now = 1 || /' "internal_order queues"
plant memory_before_it_is_there src/device/cuda/memory.c 's/if \(!status \&\& \(zeros \|\| impl->pool\)\)/if (!status \&\& zeros)/' "internal_cuda_memory uninitialised"
plant pool_keeps_all src/device/order.c 's/if \(dev->backend->trim\) dev->backend->trim\(dev\);//' "internal_cuda_memory pool"
plant zeros_of_an_image_gone src/device/image.c 's/status = vxg__image_write\(NULL, image, i, 1, zeros, 0\);/{ vxg_queue *q; vxg__device_queue(image->dev, \&q); status = image->dev->backend->image_write(q, image, i, 1, zeros, 0); }/' "internal_fake_cuda"
plant pool_bound_forgets_use src/device/cuda/memory.c 's/uint64_t bound = __atomic_add_fetch\(&impl->in_use, change, __ATOMIC_RELAXED\) \+ impl->keep;/uint64_t bound = impl->keep + 0 * change;/' "internal_cuda_memory bound"
plant pool_without_bound src/device/cuda/memory.c 's/const double mb = vxg__number\(words, &end\);/const double mb = 1000 + 0 * vxg__number(words, \&end);/' "internal_cuda_memory bound"
plant asks_while_recording src/device/order.c 's/\(!b->dev->order\.recording \&\& is_done\(b->dev, m\)\)/is_done(b->dev, m)/' "internal_cuda_memory while_recording"
plant frees_while_recording src/device/order.c 's/ \&\& !b->order\.unknown \&\& !d->recording;/ \&\& !b->order.unknown;/' "internal_cuda_memory while_recording"
plant makes_while_recording src/device/cuda/cuda.h 's/CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;/CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;/' "internal_cuda_memory while_recording"
plant failed_wait_is_done src/device/order.c 's/if \(how != CLOSE\) return 0;/;/' "internal_cuda_memory failing_waits"
plant pieces_without_offset src/device/opencl/kernels.c 's/cut \? offset : NULL/NULL/' "internal_poll opencl"
plant pieces_not_asked src/device/pieces.c 's/!status && vxg__poll\(p\)/!status \&\& vxg__cancelled(p)/' "internal_poll simulated"
plant first_use_unlocked src/device/device.c '/^int vxg_device_open/,/^}/s/vxg__(un)?lock\(&open_lock\);//' "device_races"
plant level_refused src/device/cpu/cpu.c 's/ +\.has_levels = 1,//' "array_abuse"

# ---- pairs that still match and are wrong ----
plant half_pixel_both_ways src/ct/geometry/standard.c \
    's/double shift = \(0\.5 \* \(double\)\(o->cols - 1\) - center\)/double shift = (0.5 * (double)o->cols - center)/' "ct_accuracy_point axis_off"
plant sign_of_u_both_ways src/ct/geometry/standard.c 's/\.U = \{pu \* c, pu \* s, 0\}/.U = {-pu * c, -pu * s, 0}/' "ct_accuracy_point axis_off"
plant turns_the_other_way src/ct/geometry/standard.c 's/s = sin\(o->angles\[i\]\)/s = -sin(o->angles[i])/' "ct_accuracy_point axis_off"
plant no_length_both_ways src/ct/project/parallel.c 's/c\[1\] = 1 \/ fabs\(v->r\[a\]\)/c[1] = 1/' "ct_accuracy lengths"
plant axis_scale src/ct/geometry/voxels.c 's/size\[3\] = \{vol->dx, vol->dy, vol->dz\}/size[3] = {vol->dx, vol->dx, vol->dz}/' "ct_accuracy_point other_volumes"
plant siddon_borders_open kernels/ct/project/parallel.h 's/below >= K_R\(0\.0\) \&\&/below > K_R(0.0) \&\&/' "parity siddon_ties"
plant siddon_faces_of_each_cell kernels/ct/project/parallel.h \
    's/\(high \+ K_R\(0\.5\)\) \+ low, \(high - K_R\(0\.5\)\) \+ low/(high + low) + K_R(0.5), (high + low) - K_R(0.5)/' "ct_accuracy faces"

plant axis_mirrored src/ct/geometry/standard.c \
    's/double shift = \(0\.5 \* \(double\)\(o->cols - 1\) - center\)/double shift = (center - 0.5 * (double)(o->cols - 1))/' "ct_accuracy"
plant rows_upside_down src/ct/geometry/standard.c 's/\.V = \{0, 0, pv\}/.V = {0, 0, -pv}/' "ct_accuracy_point full_turn"
plant weight_too_wide_both_ways kernels/ct/project/parallel.h 's/K_R\(1\.0\) - K_abs\(b - /K_R(1.01) - K_abs(b - /; s/s\.w0 = K_R\(1\.0\) - way/s.w0 = K_R(1.01) - way/' "ct_accuracy lengths"
plant fbp_drops_last_view src/ct/analytic/fdk_plan.c \
    's/    if \(folded\) return VXG_OK;/    if (folded) p->view_weights[s->nviews - 1] = 0;\n&/' "ct_accuracy"
plant fbp_forgets_pixel_size src/ct/analytic/fbp.c 's/nfft, p->pitch, response/nfft, 1, response/' "ct_accuracy pixel"
plant pitch_of_view_0 src/ct/analytic/fdk_plan.c 's/\*= p->pitch \/ vxg__ct_level_pitch\(geo, vxg_ct_geometry_view\(geo, i\)\)/*= 1/' "ct_scans pitch"
plant yaw_not_seen src/ct/geometry/axis.c 's/return fabs\(v->U\[0\] \* u\[0\] \+ v->U\[1\] \* u\[1\]\)/return hypot(v->U[0], v->U[1])/' "ct_scans pitch"
plant half_acquisition_doubled src/ct/geometry/scan_kind.c 's/if \(aside && !open\) s->method = VXG__SCAN_OFFSET;//' "ct_scans half_acquisition"
plant laminography_taken src/ct/geometry/scan_kind.c 's/define MOST_TILT 1e-3/define MOST_TILT 1.5/' "ct_scans fbp_refusals"
plant slice_left src/ct/project/parallel.c 's/if \(planar\) status = vxg__ct_within_slice.*;//' "ct_scans leave_the_slice"

# ---- footprints ----
plant footprint_flat_too_short kernels/ct/project/footprint.k 's/K_min\(high, o\[2\]\)/K_min(high, o[1])/' "ct_footprint strips"
plant footprint_length_in_the_slice kernels/ct/project/footprint.k 's/az = wz \* K_P\(2\)/az = wz * K_R(0.0)/' "ct_footprint mass_of_a_cone"
plant footprint_slant_mirrored src/ct/project/footprint.c 's/spatial \* v->U\[2\] \/ step/-&/' "ct_footprint half_voxel"
plant footprint_adjoint_search_narrow kernels/ct/project/footprint.k 's/(ulow = o\[4\] \+ o\[0\] - )K_R\(0\.51\)/\1K_R(0.3)/' \
    "op_checks ct.parallel2d.footprint"
plant footprint_area_unscaled kernels/ct/project/footprint.k 's/K_R\(4\.0\) \* reach/K_R(4.1) * reach/' "ct_footprint mass_tt"

# ---- fan and cone beams backprojected ----
plant cone_bp_adjoint_1_percent kernels/ct/project/cone_backproject.k 's/const real v = w \* vol/const real v = w * K_R(1.01) * vol/' \
    "op_checks ct.cone.backprojector.float64.tiny"
plant cone_bp_search_narrow kernels/ct/project/cone_backproject.k 's/q1 = q \+ K_R\(1\.01\)/q1 = q + K_R(0.8)/' \
    "op_checks ct.cone.backprojector.float64.tiny"
plant cone_bp_half_pixel_both_ways kernels/ct/project/cone_place.h 's/inverse, middle_u\);/inverse, middle_u + K_R(0.5));/' "ct_fdk_backproject flat"
plant texture_distance kernels/ct/project/cone_texture.k 's/K_I\(7\) \? inverse \* inverse/K_I(7) ? inverse/' "ct_texture cpu"
plant definitions_share_a_program src/device/build.c 's/"%s %s", unit, options/"%s", unit/' "device_conformance"
plant variant_of_another_size src/device/cpu/cpu.c 's/ \|\| strcmp\(k->options, kernel->options\)//' "device_conformance"
plant definitions_unsorted src/device/definitions.c 's/qsort\(list, \(size_t\)count/qsort(list, (size_t)0/' "device_kernels"
plant unknown_definition_taken src/device/kernel.c 's/int status = vxg__definitions_known.*$/int status = VXG_OK;/' "device_kernels"
plant atomic_least_for_most kernels/prelude/c.h 's/while \(v > old/while (v < old/' "device_conformance"
plant fft_twiddle_sign kernels/num/fft_pass.k 's/d = K_P\(1\) \* K_P\(0\) \* table/d = K_P(1) * table/' "op_fft"
plant fft_seventh_root kernels/num/fft_butterfly.h 's/0.97492791218182360702/0.97492791318182360702/' "op_fft"
plant fft_half_counts_once src/op/fft.c 's/kind == HALF \? 2 : 1/1/' "op_fft"
plant fft_middle_is_paired kernels/num/fft_ends.k 's/alone = k == 0 \|\| k == n - k;/alone = k == 0;/' "op_fft"
plant fft_lanes_weight kernels/num/fft_lanes.cpu.h 's/x\[2 \* k\] = a->weight_in \* x\[2 \* k\]/x[2 * k] = x[2 * k]/' "op_fft"
plant fft_lanes_last_line kernels/num/fft_lanes.cpu.h 's/left < LANE_W \? \(int\)left : LANE_W/LANE_W/' "op_fft"
plant fft_chirp_square src/op/fft.c 's/square \+ 2 \* k \+ 1/square + 2 * k/' "op_fft"
plant complex_dot_of_reals src/array/array.c 's/vxg_array_count\(x\) \* vxg__reals\(x->dtype\), blocks/vxg_array_count(x), blocks/' "op_fft"
plant texel_fraction kernels/prelude/c.h 's/v = r - fr;/v = q - fq;/' "internal_texture texels_cpu"
plant prepared_list_runs src/ct/project/prepared.c 's/list\[i \+ k\] == list\[i\] \+ k/list[i + k] >= list[i] + k/' "ct_prepared_list cpu"
plant prepared_texture_stale src/ct/project/prepared.c 's/return p->texture \? vxg__ct_texture_write\(.*$/return VXG_OK;/' "ct_prepared_list cpu"
plant cone_bp_behind_source kernels/ct/project/cone_place.h 's/if \(!\(w > K_R\(0\.0\)\)\) return 0;//' "ct_fdk_backproject flat"
plant cone_run_border kernels/ct/project/cone_columns.k 's/low >= 0 \&\& high/low >= -1 \&\& high/' "ct_cone_gpu opencl"
plant cone_run_steady src/ct/project/cone_backproject.c 's/return p->steady \? "cone_bp_steady" : "cone_bp_run";/return "cone_bp_steady";/' "ct_cone_gpu opencl"
plant cone_run_last kernels/ct/project/cone_run.h 's/if \(z0 \+ k >= nz\) return;/if (z0 + k > nz) return;/' "ct_cone_gpu opencl"
plant fdk_weight_adjoint_edge kernels/ct/analytic/fdk.k 's/gx == nu - 1; i\+\+/gx == nu; i++/' "op_checks ct.fan.fbp.float64.tiny"
plant fdk_distance_ratio src/ct/analytic/fdk_plan.c 's/radius \/ distance/1/' "ct_fdk unit_density"
plant fdk_flat_taps_on_an_arc src/ct/analytic/fdk.c 's/bend \* bend/1.0/' "ct_fdk wide_fan"
plant fdk_half_fan_cut_off src/ct/geometry/scan_kind.c 's/ceil\(fabs\(2 \* column\) - 1e-9\)/0/' "ct_fdk partial_fan"
plant parker_fan_mirrored src/ct/analytic/fdk_weights.c 's/b < 2 \* \(delta \+ g\)/b < 2 * (delta - g)/' "ct_fdk_weights parker"
plant offset_side_swapped src/ct/analytic/fdk_weights.c 's/hi < -lo \? -1 : 1/hi < -lo ? 1 : -1/' "ct_fdk_weights offset"
plant helix_not_divided src/ct/analytic/fdk.c 's/turns >= 0\.5 \? 1 \/ turns : 0/turns > 0 ? 1 : 0/' "ct_fdk helix"
plant half_acquisition_unsaid src/ct/geometry/scan_kind.c 's/return s->aside \&\& !s->turn\.ngaps/return 0 \&\& !s->turn.ngaps/' "ct_geometry_explain kinds"
plant gap_on_its_rim src/ct/geometry/arcs.c 's/a->spacing\[g\] = out->median;//' "ct_scans gap_weights"
plant gap_counts_once src/ct/geometry/arcs.c 's/count \+= a->spacing\[g\] > limit/count = 1/' "ct_scans gap_weights"
plant slab_weighted_alone src/ct/analytic/fdk_plan.c 's/opts->whole \? opts->whole : geo/geo/' "ct_scans whole"
plant short_side_counts_half src/ct/analytic/fdk_weights.c 's/if \(scan->by_position \&\&/if (0 \&\&/' "ct_scans overscans"
plant turn_folded_by_half src/ct/geometry/arcs.c 's/angles, 2 \* PI, VXG__WEDGE_AUTO/angles, PI, VXG__WEDGE_AUTO/' "ct_fdk_weights turn"

# ---- parts ----
plant box_half_voxel_off src/ct/project/partial.c 's/end\[i\] - n\[i\]\)/end[i] - n[i] + 1)/' "ct_partial voxels_of_a_box"
plant slice_turned_back src/ct/project/partial.c 's/rotation\[3 \* i \+ j\]/rotation[3 * j + i]/' "ct_partial oblique_slice"
plant prepared_window_ignored src/ct/project/prepared.c 's/out->offset \+= first/out->offset += 0/' "ct_partial some_prepared_views"
plant prepared_weights_of_the_first src/ct/project/prepared.c 's/p->weights\[first \+ i\]/p->weights[i]/' "ct_partial filtered"
plant prepared_workspace_each_time src/ct/project/prepared.c 's/if \(!p->workspace \|\| /if (1 || /' "ct_partial no_requests"

# ---- cone beam and geometry derivatives ----
plant cone_shadow_too_small kernels/ct/project/ray.h 's/K_R\(1\.01\) \* \(axis == 0/K_R(0.8) * (axis == 0/; s/K_R\(1\.01\) \* \(all/K_R(0.8) * (all/' \
    "op_checks ct.cone3d.joseph.float64.tiny"
plant cone_behind_the_source kernels/ct/project/ray_whole.h 's/if \(sign > K_R\(0\.0\)\) s\.lo = .*//' "ct_cone source_inside"
plant cone_length_isotropic kernels/ct/project/ray.h 's/y = d\.y \* K_P\(1\)/y = d.y * K_P(0)/' "ct_cone lengths"
plant cone_source_mirrored src/ct/project/cone.c 's/vxg__cross3\(v->s, (c \+ RAY_D \+ 3 \* k), (c \+ RAY_M \+ 3 \* k)\)/vxg__cross3(\1, v->s, \2)/' "ct_cone blobs"
plant curved_offset_mirrored src/ct/project/cone.c 's/\(nu - 1\) \+ q0\) \* step/(nu - 1) - q0) * step/' "ct_cone curved"
plant gradient_forgets_length kernels/ct/project/ray_gradient.k 's/ \+ y \* gradient_length\(d\.x.*;/;/' "ct_gradient differences"
plant gradient_forgets_source src/ct/project/gradient.c 's/add_cross\(t\[0\], c \+ RAY_D \+ 3 \* j, moment \+ 3 \* j\);//' "ct_gradient differences"
plant gradient_not_transposed src/ct/project/gradient.c 's/t\[0\]\[i\] = -m->scale \* h/t[0][i] = m->scale * h/' "ct_gradient transposed"

# ---- the cone-beam Joseph schedule ----
plant cone_schedule_third_row kernels/ct/schedule/cone_joseph.cpu.h 's/PICK\(p \+ 2, i\)/PICK(p + 3, i)/' "ct_schedule_cone_joseph parity"
plant cone_schedule_tile_too_narrow kernels/ct/schedule/cone_columns.cpu.h 's/edge \+ 1\.5 : -1\.5\) - m/edge - 1.5 : 1.5) - m/' "ct_schedule_cone_joseph parity"
plant cone_schedule_behind_the_source src/ct/schedule/cone_joseph.c 's/floor\(start \+ middle\) \+ 1/floor(start + middle)/' "ct_schedule_cone_joseph source"
plant cone_schedule_rows_upside_down src/ct/schedule/cone_joseph.c 's/\.flip = d\[8\] < 0/.flip = 0/' "ct_schedule_cone_joseph parity"

plant cone_schedule_rows_from_the_middle kernels/ct/schedule/cone_joseph.cpu.h 's/level = half - \(float\)z \* inverse/level = half/' "ct_cone_positions joseph_schedules"
plant cone_rays_on_a_coarse_grid src/ct/project/cone.c 's/ldexp\(1, 59 - /ldexp(1, 38 - /' "ct_cone_positions joseph_plain" "ct_cone_positions siddon"
plant cone_bp_on_a_coarse_grid src/ct/project/cone_backproject.c 's/exp2\(60 - /exp2(36 - /' "ct_cone_positions backprojector_plain"
plant cone_steps_twice_at_ties kernels/ct/project/cone.k 's/if \(steep\) cone_step/if (0) cone_step/' "ct_cone_positions ties"

# ---- schedules of footprints, Siddon and one slice ----
plant footprint_half_a_voxel_up kernels/ct/schedule/footprint.cpu.h 's/- 0\.5 \* s->size\.nz; \/\* lower/- 0.5 * (s->size.nz - 1); \/* lower/' "ct_schedule_footprint parity"
plant footprint_third_row kernels/ct/schedule/footprint.cpu.h 's/PICK\(p0 \+ 2, i\)/PICK(p0 + 3, i)/' "ct_schedule_footprint cone"
plant footprint_rows_of_another kernels/ct/schedule/footprint.cpu.h 's/\(size_t\)room \* sizeof/(size_t)0 * sizeof/' "ct_schedule_footprint parity"
plant footprint_upside_down src/ct/schedule/footprint.c 's/\.flip = c\[9\] < 0/.flip = 0/' "ct_schedule_footprint parity"
plant footprint_aligned_to_another src/ct/schedule/footprint.c 's/\*offset = \(int\)whole;/*offset = (int)whole + 1;/' "ct_schedule_footprint parallel"
plant footprint_without_length kernels/ct/schedule/footprint.cpu.h 's/s->cone \? s->size\.up : 0/0/' "ct_schedule_footprint cone"
plant siddon_second_piece kernels/ct/schedule/siddon.cpu.h 's/\(p == 0 \|\| a != b\)/p == 0/' "ct_schedule_cone_joseph siddon"
plant siddon_flat_rows_coarse kernels/ct/schedule/siddon.cpu.h 's/share\[k\] < 1 && climb > 0/share[k] < 0/' "ct_schedule_cone_joseph siddon"
plant siddon_upper_voxel kernels/ct/schedule/siddon.cpu.h 's/out\[cell\[r\] \+ 1\] \+= upper/out[cell[r]] += upper/' "ct_schedule_cone_joseph siddon"
plant siddon_behind_the_source kernels/ct/schedule/siddon.cpu.h 's/d > 0 \? v->s\[axis\] : -1e9/-1e9/' "ct_schedule_cone_joseph source"
plant slice_of_other_tiles kernels/ct/schedule/parallel_slice.cpu.h 's/sum \+= \(cj_f\)\(\(cj_i\)share & mine\)/sum += share/' "ct_schedule forward"
plant fan_slice_border kernels/ct/schedule/fan_slice.cpu.h 's/\(c->axis \? x : y\) \? 0 : -1,/0,/' "ct_schedule_cone_joseph fan"
plant fan_slice_falling kernels/ct/schedule/fan_slice.cpu.h 's/slope < 0 \? above : below/below/' "ct_schedule_cone_joseph fan"
plant oblique_rows_from_zero src/ct/project/parallel.c 's/, to\[8\] -= mv;/;/' "ct_schedule_rays backprojection"

# ---- the Joseph schedule for any rays ----
plant ray_schedule_cells_twice kernels/ct/schedule/ray_joseph.cpu.h 's/\*from = i \? i \* t : -1/*from = i ? i * t - 1 : -1/' "ct_schedule_rays forward"
plant ray_schedule_half_a_pair kernels/ct/schedule/ray_joseph.cpu.h 's/\+ q\[n \* way\[o2\]\]/+ 0 * q[n * way[o2]]/' "ct_schedule_rays adjoint"
plant ray_schedule_behind_the_source kernels/ct/schedule/ray_joseph.cpu.h 's/__builtin_floor\(start\) \+ 1/__builtin_floor(start)/' "ct_schedule_rays source"

# ---- repeatability and memory ----
plant sum_depends_on_threads src/array/array.c 's/#define BLOCK 65536/#define BLOCK (65536 \/ vxg_threads())/' "array dot"
plant leak_when_memory_fails src/ct/geometry/geometry.c 's/^        vxg__free\(g\);$/        (void)g;/' "internal_alloc ct_geometry"

# ---- operators and their registry ----
plant compose_forgets_linearity src/op/combine.c 's/vxg_op_is_linear\(outer\) \? inner->linear : 0/vxg_op_is_linear(outer) \&\& inner->ninputs == 1 ? inner->linear : 0/' "op_combine weighted"
plant add_keeps_one_mask src/op/combine.c 's/a->linear & b->linear/a->linear/' "op_combine masks"
plant bind_mask_not_shifted src/op/bind.c 's/op->linear >> 1 & ~below/op->linear \& ~below/' "op_combine"
plant stack_pieces_not_moved src/op/combine.c 's/vxg_subset_at\(s, first\) - k->top/vxg_subset_at(s, first)/' "op_combine subset_slot"
plant subset_of_views_shifted src/op/subset.c 's/\*out = vxg__rows\(table, vxg_subset_at\(s, 0\), s->count\)/*out = vxg__rows(table, 0, s->count)/' "op_checks ct.cone3d.siddon"
plant subset_tables_shifted src/op/subset.c 's/return from \+ \(size_t\)vxg_subset_at\(s, 0\) \* row/return from/' "ct_subset every"
plant subset_lists_unread src/op/subset.c 's/from \+ \(size_t\)vxg_subset_at\(s, i\) \* row, row/from + (size_t)i * row, row/' "ct_subset every"
plant arrays_reach_out src/op/evaluate.c 's/good = lo >= 0 && hi < n/good = 1/' "op_misuse reach"
plant overlap_unseen src/op/evaluate.c 's/out->temporary = 1;//' "op_misuse overlap"
plant overlap_of_outputs src/op/evaluate.c 's/VXG_FAIL_IF\(k >= first,/VXG_FAIL_IF(0,/' "op_memory outputs"
plant overlap_of_elements src/array/overlap.c 's/return search\(&s, middle, 2\);/return 0;/' "op_memory outputs"
plant overlap_guessed src/array/overlap.c 's/z <= last; z\+\+/z < last; z++/' "op_memory overlaps"
plant overlap_of_wraps src/array/overlap.c 's/if \(!a->foreign \|\| !b->foreign\) return 0;/return 0;/' "op_memory outputs"
plant read_only_written src/op/evaluate.c 's/VXG_FAIL_IF\(a->buffer->read_only,/VXG_FAIL_IF(0,/' "op_memory read_only_operators"
plant read_only_workspace src/op/evaluate.c 's/VXG_FAIL_IF\(call->workspace->read_only,/VXG_FAIL_IF(0,/' "op_memory workspaces"
plant workspace_anywhere src/op/evaluate.c 's/host % VXG_WORKSPACE_BASE,/host % 4,/' "op_memory workspaces"
plant workspace_wraps_round src/op/space.c 's/return SIZE_MAX; .*/;/' "op_memory workspace_sizes"
plant rows_added_of_any_type src/op/subset.c 's/keep == 0 \?/keep == 2 ?/' "op_memory any_type"
plant empty_has_gaps src/array/array.c 's/if \(a->shape\[i\] == 0\) return 1;/;/' "op_memory empty"
plant rank_of_rows_unread src/op/subset.c 's/VXG_TRY\(vxg__array_check\(whole, what\)\);//' "op_memory absurd"
plant check_of_nothing_ok cli/check.c 's/if \(unchecked \|\| !ok\)/if (0)/' "cli_check.sh"
plant math_of_any_type src/op/math.c 's/space->dtype != VXG_F32 && space->dtype != VXG_F64/0/' "op_memory types"
plant foreign_workspace src/op/evaluate.c 's/vxg_buffer_device\(call->workspace\) != e->op->dev/0/' "op_devices foreign"
plant failing_read_frees_twice src/array/array.c 's/^    \*v = \(host_view\)\{0\};$//' "op_devices failing"
plant name_registered_twice src/op/registry.c 's/if \(find\(row->name\)\)/if (0)/' "op_registry"

# ---- filters, weights, centre, files ----
plant ramp_with_dc_bias src/ct/analytic/response.c 's/taps\[0\] = 1 \/ \(4 \* pitch\)/taps[0] = 1.001 \/ (4 * pitch)/' "ct_response"
plant cutoff_ignored src/ct/analytic/response.c 's/\(double\)\(nfft \/ 2\) \/ cutoff/(double)(nfft \/ 2)/' "ct_response"
plant angle_weight_wrong src/ct/geometry/arcs.c 's/0\.5 \* both/0.51 * both/' "ct_weights"
plant flats_and_darks_swapped src/ct/pipeline/correct.c 's/\{VXG_FRAME_FLAT, VXG_FRAME_DARK\}/{VXG_FRAME_DARK, VXG_FRAME_FLAT}/' "ct_pipeline"
plant filtered_rows_forgotten src/ct/pipeline/filtered.c 's/VXG_TRY\(make_range\(f, keep1, r1\)\)/VXG_TRY(make_range(f, keep0, r1))/' "ct_pipeline_views memory"
plant tables_of_the_first_rows src/ct/analytic/fdk_plan.c 's/p->window\.r0, window_rows\(p\), scratch, c/0, window_rows(p), scratch, c/' "ct_pipeline_views memory"
plant memory_limit_ignored src/ct/pipeline/pipeline.c 's/if \(c->bytes <= room\) return/if (1) return/' "ct_pipeline bits"
plant reader_memory_uncounted src/ct/pipeline/pipeline.c 's/VIEW_BYTES \+ c->cost\.memory/VIEW_BYTES/' "ct_pipeline asked"
plant slabs_across_chunks src/ct/pipeline/pipeline.c 's/if \(n > step\) n -= n % step;//' "ct_pipeline asked"
plant chunks_unpacked_again src/ct/pipeline/reading.c 's/PASSES_MOST \* once/999 * once/' "ct_pipeline asked"
plant copy_without_memory src/ct/pipeline/reading.c 's/if \(cost\.memory \+ cost\.copy_memory > room\)/if (0)/' "ct_pipeline asked"
plant trials_unbounded src/ct/pipeline/pipeline.c 's/return c->bytes <= room \? VXG_OK : refuse_slice/return 1 ? VXG_OK : refuse_slice/' "ct_pipeline bounded"
plant axis_unbounded cli/memory.c 's/if \(all <= cli_memory_bytes\(limit\)\)/if (1)/' "cli_memory axis"
plant curved_rows_too_few src/ct/pipeline/views.c 's/k \? near : far\) \/ pitch/k ? far : far) \/ pitch/' "ct_pipeline_views slabs"
plant repair_blends_views_backwards src/ct/prep/repair.c 's/row\[a \* pitch \+ u\], row\[b \* pitch/row[b * pitch + u], row[a * pitch/' "ct_repair rule"
plant repair_stops_at_the_slab src/ct/pipeline/correct.c 's/if \(at < 0 \|\| at >= c->scan->nrows\)/if (at >= -9)/' "ct_repair repaired"
plant volume_unchecked src/ct/pipeline/parts.c 's/VXG_FAIL_IF\(at >= 0, VXG_ERR_NUM/VXG_FAIL_IF(at >= INT64_MAX, VXG_ERR_NUM/' "ct_repair too_many"
plant ring_rows_not_cancelled src/ct/pipeline/correct.c 's/int status = vxg__cancelled\(j->c->opts->progress\)/int status = 0/' "internal_correct rings"
plant cut_columns_move_axis src/ct/pipeline/pipeline.c 's/center - \(double\)p->c0/center + (double)p->c0/' "ct_pipeline ranges"
plant reader_one_row_off src/io/scan_read.c 's/box\[4\] = \{r0, r1,/box[4] = {r0 ? r0 - 1 : r0, r0 ? r1 - 1 : r1,/' "io_scan"
plant bare_dataset_ignores_columns src/io/scan_read.c 's/from\[2\] = \{first, box\[2\]\}/from[2] = {first, 0}/' "io_scan bare"
plant chunk_of_any_length src/io/h5/decode.c 's/made == want\)/made >= 0)/; s/if \(n != chunk_bytes\)/if (n < 0)/' "io_h5 chunks"
plant last_length_unchecked src/io/h5/decode.c 's/if \(n != chunk_bytes\)/if (n < 0)/' "io_h5 chunks"
plant strip_of_another_page src/io/tiff_read.c 's/if \(t->strip != strip \|\| !t->unpacked\)/if (!t->unpacked)/' "io_blocks tiff_boxes"
plant slices_with_gaps src/io/tiff_slices.c 's/number != s->list\[i - 1\]\.number \+ 1, VXG/number < 0, VXG/' "io_blocks tiff_slices"
plant slices_change_unseen src/io/tiff_slices.c 's/\|\| !vxg__stat_same\(&now, &s->list\[i\]\.was\)\)/)/' "io_blocks tiff_slices"
plant stack_changes_unseen src/io/tiff_stack.c 's/return vxg__tiff_unchanged\(s->file\)/return VXG_OK/' "io_blocks cut"
plant npy_order_unturned src/io/npy.c 's/info->turned = order/info->turned = 0 \&\& order/' "io_blocks byte_orders"
plant half_twice_as_large src/io/elements.c 's/ldexp\(1024 \+ rest, exponent - 25\)/ldexp(1024 + rest, exponent - 24)/' "io_blocks every"
plant slope_forgotten src/array/formats.c 's/if \(r->info\.slope != 0/if (r->info.slope > 1e9/' "io_blocks notes"
plant tck_cut_off_unseen src/io/tck.c 's/VXG_FAIL_IF\(vxg__source_left\(&t->s\) < \(int64_t\)each, /if (vxg__source_left(\&t->s) < (int64_t)each) break;\nVXG_FAIL_IF(full > 1, /' "io_tracts_damaged tck_damaged"
plant trk_larger_than_its_file src/io/trk.c 's/bytes > left - 4/bytes < 0/' "io_tracts_damaged trk_damaged"
plant trk_values_rounded src/io/trk_write.c 's/return \(double\)\*to == d \|\| isnan\(d\)/return 1/' "io_tracts trk_columns"
plant odd_positions_pass src/array/tracts.c 's/if \(odd < 3 \* points\)/if (odd < 0)/' "io_tracts batches"
plant zip_sum_unchecked src/io/zip_stream.c 's/s->summed && s->crc != s->wanted/s->summed > 1/' "io_trx zips_refused"
plant zip_place_without_extra src/io/zip.c 's/\(int64_t\)name \+ \(int64_t\)extra;/(int64_t)name + 0 * (int64_t)extra;/' "io_trx zips"
plant zip_members_overlap src/io/zip.c 's/end > z->members\[i\]\.place/end < 0/' "io_trx zips_refused"
plant zip_bomb src/io/zip_stream.c 's/if \(s->inflate\) VXG_TRY\(unpack_end\(s\)\);//' "io_trx deflated"
plant offsets_always_narrow src/io/trx_assemble.c 's/t->points <= UINT32_MAX/t->points <= INT64_MAX/' "internal_tracts wide"
plant old_arrays_stay src/io/trx_assemble.c 's/if \(!status && t->folder\) status = remove_old/if (!status \&\& t->folder \&\& !t->force) status = remove_old/' "io_trx folder_replaced"
plant affine_forgotten src/io/notes.c 's/info->has_affine = 1;//' "io_blocks notes"
plant slices_written_twice src/io/block_write.c 's/VXG_FAIL_IF\(b->seen\[z\]/VXG_FAIL_IF(b->seen[z] > 1/' "io_blocks refused" "io_volume slices"
plant checksum_unchecked src/io/h5/decode.c 's/n < 4 \|\| !checksum_holds\(now, n\)/n < 4/' "io_h5 checksum_alone"
plant source_too_small src/io/h5/virtual.c 's/\|\| !source_holds\(m, p\.source\)\)/)/' "io_h5 small_source"
plant links_lead_anywhere src/io/h5/files.c 's/return !strncmp\(real, s->folder/return 1 || !strncmp(real, s->folder/' "io_h5 other"
plant raw_files_are_read src/io/h5/files.c 's/VXG_FAIL_IF\(!s->follow, VXG_ERR_INPUT/VXG_FAIL_IF(s->follow \&\& !s->follow, VXG_ERR_INPUT/' "io_h5 other"
plant linked_files_unprotected cli/files.c 's/for \(int64_t i = 1; i < n \&\& !status; i\+\+\) status = vxg_outputs_protect/for (int64_t i = n; i < n; i++) status = vxg_outputs_protect/' "cli_h5.sh"
plant late_files_unprotected cli/recon.c 's/int status = cli_protect_scan\(job->out\.set, job->scan\);/int status = VXG_OK;/' "cli_h5.sh"
plant times_put_back src/io/same.c 's/\(!same_entry \|\|/(1 ||/' "io_h5 changes"
plant changes_unseen src/io/h5/elements.c 's/VXG_TRY\(vxg__h5_file_unchanged\(&s->files\[d->file\]\)\);//' "io_h5 changes"
plant missing_chunks_are_zero src/io/h5/read.c 's/(if \(w->b->bytes\[i\] == 0\)) return "it was/\1 return NULL; if (0) return "it was/' "io_h5 fill"
plant missing_pieces_are_zero src/io/h5/read.c 's/if \(missing\) return never_written/if (0) return never_written/' "io_h5 fill"
plant no_source_is_zero src/io/h5/virtual.c 's/VXG_TRY\(vxg__h5_covered/if (0) VXG_TRY(vxg__h5_covered/' "io_h5 no_source"
plant gaps_between_views src/io/h5/cover.c 's/% a->step < a->block;/% a->step < a->step;/' "io_h5 no_source"
plant links_in_circles src/io/h5/walk.c 's/\+\+w->hops > MOST_HOPS/0/' "io_h5 links"
plant slab_of_wrong_height src/ct/pipeline/views.c 's/0\.5 \* \(double\)\(z0 \+ z1 - vol->nz\)/0.5 * (double)(z0 + z1 + 1 - vol->nz)/' \
    "ct_pipeline_views"
plant band_too_narrow src/ct/pipeline/views.c 's/lo = floor\(lo\) - 1, hi = ceil\(hi\) \+ 2/lo = floor(lo) + 2, hi = ceil(hi) - 2/' \
    "ct_pipeline_views"
plant center_mirrored src/ct/prep/center_pair.c 's/double twice = 2 \* center/double twice = 2 * center + 0.5/' "ct_center every"

plant format_row_forgotten cli/kind.c 's/BYTES\(128, "DICM"/BYTES(127, "DICM"/' "cli_errors.sh"
plant no_darks_unsaid cli/odd.c 's/counts && s->nflats && !s->ndarks/counts \&\& s->nflats \&\& s->ndarks < 0/' "cli_odd.sh"
plant rings_match_themselves src/ct/prep/center_opposite.c 's/\(in\[u\] - m\[u\]\)/(in[u] - 0 * m[u])/; s/in\[l\] - m\[l\] \+ in\[r\] - m\[r\]/in[l] + in[r] + 0 * m[l]/' \
    "ct_center low_contrast"
plant noisy_ends_draw_the_axis src/ct/prep/center_opposite.c 's/\(int64_t\)ceil\(2 \* sigma\)/0/' "ct_center low_contrast" "cli_center.sh"
plant round_object_gone src/ct/prep/center_opposite.c 's/mean\[u\] -= m\[u\]/mean[u] -= 0 * m[u]/' "ct_center opposite"
plant axis_at_the_side_unseen src/ct/prep/center_opposite.c 's/if \(in\.lo == 0 && in\.hi == 0\)/if (in.lo < 0)/' "ct_center opposite"
plant smoothing_ignored src/ct/prep/center_pair.c 's/w->sigma = fmax\(w->sigma, smooth\);//' "ct_center smoothing"
plant conjugate_view_the_other_way src/ct/prep/center_conjugate.c 's/\(PI \+ 2 \* g\)/(PI - 2 * g)/' "ct_center conjugate"
plant detector_moved_the_other_way cli/recon_geometry.c 's/shift = said - column/shift = column - said/' "cli_center.sh"
plant short_scan_taken src/ct/prep/center_conjugate.c 's/widest > 3 \* step/widest < 0/' "ct_center conjugate"

# ---- phantoms ----
plant ray_counts_behind_source src/ct/phantom/integrals.c 's/\? 0 : -INFINITY/? -INFINITY : -INFINITY/' "ct_phantom rays"
plant poisson_wrong_tail src/ct/phantom/counts.c 's/k \* \(log1p\(x\) - x\)/0.98 * k * (log1p(x) - x)/' "ct_phantom poisson_histogram"

# ---- scan geometry ----
plant tilt_the_other_way src/ct/geometry/trajectory.c 's/(r\[3\] = \{-s \* cl, c \* cl, )-sl/\1sl/' "ct_geometry parallel_paths"
plant axis_half_a_pixel_off src/ct/geometry/trajectory.c 's/mu = 0\.5 \* \(double\)\(o->cols - 1\)/mu = 0.5 * (double)o->cols/' \
    "ct_geometry circular"
plant matrix_plane_behind src/ct/geometry/matrix.c 's/P\[11\] < 0 \? -sdd : sdd/sdd/' "ct_geometry from_matrices" "ct_geometry to_matrices"
plant rtk_in_plane_sign src/ct/geometry/convert_rtk.c 's/a = -p\[IN_PLANE\]/a = p[IN_PLANE]/' "ct_geometry_convert rtk_projects"
plant tigre_offset_swapped src/ct/geometry/convert_tigre.c 's/p->off_detector\[1\], p->off_detector\[0\], v->d/p->off_detector[0], p->off_detector[1], v->d/' \
    "ct_geometry_packages tigre_places"
plant tigre_cor_other_side src/ct/geometry/convert_tigre.c 's/-p->COR \* sin/p->COR * sin/' "ct_geometry_packages tigre_places"
plant leap_tau_other_side src/ct/geometry/convert_leap.c 's/ - f->tau \* across/ + f->tau * across/' "ct_geometry_packages leap_places"
plant cil_turns_with_object src/ct/geometry/convert_cil.c 's/-\(f->initial_angle/(f->initial_angle/' "ct_geometry_packages cil_places"
plant duplicate_unseen src/ct/geometry/explain.c 's/off < 1e-6 \* size/off < 0 * size/' "ct_geometry_explain warnings"
plant reverse_ignored src/ct/geometry/json_read.c 's/f->reverse \? -a : a/a/' "ct_geometry_json compact_cone"

# ---- outputs and texts ----
plant old_file_not_put_back src/io/outputs.c 's/rename\(it->aside, it->path\) == 0/0 != 0/' "cli_outputs replaced"
plant open_range_ends_early src/base/options_value.c 's/\.stop = INFINITY/.stop = 1/' "base_options open_ranges"
plant recon_renames_the_volume_alone cli/recon.c 's/w\.outputs = job->out\.set;//' "cli_outputs recon" "cli_kill recon"
plant old_slices_gone_at_once src/io/volume.c 's/vxg__outputs_add_file\(set, t\.s, NULL, 1\)/((void)set, unlink(t.s))/' "cli_outputs recon"
plant seal_not_taken_away src/io/outputs.c 's/VXG_TRY\(set_aside\(set, &set->items\[seal\], 1\)\)/(void)0/' "cli_kill recon"
plant seal_first src/io/outputs.c 's/if \(i != seal\) VXG_TRY\(rename_one/if (i >= 0) VXG_TRY(rename_one/' "cli_kill recon"
plant no_journal src/io/outputs.c 's/set->count > 1\) status = vxg__journal_write/set->count > 9999) status = vxg__journal_write/' "cli_kill recon_slices"
plant lock_not_heeded src/io/lock.c 's/if \(errno == EWOULDBLOCK\) return VXG__LOCK_HELD/if (errno == 0) return VXG__LOCK_HELD/' "cli_kill two_at_once"
plant parts_stay src/io/journal.c 's/if \(!t\.failed\) unlink\(t\.s\)/(void)t.s/' "cli_kill recon"
plant pipe_is_opened src/io/outputs.c 's/VXG_FAIL_IF\(!S_ISREG\(old->st_mode\)/VXG_FAIL_IF(S_ISDIR(old->st_mode)/' "io_npy not_a_regular"
plant tiff_size_coarse src/io/tiff_write.c 's/length = floor\(most \* size\), pixels = rint\(length \/ size\)/pixels = most, length = rint(pixels * size)/' "io_volume voxel_sizes"
plant denormal_is_drawn src/io/slices.c 's/return most <= 1e6 \* least/return most >= least/; s/if \(!\(voxel\[i\] >= 1e-30/if (!(voxel[i] >= 0/' "io_picture odd_voxels"
plant bytes_in_texts src/io/notes.c 's/vxg__plain_words\(attributes\[i\]\.text, 0\)/vxg__strdup(attributes[i].text)/' "io_volume odd_attributes"
plant rights_forgotten src/io/file.c 's/\(void\)!fchmod\(fd, mode\)/(void)mode/' "io_npy rights"
plant failed_folder_hides_others src/io/file.c 's/cut_last\(f->name\); \/\*/\/*/' "cli_outputs new_whole"
plant comma_in_numbers src/base/text.c 's/plain \? \(void \*\)uselocale\(plain\) : NULL/NULL/' "locale geometry_is_read"
plant message_of_two_lines src/base/text.c "s/c < ' ' \|\| c == 127/c == 0/" "cli_fuzz geometry"
plant reach_not_checked src/array/array.c 's/bad \|\| lo < 0 \|\| hi > room \|\| \(count && hi == room\)/bad \&\& lo < 0 \&\& hi > room/' "array_abuse array_faults"
plant overflowing_reshape src/array/array.c 's/n > VXG_MAX_ELEMENTS \/ size, VXG_ERR_ARGUMENT/0, VXG_ERR_ARGUMENT/' "array_abuse reshape"
plant size_below_first_layout src/base/struct.c 's/if \(size >= first\) return size;/return size;/' "abi_sizes"
plant unknown_bytes_taken src/base/struct.c 's/        if \(s\[i\]\) return 1;/        if (s[i] == 2) return 1;/' "abi_sizes"
plant offset_misaligned src/device/kernel.c 's/l->offset\[i\] % e->element\[i\], VXG_ERR_ARGUMENT/0, VXG_ERR_ARGUMENT/' "device_kernels offsets" "device_basics"
plant element_of_another_type src/device/entry.c 's/\{"double", 8\}/{"double", 4}/' "device_kernels offsets"
plant option_of_another_field src/ct/registry/options.c 's/REAL\("extend", vxg_ct_fdk_opts, extend/REAL("extend", vxg_ct_fdk_opts, cutoff/' "option_tables"
plant span_ends_early src/base/options_value.c 's/isinf\(r\.stop\) \? 0 : r\.stop/isinf(r.stop) ? 1 : r.stop/' "base_options lists"
plant half_read_options src/base/options_text.c 's/status \? list_drop : list_take/list_take/' "base_options reading"
plant option_written_unread src/base/options_text.c 's/return is_text\(o\) \? VXG_OK : /return VXG_OK; /' "base_options comes_back"
plant option_rounded src/base/options_value.c 's/if \(fabs\(x\) != MOST_WHOLE\) return 0/return 0/' "base_options too_large"
plant ray_place_far_from_zero kernels/ct/schedule/ray_joseph.cpu.h 's/const float bias = VXG_RJ_MOST;/const float bias = 64 * VXG_RJ_MOST;/' "ct_schedule_rays grazing_rays"
plant option_copied_by_hand cli/recon.c 's/no_minus_log = no_log;/no_minus_log = no_log, job->recon.cutoff = o->type;/' "cli_tables by_hand"
plant option_said_twice cli/recon.c 's/"do not read the input once more for its SHA-256"/"arithmetic"/' "cli_tables no_repeats"

# Solvers, and scalars on the device.
plant solver_step_too_long src/solve/sirt.c 's/s, s->pace, columns, g/s, 1.02 * s->pace, columns, g/' "solve_dense"
plant solver_damping_not_squared src/solve/cgls.c 's/-s->opts\.damping \* s->opts\.damping, &s->x/-s->opts.damping, \&s->x/' "solve_dense"
plant solver_lsqr_never_done kernels/solve/update.k 's/s\[20\] = done \? K_R\(1\.0\)/s[20] = done ? K_R(0.0)/' "solve_faults rank"
plant solver_unseen_voxels_gone kernels/solve/update.k 's/c\[gx\] > K_R\(0\.0\) \? x\[gx\] \* lifted : x\[gx\]/x[gx] * lifted/' "solve_faults unseen"
plant solver_weights_of_counts_left_out kernels/solve/update.k 's/known : w\[gx\] \* known/known : known/' "solve_dense mlem"
plant solver_goes_on_half_way src/solve/run.c 's/if \(!s->broken\) return VXG_OK/if (s->broken >= 0) return VXG_OK/' "solve_faults half_way"
plant solver_huber_without_bend kernels/solve/tv.k 's/weight \/ K_fma\(sigma, K_P\(3\), weight\)/weight \/ (sigma + weight)/' "solve_tv"
plant solver_penalty_by_half kernels/solve/tv.k 's/length > weight \? soft \* weight \/ length/length > weight ? soft * K_R(0.5) * weight \/ length/' "solve_tv"
plant solver_momentum_wrong src/solve/fista.c 's/\(t - 1\) \/ after/(t + 1) \/ after/' "solve_tv"
plant solver_momentum_never_anew kernels/solve/tv.k 's/const real t = rose \|\| first/const real t = first/' "solve_faults flat"
plant solver_signs_unseen src/solve/parts.c 's/excess > 1e-3 \* most/excess > 1e9 * most/' "solve_faults signs"
plant solver_step_of_landweber src/solve/landweber.c 's/0\.95, &s->scalar/1.1, \&s->scalar/' "solve_dense landweber"
plant solver_not_finite_unsaid src/solve/run.c 's/return keeps_finite\(s, isfinite\(most\)\)/return VXG_OK/' "solve_faults not_finite"
plant solver_exactly_whatever_is_asked src/solve/run.c 's/r->residual == 0 && residual_is_all\(s\)/r->residual == 0/' "solve_faults told"
plant solver_rows_of_another_subset src/solve/parts.c 's/sets->begin\[s->now\], sets/sets->begin[0], sets/' "solve_dense"
plant solver_edges_not_let_be kernels/solve/tv.k 's/\(K_R\(1\.0\) - ux\) \* inverse/inverse/' "solve_pocs"
plant solver_steps_never_adapt kernels/solve/update.k 's/s\[2\] > K_P\(1\) \* s\[4\] && residual/s[2] < K_R(0.0) \&\& residual/' "solve_pocs"
plant solver_last_steps_too src/solve/pocs.c 's/s->iteration \+ 1 == o->iterations/s->iteration < 0/' "solve_pocs"
plant scalar_factor_rounded kernels/num/scalar.k 's/f0 \* rest \+ f1 \* v/f0 * rest/' "array_reduce arithmetic"
plant scalar_product_rounded kernels/num/scalar.k 's/return lost - lost == K_R\(0\.0\) \? lost/return lost - lost == K_R(0.0) ? K_R(0.0)/' "array_reduce arithmetic"
plant iterate_values_below_0 src/ct/pipeline/iterate.c 's/positive && data\[i\] < 0/positive \&\& data[i] < -1e9/' "ct_pipeline_solve as_a_solver_of_all"
plant iterate_rules_in_slabs src/ct/pipeline/iterate.c 's/slicewise && !has_rule\(&it->opts\)/slicewise/' "ct_pipeline_solve as_a_solver_of_all"
plant iterate_residual_of_the_last src/ct/pipeline/iterate.c 's/it->residual2 = add_squares\(it->residual2/it->residual2 = add_squares(0/' "ct_pipeline_solve as_a_solver_of_all"
plant iterate_bands_at_the_first_place src/ct/pipeline/whole.c 's/v \* row \+ at \* p->ncols/v * row/' "ct_pipeline_solve as_a_solver_of_all"
plant iterate_cubic_voxels src/ct/pipeline/whole.c 's/if \(o->spacing\[k\] == 0\) /if (o->spacing[k] < 0) /' "ct_pipeline_solve a_cone"
plant iterate_memory_without_solver src/ct/pipeline/iterate.c 's/VXG_TRY\(vxg__solver_memory\(.*;/return (void)p, VXG_OK;/' "cli_memory iterative"
plant math_rows_on_top_of_each_other kernels/num/math.k 's/gy \* 65536 \+ gx/gx/' "internal_poll cpu_maths"
plant math_in_one_piece src/op/math.c 's/left < ROW \? 1 : left \/ ROW/1/' "internal_poll opencl_maths"
plant iterate_range_of_slabs src/ct/pipeline/iterate.c 's/it->slabs \? vxg__solver_new_part : vxg_solver_new/vxg_solver_new/' "ct_pipeline_solve tiny_rows"
plant iterate_range_unjudged src/ct/pipeline/pipeline.c 's/status = vxg__iterate_judge\(&c->it\)/status = VXG_OK/' "ct_pipeline_solve tiny_rows"
plant iterate_residual_of_nothing src/ct/pipeline/iterate.c 's/\.accumulate = 1, /.accumulate = 0, /' "ct_pipeline_solve as_a_solver_of_all"
plant iterate_values_per_step src/ct/pipeline/whole.c 's/\(float\)\(\(double\)j->out\[i\] \/ v->dx\)/j->out[i]/' "ct_pipeline_solve a_cone"
plant iterate_unit_in_differences src/ct/pipeline/whole.c 's/VXG_TRY\(vxg_solve_opts_scale\(o, v->dx\)\);//' "cli_solve.sh"
plant iterate_spacing_all_or_nothing src/ct/pipeline/whole.c 's/if \(o->spacing\[k\] == 0\) /if (o->spacing[0] == 0) /' "ct_pipeline_solve half_said"
plant iterate_unit_of_bounds src/solve/options.c 's/o\.lower \*= factor, o\.upper \*= factor;//' "ct_pipeline_solve units"
plant iterate_unit_of_bend src/solve/options.c 's/o\.bend \*= factor, //' "ct_pipeline_solve units"
plant iterate_unit_of_smooth src/solve/options.c 's/o\.smooth \*= factor, //' "ct_pipeline_solve units"
plant iterate_unit_of_delta src/solve/options.c 's/, o\.delta \*= factor//' "ct_pipeline_solve units"
plant iterate_unit_of_damping src/solve/options.c 's/o\.damping \/= factor;//' "ct_pipeline_solve units"
plant iterate_unit_of_squares src/solve/options.c 's/\? factor \* factor : factor/? factor : factor/' "ct_pipeline_solve units"
plant iterate_unit_of_callbacks src/ct/pipeline/whole.c 's/VXG_TRY\(vxg_array_axpby\(NULL, dx, /VXG_TRY(vxg_array_axpby(NULL, 1, /' "ct_pipeline_solve callback"
plant iterate_projections_overflow src/ct/pipeline/iterate.c 's/VXG_FAIL_IF\(!isfinite\(it->residual2\)/VXG_FAIL_IF(0/' "ct_pipeline_solve projections_overflow"
plant iterate_tables_not_counted src/ct/pipeline/whole.c 's/vxg__ct_table_bytes\(j->op\)/0/' "cli_memory iterative_tables"
plant iterate_angles_not_counted src/ct/project/cone.c 's/return curved \+ /return 0 * curved + /' "internal_correct tables"
plant iterate_measure_not_counted src/ct/pipeline/iterate.c 's/larger\(all, x \+ work\)/all/' "internal_correct memory"
plant iterate_warning_unnoted cli/recon_solve.c 's/return cli_provenance_add\(&job->prov, name, /return cli_provenance_add(\&job->prov, "hint", /' "cli_solve.sh"
plant iterate_flags_unheeded cli/recon_solve.c 's/if \(is_of_solvers\(row\) && cli_row_given\(r, i\) &&/if (r->noperands > 60 \&\&/' "cli_solve.sh"
plant mlem_unseen_ones src/solve/mlem.c 's/return s->has_start \? VXG_OK : drop_unseen\(s\)/return (void)drop_unseen, VXG_OK/' "ct_pipeline_solve unseen"
plant fourier_angles_of_the_voxels src/ct/analytic/fourier_plan.c 's/atan2\(v->x\[1\] \* \(double\)grid\[1\], v->x\[0\] \* \(double\)grid\[0\]\)/((void)grid, atan2(v->x[1], v->x[0]))/' "ct_fourier sums"
plant fourier_one_lobe src/ct/analytic/fourier_plan.c 's/#define LOBES 2 /#define LOBES 1 /' "ct_fourier sums"
plant fourier_half_voxel src/ct/analytic/fourier_plan.c 's/out->at \+= out->x\[i\] \* /out->at += 0 * out->x[i] * /' "ct_fourier sums"
plant fourier_weights_forgotten src/ct/schedule/fourier.c 's/weights \? weights\[p->view\[i\]\.view\] : 1/((void)weights, 1.0)/' "ct_fourier sums"
plant fourier_column_not_folded kernels/ct/schedule/fourier.cpu.h 's/cells\[i\] \+= cells\[2 \* \(int64_t\)a->gy \+ i\]/(void)0/' "ct_fourier sums_schedule"
plant fourier_partner_in_slice kernels/ct/schedule/fourier.cpu.h 's/side \? f\[1\] \+ g\[1\] : f\[0\] \+ g\[0\]/f[0] + g[0]/' "ct_fourier sums_schedule"
plant fourier_seen_by_no_row src/ct/schedule/fourier.c 's/if \(z < begin \|\| z >= behind\)/if (0)/' "ct_fourier slices"
plant fourier_sharp_highest_twice src/ct/analytic/fourier_plan.c 's/0\.5 \* t->response\[folded\]/t->response[folded]/' "ct_fourier sums"
plant fourier_adjoint_of_one_fold kernels/ct/analytic/fourier.k 's/im \+= folded \? -v : v/im += v/' "op_checks ct.parallel.fourier"
plant fourier_by_slices src/ct/analytic/fourier.c 's/columns >= LEAST \&\& side >= LEAST/columns > LEAST/' "ct_pipeline_fourier chosen"
plant fourier_fbp_ignored src/ct/pipeline/iterate.c 's/!strcmp\(name, "fourier"\) \? VXG__FOURIER : VXG__FBP/VXG__FOURIER/' "ct_pipeline_fourier same_bits"
plant fourier_steps_of_high_parts kernels/ct/analytic/fourier.k 's/sx = view\[1\] \+ view\[2\], sy = view\[3\] \+ view\[4\]/sx = view[1], sy = view[3]/' "ct_fourier far_places"
plant fourier_turned_the_wrong_way kernels/ct/schedule/fourier.cpu.h 's/sign \* \(\(double\)step\[0\] \+ step\[1\]\) > 0 \? -a->gx/sign * step[0] > 0 ? -a->gx/' "ct_fourier far_places"
plant fourier_memory_unbounded src/ct/analytic/fourier.c 's/ \&\& spectra \+ grid <= MOST_BYTES/ \&\& spectra + grid <= 1e30 * MOST_BYTES/' "ct_pipeline_fourier bounded"
plant job_pieces_unsealed src/io/job.c 's/memcmp\(tail, digits, 64\) != 0 \|\| //' "io_job refused"
plant job_of_other_work src/io/job.c 's/if \(!status \&\& taken\) status = same_work/if (0) status = same_work/' "io_job refused"
plant job_shards_overlap src/io/job.c 's/j->next \+= j->shards;/j->next += 1;/' "io_job shards"
plant job_done_anew src/io/job.c 's/while \(j->next < j->blocks \&\& has\(j->folder, j->next\)\) j->next \+= j->shards;/(void)0;/' "io_job shards"
plant state_without_scalars src/solve/state.c 's/\&s->scalars, \&s->residual,/\&s->told, \&s->residual,/' "solve_state every_method"
plant state_unsealed src/solve/state.c 's/memcmp\(digits, stored, 64\) != 0/0/' "solve_state no_state"
plant pieces_rows_from_the_first cli/recon_job.c 's/\(all0 \/ BLOCK \+ block\) \* BLOCK/all0 + block * BLOCK/' "cli_job.sh"
plant slices_of_a_slab_from_its_first src/ct/pipeline/views.c 's/host \+ \(z0 - s->z0\) \* area/host/' "ct_pipeline_views parts"
plant spill_vectors_in_memory src/ct/pipeline/iterate.c 's/vxg__spill_use\(it->spill\);//' "cli_memory scratch_file"
plant spill_buffers_overlap src/device/spill.c 's/used->bytes \+= \(int64_t\)all;//' "ct_pipeline_solve in_a_file"
plant slices_judged_alone src/ct/pipeline/views.c 's/j->z0 > 0 \|\| j->z1 < j->vol\.nz/0/' "ct_pipeline_views parts"
plant states_not_with_a_geometry src/ct/pipeline/whole.c 's/w->it->keep = o->keep, //' "cli_job.sh"
plant pieces_dry_run_without_sum cli/recon.c 's/!job->opt->dry_run \|\| cli_pieces_there\(job\)/!job->opt->dry_run/' "cli_job.sh"
plant job_without_pieces_in_the_way src/io/job.c 's/status == VXG_ERR_INPUT && there && is_bare\(j->folder\)/0/' "cli_job.sh"
plant slices_rows_counted_again src/ct/pipeline/views.c 's/s\.z0 < j->z0 && s\.r0 < s\.r1/0/' "ct_pipeline_views parts"
plant osem_unseen_of_one_subset src/solve/mlem.c 's/axpby\(s->queue, 1, columns, 1, seen\)/axpby(s->queue, 1, columns, 0, seen)/' "ct_pipeline_solve unseen"
# Few levels; any loss; operators of penalties.
plant dart_rows_of_all src/solve/sirt.c 's/VXG_TRY\(vxg__solve_apply\(s, free, \&rows\)\);/VXG_TRY(vxg_array_fill(s->queue, \&s->domain[STEP], 1)); VXG_TRY(vxg__solve_apply(s, \&s->domain[STEP], \&rows));/' "solve_dart written_out"
plant dart_held_voxels_move src/solve/sirt.c 's/if \(s->sweep_free\) \{/if (0) {/' "solve_dart written_out"
plant dart_borders_in_slices kernels/solve/dart.k 's/if \(gz > 0\) is \|= dart_differs\(label, at, at - slice\);//' "solve_dart written_out"
plant dart_smooth_at_the_end src/solve/dart.c 's/if \(s->iteration \+ 1 != o->iterations\) return smooth\(s\);/VXG_TRY(smooth(s));/' "solve_dart written_out"
plant dart_mask_is_a_level kernels/solve/dart.k 's/return label\[other\] >= K_R\(0\.0\) \&\& /return /' "solve_dart written_out"
plant dart_one_draw_for_all kernels/solve/dart.k 's/c = \(k_uint\)step, d/c = (k_uint)0 * (k_uint)step, d/' "solve_dart written_out"
plant dart_levels_unscaled src/solve/options.c 's/if \(o\.levels\.count\) o\.levels_factor = .*;/(void)0;/' "solve_dart scaled"
plant dart_levels_unordered src/solve/solver.c 's/i > 0 \&\& !\(v > l->value\[i - 1\] \* factor\)/0/' "solve_faults levels"
plant lbfgs_bounds_not_held kernels/solve/loss.k 's/return \(x <= low \&\& g > K_R\(0\.0\)\) \|\| /return /' "solve_loss bounded"
plant lbfgs_any_step src/solve/lbfgs.c 's/slope < 0 \&\& now <= before \+ DECREASE \* slope/slope < 0/' "solve_loss"
plant lbfgs_change_of_nothing src/solve/lbfgs.c 's/axpby\(s->queue, -1, g, 1, change\)/axpby(s->queue, 0, g, 1, change)/' "solve_loss quadratic"
plant lbfgs_oldest_stays src/solve/state.c 's/s->pairs = h\.pairs, s->newest = h\.newest;/s->pairs = h.pairs < 1 ? h.pairs : 1, s->newest = h.newest;/' "solve_state every_method"
plant loss_counts_without_guard kernels/solve/loss.k 's/    if \(a < d\) \{/    if (a < K_R(0.0) * d) {/' "solve_loss guard"
plant loss_counts_unweighed kernels/solve/loss.k 's/y\[gx\] = weight \* \(K_R\(1\.0\) - data \/ a\)/y[gx] = K_R(1.0) - data \/ a/' "solve_loss poisson"
plant loss_series_short kernels/solve/loss.k 's/i = 21; i > 1/i = 21; i > 3/' "solve_loss guard"
plant loss_guard_of_all_data kernels/solve/loss.k 's/P\(0\) == K_R\(0\.0\) \|\| w\[gx\] > K_R\(0\.0\) \? b/P(0) == K_R(0.0) || w[gx] >= K_R(0.0) ? b/' "solve_loss weightless"
plant loss_offset_of_small_counts kernels/solve/loss.k 's/const real least = data < d \? /const real least = data < K_R(0.0) ? /' "solve_loss weightless"
plant loss_damping_twice src/solve/loss.c 's/0\.5 \* o->damping \* o->damping/o->damping * o->damping/' "solve_loss quadratic"
plant adam_means_uncorrected src/solve/adam.c 's/1 \/ \(1 - pow\(beta2, t\)\)/1/' "solve_loss adam"
plant adam_subsets_for_themselves src/solve/adam.c 's/sets->count > 1 \? \(double\)all/sets->count < 0 ? (double)all/' "solve_loss adam"
plant adam_count_not_begun_anew src/solve/adam.c 's/s->pace = 0;/s->pace = 5;/' "solve_loss adam"
plant penalty_slope_of_tv kernels/solve/tv.k 's/K_sqrt\(kind == 0 \? K_fma\(s, s, square\) : square\)/K_sqrt(square + s * K_R(0.0))/' "op_checks solve.penalty.tv"
plant penalty_gradient_of_the_next kernels/solve/tv.k 's/sum = K_fma\(tv_smooth_at\(v, k_p, gx, gy - 1, gz\)\.y/sum = K_fma(tv_smooth_at(v, k_p, gx, gy, gz).y/' "op_checks solve.penalty"
plant differences_part_lost kernels/solve/tv.k 's/q\[2 \* n \+ at\] = K_I\(3\) \? q\[2 \* n \+ at\] \+ d\.z : d\.z/q[2 * n + at] = K_I(3) ? q[2 * n + at] : d.z/' "op_checks solve.differences"
plant prox_slope_everywhere kernels/solve/prox.k 's/const real v = moves \? t\[gx\]/const real v = moves || u == u ? t[gx]/' "solve_loss proximal"
# Reports and dry runs.
plant report_names_unescaped src/io/report.c 's/: s\[0\] == .&.  \? "&amp;"/: s[0] == 1 ? "\&amp;"/' "io_report escapes"
plant report_base64_rest src/io/report.c 's/out\[k\+\+\] = b \+ 2 < n \? letters\[d & 63\] : .=.;/out[k++] = letters[d \& 63];/' "io_report pictures"
plant report_letters_of_no_text src/io/report.c 's/return !\(s\[0\] == 0xc2 && s\[1\] < 0xa0\);/return 1;/' "io_report escapes"
plant report_low_values_on_log_axes src/io/report_chart.c 's/return isfinite\(v\) && \(!a->log \|\| v > 0\);/return isfinite(v) \&\& (!a->log || v >= 0);/' "io_report left_out"
plant report_peaks_thinned_out src/io/report_chart.c 's/if \(most < 0 \|\| at\[1\] > hi\) most = i/if (most < 0) most = i/' "io_report long_curves"
plant report_quiet_warnings cli/report.c 's/if \(odd->list\[i\]\.plain\) continue;/if (odd->list[i].plain || job->run->shared->quiet) continue;/' "cli_report.sh"
plant report_course_of_one_slab src/ct/pipeline/iterate.c 's/it->course\[i\] \+= both\[i\] \* both\[i\]/it->course[i] = both[i] * both[i]/' "ct_recon_plan traces"
plant plan_reads_the_scan src/ct/pipeline/whole.c 's/if \(!status && !w->plan\) status = do_all/if (!status) status = do_all/' "ct_recon_plan plans"
plant plan_of_another_limit cli/plan.c 's/cli_set_memory\(job, beside\);/cli_set_memory(job, -1000000000);/' "cli_dry_run.sh"
plant dry_run_overwrites_unsaid cli/files.c 's/if \(o->force\) return VXG_OK;/return VXG_OK;/' "cli_dry_run.sh"
plant states_begun_anew cli/recon_job.c 's/job->state = \*path \? i : -1;/*path = 0, job->state = -1;/' "cli_job.sh"
plant states_all_kept cli/recon_job.c 's/if \(!status && job->state >= 0 && /if (0 \&\& /' "cli_job.sh"
plant states_of_any_geometry cli/recon_job.c 's/if \(job->opt->geometry\) status = add_geometry\(job, f\);//' "cli_job.sh"
plant pieces_of_other_work src/io/job.c 's/vxg__sha256_add\(sum, j->text, strlen\(j->text\)\);//' "cli_job.sh"
plant pieces_of_other_blocks src/io/job.c 's/vxg__sha256_add\(sum, name, strlen\(name\)\);//' "cli_job.sh"
plant pieces_of_other_links cli/recon_job.c 's/if \(!status\) status = cli_linked_key\(.*\);//' "cli_job.sh"
plant python_backwards python/voxgrad/_arrays.py 's/low \+= reach/low += 0/' "python.sh layouts"
plant python_writes_read_only python/voxgrad/_arrays.py 's/if not x\.flags\.writeable:/if False:/' "python.sh wrong_arrays"
plant python_wraps_by_address python/voxgrad/_arrays.py 's/key = \(device, address, nbytes\)/key = (device, address)/' "python.sh adjoint_is_c_s"
plant python_other_shape python/voxgrad/_arrays.py 's/operand\.shape != shape or operand\.dtype != dtype/operand.dtype != dtype/' "python.sh devices"
plant python_error_lost python/voxgrad/_calls.py 's/            _raised\.error = e/            pass/' "python.sh functions"
plant python_interrupt_lost python/voxgrad/_calls.py 's/    return _QUIET if threading.*/    return None/' "python.sh interrupt_solver"
plant python_never_frees python/voxgrad/_library.py 's/                self\._release\(self\.address\)/                pass/' "python.sh leaks"
plant python_one_workspace python/voxgrad/operators.py 's/if not self\.lock\.acquire\(blocking=False\):/if False:/; s/            self\.lock\.release\(\)/            pass/' "python.sh threads"
plant python_count_of_numbers python/voxgrad/_options.py 's/c_double\.from_address\(at\)\.value = _number/c_float.from_address(at).value = _number/' "python.sh interrupt_call"
plant python_torch_backward python/voxgrad/torch.py 's/return _linear\(gradient, ctx\.operator\.T\), None/return _linear(gradient, (2 * ctx.operator).T), None/' "python.sh gradcheck"
plant python_views_backwards python/voxgrad/_options.py 's/return np\.where\(index < 0, index \+ count, index\)/return np.abs(index)/' "python.sh views"
plant python_mask_as_numbers python/voxgrad/_options.py 's/if given\.dtype == bool:/if False:/' "python.sh views"
plant python_stale_error python/voxgrad/_calls.py 's/        _raised\.error = None  # what/        pass  # what/' "python.sh wrong_arrays"
plant python_option_lost python/voxgrad/_options.py 's/if o\.kind and o\.name not in leave/if o.kind and o.name not in leave and o.name != "cutoff"/' "python.sh signatures"
plant python_bar_left_open python/voxgrad/_calls.py 's/            close\(\)/            pass/' "python.sh progress_bar"
plant python_pickled_views python/voxgrad/operators.py 's/\(operator\.getitem, kept\)/(operator.getitem, kept[:1])/' "python.sh pickle"
plant python_one_view_for_all python/voxgrad/ct.py 's/at = slice\(None\) if i is None else i/at = slice(None)/' "python.sh from_function"
plant python_mlx_other_half_pixel python/voxgrad/diffct_mlx/_projectors.py 's/parts\[1\] = parts\[1\] - back/parts[1] = parts[1] + back/' "python.sh lengths"
plant python_mlx_order_as_given python/voxgrad/diffct_mlx/_iterative.py 's/\.shuffle\(order\)/.random()/' "python.sh sweeps"
plant python_mlx_masks_lost python/voxgrad/diffct_mlx/_iterative.py 's/return self\._only\(self\.masks\[i\], /return (/' "python.sh sweeps"
plant python_mlx_rows_first python/voxgrad/diffct_mlx/_measured.py 's/    if c\.transpose_uv:/    if not c.transpose_uv:/' "python.sh measured"
plant python_pose_uphill python/voxgrad/_torch_moving.py 's/    return found\.reshape/    return -found.reshape/' "python.sh pose"
plant python_tv_one_side python/voxgrad/diffct_mlx/_tv.py 's/pad\(share, axis, 1, 0\) - /pad(share, axis, 1, 0) + /' "python.sh total_variation"
plant python_dart_borders_held python/voxgrad/diffct_mlx/_dart.py 's/free = border \| /free = /' "python.sh dart"
plant python_turns_twice python/voxgrad/_recipes.py 's/return w \/ 2 if halved and turn else w/return w/' "python.sh weights"
plant python_short_mirrored python/voxgrad/diffct/_recon.py 's/sign = -np\.sign/sign = np.sign/' "python.sh recipes"
plant python_helix_twice python/voxgrad/diffct/_recon.py 's/np\.maximum\(part, 0\) \/ 2/np.maximum(part, 0)/' "python.sh helix"
plant python_fdk_layer_scale python/voxgrad/torch.py 's/angle_weights\(turn\) \* sid \/ sdd/angle_weights(turn) * sdd \/ sid/' "python.sh layers"
plant python_stream_forgotten python/voxgrad/_foreign.py 's/_queues\.get\(device, seen\.stream\)/_queues.get(device, None)/' "python.sh streams"
plant python_gpu_read_only python/voxgrad/_foreign.py 's/if write and seen\.read_only:/if False:/' "python.sh write"
plant python_capsule_kept python/voxgrad/_dlpack.py 's/        _shown\.pop\(_get_raw.*/        pass/' "python.sh shown"
plant python_torch_version python/voxgrad/_arrays.py 's/            out\[\.\.\., :0\]\.zero_\(\)/            pass/' "python.sh tensors"
plant python_mask_sideways python/voxgrad/_images.py 's/mask is None else mask\.T\.ravel\(\)/mask is None else mask.ravel()/' "python.sh masks"
plant python_nan_let_in python/voxgrad/_images.py 's/    if bad\.any\(\):/    if False:/' "python.sh masks"
plant python_other_grid python/voxgrad/_images.py 's/if np\.abs\(a - b\)\.max\(\) > /if False and /' "python.sh images"
plant python_scaled_as_stored python/voxgrad/_images.py 's/out = np\.asarray\(source, dtype=kind\)/out = np.asarray(getattr(source, "get_unscaled", lambda: source)(), dtype=kind)/' "python.sh images"
plant python_eigenvectors_in_rows python/voxgrad/dwi.py 's/\.swapaxes\(-1, -2\)//' "python.sh tensor"
plant python_dipy_x_as_fsl python/voxgrad/dwi.py 's/vectors\[:, 0\] \*= -1/pass/' "python.sh gradients"
plant python_rotates_back python/voxgrad/dwi.py 's/directions @ r, basis/directions @ r.T, basis/' "python.sh harmonics"
plant python_volumes_not_counted python/voxgrad/dwi.py 's/    if v\.rows != len\(g\):/    if False:/' "python.sh wrong"
plant python_any_getter python/voxgrad/track.py 's/    _check_getter\(field, options.*/    pass/' "python.sh wrong"
plant python_mask_at_any_touch python/voxgrad/track.py 's/options = dict\(options, threshold=0\.5\)/pass/' "python.sh maps"
plant python_one_include python/voxgrad/track.py 's/_INCLUDE << n/_INCLUDE/' "python.sh regions"
plant python_corner_unmoved python/voxgrad/_tracts.py 's/        if self\._moves:/        if False:/' "python.sh files"
plant python_letters_backwards python/voxgrad/_tracts.py 's/if m\[a, k\] < 0 else/if m[a, k] > 0 else/' "python.sh written"
plant python_half_a_file_kept python/voxgrad/_tracts.py 's/            self\.abandon\(\)/            self.close()/' "python.sh callbacks"
plant python_points_of_the_first python/voxgrad/_tracts.py 's/np\.repeat\(offsets\[:-1\] - self\.offsets\[index\], counts\)/0/' "python.sh tractogram"
plant python_group_not_looked_at python/voxgrad/_tracts.py 's/    index = _options\.indices\(given, lines, .*/    index = np.asarray(given)/' "python.sh files"
plant python_cuslines_cubes python/voxgrad/cuslines.py 's/step = self\.step_size \* min\(sides\)/step = self.step_size/' "python.sh straight"
plant python_cuslines_both_ends python/voxgrad/cuslines.py 's/self\._symmetric = _opposites\(vertices\), symmetric/self._symmetric = None, symmetric/' "python.sh counts"
plant python_cuslines_first_seed python/voxgrad/cuslines.py 's/first=self\.rng_offset/first=0/' "python.sh not_its_faults"
plant python_ptt_point_less python/voxgrad/cuslines.py 's/probe_quality=n \+ 1/probe_quality=n/' "python.sh transport"
plant python_model_for_all python/voxgrad/track.py 's/            struct\.model = None/            pass/' "python.sh followers"
plant python_density_turned python/voxgrad/_tracts.py 's/np\.dtype\(np\.uint32\)\)\.reshape\(shape\)\.T/np.dtype(np.uint32)).reshape(shape[::-1])/' "python.sh density"
plant python_points_lose_data python/voxgrad/_tracts.py 's/point_data=\{n: v\[kept\] for/point_data={n: v[:len(kept)] for/' "python.sh linearize"
plant python_seeds_in_other_order python/voxgrad/track.py 's/mask_of\(mask, shape\)\.T, np\.uint8/mask_of(mask, shape), np.uint8/' "python.sh seeds"
# ---- diffusion and tracking ----
plant gradients_x_as_it_stands src/dwi/gradients.c 's/if \(k == 0 && determinant > 0\) v = -v;//' "dwi_exact tables"
plant gradients_wide_shells src/dwi/gradients.c 's/sorted\[k\] - sorted\[k - 1\] > g->opts\.shell_tolerance/1/' "dwi_exact tables"
plant harmonics_without_phase src/dwi/sh.c 's/diagonal \*= -sqrt/diagonal *= sqrt/' "dwi_exact harmonics"
plant harmonics_old_for_new src/dwi/sh.c 's/m < 0 && m % 2\) \*sign = -1;/0) *sign = -1;/' "dwi_exact harmonics"
plant tensor_vectors_unsorted kernels/maths/symmetric.h 's/maths_order\(a, a \+ 2, v, v \+ 6\);//' "dwi_exact tensors"
plant tensor_weights_of_log kernels/dwi/tensor.k 's/V_fma\(wd, off, r\[k\]\)/V_fma(wd, V_load(signal + i * 32), r[k])/' "dwi_exact tensors"
plant csd_presses_up kernels/dwi/csd.k 's/V_lt\(value, threshold\)/V_lt(threshold, value)/' "dwi_exact crossings"
plant peaks_all_of_one kernels/dwi/odf.k 's/const vmask close = V_lt\(V_set\(K_P\(0\)\), dot\) \| /const vmask close = /' "dwi_odf" "dwi_exact crossings" "track_boot"
plant csd_of_low_orders_alone kernels/dwi/csd.k 's/V_select\(beyond, all, value\)/value/' "dwi_csd_rules plainly"
plant csd_start_helped_alone src/dwi/csd.c 's/gram\[k \* n \+ l\] \+ \(k == l \? norm : 0\)/gram[k * n + l]/' "dwi_csd_rules undetermined"
plant csd_any_pivot kernels/dwi/csd.k 's/V_lt\(whole \* least, s\)/V_not(V_eq(s, zero))/' "dwi_csd_rules heavy"
plant tensor_nan_held kernels/dwi/tensor.k 's/ \+ \(s - s\);/;/' "dwi_odd not_numbers"
plant peaks_both_ways src/dwi/peaks.c 's/ j\.even = 1; / /' "dwi_odf peaks_on_whole_sets"
plant tensor_sweeps_too_few kernels/maths/symmetric.h 's/sweep < 6/sweep < 2/' "dwi_exact eigen"
plant tensor_without_its_unit kernels/maths/symmetric.h 's/V_of_bits\(V_bits\(most\) & MATHS_EXPONENT\)/V_set(K_R(1.0))/' "track_follow straight"
plant tiles_of_half_a_run kernels/num/tiles.k 's/\+ t % 32, V_load/+ t % 16, V_load/' "dwi_odd many_voxels"
plant tiles_back_without_the_first kernels/num/tiles.k 's/V_store\(to \+ K_L\(3\) \+ gx,/V_store(to + gx,/' "dwi_odd many_voxels"
plant lanes_words_of_two kernels/prelude/lanes.h 's/v\[l\] = K_mulhi\(a\[l\], b\[l\]\)/v[l] = K_mulhi(a[l], b[0])/' "internal_lanes"
plant boot_words_of_one_lane kernels/track/boot.k 's/V_index\(draw \+ q\)/V_iset(draw + q)/' "track_boot"
plant lanes_mask_turned kernels/prelude/lanes.h 's/_CMP_LE_OS/_CMP_LT_OS/; s/#define V_le\(a, b\) \(\(vmask\)\(\(a\) <= \(b\)\)\)/#define V_le(a, b) ((vmask)((a) < (b)))/' "internal_lanes"
plant odf_infinite_signals kernels/dwi/odf.k 's/raw = V_finite\(V_load\(from \+ order\[i\] \* 32\)\)/raw = V_load(from + order[i] * 32)/' "dwi_odd not_numbers"
plant gradients_small_b_forgotten src/dwi/gradients.c 's/b == 0 \|\| \(b <= g->opts\.b0_threshold && !is_unit\)/b <= g->opts.b0_threshold/' "dwi_odd small_b"
plant maps_of_any_layout src/dwi/voxels.c 's/out->shape\[0\] != rows\)\) return 0;/out->shape[0] < 0)) return 0;/' "dwi_odd layouts"
plant maps_that_overlap src/dwi/voxels.c 's/is_wanted\(&maps\[k\]\) && vxg__arrays_overlap/0 \&\& vxg__arrays_overlap/' "dwi_odd layouts"
plant peaks_of_rounding kernels/dwi/odf.k 's/taken = varies & /taken = /' "dwi_odd constants"
plant peaks_outside_are_0 src/dwi/peaks.c 's/"peaks: numbers", -1/"peaks: numbers", 0/' "dwi_odd outside_the_list"
plant response_of_no_numbers src/dwi/csd.c 's/!isfinite\(r->zonal\[l \/ 2\]\) \|\| !\(fabs/0 \&\& !(fabs/' "dwi_odd responses_refused"
plant mask_held_at_border kernels/dwi/mask.k 's/return at < n \? at : turn - 1 - at;/return at < n ? at : n - 1;/' "dwi_mask medians"
plant mask_low_median kernels/dwi/mask.k 's/K_R\(0\.5\) \* \(real\)\(side/K_R(0.45) * (real)(side/' "dwi_mask medians"
plant mask_upper_edge src/dwi/mask.c 's/threshold = edge\[i\];/threshold = edge[i + 1];/' "dwi_mask medians"
plant mask_fills_outside src/dwi/mask.c 's/if \(!border\) \(void\)flood/if (1) (void)flood/' "dwi_mask parts"
plant mask_of_weighted src/dwi/response.c 's/if \(g && g->shell\[i\]\) continue;//' "dwi_mask unweighted"
plant response_of_crossings src/dwi/recursive.c 's/first != 0 && second \/ first < c->opts\.peak_threshold/first != 0/' "dwi_csd recursive"
plant response_along_z src/dwi/recursive.c 's/const double x = d\[0\] \* peak\[0\] .*/const double x = d[2] + 0 * peak[0];/' "dwi_csd recursive"
plant dwi_any_grid cli/image.c 's/if \(off <= GRID_TOLERANCE \* side\)/if (off <= 1e9 * side)/' "cli_dwi.sh"
plant dwi_nan_counts cli/image.c 's/if \(bad\[i\]\) inside\[i\] = 0;//' "cli_dwi.sh"
plant dwi_unscaled cli/image.c 's/\|\| info->slope == 0\) return status;/|| info->slope != 7) return status;/' "cli_dwi.sh"
plant dwi_order_kept cli/response.c 's/    csd->order = fits;//' "cli_dwi.sh"
plant dwi_lengths_lost cli/peaks.c 's/one\[v\] \*= values\[v\]/one[v] *= 2/' "cli_dwi.sh"
plant track_parts_begin_at_0 cli/track_work.c 's/seeds\.first = opts\.first = number;/seeds.first = number;/' "cli_track.sh"
plant track_commissural_one_side cli/track_work.c 's/lo < c->middle && c->middle < hi/lo < c->middle/' "cli_track.sh"
plant track_outside_unsaid cli/track_work.c 's/if \(s->seeds && s->outside == s->seeds\)/if (0)/' "cli_track.sh"
plant track_one_include cli/track_field.c 's/VXG_TRACK_INCLUDE\(i\)/VXG_TRACK_INCLUDE(0 * i)/' "cli_track.sh"
plant track_few_deconvolved cli/track_field.c 's/const int few = n < LEAST_DIRECTIONS;/const int few = n < 6;/' "cli_track.sh"
plant track_stops_inside cli/track_field.c 's/add_region\(t, &t->stop_image, 0, VXG_TRACK_STOP, bits\)/add_region(t, \&t->stop_image, VXG_TRACK_STOP, 0, bits)/' "cli_track.sh"
plant track_voxel_steps cli/track_field.c 's/t->track\.step = t->step_voxels \* mean;/t->track.step = t->step_voxels * side[0];/' "cli_track.sh"
plant track_getters_unheeded cli/track.c 's/all\[i\]\.getters >> own & 1\) continue;/1) continue;/' "cli_track.sh"
plant track_nan_unsaid cli/image.c 's/if \(!status && bad\)/if (0)/' "cli_track.sh"
plant track_dealt_twice cli/track_many.c 's/begin_part\(&parts\[n\], t, n, at \+ \(int64_t\)n \* SHARE, to\)/begin_part(\&parts[n], t, n, at, to)/' "cli_track.sh"
plant list_given_again_replaces cli/options.c 's/again \? set_more\(row/again > 1 ? set_more(row/' "cli_track.sh"
plant order_one_part kernels/num/order.k 's/y\[i\] \+= before\[i \/ ORDER_PART\];/y[i] += before[0];/' "array_order scan"
plant order_unstable kernels/num/order.k 's/t\[at\] = place \+ 1;/t[at] = place;/' "array_order sort"
plant lanes_bessel_of_the_tail kernels/maths/special.h 's/V_set\(K_R\(0\.049870509\)\)/V_set(K_R(0.0499))/' "internal_lanes"
plant lanes_erf_without_its_sign kernels/maths/special.h 's/-tail, tail\)\);/tail, tail));/' "internal_lanes"
plant lanes_lost_of_log1p kernels/maths/special.h 's/lost \/ u\)/V_set(K_R(0.0)))/' "internal_lanes"
plant special_slope_of_the_middle kernels/maths/bingham.h 's/i0 - i1, V_set/i0 + i1, V_set/' "internal_special"
plant special_largest_axis kernels/maths/bingham.h 's/wide = l1 - l3, half/wide = l1 - l2, half/' "internal_special"
plant special_slope_of_an_order kernels/maths/legendre.h 's/V_fma\(moved,/V_fma(e,/' "internal_special"
plant gpd_pulses_of_no_rest kernels/micro/gpd.h 's/V_fma\(square, p, gpd_rest\(y, q\)\)/square * p/' "internal_special"
plant gpd_slope_of_the_pulse kernels/micro/gpd.h 's/\(x \+ y\) \* by_z/x * by_z/' "internal_special"
plant gpd_tail_left_out kernels/micro/gpd.h 's/V_lt\(V_set\(K_R\(5\.0\)\), pulse \* last\)/V_lt(V_set(K_R(1e9)), pulse * last)/' "internal_special"
plant special_series_in_float kernels/maths/special.h 's/k < 24; k\+\+/k < 4; k++/' "internal_special"
plant lanes_poor_exponential kernels/maths/elementary.h 's/0\.041666206/0.0416/' "internal_lanes"
plant boot_neighbours_by_old_numbers src/track/boot.c 's/path\.place, t->dev/NULL, t->dev/' "track_boot opdt"
plant boot_values_by_old_numbers src/track/boot.c 's/b\[path->order\[i < own \? i : 0\]/b[(i < own ? i : 0)/' "track_boot every_direction"
plant boot_nan_is_least kernels/track/boot.k 's/mean \+= boot_above\(/mean += K_max(/' "track_boot no_finite_number"
plant track_turns_round kernels/track/walk.h 's/same < K_R\(0\.0\) \? -e\[k\] : e\[k\]/e[k]/' "track_basic straight"
plant track_draws_low kernels/track/sample.k 's/philox_uniform\(word\[0\]\) \* total/philox_uniform(word[0]) * philox_uniform(word[1]) * total/' "track_basic frequencies"
plant track_wide_cone kernels/track/sample.k 's/V_select\(inside & V_lt/V_select(V_lt/' "track_basic frequencies"
plant track_same_for_blocks src/track/run.c 's/\.first = t\.opts\.first \+ at/.first = t.opts.first/' "track_basic same_bits"
plant track_first_page_again kernels/track/walkers.k 's/counts\[walker \* TRACK_COUNTS \+ 1\] \/ TRACK_PAGE/0/' "track_basic"
plant track_without_shift kernels/track/walkers.k 's/\+ row\[3\];/;/' "track_basic straight"
plant track_bound_forgotten kernels/track/sample.k 's/high = share \* K_max\(sample_bound\(q, w\), seen\)/high = share * seen/' "track_regions cone"
plant track_blocks_too_few src/track/sample.c 's/\+ cone \+ 1e-3/+ 0 * cone/' "track_regions cone" "track_basic frequencies"
plant track_regions_behind_the_map kernels/track/walk.h 's/\* g->nz \* \(g->looks & 1\)/* g->nz/' "track_regions regions"
plant track_include_one_is_enough src/track/run.c 's/\(seen & t->wanted\) != t->wanted/t->wanted \&\& !(seen \& t->wanted)/' "track_regions regions"
plant track_weight_upside_down kernels/track/sample.k 's/V_abs\(c\) \* q->weight \+ \(K_R\(1\.0\) - q->weight\)/V_set(K_R(1.0)) - V_abs(c) * q->weight/' "track_regions angular_weight"
plant seeds_same_for_parts src/track/seeds.c 's/number = o\.first \+ i/number = i/' "track_regions seeds"
plant ptt_weights_of_one_corner kernels/track/ptt.k 's/total \+= a \+ c \+ e;/total += a + a + a;/' "track_ptt frequencies"
plant ptt_point_left_out kernels/track/ptt.k 's/int i = 1; i < q->points; i\+\+\) ptt_point/int i = 2; i < q->points; i++) ptt_point/' "track_ptt support_of_one"
plant ptt_points_by_a_corner kernels/track/ptt.k 's/if \(u \+ v > K_R\(1\.0\)\) \{/if (u > v) {/' "track_ptt frequencies"
plant ptt_frame_left_behind kernels/track/ptt.k 's/w->n\[c\] - dot \* w->d\[c\]/w->n[c]/' "track_ptt"
plant ptt_support_behind kernels/track/ptt.k 's/q->apart \* K_real\(i\)/q->apart * K_real(0 * i)/' "track_ptt circles"
# ---- streamlines after tracking ----
plant tracts_line_for_segment src/array/tract_shape.c 's/fmin\(fmax\(along \/ length, 0\), 1\)/along \/ length/' "track_shape straight_and_turned"
plant tracts_looser_points src/array/tract_shape.c 's/k > i; k--\)/k > j - 2 \&\& k > i; k--)/' "track_shape linearize"
plant tracts_long_segments src/array/tract_shape.c 's/<= max_segment\)/<= 2 * max_segment)/' "track_shape linearize"
plant filter_wrong_lines src/track/filter.c 's/f->lines\[n\+\+\] = i;/f->lines[n] = n, n++;/' "track_shape filter"
plant filter_not_moved src/track/filter.c 's/return vxg_tract_move\(f->to_file, VXG_F64, n, f->mm\);/return VXG_OK;/' "track_shape filter_moves"
plant filter_lengths_of_the_rest src/track/filter.c 's/const int low = f->lengths\[i\] < o->min_length;/const int low = f->lengths[n] < o->min_length;/' "track_shape filter"
plant density_twice_in_a_voxel src/track/density.c 's/if \(d->stamps\[v\] < d->base\) \{/if (1) {/' "track_shape density_as_dipy"
plant density_without_corners src/track/density.c 's/next\[k\] = --left\[k\] \? next\[k\] \+ step\[k\] : INFINITY;/next[k] = --left[k] ? next[k] + step[k] : INFINITY;\nbreak;/' "track_shape density_far_and_close"
plant density_half_a_voxel src/track/density.c 's/const double c = floor\(p\[k\] \+ 0\.5\);/const double c = floor(p[k]);/' "track_shape density_as_dipy"
plant density_straight_samples src/track/density.c 's/0\.45 \*/0.0 */' "track_shape density_as_mrtrix"
plant density_colors_unweighed src/track/density.c 's/v->way\[k\] \/ length;/v->way[k];/' "track_shape density_colors_as_mrtrix"
plant density_outside_unsaid src/track/density.c 's/outside \+= !cell_of\(d, p, at\);/cell_of(d, p, at);/' "track_shape density_segments"
plant views_seen_from_behind cli/track_picture.c 's/w->sign\[k\] \* \(double\)p\[w->axis\[k\]\]/(double)p[w->axis[k]]/' "cli_pictures nearer_in_front"
plant views_of_the_last_drawn cli/track_draw.c 's/if \(!\(depth > s->depth\[i\]\)\) return;//; s/if \(!\(t->nearest > \(double\)s->depth\[i\]\)\) return;//' "cli_pictures nearer_in_front"
plant views_by_batches cli/track_picture.c 's/spread\(v->seen\+\+\)/spread(i + 0 * v->seen++)/' "cli_pictures same_for_all_batches"
plant views_uncut cli/track_picture.c 's/if \(!f->cut \|\| fmax\(last\.depth, next\.depth\) <= nearest\)//' "cli_pictures nearer_in_front"
plant slices_mirrored cli/track_slices.c 's/p->back\[0\] \? p->n\[0\] - 1 - a : a/p->back[0] ? a : a/' "cli_pictures slices_lie_right"
plant tracks_groups_as_they_were cli/tracks_convert.c 's/if \(j->n == 1 && !filters\(j\)\)/if (j->n == 1 || !filters(j))/' "cli_tracks.sh"
plant tracks_image_unlooked cli/tracks_convert.c 's/!cli_grid_same\(&grid, &other\)\)$/0)/' "cli_tracks.sh"
plant tracks_merged_one_way cli/tracks_convert.c 's/if \(off > 1e-3 \* least\)/if (off > 1e9 * least)/' "cli_tracks.sh"
plant tracks_losses_unsaid cli/tracks_convert.c 's/if \(list->n\) cli_warn/if (0) cli_warn/' "cli_tracks.sh"
plant tracks_copy_never_stops src/array/tract_copy.c 's/VXG_FAIL_IF\(vxg__poll\(progress\), VXG_ERR_CANCELLED, "interrupted"\);//' "io_tracts copy"
plant follow_pole kernels/track/follow.k 's/side \+ d\[1\] \* d\[1\] \* q/K_R(1.0) + d[1] * d[1] * q/' "track_follow maxima"
plant follow_wrong_slope kernels/track/follow.k 's/\(b\[0\] \* c1 - a\[0\] \* s1\);/(b[0] * c1 + a[0] * s1);/' "track_follow maxima"
plant follow_wrong_sine src/track/follow.c 's/\(sine \? -m : m\)/(sine ? m : -m)/' "track_follow straight"
plant follow_basis_signs src/track/follow.c 's/signs\[of\[at\]\] = c\[at\]/signs[of[at]] = 1/' "track_follow straight"
plant follow_half_way_whole kernels/track/follow.k 's/look == 3 \? K_R\(1\.0\) : K_R\(0\.5\)/K_R(1.0)/' "track_follow orders"
plant follow_looks_back kernels/track/follow.k 's/last\[k\] = e\[k\];/last[k] = w->d[k];/' "track_follow orders"
plant follow_unit_way kernels/track/follow.k 's/way\[k\] = K_fma\(weight, e\[k\], way\[k\]\)/way[k] = e[k]/' "track_follow orders"
plant follow_table_turned src/track/follow.c 's/place\[6\] = \{0, 3, 1, 4, 5, 2\}/place[6] = {0, 1, 3, 4, 5, 2}/' "track_follow mrtrix"
plant follow_signs_of_vectors kernels/track/follow.k 's/dot < K_R\(0\.0\) \? -v\[k\] : v\[k\]/v[k]/' "track_follow straight"
plant follow_any_vector kernels/track/follow.k 's/if \(!\(cosine > nearest\)\) continue;//' "track_follow vectors"
plant follow_never_turned kernels/track/follow.k 's/>= K_P\(0\)\)\) \{/>= K_R(-1.0))) {/' "track_follow turns"
plant follow_cutoff_of_squares kernels/track/follow.k 's/\*anisotropy = K_sqrt\(K_R\(1\.5\)/*anisotropy = (K_R(1.5)/' "track_follow cutoffs"
plant follow_vectors_as_they_stand kernels/track/follow.k 's/!\(size > most\)/*which >= 0/' "track_follow vectors"
plant tracts_even_by_points src/array/tract_shape.c 's/const double wanted = length \* \(double\)i \/ \(double\)\(n - 1\);/const double wanted = length * (double)i \/ (double)n;/' "track_shape resample"
plant filter_points_not_moved src/track/filter.c 's/if \(!status && f->moves\) status = vxg_tract_move\(f->to_file, VXG_F64, offsets\[lines\], mm\);//' "cli_tracks.sh"
exit $failed
