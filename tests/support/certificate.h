// A self-signed certificate made for the run: its own root, good for either end.
// The `openssl` program makes it.
#pragma once

#include <filesystem>
#include <string>

namespace liveness::testing {

class Certificate {
 public:
  // For the host `liveness.test` and for 127.0.0.1, in files of its own.
  Certificate();
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  // Empty if it was made; else what openssl said.
  const std::string& failure() const { return failure_; }

  std::string cert_file() const { return directory_ / "cert.pem"; }
  std::string key_file() const { return directory_ / "key.pem"; }

 private:
  std::filesystem::path directory_;
  std::string failure_;
};

// The whole of a file.
std::string ReadFile(const std::filesystem::path& path);

}  // namespace liveness::testing
