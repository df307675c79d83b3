// What HTTP requests say, as our code sees it: target, query, Host, Origin, Cookie, the id of the last event.
#include <string>
#include <string_view>
#include <vector>

#include "liveness/v1/registry_service.pb.h"
#include "server/http/session_cookie.h"
#include "server/http/transport/host_check.h"
#include "server/http/transport/target.h"
#include "server/http/watch/sse.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain_text.h"

namespace liveness::fuzz {
namespace {

// `text` as a query's value, each byte escaped.
std::string Escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789aBcDeF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return escaped;
}

void TryTarget(std::string_view text) {
  if (const auto target = http::ParseTarget(text); target.ok()) {
    Require(target->path.starts_with('/') && IsPlain(target->path),
            "a path is plain text that begins with /");
    for (const auto& [name, value] : target->query) Require(IsPlain(name) && IsPlain(value), "so is a query");
  }
  const auto wrapped = http::ParseTarget("/p?q=" + Escaped(text) + "&last=1");
  Require(wrapped.ok() == IsPlain(text), "what is plain text can be asked for, and nothing else");
  if (!wrapped.ok()) return;
  Require(wrapped->path == "/p" && wrapped->query.size() == 2 && wrapped->query[0].second == text &&
              wrapped->query[1].second == "1",
          "an escaped value is that value and ends nothing");
}

void TryHost(std::string_view text) {
  // Somebody else's domain, whatever stands before it.
  Require(!http::IsOurHost(std::string(text) + ".evil.example", {"our.example"}),
          "a name below a strange domain is not ours");
  const std::string_view host = http::HostOfOrigin(text);
  Require(text.find(host) != std::string_view::npos, "the host of an origin is a part of it");
}

// The id that a browser keeps of `event`, to send as Last-Event-ID.
std::string IdOf(std::string_view event) {
  std::string id;
  while (!event.empty()) {
    std::string_view line = TakeLine(event);
    if (!line.starts_with("id: ")) continue;
    Require(id.empty(), "an event has one id");
    id = line.substr(4);
  }
  return id;
}

void TryEventId(std::string_view text) {
  v1::WatchClientsRequest request;
  if (!http::ParseEventId(text, request).ok() || !IsPlain(request.history_id())) return;
  v1::WatchClientsRequest again;
  const std::string event = *http::SsePacker(request.history_id()).Bookmark(request.start_revision());
  const std::string id = IdOf(event);
  Require(id == request.history_id() + ":" + std::to_string(request.start_revision()), "an event has its id");
  Require(http::ParseEventId(id, again).ok() && again.history_id() == request.history_id() &&
              again.start_revision() == request.start_revision(),
          "an id that an event had is read as it was");
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"/api/v1/clients/web%201?view=FULL&filter=state+%3D+ALIVE",
          "/",
          "/%00",
          "/a?%zz",
          "*",
          "http://a/b",
          "localhost:8080",
          "[::1]:8080",
          "127.0.0.1",
          "our.example.",
          "http://our.example:80",
          "liveness_session=lvt_0123456789012345678901234567890123456789; a=b",
          "b3f0c2:4711",
          "b3f0c2:",
          ":18446744073709551616"};
}

void Try(std::string_view input) {
  TryTarget(input);
  TryHost(input);
  TryEventId(input);
  if (const auto token = http::SessionTokenOf(input)) {
    Require(input.find(*token) != std::string_view::npos, "a session's token is of its cookie");
    Require(!http::SessionTokenOf(std::string(input) + "; " + std::string(input)),
            "of two sessions there is none");
  }
}

}  // namespace liveness::fuzz
