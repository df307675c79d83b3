#include "server/http/page/page.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "server/http/error_response.h"
#include "server/http/page/page_files.h"

namespace liveness::http {
namespace {

constexpr std::string_view kForEver = "public, max-age=31536000, immutable";
constexpr std::string_view kAskEachTime = "no-cache";

// If-None-Match is a list of tags, each perhaps weak: ours, with its quotes, is in it or not.
bool HasIt(std::string_view if_none_match, std::string_view etag) {
  return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

// Copied once, and from then on shared by all who load it.
SharedText BodyOf(const Asset& asset) {
  static const auto* const bodies = [] {
    auto* made = new std::map<const char*, SharedText>;
    for (const PageFile& file : PageFiles())
      made->emplace(file.asset.bytes.data(), std::make_shared<const std::string>(file.asset.bytes));
    return made;
  }();
  return bodies->at(asset.bytes.data());
}

Response NotThere() {
  return ErrorResponse(common::Error(absl::StatusCode::kNotFound, "NOT_FOUND", "no such file of the page"));
}

}  // namespace

const Asset* Find(std::string_view path) {
  const auto files = PageFiles();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const PageFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &found->asset;
}

std::string ContentSecurityPolicy() {
  const std::string map =
      ImportMapSha256().empty()
          ? std::string()
          : absl::StrCat(" 'sha256-",
                         absl::Base64Escape(absl::HexStringToBytes(std::string(ImportMapSha256()))), "'");
  return absl::StrCat("default-src 'none'; script-src 'self'", map,
                      "; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
                      "frame-ancestors 'none'; form-action 'none'; require-trusted-types-for 'script'; "
                      "trusted-types lit-html");
}

Response Serve(const Request& request) {
  const Asset* asset = Find(request.path);
  if (asset == nullptr) return NotThere();
  const bool is_page = request.path == "/";
  Response response;
  response.content_type = std::string(asset->content_type);
  response.headers = {{"ETag", std::string(asset->etag)},
                      {"Cache-Control", std::string(is_page ? kAskEachTime : kForEver)}};
  if (is_page) response.headers.emplace_back("Content-Security-Policy", ContentSecurityPolicy());
  if (HasIt(request.if_none_match, asset->etag)) {
    response.status = 304;
  } else {
    response.body = BodyOf(*asset);
  }
  return response;
}

void AddPage(Router& router) {
  for (const char* pattern : {"/", "/assets/*"}) {
    router.Add("GET", pattern, auth::Action::kNone,
               [](const auto& exchange) { exchange->Respond(Serve(exchange->request())); });
  }
}

}  // namespace liveness::http
