# Debian 12's gRPC ships a CMake config, its Protobuf only the module; newer
# systems have a config that knows Protobuf's own dependencies: ask that first.
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf REQUIRED)
endif()
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
