#!/bin/sh
# What we write is what nibabel (TRK, TCK) and trx-python (TRX) read: within 1e-4 mm, with columns and groups. nibabel is Debian's
# python3-nibabel or comes with trx-python, which is PyPI's, in an environment of its own in build/tracts-peers.
cd "$(dirname "$0")/.." || exit 1
suite=tracts_peers
. tests/tools/cli.sh
writer=${VXG_TRACT_FILES:-$build/tools/tract_files}
if [ ! -x "$writer" ]; then
    skip all "$writer is not built"
    exit 0
fi
if ! "$writer" "$W" >"$W/truth.txt"; then
    fail write "$writer writes nothing"
    exit 1
fi
data=${VXG_TEST_DATA:-/nowhere}/tractograms
copies() { # copies ENDING: files that others wrote, and our copies of them
    for f in "$data"/*."$1"; do
        [ -f "$f" ] || continue
        case $f in *nibabel_empty*) continue ;; esac
        "$writer" "$f" "$W/copy_$(basename "$f")" && echo "$f $W/copy_$(basename "$f")"
    done
}
venv=${VXG_TRACT_PEERS:-$PWD/build/tracts-peers}
mkdir -p build
why=$(sh tests/tools/pip_folder.sh "$venv" trx-python nibabel)
python=
for p in /usr/bin/python3 "$venv/bin/python" python3; do
    if "$p" -c 'import nibabel' 2>/dev/null; then
        python=$p
        break
    fi
done
if [ -z "$python" ]; then
    skip nibabel "nibabel is not here (Debian: python3-nibabel)"
else
    # shellcheck disable=SC2046
    "$python" tests/tools/tract_peers.py nibabel "$W" $(copies trk) $(copies tck) || failed=1
fi
if [ -n "$why" ]; then
    skip trx "$why"
else
    # shellcheck disable=SC2046
    "$venv/bin/python" tests/tools/tract_peers.py trx "$W" $(copies trx) || failed=1
    converted() { # what the command makes of files: pairs
        for f in standard.trk standard.LPS.trk standard.tck complex.trk; do
            for to in trk tck trx; do
                out=$W/converted_$(echo $f | tr . _).$to
                reference=
                case $f in *.tck) reference="--reference $data/nibabel_standard.nii.gz" ;; esac
                # shellcheck disable=SC2086
                "$V" tracks convert "$data/nibabel_$f" "$out" $reference -q && echo "$data/nibabel_$f $out"
            done
        done
        for to in trk tck; do
            "$V" tracks convert "$data/trx_small.trx" "$W/small.$to" -q && echo "$data/trx_small.trx $W/small.$to"
        done
    }
    # shellcheck disable=SC2046
    [ -f "$data/trx_small.trx" ] &&
        { "$venv/bin/python" tests/tools/tract_peers.py convert "$W" $(converted) || failed=1; }
fi
exit $failed
