#include "server/http/session_cookie.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/files/token.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/http/error_response.h"

namespace liveness::http {
namespace {

constexpr std::string_view kName = "liveness-token=";

// The token that `authorization` shows if a cookie can hold it, as it can each that `livenessctl token new`
// makes.
std::optional<std::string_view> TokenFor(std::string_view authorization) {
  const std::optional<std::string_view> token = common::TokenOf(authorization);
  const bool fits = token && std::all_of(token->begin(), token->end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '_' || c == '-';
                    });
  return fits ? token : std::nullopt;
}

Response WithCookie(std::string_view token, std::string_view more, bool secure) {
  Response response{.status = 204};
  response.headers.emplace_back(
      "Set-Cookie",
      common::StrCat(kName, token, "; Path=/; HttpOnly; SameSite=Strict", more, secure ? "; Secure" : ""));
  return response;
}

}  // namespace

std::optional<std::string> SessionTokenOf(std::string_view cookies) {
  std::optional<std::string> token;
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view cookie = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (cookie.starts_with(' ')) cookie.remove_prefix(1);
    if (!cookie.starts_with(kName)) continue;
    if (token) return std::nullopt;
    token = cookie.substr(kName.size());
  }
  return token;
}

void AddSession(Router& router, bool secure) {
  router.Add("POST", "/api/v1/session", auth::Action::kView, [secure](const auto& exchange) {
    const auto token = TokenFor(exchange->request().authorization);
    exchange->Respond(token ? WithCookie(*token, "", secure)
                            : ErrorResponse(common::Error(absl::StatusCode::kInvalidArgument, "BAD_TOKEN",
                                                          "log in with `Authorization: Bearer TOKEN`")));
  });
  router.Add("DELETE", "/api/v1/session", auth::Action::kNone,
             [secure](const auto& exchange) { exchange->Respond(WithCookie("", "; Max-Age=0", secure)); });
}

}  // namespace liveness::http
