# What makes a mistake in what is shipped end the process instead of serving who found it. tests/package/hardened reads
# it from the binaries.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckPIESupported)

# CMake compiles for PIE by itself; that the linker is told so too has to be asked for.
check_pie_supported(LANGUAGES CXX)

# Addresses of functions are resolved at the start and read-only from then on; no stack runs code.
add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)

# For what is optimised, as FORTIFY wants it. Not with sanitizers: they see more, by watching calls that FORTIFY takes.
if(NOT LIVENESS_SANITIZE)
  set(shipped "$<CONFIG:Release,RelWithDebInfo,MinSizeRel,None>")
  set(hardening -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
    list(APPEND hardening -fcf-protection)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    list(APPEND hardening -mbranch-protection=standard)
  endif()
  foreach(flag ${hardening})
    string(MAKE_C_IDENTIFIER "LIVENESS_HAS${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      add_compile_options($<${shipped}:${flag}>)
    endif()
  endforeach()
  # Level 3 also guards what has its size only at run time; a C library or compiler without it warns.
  set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_cxx_source_compiles("#include <cstring>\nint main() {}" LIVENESS_HAS_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  if(LIVENESS_HAS_FORTIFY_3)
    set(level 3)
  else()
    set(level 2)
  endif()
  add_compile_options($<${shipped}:-U_FORTIFY_SOURCE> $<${shipped}:-D_FORTIFY_SOURCE=${level}>)
endif()
