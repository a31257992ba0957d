# find_package(voxgrad): voxgrad::voxgrad, the library; voxgrad::voxgrad_io, files (component io).
include("${CMAKE_CURRENT_LIST_DIR}/voxgrad-targets.cmake")
set(voxgrad_io_FOUND TRUE)
foreach(component ${voxgrad_FIND_COMPONENTS})
  if(NOT voxgrad_${component}_FOUND AND voxgrad_FIND_REQUIRED_${component})
    set(voxgrad_FOUND FALSE)
    set(voxgrad_NOT_FOUND_MESSAGE "voxgrad has no component ${component}; there is: io")
  endif()
endforeach()
