# `sbom`: what is in the binaries, as liveness.spdx.json in the build directory. Asks dpkg: for Debian alone.
find_package(Python3 COMPONENTS Interpreter QUIET)
if(Python3_Interpreter_FOUND AND CMAKE_GENERATOR STREQUAL "Ninja")
  add_custom_target(sbom
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/packaging/sbom ${CMAKE_BINARY_DIR}
      ${CMAKE_BINARY_DIR}/liveness.spdx.json --page-modules ${LIVENESS_PAGE_MODULES}
    DEPENDS livenessd livenessctl
    COMMENT "Listing what is in the binaries" VERBATIM)
endif()
