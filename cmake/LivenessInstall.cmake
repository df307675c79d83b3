# cmake --install: the client library with its headers, the contract, both
# binaries and the service unit. What each target needs is exported with it.
include(CMakePackageConfigHelpers)

option(LIVENESS_SHARED "Install the client library as one shared library instead of archives" OFF)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/liveness)

# liveness_client and whatever of ours it links, in the order of linking.
function(liveness_closure target out_var)
  set(seen ${${out_var}})
  get_target_property(real ${target} ALIASED_TARGET)
  if(real)
    set(target ${real})
  endif()
  list(REMOVE_ITEM seen ${target})
  list(APPEND seen ${target})
  get_target_property(deps ${target} INTERFACE_LINK_LIBRARIES)
  foreach(dep ${deps})
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" dep "${dep}")
    if(dep MATCHES "^liveness(::|_)")
      liveness_closure(${dep} seen)
    endif()
  endforeach()
  set(${out_var} ${seen} PARENT_SCOPE)
endfunction()

set(installed)
liveness_closure(liveness_client installed)
set(libs)
set(absl)
foreach(target ${installed})
  get_target_property(deps ${target} INTERFACE_LINK_LIBRARIES)
  list(TRANSFORM deps REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1")
  list(FILTER deps INCLUDE REGEX "^absl::")
  list(TRANSFORM deps REPLACE "^absl::" "absl_" OUTPUT_VARIABLE names)
  list(APPEND absl ${names})
  string(REGEX REPLACE "^liveness_" "" short ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${short})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    list(APPEND libs -l${target})
  endif()
endforeach()

# The contract is in the same library: a program in which both it and the client had the messages would end at
# its start, because Protobuf registers each of them once.
if(LIVENESS_SHARED)
  set(objects)
  set(needed)
  foreach(target ${installed})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
      list(APPEND objects $<TARGET_OBJECTS:${target}>)
    endif()
    get_target_property(deps ${target} INTERFACE_LINK_LIBRARIES)
    list(FILTER deps EXCLUDE REGEX "^(\\$<LINK_ONLY:)?liveness(::|_)")
    list(FILTER deps EXCLUDE REGEX "liveness_options|^deps-NOTFOUND$")
    list(APPEND needed ${deps})
  endforeach()
  list(REMOVE_DUPLICATES needed)
  add_library(liveness_shared SHARED ${objects})
  target_link_libraries(liveness_shared PRIVATE ${needed} INTERFACE gRPC::grpc++ protobuf::libprotobuf)
  target_include_directories(liveness_shared SYSTEM INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(liveness_shared PUBLIC cxx_std_20)
  # Before 1.0 a minor version may break.
  set_target_properties(liveness_shared PROPERTIES
    LINKER_LANGUAGE CXX EXPORT_NAME client OUTPUT_NAME liveness-client
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  add_library(liveness_shared_proto INTERFACE)
  target_link_libraries(liveness_shared_proto INTERFACE liveness_shared)
  set_target_properties(liveness_shared_proto PROPERTIES EXPORT_NAME proto)
  set(installed liveness_shared liveness_shared_proto)
  set(libs -lliveness-client)
  set(absl)
endif()

install(TARGETS ${installed} EXPORT livenessTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT livenessTargets NAMESPACE liveness:: DESTINATION ${config_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/livenessConfig.cmake.in
  ${PROJECT_BINARY_DIR}/livenessConfig.cmake
  INSTALL_DESTINATION ${config_dir} PATH_VARS CMAKE_INSTALL_DATADIR)
# Before 1.0 a minor version may break.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/livenessConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/livenessConfig.cmake ${PROJECT_BINARY_DIR}/livenessConfigVersion.cmake
  DESTINATION ${config_dir})

file(RELATIVE_PATH LIVENESS_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" LIVENESS_PC_UP ${LIVENESS_PC_UP})
list(JOIN libs " " LIVENESS_PC_LIBS)
list(REMOVE_DUPLICATES absl)
list(JOIN absl " " LIVENESS_PC_ABSL)
configure_file(${CMAKE_CURRENT_LIST_DIR}/liveness.pc.in ${PROJECT_BINARY_DIR}/liveness-client.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/liveness-client.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/client/include/liveness DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_BINARY_DIR}/proto/gen/liveness DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.pb.h" PATTERN storage EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/proto/liveness DESTINATION ${CMAKE_INSTALL_DATADIR}/liveness/proto
  FILES_MATCHING PATTERN "*.proto" PATTERN storage EXCLUDE)

foreach(binary livenessd livenessctl)
  if(TARGET ${binary})
    install(TARGETS ${binary} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
if(TARGET livenessd)
  install(FILES ${PROJECT_SOURCE_DIR}/deploy/livenessd.service DESTINATION lib/systemd/system)
  install(FILES ${PROJECT_SOURCE_DIR}/deploy/prometheus/liveness.rules.yml
    ${PROJECT_SOURCE_DIR}/deploy/grafana/liveness.json DESTINATION ${CMAKE_INSTALL_DATADIR}/liveness)
endif()
