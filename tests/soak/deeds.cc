#include "tests/soak/deeds.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "liveness/v1/registry_service.grpc.pb.h"
#include "tests/support/heartbeat_stream.h"
#include "tests/support/http2_peer.h"
#include "tests/support/raw_connection.h"

namespace liveness::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HeartbeatStream;
using testing::Http2Frame;
using testing::Http2Peer;

void Pause(milliseconds span) { std::this_thread::sleep_for(span); }

std::string NextId(const std::string& prefix) {
  static std::atomic<int> number{0};
  return prefix + std::to_string(++number);
}

// --- Clients that come and go ---

void ComeAndLeave(const Target& target) {
  HeartbeatStream stream(testing::NewChannel(target.address), milliseconds(0), target.token("fleet"));
  if (stream.Join(HeartbeatStream::Hello(NextId("guest-"), "1")) && stream.Ping(1) && stream.Goodbye()) {
    (void)stream.End();
  }
  Pause(milliseconds(50));
}

void Crash(const Target& target) {
  HeartbeatStream stream(testing::NewChannel(target.address), milliseconds(0), target.token("fleet"));
  (void)stream.Join(HeartbeatStream::Hello(NextId("crash-"), "1"));
  Pause(milliseconds(100));
}

void ComeBack(const Target& target) {
  static std::atomic<int> turn{0};
  const std::string id = "again-" + std::to_string(++turn % 20);
  auto hello = HeartbeatStream::Hello(id, "1");
  for (int i = 0; i < 3; ++i) {
    HeartbeatStream stream(testing::NewChannel(target.address), milliseconds(0), target.token("fleet"));
    const auto welcome = stream.Join(hello);
    if (!welcome) break;
    hello.mutable_hello()->set_resume_token(welcome->resume_token());
    Pause(milliseconds(50));
  }
}

// --- Viewers ---

void List(const Target& target) {
  const auto stub = v1::RegistryService::NewStub(testing::NewChannel(target.address));
  v1::ListClientsRequest request;
  request.set_page_size(100);
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + target.token("ops"));
    context.set_deadline(std::chrono::system_clock::now() + seconds(10));
    v1::ListClientsResponse response;
    if (!stub->ListClients(&context, request, &response).ok()) break;
    request.set_page_token(response.next_page_token());
  }
  Pause(milliseconds(200));
}

// Opens watches, reads nothing of them, and goes.
void WatchAndNotRead(const Target& target) {
  const auto stub = v1::RegistryService::NewStub(testing::NewChannel(target.address));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchClientsResponse>>> watches;
  for (int i = 0; i < 20; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    contexts.back()->AddMetadata("authorization", "Bearer " + target.token("evil"));
    watches.push_back(stub->WatchClients(contexts.back().get(), v1::WatchClientsRequest()));
  }
  Pause(seconds(2));
  for (const auto& context : contexts) context->TryCancel();
}

// --- Attackers ---

void GuessTokens(const Target& target) {
  const auto stub = v1::RegistryService::NewStub(testing::NewChannel(target.address));
  for (int i = 0; i < 100; ++i) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + NextId("lvt_guess"));
    context.set_deadline(std::chrono::system_clock::now() + seconds(10));
    v1::ListClientsResponse response;
    (void)stub->ListClients(&context, v1::ListClientsRequest(), &response);
  }
  Pause(milliseconds(300));
}

void HeaderWithoutEnd(const Target& target) {
  Http2Peer peer(target.address, Http2Peer::Manners::kIgnores);
  const std::uint32_t stream = peer.NextStream();
  bool open = peer.Send(
      {Http2Frame::kHeaders, 0, stream,
       Http2Peer::CallHeaders("/liveness.v1.RegistryService/GetClient") + std::string("\0\x7f", 2)});
  const std::string part =
      Http2Peer::Bytes({Http2Frame::kContinuation, 0, stream, std::string(16'000, '\x80')});
  for (int i = 0; i < 1'000 && open; ++i) open = peer.SendRaw(part);
  Pause(seconds(3));
}

void CallsThatAreReset(const Target& target) {
  Http2Peer peer(target.address);
  const std::string block = Http2Peer::CallHeaders("/liveness.v1.HeartbeatService/Heartbeat");
  bool open = true;
  for (int i = 0; i < 2'000 && open; ++i) {
    const std::uint32_t stream = peer.NextStream();
    open = peer.SendRaw(Http2Peer::Bytes({Http2Frame::kHeaders, Http2Frame::kEndHeaders, stream, block}) +
                        Http2Peer::Bytes({Http2Frame::kReset, 0, stream, std::string("\0\0\0\x8", 4)}));
  }
  Pause(seconds(2));
}

void SilentConnections(const Target& target) {
  std::vector<std::unique_ptr<testing::RawConnection>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<testing::RawConnection>(target.address));
  Pause(seconds(1));
}

void StreamsWithoutHello(const Target& target) {
  const auto channel = testing::NewChannel(target.address);
  std::vector<std::unique_ptr<HeartbeatStream>> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(std::make_unique<HeartbeatStream>(channel, milliseconds(0), target.token("evil")));
  }
  Pause(seconds(1));
}

void Flood(const Target& target) {
  HeartbeatStream stream(testing::NewChannel(target.address), milliseconds(0), target.token("evil"));
  if (stream.Join(HeartbeatStream::Hello("flood", NextId(""), milliseconds(100), milliseconds(1'000)))) {
    for (std::uint64_t i = 1; i < 2'000 && stream.Ping(i); ++i) {
    }
  }
  Pause(milliseconds(500));
}

void ChangeLabels(const Target& target) {
  HeartbeatStream stream(testing::NewChannel(target.address), milliseconds(0), target.token("evil"));
  if (stream.Join(HeartbeatStream::Hello("labels", NextId(""), milliseconds(100), milliseconds(1'000)))) {
    for (int i = 0; i < 90; ++i) {
      v1::HeartbeatRequest request;
      (*request.mutable_update()->mutable_labels())["n"] = std::to_string(i);
      if (!stream.Send(request)) break;
    }
  }
  Pause(milliseconds(300));
}

void DearFilters(const Target& target) {
  static const std::string filter = [] {
    std::string text = "client_id = \"x\"";
    while (text.size() < 8'000) text += " OR labels.a = \"" + std::to_string(text.size()) + "*\"";
    return text;
  }();
  const auto stub = v1::RegistryService::NewStub(testing::NewChannel(target.address));
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + target.token("evil"));
    context.set_deadline(std::chrono::system_clock::now() + seconds(10));
    v1::ListClientsRequest request;
    request.set_filter(filter);
    v1::ListClientsResponse response;
    (void)stub->ListClients(&context, request, &response);
  }
  Pause(milliseconds(300));
}

constexpr Deed kDeeds[] = {{"clients that came and left", ComeAndLeave},
                           {"clients that crashed", Crash},
                           {"clients that came back twice", ComeBack},
                           {"viewers that listed all", List},
                           {"times 20 watches that nobody read", WatchAndNotRead},
                           {"times 100 guesses of tokens", GuessTokens},
                           {"headers without end", HeaderWithoutEnd},
                           {"times 2,000 calls that were reset", CallsThatAreReset},
                           {"times 100 silent connections", SilentConnections},
                           {"times 50 streams without hello", StreamsWithoutHello},
                           {"floods of pings", Flood},
                           {"floods of labels", ChangeLabels},
                           {"times 20 lists with dear filters", DearFilters}};

}  // namespace

std::span<const Deed> AllDeeds() { return kDeeds; }

}  // namespace liveness::soak
