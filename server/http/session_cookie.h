// The cookie in which a browser keeps the token that somebody logged in with. The page's scripts cannot read
// it (HttpOnly), no other page can have it sent (SameSite=Strict), and it lives as long as the browser's
// session. What it stands for is the token itself: whoever is revoked is out at once, and a restart logs
// nobody out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/http/router.h"

namespace liveness::http {

// The token in the fields of a Cookie header; nothing if it has none, or several.
std::optional<std::string> SessionTokenOf(std::string_view cookies);

// POST /api/v1/session with `Authorization: Bearer TOKEN` logs in: 204 and the cookie, or 401 or 403 as the
// gate has it. DELETE logs out. A page of another origin can ask for neither: a browser asks first whether it
// may send such a request, and nobody says so. `secure`: the connections are TLS.
void AddSession(Router& router, bool secure);

}  // namespace liveness::http
