// The dashboard: one page and what it loads, all of it in the binary. What is not in the table is not there,
// so that no path leads out of it. Immutable, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "server/http/exchange.h"
#include "server/http/router.h"

namespace liveness::http {

struct Asset {
  std::string_view content_type;
  std::string_view bytes;
  std::string_view etag;  // in its quotes
};

// Of `/` or `/assets/VERSION/...`, VERSION being that of this build; null of everything else.
const Asset* Find(std::string_view path);

// What the page may do: run its own modules and its import map, ask its own server, and nothing else; and no
// other page may frame it.
std::string ContentSecurityPolicy();

// Answers GET of `/` and `/assets/*`: 200, 304 to whoever has it (If-None-Match), or 404. An asset may be
// kept for ever, for a changed one has another path; the page itself is asked for each time.
Response Serve(const Request& request);

// `/` and `/assets/*`.
void AddPage(Router& router);

}  // namespace liveness::http
