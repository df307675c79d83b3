// Delivery over HTTP: one thread and one multi handle of libcurl for all hooks. A receiver that hangs costs
// its own timeout, and nobody else anything: connecting, TLS and looking up names go on side by side.
// Connections are kept for the next event.
#pragma once

#include <curl/curl.h>

#include <map>
#include <memory>
#include <string>

#include "common/clock.h"
#include "server/hooks/delivery_thread.h"
#include "server/hooks/http_transfer.h"

namespace liveness::hooks {

class HttpDelivery final : public DeliveryThread {
 public:
  // Without a guard of the options' own: WhyNotPublic (address_guard.h). `clock` outlives it.
  HttpDelivery(HttpOptions options, const common::Clock& clock);
  // As Stop().
  ~HttpDelivery() override;

 private:
  struct Flight {
    std::unique_ptr<HttpTransfer> transfer;
    Done done;
  };
  using Flights = std::map<std::string, Flight>;  // by hook
  struct Free {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void Run() override;
  void Wake() override;
  void Begin(Command command);
  void CancelFlight(Flights::iterator flight);
  // True if any was finished.
  bool FinishSome();
  void End(Flights::iterator flight, const Outcome& outcome);

  HttpOptions options_;
  const common::Clock& clock_;
  // Both the thread's, but for waking it.
  std::unique_ptr<CURLM, Free> multi_;
  Flights flights_;
};

}  // namespace liveness::hooks
