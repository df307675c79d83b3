#include "server/http/page/page.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/page/page_files.h"

namespace liveness::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Response Get(std::string path, std::string if_none_match = "") {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  request.if_none_match = std::move(if_none_match);
  return Serve(request);
}

std::string Header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "";
}

TEST(PageTest, TheRootIsThePageAndAskedForEachTime) {
  const Response response = Get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(*response.body, StartsWith("<!doctype html>"));
  EXPECT_THAT(*response.body, Not(HasSubstr("@PAGE_")));
  EXPECT_EQ(Header(response, "Cache-Control"), "no-cache");
  EXPECT_EQ(Header(response, "Content-Security-Policy"), ContentSecurityPolicy());
}

TEST(PageTest, WhoHasItIsSentNothing) {
  const std::string etag = Header(Get("/"), "ETag");
  for (const std::string& had : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
    const Response response = Get("/", had);
    EXPECT_EQ(response.status, 304) << had;
    EXPECT_EQ(response.body, nullptr) << had;
    EXPECT_EQ(Header(response, "ETag"), etag) << had;
  }
  EXPECT_EQ(Get("/", "\"other\"").status, 200);
}

// Without npm the page is alone, and this has nothing to look at.
TEST(PageTest, EachAssetHasItsTypeAndIsKeptForEver) {
  for (const PageFile& file : PageFiles()) {
    if (file.path == "/") continue;
    const Response response = Get(std::string(file.path));
    EXPECT_EQ(response.status, 200) << file.path;
    EXPECT_EQ(*response.body, file.asset.bytes);
    EXPECT_FALSE(response.body->empty()) << file.path;
    EXPECT_EQ(Header(response, "Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(response.content_type,
              file.path.ends_with(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8");
  }
}

TEST(PageTest, NoPathLeadsOutOfTheTable) {
  const std::string version(PageFiles().front().path.substr(0, PageFiles().front().path.find('/', 8)));
  for (const char* path :
       {"", "/assets", "/assets/", "/assets/x/main.js", "/../etc/passwd", "/assets/../index.html",
        "/assets/x/../../../../etc/passwd", "/index.html", "//", "/assets/\r\nSet-Cookie: a=b"}) {
    const Response response = Get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_THAT(*response.body, HasSubstr("NOT_FOUND"));
    EXPECT_TRUE(response.headers.empty());
  }
  EXPECT_EQ(Get(version + "/../../etc/passwd").status, 404);
}

TEST(PageTest, ThePolicyAllowsNothingButItsOwn) {
  const std::string policy = ContentSecurityPolicy();
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, HasSubstr("base-uri 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(policy, Not(HasSubstr("*")));
}

}  // namespace
}  // namespace liveness::http
