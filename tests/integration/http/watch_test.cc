// Watches as Server-Sent Events: whole, resumable, and never a place for others to wait.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/integration/http/http_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

class HttpWatch : public HttpTest {
 protected:
  // A stream whose head was read.
  std::unique_ptr<HttpConnection> Open(const std::string& query = "", const std::string& fields = "") const {
    auto connection = std::make_unique<HttpConnection>(http());
    connection->Ask("GET", "/api/v1/watch" + query, fields);
    const HttpAnswer head = connection->ReadAnswer();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.fields.at("Content-Type"), "text/event-stream");
    return connection;
  }
  static SseEvent ReadPast(HttpConnection& stream, const std::string& event) {
    while (auto next = stream.ReadEvent()) {
      if (next->event == event) return *next;
    }
    ADD_FAILURE() << "no " << event;
    return {};
  }
  void Join(const std::string& id, std::chrono::milliseconds timeout = std::chrono::seconds(3)) {
    streams_.push_back(std::make_unique<HeartbeatStream>(address()));
    ASSERT_TRUE(streams_.back()->Join(HeartbeatStream::Hello(id, "1", timeout / 3, timeout)));
  }
  void TearDown() override {
    streams_.clear();
    HttpTest::TearDown();
  }

  std::vector<std::unique_ptr<HeartbeatStream>> streams_;
};

TEST_F(HttpWatch, ASnapshotThenEachTransition) {
  StartHttp();
  const auto stream = Open();
  const auto client = stream->ReadEvent();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->event, "client");
  EXPECT_TRUE(client->id.empty()) << "nobody resumes amid a snapshot";
  EXPECT_THAT(client->data, HasSubstr("\"client_id\":\"bystander\""));
  const auto done = stream->ReadEvent();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->event, "snapshot_done");
  EXPECT_THAT(done->id, HasSubstr(":"));
  Join("web-1");
  const SseEvent came = ReadPast(*stream, "transition");
  EXPECT_THAT(came.data, HasSubstr("\"to_state\":\"STATE_ALIVE\""));
  EXPECT_THAT(came.id, HasSubstr(":"));
}

TEST_F(HttpWatch, ResumesAfterTheLastEvent) {
  StartHttp();
  const std::string id = ReadPast(*Open(), "snapshot_done").id;
  Join("web-1");
  Join("web-2");
  const auto resumed = Open("", "Last-Event-ID: " + id + "\r\n");
  EXPECT_THAT(ReadPast(*resumed, "transition").data, HasSubstr("web-1"));
  EXPECT_THAT(ReadPast(*resumed, "transition").data, HasSubstr("web-2"));
}

TEST_F(HttpWatch, AnotherHistoryIsAGapAndASnapshot) {
  StartHttp();
  const auto stream = Open("", "Last-Event-ID: somewhere-else:7\r\n");
  const auto gap = stream->ReadEvent();
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->event, "gap");
  EXPECT_EQ(ReadPast(*stream, "client").event, "client");
  ReadPast(*stream, "snapshot_done");
}

TEST_F(HttpWatch, TheFutureAndNonsenseAreErrors) {
  StartHttp();
  const std::string id = ReadPast(*Open(), "snapshot_done").id;
  const std::string history = id.substr(0, id.rfind(':'));
  const HttpAnswer future = Fetch("/api/v1/watch", "Last-Event-ID: " + history + ":18446744073709551615\r\n");
  EXPECT_EQ(future.status, 400);
  EXPECT_THAT(future.body, HasSubstr("REVISION_IN_FUTURE"));
  for (const char* bad : {"x", ":7", "h:", "h:7x", "h:-1", "h:99999999999999999999"}) {
    const HttpAnswer answer = Fetch("/api/v1/watch", std::string("Last-Event-ID: ") + bad + "\r\n");
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_THAT(answer.body, HasSubstr("BAD_EVENT_ID")) << bad;
  }
  EXPECT_EQ(Fetch("/api/v1/watch?filter=state%20=%20(").status, 400);
  EXPECT_EQ(Fetch("/api/v1/watch?bookmark_interval=0s").status, 400);
}

TEST_F(HttpWatch, QuietOnesHearBookmarks) {
  StartHttp();
  const auto stream = Open("?bookmark_interval=0.2s&filter=client_id%20=%20none");
  ReadPast(*stream, "snapshot_done");
  EXPECT_THAT(ReadPast(*stream, "bookmark").id, HasSubstr(":"));
  EXPECT_THAT(ReadPast(*stream, "bookmark").data, HasSubstr("history_id"));
}

