#include "server/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/auth/call_gate.h"

namespace liveness::http {
namespace {

using ::testing::HasSubstr;

// Keeps the answer.
class FakeExchange final : public Exchange {
 public:
  FakeExchange(std::string method, std::string path)
      : Exchange(Request{.method = std::move(method), .path = std::move(path)}) {}
  void Respond(Response given) override { response = std::move(given); }
  std::shared_ptr<Stream> Begin(Response, std::function<void()>) override { return nullptr; }
  void Post(std::function<void()> job) override { job(); }
  void After(common::Duration, std::function<void()>) override {}
  bool RunOnWorker(std::function<void()> job) override {
    if (!workers_free) return false;
    job();
    return true;
  }
  void OnGone(std::function<void()>) override {}

  Response response{.status = 0};
  bool workers_free = true;
};

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    for (const char* pattern : {"/", "/a", "/a/*", "/a/b/*"}) {
      router_.AddOnWorker("GET", pattern, auth::Action::kNone, [pattern](const Exchange& exchange) {
        return TextResponse(200, "text/plain", std::string(pattern) + " " + exchange.request().path);
      });
    }
    router_.AddOnWorker("POST", "/a", auth::Action::kNone,
                        [](const Exchange&) { return TextResponse(200, "text/plain", "posted"); });
  }
  Response Serve(const std::string& method, const std::string& path, bool workers_free = true) {
    const auto exchange = std::make_shared<FakeExchange>(method, path);
    exchange->workers_free = workers_free;
    router_.Serve(exchange);
    return exchange->response;
  }

  Router router_{auth::OpenGate()};
};

TEST_F(RouterTest, TheLongestPatternServes) {
  EXPECT_EQ(*Serve("GET", "/").body, "/ /");
  EXPECT_EQ(*Serve("GET", "/a").body, "/a /a");
  EXPECT_EQ(*Serve("GET", "/a/").body, "/a/* /a/");
  EXPECT_EQ(*Serve("GET", "/a/x/y").body, "/a/* /a/x/y");
  EXPECT_EQ(*Serve("GET", "/a/b/c").body, "/a/b/* /a/b/c");
  EXPECT_EQ(*Serve("POST", "/a").body, "posted");
  EXPECT_EQ(*Serve("HEAD", "/a").body, "/a /a");
}

TEST_F(RouterTest, UnknownPathsAndMethodsAreErrors) {
  for (const char* path : {"/b", "", "/ab", "/a*"}) EXPECT_EQ(Serve("GET", path).status, 404) << path;
  const Response response = Serve("PUT", "/a");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.at(0).second, "GET, POST");
}

TEST_F(RouterTest, WithoutAFreeWorkerItIsBusy) {
  const Response response = Serve("GET", "/a", false);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(*response.body, HasSubstr("SERVER_BUSY"));
}

}  // namespace
}  // namespace liveness::http
