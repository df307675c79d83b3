// What clients say on a heartbeat stream: our own reader agrees with Protobuf, and what is taken is within
// bounds.
#include <array>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "liveness/v1/heartbeat_service.pb.h"
#include "server/rpc/heartbeat/heartbeat_codec.h"
#include "server/rpc/heartbeat/heartbeat_hello.h"
#include "server/rpc/heartbeat/ping_wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/parse.h"
#include "tests/fuzz/plain_text.h"

namespace liveness::fuzz {
namespace {

constexpr core::Timing kPreset{std::chrono::seconds(1), std::chrono::seconds(3)};
constexpr core::TimingBounds kBounds;

void RequireEcho(const rpc::PlainPing& ping) {
  const rpc::PendingPong pong{.ping = ping,
                              .receive_time = common::WallTime(std::chrono::seconds(7)),
                              .vouched_for = std::chrono::milliseconds(1)};
  std::array<std::uint8_t, rpc::kMaxPongBytes> bytes;
  const std::size_t size = rpc::WritePong(pong, bytes);
  Require(size <= bytes.size(), "a pong fits");
  v1::HeartbeatResponse read;
  Require(read.ParseFromArray(bytes.data(), static_cast<int>(size)), "a pong is a message");
  Require(read.pong().sequence() == ping.sequence, "a pong has its ping's sequence");
  Require(read.SerializeAsString() == std::string(bytes.begin(), bytes.begin() + static_cast<long>(size)),
          "a pong is written as Protobuf writes it");
}

void TryPing(std::span<const std::uint8_t> bytes, const v1::HeartbeatRequest* request) {
  const auto plain = rpc::ReadPlainPing(bytes);
  if (!plain) return;
  Require(request != nullptr && request->has_ping(), "what is read as a ping is one");
  const v1::Ping& ping = request->ping();
  // The sender's clock is the ping's only message of its own.
  Require(plain->sequence == ping.sequence() && plain->has_send_time == ping.has_send_time() &&
              plain->send_seconds == ping.send_time().seconds() &&
              plain->send_nanos == ping.send_time().nanos(),
          "a ping is read as Protobuf reads it");
  RequireEcho(*plain);
}

void TryHello(const v1::Hello& hello) {
  const auto request = rpc::ParseHello(hello, kPreset, kBounds);
  if (!request.ok()) return;
  Require(!request->info.client_id.empty() && IsPlain(request->info.client_id), "an id is plain text");
  Require(IsPlain(request->info.instance_id), "so is an instance's");
  Require(request->interval >= kBounds.min_interval && request->interval <= kBounds.max_interval,
          "the interval is within bounds");
  Require(request->timeout <= kBounds.max_timeout && request->timeout >= request->interval,
          "the timeout is no shorter, and within bounds");
  for (const auto& [key, value] : request->info.labels)
    Require(IsPlain(key) && IsPlain(value), "labels are plain");
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {""};
  v1::HeartbeatRequest hello;
  hello.mutable_hello()->set_client_id("shop/orders/1");
  hello.mutable_hello()->set_instance_id("1-1");
  hello.mutable_hello()->mutable_interval()->set_seconds(1);
  hello.mutable_hello()->mutable_timeout()->set_seconds(3);
  (*hello.mutable_hello()->mutable_labels())["zone"] = "eu-1";
  hello.mutable_hello()->set_resume_token("abc");
  seeds.push_back(hello.SerializeAsString());
  v1::HeartbeatRequest ping;
  ping.mutable_ping()->set_sequence(4711);
  ping.mutable_ping()->mutable_send_time()->set_seconds(1'795'391'728);
  ping.mutable_ping()->mutable_send_time()->set_nanos(5);
  seeds.push_back(ping.SerializeAsString());
  ping.mutable_ping()->add_progress()->set_name("loop");
  seeds.push_back(ping.SerializeAsString());
  v1::HeartbeatRequest update;
  (*update.mutable_update()->mutable_labels())["team"] = "shop";
  seeds.push_back(update.SerializeAsString());
  v1::HeartbeatRequest pong;
  pong.mutable_pong()->set_sequence(1);
  seeds.push_back(pong.SerializeAsString());
  v1::HeartbeatRequest goodbye;
  goodbye.mutable_goodbye()->set_reason("done\n");
  seeds.push_back(goodbye.SerializeAsString());
  return seeds;
}

void Try(std::string_view input) {
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  SilenceProtobuf();
  rpc::StackArena arena;
  const v1::HeartbeatRequest* const request = rpc::ParseRequest(bytes, arena);
  TryPing(bytes, request);
  if (request == nullptr) {
    rpc::TextsThatAreNoUtf8(bytes);
    return;
  }
  if (request->has_hello()) TryHello(request->hello());
  if (request->has_update()) {
    if (const auto labels = rpc::ParseUpdate(request->update()); labels.ok()) {
      for (const auto& [key, value] : *labels) Require(IsPlain(key) && IsPlain(value), "labels are plain");
    }
  }
  if (request->has_ping()) (void)rpc::ParseReport(request->ping());
  if (request->has_goodbye()) {
    Require(IsPlain(rpc::ToGoodbye(request->goodbye()).reason), "the last words are plain");
  }
}

}  // namespace liveness::fuzz
