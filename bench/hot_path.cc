// The hot paths, for callgrind to count instructions:
//
//   hot_path touch COUNT   the registry's part of a heartbeat
//   hot_path ping COUNT    a ping's whole way through our code: parse, check,
//                          clocks, touch, pong; gRPC before and after it left out
//
// bench/run takes the difference of two counts, so that what is done once cancels.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "bench/fleet.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/core/detection/flood_guard.h"
#include "server/rpc/engine/message_bytes.h"
#include "server/rpc/heartbeat/heartbeat_bytes.h"
#include "server/rpc/heartbeat/ping_wire.h"
#include "server/storage/memory_store.h"

namespace liveness::bench {
namespace {

using common::SystemClock;

bool Touch(registry::Session& session, std::uint64_t sequence, common::MonoTime now) {
  const bool heard = session.Touch(1, now) == registry::TouchResult::kHeard;
  session.CountPing(sequence, 0);
  return heard;
}

// A ping of the fields and sizes that clients send.
grpc::ByteBuffer MakePing() {
  v1::HeartbeatRequest request;
  request.mutable_ping()->set_sequence(100'000);
  request.mutable_ping()->mutable_send_time()->set_seconds(1'800'000'000);
  request.mutable_ping()->mutable_send_time()->set_nanos(123'456'789);
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

bool Ping(registry::Session& session, grpc::ByteBuffer& bytes, std::uint64_t sequence,
          common::MonoTime begun) {
  const std::optional<rpc::PlainPing> ping = rpc::ReadPlainPing(rpc::BytesOf(rpc::OneSlice(bytes)));
  if (!ping) return false;
  const common::MonoTime now = SystemClock().Mono();
  if (core::IsPingFlood(sequence, now - begun, std::chrono::nanoseconds(1), 10)) return false;
  if (!Touch(session, sequence, now)) return false;
  return rpc::SerializePong({*ping, SystemClock().Wall()}).Length() > 0;
}

int Main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool whole = std::string_view(argv[1]) == "ping";
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  storage::MemoryStore store(SystemClock());
  registry::Registry registry(FleetOptions(), SystemClock(), store, *store.Load());
  const auto session = Join(registry, 1).session;
  grpc::ByteBuffer bytes = MakePing();
  const common::MonoTime begun = SystemClock().Mono();
  for (std::uint64_t i = 1; i <= count; ++i) {
    const bool fine = whole ? Ping(*session, bytes, i, begun) : Touch(*session, i, SystemClock().Mono());
    if (!fine) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace liveness::bench

int main(int argc, char** argv) { return liveness::bench::Main(argc, argv); }
