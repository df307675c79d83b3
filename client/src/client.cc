#include <liveness/client.h>

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "client/src/channel.h"
#include "client/src/fork_guard.h"
#include "client/src/options.h"
#include "client/src/worker.h"

namespace liveness {
namespace {

// No signal hits a thread that is started while one of these lives, so that an application's handlers
// run on the application's threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

// In a forked child nothing of the worker may be touched, because its thread is not
// there, and its locks stay as they were at the fork.
class Client::Impl {
 public:
  explicit Impl(ClientOptions options)
      : client_id_(options.client_id),
        instance_id_(options.instance_id),
        generation_(internal::ForkGeneration()),
        worker_(std::make_unique<internal::Worker>(std::move(options), common::SystemClock())) {}

  bool inert() const { return generation_ != internal::ForkGeneration(); }
  internal::Worker& worker() { return *worker_; }
  internal::Worker::Snapshot snapshot() const {
    if (!inert()) return worker_->snapshot();
    internal::Worker::Snapshot snapshot;
    snapshot.state = State::kStopped;
    snapshot.last_error = Error{"FORKED", "this client belongs to the parent process"};
    return snapshot;
  }

  const std::string client_id_;
  const std::string instance_id_;

 private:
  const std::uint64_t generation_;
  const std::unique_ptr<internal::Worker> worker_;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Client>> Client::Start(ClientOptions options) {
  Result<ClientOptions> complete = internal::Complete(std::move(options));
  if (!complete) return complete.error();
  internal::InstallForkHandlers();
  if (internal::ForkGeneration() != 0) {
    return Error{"FORKED", "this process was forked from one that had started a client; fork first, or exec"};
  }
  const SignalsBlocked blocked;
  auto credentials = internal::MakeCredentials(complete->tls);
  if (!credentials) return credentials.error();
  const auto token = internal::ReadToken(*complete);
  if (!token) return token.error();
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(*std::move(complete))));
}

Client::~Client() {
  if (impl_->inert()) {
    // Leaked on purpose, because every destructor below would wait for a thread that is not in this process.
    (void)impl_.release();
    return;
  }
  Goodbye();
}

State Client::state() const { return impl_->snapshot().state; }

BootInstant Client::alive_until() const {
  if (impl_->inert()) return {};
  return impl_->worker().alive_until().time_since_epoch();
}

bool Client::alive() const { return common::SystemClock().Boot().time_since_epoch() < alive_until(); }

std::uint64_t Client::incarnation() const {
  return impl_->snapshot().welcome.value_or(Welcome{}).incarnation;
}

std::optional<Welcome> Client::welcome() const { return impl_->snapshot().welcome; }
std::optional<std::chrono::nanoseconds> Client::rtt() const { return impl_->snapshot().rtt; }
Counters Client::counters() const { return impl_->snapshot().counters; }
std::optional<Error> Client::last_error() const { return impl_->snapshot().last_error; }
const std::string& Client::client_id() const { return impl_->client_id_; }
const std::string& Client::instance_id() const { return impl_->instance_id_; }

std::optional<Error> Client::UpdateLabels(Labels labels) {
  if (std::optional<Error> error = internal::CheckLabels(labels)) return error;
  if (impl_->inert() || !impl_->worker().UpdateLabels(std::move(labels))) {
    return Error{"STOPPED", "this client has ended"};
  }
  return std::nullopt;
}

Result<ProgressToken> Client::Progress(const std::string& name, std::chrono::nanoseconds deadline) {
  if (impl_->inert()) return Error{"STOPPED", "this client belongs to the parent process"};
  return impl_->worker().progress().Add(name, deadline);
}

bool Client::Goodbye(const std::string& reason, ExitStatus exit) {
  return !impl_->inert() && impl_->worker().Goodbye(reason, exit);
}

}  // namespace liveness
