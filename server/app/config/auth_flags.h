// The flags on who is let in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "server/auth/action.h"

namespace liveness::app {

struct AuthSettings {
  std::string rules_file, token_file, crl_file;  // empty: none
  std::vector<std::string> trust_domains;        // empty: any that --tls-ca signs
  bool allow_common_names = false;
  // --insecure-anonymous, as it was written and read; nothing: not given.
  std::string anonymous_text;
  std::optional<auth::Actions> anonymous;
};

class AuthFlags {
 public:
  // `settings` takes what is given. Both must outlive the parsing.
  void AddTo(CLI::App& app, AuthSettings& settings);
  // After the parsing. What is wrong, or empty.
  std::string ApplyTo(AuthSettings& settings) const;

 private:
  const CLI::Option* anonymous_ = nullptr;
};

}  // namespace liveness::app
