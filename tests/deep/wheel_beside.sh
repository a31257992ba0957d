#!/bin/sh
# The wheel of ./dev wheel in one process with h5py, PyTorch (Debian's) and JAX, in every order; filters of HDF5 that are
# plug-ins; and the tests of the
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
        tests_in "$label" "jax|hdf5plugin" wheel_beside torch_autograd diffct_module documents </dev/null
        ;;
    *)
        if [ -n "$newest" ]; then
            newest=
            environment "$label" "$python" "" numpy h5py hdf5plugin "jax>=0.5" scipy </dev/null || continue
            tests_in "$label" torch wheel_beside jax_autodiff operators documents </dev/null
        else
            environment "$label" "$python" "" numpy h5py </dev/null || continue
            tests_in "$label" "torch|jax|hdf5plugin|a second package" wheel_beside </dev/null
        fi
        ;;
    esac
    rm -rf "${W:?}/$label"
done <"$W/pythons"
exit $failed
