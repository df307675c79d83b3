// A client in a process of its own, for tests that stop, kill or fork one.
//
//   liveness-client-program TARGET
//
// Prints each change of state as a line. Each line on stdin is a question:
//   alive   "alive 0" or "alive 1"
//   fork    forks a child that tries the client that it has inherited, prints
//           "child PID alive=0 state=STOPPED labels=STOPPED progress=STOPPED goodbye=0 start=FORKED
//           destroyed", and stays
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <liveness/client.h>

namespace {

// Whole lines, by one write each: two processes share the pipe.
void Say(const std::string& line) {
  const std::string text = line + "\n";
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(3);
}

[[noreturn]] void BeTheChild(std::unique_ptr<liveness::Client> client,
                             const liveness::ClientOptions& options) {
  std::string line = "child " + std::to_string(getpid());
  line += " alive=" + std::to_string(client->alive());
  line += std::string(" state=") + liveness::ToString(client->state());
  const auto refused = client->UpdateLabels({{"zone", "eu"}});
  line += " labels=" + (refused ? refused->reason : "OK");
  const auto token = client->Progress("work", std::chrono::seconds(1));
  line += " progress=" + (token ? "OK" : token.error().reason);
  line += " goodbye=" + std::to_string(client->Goodbye());
  const auto second = liveness::Client::Start(options);
  line += " start=" + (second ? "OK" : second.error().reason);
  client.reset();
  Say(line + " destroyed");
  for (;;) pause();
}

}  // namespace

int main(int, char** argv) {
  liveness::ClientOptions options;
  options.targets = {argv[1]};
  options.client_id = "program";
  options.on_state = [](const liveness::StateChange& change) {
    Say(liveness::ToString(change.state) + (change.reason.empty() ? "" : " " + change.reason));
  };
  auto started = liveness::Client::Start(options);
  if (!started) return 2;
  std::unique_ptr<liveness::Client> client = *std::move(started);
  for (std::string question; std::getline(std::cin, question);) {
    if (question == "alive") Say("alive " + std::to_string(client->alive()));
    if (question == "fork" && fork() == 0) BeTheChild(std::move(client), options);
  }
}