TEST_F(HttpWatch, MoreViewersThanPlacesAreRefused) {
  StartHttp({"--max-watchers=4"});  // of which HTTP has three
  std::vector<std::unique_ptr<HttpConnection>> viewers;
  for (int i = 0; i < 3; ++i) viewers.push_back(Open());
  const HttpAnswer refused = Fetch("/api/v1/watch");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("TOO_MANY_WATCHERS"));
  viewers.pop_back();
  EXPECT_TRUE(Eventually([&] {
    HttpConnection again(http());
    again.Ask("GET", "/api/v1/watch");
    return again.ReadAnswer().status == 200;
  })) << "who leaves makes room";
}

// Whatever HTTP is asked, heartbeats go first: each of its threads gives way.
TEST_F(HttpWatch, ItsThreadsGiveWay) {
  StartHttp();
  const auto stream = Open();
  ReadPast(*stream, "snapshot_done");
  EXPECT_EQ(Fetch("/api/v1/clients").status, 200);
  std::set<std::string> seen;
  const std::filesystem::path tasks = "/proc/" + std::to_string(server_->pid()) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    std::string name, stat;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
    std::getline(std::ifstream(task.path() / "stat") >> std::ws, stat);
    if (!name.starts_with("http")) continue;
    seen.insert(name);
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string field;
    for (int i = 3; i <= 19; ++i) fields >> field;  // the 19th of all is the nice value
    EXPECT_EQ(field, "10") << name;
  }
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre("http", "http-rpc", "http-worker"));
}

// They fill what the kernel holds for them, and cost no one else anything.
TEST_F(HttpWatch, ViewersThatNeverReadKeepNobodyWaiting) {
  StartHttp({"--max-clients=100000"});
  const auto reader = Open();
  ReadPast(*reader, "snapshot_done");
  std::vector<std::unique_ptr<HttpConnection>> deaf;
  for (int i = 0; i < 20; ++i) deaf.push_back(Open());
  for (int i = 0; i < 300; ++i) Join("c" + std::to_string(i), std::chrono::minutes(1));
  for (int i = 0; i < 300; ++i) {
    EXPECT_THAT(ReadPast(*reader, "transition").data, HasSubstr("\"c" + std::to_string(i) + "\""));
  }
}

// What it has not taken in ten seconds is cut off, so that it holds nothing for ever.
TEST_F(HttpWatch, AViewerThatDoesNotTakeItsWriteIsCutOff) {
  StartHttp();
  for (int i = 0; i < 500; ++i) {
    v1::HeartbeatRequest hello = HeartbeatStream::Hello("c" + std::to_string(i), "1");
    for (int label = 0; label < 32; ++label) {
      (*hello.mutable_hello()->mutable_labels())["k" + std::to_string(label)] = std::string(256, 'v');
    }
    streams_.push_back(std::make_unique<HeartbeatStream>(address()));
    ASSERT_TRUE(streams_.back()->Join(hello));
  }
  const auto watchers = [&] {
    v1::GetStatsResponse stats;
    grpc::ClientContext context;
    SetPatience(context);
    EXPECT_TRUE(registry_->GetStats(&context, {}, &stats).ok());
    return stats.watcher_count();
  };
  const auto deaf = Open();  // of a snapshot of some 5 MB, of which the kernel takes a part
  ASSERT_EQ(watchers(), 1);
  EXPECT_TRUE(Eventually([&] { return watchers() == 0; }, seconds(40)));
}

TEST_F(HttpWatch, AHeadIsAllThatHeadAsksFor) {
  StartHttp();
  HttpConnection connection(http());
  connection.Ask("HEAD", "/api/v1/watch");
  EXPECT_EQ(connection.ReadAnswer(true).fields.at("Content-Type"), "text/event-stream");
  EXPECT_TRUE(connection.Receive().empty());
}

TEST_F(HttpWatch, AnEndingServerEndsItsStreams) {
  StartHttp();
  const auto stream = Open();
  ReadPast(*stream, "snapshot_done");
  bystander_.reset();
  channel_.reset();
  registry_.reset();
  admin_.reset();
  EXPECT_EQ(server_->Stop(), 0);
  while (stream->ReadEvent()) {
  }
  EXPECT_EQ(stream->WaitForEnd(), Ending::kOrderly);
}

}  // namespace
}  // namespace liveness::testing
