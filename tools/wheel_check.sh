#!/bin/sh
# wheel_check.sh FOLDER: what a wheel, unpacked in FOLDER, needs of the machine that it is installed on. Prints the
# version of glibc, "2.17"; exit 1 with a line for each thing that no wheel may have.
set -u
[ $# = 1 ] && [ -d "$1/voxgrad/_lib" ] || {
    echo "usage: wheel_check.sh FOLDER, of an unpacked wheel" >&2
    exit 2
}
wheel=$1
elf_files() {
    find "$wheel" -type f | while read -r file; do
        [ "$(head -c 4 "$file" | tail -c 3)" = ELF ] && echo "$file"
    done
}
# Versions of glibc's symbols that a file asks for. Others ("GLIBC_ABI_DT_RELR", "GLIBC_PRIVATE", "GCC_3.0") are kept
# as they are and found below.
versions() { LC_ALL=C readelf -V "$1" | awk '/Version needs section/ {on = 1} on && /Name: / {sub(/.*Name: /, ""); sub(/ .*/, ""); print}'; }
needed() { LC_ALL=C readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

findings() {
    elf_files | while read -r file; do
        name=$(basename "$file")
        # beside the wheel's own, glibc's libraries alone
        needed "$file" | while read -r library; do
            [ -f "$wheel/voxgrad/_lib/$library" ] && continue
            echo "$library" | grep -qE '^(lib(c|m|pthread|dl|rt)|ld-linux[a-z0-9_-]*)\.so\.[0-9]+$' || echo "$name needs $library"
        done
        versions "$file" | grep -vE '^GLIBC_[0-9]+\.[0-9]+(\.[0-9]+)?$' | grep -v '^VXG' | sed "s/^/$name needs the symbols of /"
        # nothing of the formats inside is to be seen, nor looked for, by whatever else is in a process
        nm -D --defined-only "$file" | awk '{print $NF}' |
            grep -vE '^(vxg_[a-z0-9][A-Za-z0-9_]*|vxgi_base_v1|_init|_fini|_IO_stdin_used|[a-z_]*@+GLIBC_.*)$' | sed "s/^/$name exports /"
        nm -D --undefined-only "$file" | awk '{print $NF}' | grep -E '^(H5|TIFF|png_|z?(in|de)flate|crc32|adler32)' | sed "s/^/$name looks for /"
        LC_ALL=C readelf -d "$file" | sed -n 's/.*R\(UN\)\{0,1\}PATH).*\[\(.*\)\]/\2/p' | tr ':' '\n' |
            grep -vE '^\$ORIGIN(/|$)' | sed "s/^/$name has libraries looked for in /"
    done
    # They are in the io part, and there alone.
    for word in 'incorrect header check' TIFFReadDirectory 'IHDR' H5F_open; do
        grep -qa "$word" "$wheel"/voxgrad/_lib/libvoxgrad.so.* && echo "libvoxgrad holds '$word'"
        grep -qa "$word" "$wheel"/voxgrad/_lib/libvoxgrad_io.so.* || echo "libvoxgrad_io lacks '$word'"
    done
    grep -qa H5F_open "$wheel/voxgrad/_lib/voxgrad-h5" || echo "voxgrad-h5 lacks HDF5"
    for licence in zlib libpng tiff hdf5; do
        [ -s "$wheel/voxgrad/_lib/licenses/$licence.txt" ] || echo "there is no licence of $licence"
    done
}
found=$(findings)
[ -z "$found" ] || {
    printf '%s\n' "$found"
    exit 1
}
elf_files | while read -r file; do versions "$file"; done | sed -n 's/^GLIBC_\([0-9]*\.[0-9]*\).*/\1/p' | sort -u -t. -k1,1n -k2,2n |
    tail -n 1 | grep . || {
    echo "there is no program in it"
    exit 1
}
