#include "tests/support/certificate.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace liveness::testing {

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Certificate::Certificate() {
  std::string name = std::filesystem::temp_directory_path() / "liveness-tls-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    failure_ = "no temporary directory";
    return;
  }
  directory_ = name;
  const std::string command =
      "cd " + name +
      " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2"
      " -subj /CN=liveness.test -addext subjectAltName=DNS:liveness.test,IP:127.0.0.1"
      " -addext basicConstraints=critical,CA:FALSE >log 2>&1";
  if (std::system(command.c_str()) != 0) failure_ = "openssl: " + ReadFile(directory_ / "log");
}

Certificate::~Certificate() {
  if (!directory_.empty()) std::filesystem::remove_all(directory_);
}

}  // namespace liveness::testing
