#include "server/hooks/http_transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/net/socket_address.h"
#include "common/strings.h"
#include "server/hooks/address_guard.h"
#include "server/hooks/signature.h"

namespace liveness::hooks {
namespace {

// Of an answer's body, for the log.
constexpr std::size_t kShownBytes = 160;

long Milliseconds(common::Duration span) {
  return static_cast<long>(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(span).count()));
}

bool IsTaken(long status) { return status >= 200 && status < 300; }

}  // namespace

HttpTransfer::HttpTransfer(const HttpOptions& options, HookConfigPtr hook, EventPtr event,
                           common::WallTime now)
    : options_(options), hook_(std::move(hook)), event_(std::move(event)), easy_(curl_easy_init()) {
  SetReceiver();
  SetRequest(now);
}

void HttpTransfer::Append(List& list, const std::string& text) {
  if (curl_slist* const longer = curl_slist_append(list.get(), text.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

void HttpTransfer::SetReceiver() {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, hook_->url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  // Set, even if to nothing, they are asked instead of the environment.
  curl_easy_setopt(easy, CURLOPT_PROXY, hook_->proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!hook_->ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, hook_->ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Milliseconds(hook_->timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(hook_->timeout));
  // Many threads: no signals. And a look-up that hangs is left behind, not waited for: all hooks share the
  // thread.
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  // A kept connection may be one that another hook, with other rights, has opened.
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &BeforeRequest);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  // A receiver that moves is found with the next connection.
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  if (options_.resolve) {
    for (const std::string& each : options_.resolve()) Append(resolve_, each);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve_.get());
  }
}

void HttpTransfer::SetRequest(common::WallTime now) {
  CURL* const easy = easy_.get();
  const SignatureHeaders signature = Sign(hook_->secrets, event_->id, now, event_->body);
  Append(headers_, "Content-Type: application/cloudevents+json; charset=utf-8");
  Append(headers_, "webhook-id: " + signature.id);
  Append(headers_, "webhook-timestamp: " + signature.timestamp);
  if (!signature.signature.empty()) Append(headers_, "webhook-signature: " + signature.signature);
  Append(headers_, "Expect:");  // the body is short: no round trip before it
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, event_->body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(event_->body.size()));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

curl_socket_t HttpTransfer::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (transfer.guarded()) {
    if (const auto why = transfer.options_.guard(address->addr)) {
      transfer.refused_ = common::StrCat(common::AddressText(address->addr), ", ", *why);
      return CURL_SOCKET_BAD;
    }
  }
  transfer.let_through_ = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int HttpTransfer::BeforeRequest(void* self, char* address, char*, int, int) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (!transfer.guarded()) return CURL_PREREQFUNC_OK;
  const auto parsed = ParseAddress(address);
  if (!parsed) return CURL_PREREQFUNC_ABORT;
  const auto why = transfer.options_.guard(reinterpret_cast<const sockaddr&>(*parsed));
  if (!why) return CURL_PREREQFUNC_OK;
  transfer.refused_ = common::StrCat(address, ", ", *why);
  transfer.let_through_ = false;
  return CURL_PREREQFUNC_ABORT;
}

std::size_t HttpTransfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ > kMostBytes) return 0;
  const std::string_view line(data, size * count);
  if (line == "\r\n" || line == "\n") {
    long status = 0;
    curl_easy_getinfo(transfer.easy(), CURLINFO_RESPONSE_CODE, &status);
    transfer.answered_ = transfer.answered_ || status >= 200;
  }
  return size * count;
}

std::size_t HttpTransfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t bytes = size * count;
  transfer.body_bytes_ += bytes;
  const std::size_t shown = std::min(bytes, kShownBytes - transfer.body_begin_.size());
  transfer.body_begin_.append(data, shown);
  return transfer.body_bytes_ > kMostBytes ? 0 : bytes;
}

std::string HttpTransfer::WordsOf(CURLcode code) const {
  std::string words = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
  // It says it twice.
  static constexpr std::string_view kAgain = ": Couldn't connect to server";
  if (words.ends_with(kAgain)) words.resize(words.size() - kAgain.size());
  return words;
}

Outcome HttpTransfer::Finish(CURLcode code) const {
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  if (answered_ && IsTaken(status)) return {.result = Result::kTaken};
  if (!answered_) {
    if (!refused_.empty() && !let_through_) {
      return {
          .result = Result::kMisplaced,
          .error = common::StrCat("will not connect to ", refused_, ": allow-private = true would let it")};
    }
    if (header_bytes_ > kMostBytes) {
      return {.result = Result::kFailed, .error = "the header of the answer is longer than 64 KiB"};
    }
    const bool misplaced =
        code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_SSL_CACERT_BADFILE;
    return {.result = misplaced ? Result::kMisplaced : Result::kFailed, .error = WordsOf(code)};
  }
  Outcome outcome{.result = Result::kFailed, .error = common::StrCat("HTTP ", status)};
  if (status >= 300 && status < 400) {
    outcome.result = Result::kMisplaced;
    outcome.error += ": redirects are not followed; url must be the place itself";
    return outcome;
  }
  if (status == 410) outcome.result = Result::kGone;
  curl_off_t seconds = 0;
  if ((status == 429 || status == 503) &&
      curl_easy_getinfo(easy(), CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0) {
    outcome.retry_after = std::chrono::seconds(std::min<curl_off_t>(seconds, 24 * 3600));
  }
  const std::string_view first_line =
      std::string_view(body_begin_).substr(0, body_begin_.find_first_of("\r\n"));
  if (!first_line.empty()) outcome.error += common::StrCat(": ", first_line);
  return outcome;
}

}  // namespace liveness::hooks
