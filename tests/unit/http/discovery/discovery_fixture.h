// Requests to the discovery's routes over a registry of the test's own; workers run at once, time passes by
// hand. Header only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/auth/call_gate.h"
#include "server/http/discovery/consul_catalog.h"
#include "server/http/discovery/prometheus_targets.h"
#include "server/http/router.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::testing {

class TimedExchange final : public http::Exchange {
 public:
  explicit TimedExchange(http::Request request) : Exchange(std::move(request)) {}

  void Respond(http::Response given) override { response = std::move(given); }
  std::shared_ptr<http::Stream> Begin(http::Response, std::function<void()>) override { return nullptr; }
  void Post(std::function<void()> job) override { job(); }
  void After(common::Duration span, std::function<void()> job) override {
    timers_.emplace_back(span, std::move(job));
  }
  bool RunOnWorker(std::function<void()> job) override {
    if (!workers_free) return false;
    if (workers_hold) {
      job_ = std::move(job);
    } else {
      job();
    }
    return true;
  }
  void OnGone(std::function<void()> gone) override { gone_ = std::move(gone); }

  bool answered() const { return response.status != 0; }
  std::string body() const { return response.body == nullptr ? "" : *response.body; }
  std::string Field(const std::string& name) const {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }

  // The peer goes.
  void Leave() {
    if (const auto gone = std::exchange(gone_, nullptr)) gone();
  }
  // The server ends, and every connection with it.
  void End() {
    timers_.clear();
    Leave();
  }
  // Runs what is due.
  void Pass(common::Duration span) {
    std::vector<std::pair<common::Duration, std::function<void()>>> left = std::exchange(timers_, {});
    for (auto& [due, job] : left) {
      if (due <= span) {
        job();
      } else {
        timers_.emplace_back(due - span, std::move(job));
      }
    }
  }

  http::Response response{.status = 0};
  bool workers_free = true;
  bool workers_hold = false;  // until Work()
  bool has_job() const { return job_ != nullptr; }
  void Work() { std::exchange(job_, nullptr)(); }

 private:
  std::function<void()> job_;
  std::vector<std::pair<common::Duration, std::function<void()>>> timers_;
  std::function<void()> gone_;
};

using Query = std::vector<std::pair<std::string, std::string>>;

inline std::shared_ptr<TimedExchange> AskOf(const http::Router& router, const std::string& path,
                                            Query query = {}) {
  const auto exchange = std::make_shared<TimedExchange>(
      http::Request{.method = "GET", .path = path, .query = std::move(query)});
  router.Serve(exchange);
  return exchange;
}

// The routes of a server that serves from now on.
inline http::Router DiscoveryRoutes(registry::Registry& registry, const common::Clock& clock) {
  http::Router router(auth::OpenGate());
  const auto source = std::make_shared<http::SweepSource>(registry, clock);
  http::AddPrometheusTargets(router, source);
  http::AddConsulCatalog(router, registry, source, "1.2.3");
  return router;
}

class DiscoveryTest : public ::testing::Test {
 protected:
  DiscoveryTest() { Serve(); }
  ~DiscoveryTest() override {
    for (const auto& exchange : asked_) exchange->End();
  }

  // As a server does that starts now, over the same registry.
  void Serve() { router_ = DiscoveryRoutes(harness_.registry, harness_.clock); }
  // The first seconds are over, in which its clients may still be on their way.
  void Settle() { harness_.Run(harness_.registry.options().restart_grace); }

  Peer Join(const std::string& id, core::Labels labels) {
    Peer peer = harness_.Attach(id, "i1", std::nullopt, std::move(labels));
    Publish();
    return peer;
  }
  void Leave(const Peer& peer) {
    harness_.registry.SayGoodbye(peer.attached.session, peer.attached.attachment, {});
    Publish();
  }
  void Die(const Peer& peer) {
    registry::Goodbye goodbye;
    goodbye.exit_code = 1;
    harness_.registry.SayGoodbye(peer.attached.session, peer.attached.attachment, goodbye);
    Publish();
  }
  void Publish() {
    while (harness_.registry.PublishPending()) {
    }
  }

  std::shared_ptr<TimedExchange> Ask(const std::string& path, Query query = {}) {
    asked_.push_back(AskOf(router_, path, std::move(query)));
    return asked_.back();
  }
  std::string Body(const std::string& path, Query query = {}) { return Ask(path, std::move(query))->body(); }

  RegistryHarness harness_;
  http::Router router_{auth::OpenGate()};
  std::vector<std::shared_ptr<TimedExchange>> asked_;
};

}  // namespace liveness::testing
