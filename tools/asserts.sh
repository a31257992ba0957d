#!/bin/sh
# Whether the libraries of a build have asserts: a library with one asks the C library for the function that
# reports it.
#   asserts.sh BUILD on|off   prints a line for each library that is not so
set -u
for library in libvoxgrad libvoxgrad_io; do
    file=$1/lib/$library.so
    if [ ! -f "$file" ]; then
        echo "$file is not there"
    elif nm -D --undefined-only "$file" | grep -qE '__assert_(fail|rtn)|__assert$'; then
        [ "$2" = on ] || echo "$file has asserts: they belong into the tests' build alone"
    else
        [ "$2" = off ] || echo "$file has no asserts: NDEBUG is set in the tests' build"
    fi
done
