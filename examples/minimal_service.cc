// A service that is known as live for as long as it runs.
//
//   liveness-example ID [KEY=VALUE...]     label KEY=VALUE
//
// LIVENESS_SERVER names the servers, HOST:PORT[,HOST:PORT...]; LIVENESS_TLS_CA, LIVENESS_TLS_CERT and
// LIVENESS_TLS_KEY the files of TLS, as for livenessctl.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include <liveness/client.h>

namespace {

std::string Variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  liveness::ClientOptions options;
  options.client_id = argc > 1 ? argv[1] : "example";
  for (int i = 2; i < argc; ++i) {
    const std::string label = argv[i];
    const auto equals = label.find('=');
    options.labels[label.substr(0, equals)] = equals == label.npos ? "" : label.substr(equals + 1);
  }
  std::istringstream list(Variable("LIVENESS_SERVER", "127.0.0.1:7700"));
  for (std::string target; std::getline(list, target, ',');) options.targets.push_back(target);
  liveness::Tls tls;
  tls.ca_file = Variable("LIVENESS_TLS_CA");
  tls.cert_file = Variable("LIVENESS_TLS_CERT");
  tls.key_file = Variable("LIVENESS_TLS_KEY");
  if (!tls.ca_file.empty() || !tls.cert_file.empty()) options.tls = tls;

  options.preset = liveness::Preset::kStrict;  // a ping every 3 s, silence found after 6-9 s
  options.on_state = [](const liveness::StateChange& change) {
    std::cout << change.state << (change.reason.empty() ? "" : " ") << change.reason << std::endl;
    // Somebody else has our name now: whatever we do from here on, we do as nobody.
    if (change.state == liveness::State::kStopped) kill(getpid(), SIGTERM);
  };

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  auto client = liveness::Client::Start(options);
  if (!client) {
    std::cerr << "liveness-example: " << client.error().message << '\n';
    return 2;
  }
  // The work goes here. Ours is to wait until somebody stops us.
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;  // the client says goodbye
}
