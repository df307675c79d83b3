#include "server/hooks/http_delivery.h"

#include <algorithm>
#include <utility>

#include "common/thread_name.h"
#include "common/thread_priority.h"
#include "server/hooks/address_guard.h"

namespace liveness::hooks {
namespace {

// Longer than anybody waits: libcurl knows its own timeouts.
constexpr int kPollMilliseconds = 60'000;

// Once a process, before the first handle.
void InitialiseCurl() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)initialised;
}

}  // namespace

HttpDelivery::HttpDelivery(HttpOptions options, const common::Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  InitialiseCurl();
  if (!options_.guard) options_.guard = [](const sockaddr& address) { return WhyNotPublic(address); };
  multi_.reset(curl_multi_init());
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(HookConfig::kMaxHooks));
}

HttpDelivery::~HttpDelivery() { Stop(); }

void HttpDelivery::Wake() { curl_multi_wakeup(multi_.get()); }

void HttpDelivery::Run() {
  common::NameThisThread("hooks-http");
  common::LowerThisThreadsPriority();  // heartbeats first
  for (;;) {
    Told told = Take();
    for (Command& command : told.commands) {
      if (command.cancelled.empty()) {
        Begin(std::move(command));
      } else {
        CancelFlight(flights_.find(command.cancelled));
      }
    }
    if (told.stopped) break;
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    if (FinishSome()) continue;  // who was told may have sent the next one
    curl_multi_poll(multi_.get(), nullptr, 0, kPollMilliseconds, nullptr);
  }
  while (!flights_.empty()) CancelFlight(flights_.begin());
}

void HttpDelivery::Begin(Command command) {
  const std::string& name = command.hook->name;
  CancelFlight(flights_.find(name));
  Flight flight{
      std::make_unique<HttpTransfer>(options_, command.hook, std::move(command.event), clock_.Wall()),
      std::move(command.done)};
  if (curl_multi_add_handle(multi_.get(), flight.transfer->easy()) != CURLM_OK) {
    flight.done({.result = Result::kFailed, .error = "libcurl takes no more transfers"});
    return;
  }
  flights_.emplace(name, std::move(flight));
}

void HttpDelivery::CancelFlight(Flights::iterator flight) {
  if (flight != flights_.end()) End(flight, {.result = Result::kCancelled});
}

bool HttpDelivery::FinishSome() {
  bool some = false;
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    const auto flight = std::find_if(flights_.begin(), flights_.end(), [&](const auto& each) {
      return each.second.transfer->easy() == message->easy_handle;
    });
    if (flight == flights_.end()) continue;
    End(flight, flight->second.transfer->Finish(code));
    some = true;
  }
  return some;
}

void HttpDelivery::End(Flights::iterator flight, const Outcome& outcome) {
  const Flight ended = std::move(flight->second);
  flights_.erase(flight);
  curl_multi_remove_handle(multi_.get(), ended.transfer->easy());
  ended.done(outcome);
}

}  // namespace liveness::hooks
