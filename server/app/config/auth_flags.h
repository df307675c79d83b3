// The flags on who is let in.
#pragma once

#include <cstddef>
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
  int max_bad_tokens = 20;  // of one address in a minute; 0: no limit
  std::string audit_file;   // empty: none
  std::size_t max_audit_events = 10'000;
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
