// The flags on the HTTP port.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/net/listen_address.h"

namespace liveness::app {

struct HttpSettings {
  std::string text = "127.0.0.1:7780";        // --http-listen, as it was written
  std::optional<net::ListenAddress> address;  // the same, read; nothing: off
  bool given = false;                         // not the default
  bool admin = false;
  std::size_t max_connections = 2'048;
  std::vector<std::string> host_names;
};

class HttpFlags {
 public:
  // `settings` takes what is given. Both must outlive the parsing.
  void AddTo(CLI::App& app, HttpSettings& settings);
  // After the parsing. What is wrong, or empty.
  std::string ApplyTo(HttpSettings& settings) const;

 private:
  const CLI::Option* listen_ = nullptr;
};

}  // namespace liveness::app
