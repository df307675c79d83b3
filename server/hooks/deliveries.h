// Sends each event by the way that its hook names: HTTP or a command. Thread-safe, as Delivery says.
#pragma once

#include <string>
#include <utility>

#include "common/clock.h"
#include "server/hooks/exec_delivery.h"
#include "server/hooks/http_delivery.h"

namespace liveness::hooks {

class Deliveries final : public Delivery {
 public:
  // `clock` outlives it.
  Deliveries(HttpOptions options, const common::Clock& clock)
      : http_(std::move(options), clock), exec_(clock) {}

  void Send(HookConfigPtr hook, EventPtr event, Done done) override {
    Delivery& way = hook->url.empty() ? static_cast<Delivery&>(exec_) : http_;
    way.Send(std::move(hook), std::move(event), std::move(done));
  }
  void Cancel(const std::string& name) override {
    http_.Cancel(name);
    exec_.Cancel(name);
  }
  void Stop() override {
    http_.Stop();
    exec_.Stop();
  }

 private:
  HttpDelivery http_;
  ExecDelivery exec_;
};

}  // namespace liveness::hooks
