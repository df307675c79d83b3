// WatchClients over real gRPC: a watch cannot lie, and a slow one harms nobody.
#include <atomic>
#include <map>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "server/rpc/convert/client_proto.h"
#include "tests/integration/server/query_server.h"
#include "tests/integration/server/query_watcher.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// What a watcher must know at the registry's current revision.
std::map<std::string, std::string> Truth(QueryServer& server) {
  std::map<std::string, std::string> truth;
  registry::ScanRequest scan;
  scan.limit = 1'000'000;
  while (true) {
    registry::ScanResult part = server.registry().Scan(scan);
    for (const core::ClientView& view : part.views) {
      v1::Client client;
      rpc::ToProto(view, rpc::Detail::kFull, {}, client);
      truth[client.client_id()] = Settled(client);
    }
    if (part.done) return truth;
    scan.after = part.cursor;
  }
}

std::map<std::string, std::string> Known(const Watcher& watcher) {
  std::map<std::string, std::string> known;
  for (const auto& [id, entry] : watcher.clients) known[id] = entry.text;
  return known;
}

TEST(QueryWatchTest, SnapshotAndReplayEqualTheRegistry) {
  QueryServer server;
  std::vector<registry::Attached> staying;
  for (int i = 0; i < 3'000; ++i) staying.push_back(server.Join("stay-" + std::to_string(i), {{"n", "0"}}));
  std::atomic<bool> stop{false};
  std::thread churn([&] {
    for (int i = 0; !stop; ++i) {
      server.Leave(server.Join("guest-" + std::to_string(i % 500)));
      server.SetLabels(staying[i * 7 % staying.size()], {{"n", std::to_string(i)}});
      if (i % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  Watcher early(server.Connect(), {});
  ASSERT_TRUE(early.CatchUp(1));
  Watcher late(server.Connect(), {});
  ASSERT_TRUE(late.CatchUp(1));
  stop = true;
  churn.join();
  const std::uint64_t revision = server.registry().revision();
  const auto truth = Truth(server);
  for (Watcher* watcher : {&early, &late}) {
    ASSERT_TRUE(watcher->CatchUp(revision));
    EXPECT_TRUE(watcher->in_order);
    EXPECT_EQ(watcher->gaps, 0);
    EXPECT_EQ(watcher->history_id, server.registry().history_id());
    EXPECT_EQ(Known(*watcher), truth);
  }
}

TEST(QueryWatchTest, AWatcherResumesWhereItStopped) {
  QueryServer server;
  const auto client = server.Join("a");
  v1::WatchClientsRequest request;
  {
    Watcher watcher(server.Connect(), request);
    ASSERT_TRUE(watcher.CatchUp(server.registry().revision()));
    request.set_start_revision(watcher.revision);
    request.set_history_id(watcher.history_id);
  }
  {
    // Nothing was missed: it is told so at once, not after a bookmark's interval.
    Watcher watcher(server.Connect(), request);
    const auto began = std::chrono::steady_clock::now();
    ASSERT_TRUE(watcher.Next());
    EXPECT_TRUE(watcher.last.bookmark());
    EXPECT_EQ(watcher.last.revision(), request.start_revision());
    EXPECT_EQ(watcher.last.history_id(), request.history_id());
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));
  }
  server.Join("b");
  server.Leave(client);
  Watcher watcher(server.Connect(), request);
  ASSERT_TRUE(watcher.CatchUp(server.registry().revision()));
  EXPECT_EQ(watcher.transitions, 2);
  EXPECT_EQ(watcher.gaps, 0);
}

TEST(QueryWatchTest, AFilteredWatchTellsOfWhoLeavesTheFilter) {
  QueryServer server;
  const auto in = server.Join("in", {{"zone", "eu"}});
  server.Join("out", {{"zone", "us"}});
  v1::WatchClientsRequest request;
  request.set_filter("labels.zone = eu");
  Watcher watcher(server.Connect(), request);
  ASSERT_TRUE(watcher.CatchUp(server.registry().revision()));
  EXPECT_EQ(watcher.clients.size(), 1u);
  server.SetLabels(in, {{"zone", "us"}});
  server.Join("another", {{"zone", "us"}});
  while (watcher.transitions == 0) ASSERT_TRUE(watcher.Next());
  EXPECT_EQ(watcher.last.transitions(0).client().labels().at("zone"), "us");
  EXPECT_EQ(watcher.transitions, 1);
}

TEST(QueryWatchTest, BookmarksComeWhenNothingHappens) {
  QueryServer server;
  server.Join("a");
  v1::WatchClientsRequest request;
  *request.mutable_bookmark_interval() = google::protobuf::util::TimeUtil::MillisecondsToDuration(100);
  Watcher watcher(server.Connect(), request);
  ASSERT_TRUE(watcher.CatchUp(server.registry().revision()));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(watcher.Next());
    EXPECT_TRUE(watcher.last.bookmark());
    EXPECT_EQ(watcher.last.revision(), server.registry().revision());
    EXPECT_EQ(watcher.last.history_id(), server.registry().history_id());
  }
}

TEST(QueryWatchTest, AnotherHistoryIsAGapAndAFreshSnapshot) {
  QueryServer server;
  server.Join("a");
  v1::WatchClientsRequest request;
  request.set_start_revision(5);
  request.set_history_id("of another server");
  Watcher watcher(server.Connect(), request);
  watcher.done = false;
  ASSERT_TRUE(watcher.CatchUp(server.registry().revision()));
  EXPECT_EQ(watcher.gaps, 1);
  EXPECT_EQ(watcher.history_id, server.registry().history_id());
  EXPECT_EQ(Known(watcher), Truth(server));
}

TEST(QueryWatchTest, AWatcherThatReadsNothingLosesItsPlaceAndNothingElse) {
  registry::RegistryOptions options;
  options.max_mailbox = 2'000;
  QueryServer server(options);
  const auto client = server.Join("busy");
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 16 * 1024);
  const auto channel = NewChannel(server.address(), grpc::InsecureChannelCredentials(), args);
  Watcher slow(channel, {});
  Watcher quick(server.Connect(), {});
  ASSERT_TRUE(slow.CatchUp(server.registry().revision()));
  ASSERT_TRUE(quick.CatchUp(server.registry().revision()));

  const std::string large(256, 'v');
  for (int i = 0; i < 40'000; ++i) {
    server.SetLabels(client, {{"n", std::to_string(i)}, {"padding", large}});
    if (i % 500 != 0) continue;
    ASSERT_TRUE(quick.CatchUp(server.registry().revision()));
  }
  const std::uint64_t revision = server.registry().revision();
  ASSERT_TRUE(quick.CatchUp(revision));
  EXPECT_EQ(quick.gaps, 0);
  EXPECT_EQ(quick.transitions, 40'000);
  ASSERT_TRUE(slow.CatchUp(revision));
  EXPECT_GE(slow.gaps, 1);
  EXPECT_TRUE(slow.in_order);
  EXPECT_LT(slow.transitions, 40'000);
  EXPECT_EQ(Known(slow), Truth(server));
}

TEST(QueryWatchTest, BadRequestsEndTheWatch) {
  QueryServer server;
  server.Join("a");
  const auto end_of = [&](const v1::WatchClientsRequest& request) {
    Watcher watcher(server.Connect(), request);
    EXPECT_FALSE(watcher.Next());
    return watcher.Finish();
  };
  v1::WatchClientsRequest request;
  request.set_start_revision(server.registry().revision() + 1'000'000);
  grpc::Status status = end_of(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(DetailsOf(status).reason, "REVISION_IN_FUTURE");
  request.clear_start_revision();
  request.set_filter("state =");
  status = end_of(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason, "BAD_FILTER");
  request.clear_filter();
  request.mutable_bookmark_interval()->set_seconds(-1);
  EXPECT_EQ(DetailsOf(end_of(request)).reason, "BAD_BOOKMARK_INTERVAL");
}

TEST(QueryWatchTest, BytesThatAreNoMessageAreRefused) {
  QueryServer server;
  grpc::GenericStub stub(server.Connect());
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const grpc::Slice junk("\xff\xff\xff\xff\xff");
  const auto call = stub.PrepareUnaryCall(&context, "/liveness.v1.RegistryService/WatchClients",
                                          grpc::ByteBuffer(&junk, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(status).reason, "BAD_MESSAGE");
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) continue;
}

TEST(QueryWatchTest, AWatcherThatGoesGivesItsPlaceBack) {
  registry::RegistryOptions options;
  options.max_watchers = 1;
  QueryServer server(options);
  server.Join("a");
  {
    Watcher first(server.Connect(), {});
    ASSERT_TRUE(first.CatchUp(1));
    Watcher second(server.Connect(), {});
    EXPECT_FALSE(second.Next());
    const grpc::Status status = second.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(DetailsOf(status).reason, "TOO_MANY_WATCHERS");
    EXPECT_TRUE(DetailsOf(status).retry_delay.has_value());
  }
  EXPECT_TRUE(Eventually([&] { return server.registry().totals().watchers == 0; }));
  Watcher third(server.Connect(), {});
  EXPECT_TRUE(third.CatchUp(1));
}

TEST(QueryWatchTest, TheEndOfTheServerEndsTheWatchWithItsReason) {
  QueryServer server;
  server.Join("a");
  Watcher watcher(server.Connect(), {});
  ASSERT_TRUE(watcher.CatchUp(1));
  server.engine().EndCalls();
  while (watcher.Next()) continue;
  const grpc::Status status = watcher.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailsOf(status).reason, "DRAINING");
  Watcher later(server.Connect(), {});
  EXPECT_FALSE(later.Next());
  EXPECT_EQ(DetailsOf(later.Finish()).reason, "DRAINING");
}

}  // namespace
}  // namespace liveness::testing
