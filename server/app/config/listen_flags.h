// The flags on where and how the server takes connections in.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/net/listen_address.h"

namespace liveness::app {

struct ListenSettings {
  std::string text = "127.0.0.1:7700";        // --listen, as it was written
  std::vector<net::ListenAddress> addresses;  // the same, read
  bool given = false;                         // not the default
  mode_t unix_mode = 0660;
  int backlog = 0;                            // 0: as many as the kernel allows
  std::size_t max_connections = 0;            // 0: as many as the limit of open files bears
  std::uint32_t max_connection_rate = 1'000;  // a second and address; 0: no limit
};

class ListenFlags {
 public:
  // `settings` takes what is given. Both must outlive the parsing.
  void AddTo(CLI::App& app, ListenSettings& settings);
  // After the parsing. What is wrong, or empty.
  std::string ApplyTo(ListenSettings& settings) const;

 private:
  const CLI::Option* listen_ = nullptr;
  std::string mode_ = "0660";
};

}  // namespace liveness::app
