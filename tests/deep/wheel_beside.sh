#!/bin/sh
# The wheel of ./dev wheel in one process with h5py, PyTorch (Debian's) and JAX, in every order; and the tests of the
# adapters against it.
cd "$(dirname "$0")/../.." || exit 1
suite=wheel_beside
. tests/tools/wheel.sh
newest=1
pythons >"$W/pythons"
while read -r label minor python; do
    [ "$minor" -ge 8 ] || continue
    case $label in
    debian*) # its packages are seen: PyTorch
        environment "$label" "$python" --system-site-packages numpy h5py </dev/null || continue
        tests_in "$label" wheel_beside torch_autograd diffct_module documents </dev/null
        ;;
    *)
        more=
        [ -z "$newest" ] || more="jax scipy"
        # shellcheck disable=SC2086
        environment "$label" "$python" "" numpy h5py $more </dev/null || continue
        tests_in "$label" wheel_beside </dev/null
        # shellcheck disable=SC2086
        [ -z "$newest" ] || tests_in "$label" jax_autodiff operators documents </dev/null
        newest=
        ;;
    esac
    rm -rf "${W:?}/$label"
done <"$W/pythons"
exit $failed
