# Cross build for 64-bit Arm, its programs run by an emulator: tools/arm64.sh.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64;-L;/usr/aarch64-linux-gnu")
# No library of the host: the formats are tested on the host.
foreach(package HDF5 TIFF PNG ZLIB)
  set(CMAKE_DISABLE_FIND_PACKAGE_${package} ON)
endforeach()
