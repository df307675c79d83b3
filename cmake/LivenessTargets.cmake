# How every target of the project is made: one per folder, with a `::` alias.
include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

add_library(liveness_options INTERFACE)
target_compile_options(liveness_options INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<AND:$<BOOL:${LIVENESS_WERROR}>,$<CXX_COMPILER_ID:Clang>>:-Werror=thread-safety>
  $<$<BOOL:${LIVENESS_WERROR}>:-Werror>
  # gRPC's and Protobuf's headers warn under newer compilers; ours do not.
  -Wno-deprecated-declarations)
if(LIVENESS_SANITIZE STREQUAL "address")
  # No vptr: to see whether there is memory where an object should be, it writes into a pipe, and
  # takes every object for a bad one in a process that has no descriptor left for that.
  target_compile_options(liveness_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(liveness_options INTERFACE -fsanitize=address,undefined)
elseif(LIVENESS_SANITIZE STREQUAL "thread")
  # Protobuf's headers give a map field two more members under this macro;
  # Debian's library was built without them.
  target_compile_options(liveness_options INTERFACE -fsanitize=thread -U__SANITIZE_THREAD__)
  target_link_options(liveness_options INTERFACE -fsanitize=thread)
elseif(LIVENESS_SANITIZE STREQUAL "fuzzer")
  # As address, and libFuzzer sees which branches an input takes. Clang alone has it.
  set(fuzzer -fsanitize=fuzzer-no-link,address,undefined)
  target_compile_options(liveness_options INTERFACE
    ${fuzzer} -fno-sanitize=vptr -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(liveness_options INTERFACE ${fuzzer})
elseif(LIVENESS_SANITIZE)
  message(FATAL_ERROR "LIVENESS_SANITIZE is address, thread, fuzzer or empty, not ${LIVENESS_SANITIZE}")
endif()
include(LivenessHardening)

# liveness_library(NAME SOURCES a.cc ... DEPS target ...)
# A static library liveness_NAME, known as liveness::NAME. Includes are written
# from the root of the project: "server/core/record/record.h".
function(liveness_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(liveness_${name} STATIC ${ARG_SOURCES})
    target_include_directories(liveness_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
    target_link_libraries(liveness_${name} PUBLIC ${ARG_DEPS} PRIVATE $<BUILD_INTERFACE:liveness_options>)
  else()
    add_library(liveness_${name} INTERFACE)
    target_include_directories(liveness_${name} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
    target_link_libraries(liveness_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(liveness::${name} ALIAS liveness_${name})
endfunction()

# liveness_binary(NAME SOURCES a.cc ... DEPS target ...)
function(liveness_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} liveness_options)
endfunction()

# liveness_test(NAME LABEL unit SOURCES a_test.cc ... DEPS target ... [BINARIES livenessd ...])
# A GoogleTest binary; each of its tests is a ctest test with that label.
# BINARIES are built first and found by tests/support in bin/.
function(liveness_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;DEPS;BINARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main liveness_options)
  target_compile_definitions(${name} PRIVATE LIVENESS_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(ARG_BINARIES)
    add_dependencies(${name} ${ARG_BINARIES})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  # Binaries that a test starts inherit it. (One variable: more would be a list, which is lost on the way.)
  set(environment)
  if(LIVENESS_SANITIZE STREQUAL "address")
    # Of freed memory asan keeps 256 MiB by default, which would count as the server's where a test bounds it.
    set(environment ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=1:quarantine_size_mb=64")
  elseif(LIVENESS_SANITIZE STREQUAL "thread")
    set(environment ENVIRONMENT
      "TSAN_OPTIONS=ignore_noninstrumented_modules=1:second_deadlock_stack=1:suppressions=${PROJECT_SOURCE_DIR}/tests/support/tsan.supp")
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} ${environment})
endfunction()
