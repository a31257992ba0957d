#!/bin/sh
# The Python package's tests with all their rounds: leaks of ten thousand objects of each class, examples that train
# for their whole time, larger accuracy cases.
cd "$(dirname "$0")/../.." || exit 1
VXG_BUILD=${VXG_BUILD:-$PWD/build-test}
export VXG_BUILD
sh tests/python.sh
