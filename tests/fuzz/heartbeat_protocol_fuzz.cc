// Heartbeat streams of one server, and what their clients say in whatever order: the protocol answers or ends
// the stream, and the registry keeps its records. The input is a list of steps: a byte that chooses what
// happens, and what that needs.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/parse.h"
#include "tests/unit/rpc/heartbeat/protocol_stream.h"

namespace liveness::fuzz {
namespace {

constexpr std::size_t kStreams = 3;
constexpr std::size_t kMaxSteps = 200;

// Of one stream, what the properties are about.
struct Stream {
  explicit Stream(testing::HeartbeatHarness& server) : protocol(server) {}

  testing::ProtocolStream protocol;
  bool over = false;
};

class Steps {
 public:
  explicit Steps(std::string_view input) : input_(input) {
    for (auto& stream : streams_) stream = std::make_unique<Stream>(server_);
  }

  void Run() {
    for (std::size_t step = 0; step < kMaxSteps && !input_.empty(); ++step) TakeStep();
    server_.Commit();
    for (const std::string id : {"a", "b"}) {
      const core::RecordPtr record = server_.world.Record(id);
      Require(record == nullptr || record->client_id() == id, "a record is its client's");
    }
  }

 private:
  unsigned char Byte() {
    if (input_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(input_.front());
    input_.remove_prefix(1);
    return byte;
  }

  void TakeStep() {
    Stream& stream = *streams_[Byte() % kStreams];
    switch (Byte() % 8) {
      case 0: {
        const char* const client = Byte() % 2 == 0 ? "a" : "b";
        const char* const instance = Byte() % 2 == 0 ? "1" : "2";
        return Say(stream, testing::Hello(client, instance));
      }
      case 1: return Say(stream, testing::Ping(Byte()));
      case 2: {
        v1::HeartbeatRequest request;
        request.mutable_goodbye()->set_reason("done");
        return Say(stream, request);
      }
      case 3: return Resume(stream);
      case 4: return server_.Commit();
      case 5: return server_.clock.Advance(std::chrono::milliseconds(10 * Byte()));
      case 6: {
        const std::size_t asked = Byte();  // before the size is taken, which it changes
        const std::size_t size = std::min(asked, input_.size());
        const std::string_view bytes = input_.substr(0, size);
        input_.remove_prefix(size);
        return Say(stream, bytes);
      }
      default: Reopen(stream);
    }
  }

  void Resume(Stream& stream) {
    v1::HeartbeatRequest hello = testing::Hello();
    hello.mutable_hello()->set_resume_token(token_);
    Say(stream, hello);
  }

  void Reopen(Stream& stream) {
    for (auto& each : streams_) {
      if (each.get() == &stream) each = std::make_unique<Stream>(server_);
    }
  }

  void Say(Stream& stream, const v1::HeartbeatRequest& request) { Say(stream, request.SerializeAsString()); }

  void Say(Stream& stream, std::string_view bytes) {
    testing::FakeTransport& transport = stream.protocol.transport();
    // What the transport itself sees to.
    if (stream.over || transport.over || transport.awaiting) return;
    const auto next = stream.protocol.Take(bytes);
    if (!next.ok()) {
      Require(!common::ReasonOf(next.status()).empty(), "a stream ends for a reason");
      stream.over = true;
      return;
    }
    v1::HeartbeatRequest request;
    Require(Parse(bytes, request), "what is taken is a message");
    Require(transport.identified.size() <= 1, "a stream says hello once");
    Require(!next->await_welcome || request.has_hello(), "a hello alone waits for its welcome");
    Require(!next->pong || (request.has_ping() && next->pong->ping.sequence == request.ping().sequence()),
            "a pong answers its ping");
    // A kind of message that this server does not know is passed over.
    Require(request.has_hello() || !transport.identified.empty() ||
                request.message_case() == v1::HeartbeatRequest::MESSAGE_NOT_SET,
            "the first message is a hello");
    if (!transport.welcome.resume_token().empty()) token_ = transport.welcome.resume_token();
  }

  std::string_view input_;
  testing::HeartbeatHarness server_;
  std::unique_ptr<Stream> streams_[kStreams];
  std::string token_ = "none";
};

}  // namespace

std::vector<std::string> Seeds() {
  using namespace std::string_literals;
  const std::string join = "\0\0\0\0"s + "\0\4"s + "\0\1\1"s;
  return {join, join + "\0\1\2"s + "\0\1\2"s, join + "\0\2"s + "\0\4"s, join + "\1\3"s + "\0\4"s + "\1\1\1"s,
          join + "\1\0\0\1"s + "\0\4"s + "\1\1\1"s + "\0\1\5"s,
          join + "\0\5\xff"s + "\0\5\xff"s + "\0\7"s + "\0\3"s, "\0\6\2\x12\0"s,
          // Welcomed after it is gone.
          "\0\0\0\0"s + "\0\7"s + "\0\4"s};
}

void Try(std::string_view input) {
  SilenceProtobuf();
  Steps(input).Run();
}

}  // namespace liveness::fuzz
