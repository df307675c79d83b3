// Tells a liveness server that this process is here.
//
//   liveness::ClientOptions options;
//   options.targets = {"liveness.example:7700"};
//   options.client_id = "worker-17";
//   options.on_state = [](const liveness::StateChange& change) { ... };
//   auto client = liveness::Client::Start(std::move(options));
//   if (!client) { std::cerr << client.error().message; return 1; }
//   ... while (work) { if (!(*client)->alive()) stop_touching_things(); ... }
//
// One thread of the client's own pings, answers, reconnects (at once after a lost
// stream, then with a backoff of at most 2 s, for ever) and calls `on_state`.
//
// fork(): a child has the object but not the connection. The library closes the
// child's copy of the socket, so that the parent's death is seen at once; every
// method of the child's object is inert (alive() is false, nothing is sent, the
// destructor returns). gRPC does not work on in a forked child, so fork before
// the first client, or exec in the child before it starts a client of its own.
#pragma once

#include <memory>
#include <string>

#include <liveness/client_interface.h>
#include <liveness/options.h>
#include <liveness/progress.h>
#include <liveness/result.h>
#include <liveness/state.h>

namespace liveness {

class Client final : public ClientInterface {
 public:
  // Returns at once; the connection is made in the background. Fails with
  // BAD_OPTIONS, BAD_TLS or BAD_TOKEN_FILE (a file cannot be used, as its message says) or FORKED (see
  // above).
  static Result<std::unique_ptr<Client>> Start(ClientOptions options);

  // Says goodbye if Goodbye() was not called, waits at most `goodbye_timeout`
  // for the answer. REQUIRES: not called from `on_state`.
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  State state() const override;
  BootInstant alive_until() const override;
  bool alive() const override;
  std::uint64_t incarnation() const override;
  std::optional<Welcome> welcome() const override;
  std::optional<std::chrono::nanoseconds> rtt() const override;
  Counters counters() const override;
  std::optional<Error> last_error() const override;
  const std::string& client_id() const override;
  const std::string& instance_id() const override;
  std::optional<Error> UpdateLabels(Labels labels) override;
  Result<ProgressToken> Progress(const std::string& name, std::chrono::nanoseconds deadline) override;
  bool Goodbye(const std::string& reason = "", ExitStatus exit = {}) override;

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace liveness
