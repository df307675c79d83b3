// A heartbeat allocates nothing of ours: operator new is counted while the protocol takes a ping and
// its pong is written. The slice that gRPC takes
// the answer in is gRPC's; what it costs is counted beside it. A binary of its
// own, for operator new is the whole program's.
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "liveness/v1/heartbeat_service.pb.h"
#include "server/rpc/engine/message_bytes.h"
#include "server/rpc/heartbeat/heartbeat_bytes.h"
#include "server/rpc/heartbeat/heartbeat_protocol.h"
#include "server/rpc/heartbeat/heartbeat_writer.h"
#include "tests/unit/rpc/heartbeat/heartbeat_harness.h"

namespace {

thread_local int allocations = 0;

}  // namespace

// Not inlined: the compiler would see malloc() freed by delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// What the algorithms of the library take for a while.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace liveness::rpc {
namespace {

grpc::ByteBuffer PingBytes(std::uint64_t sequence) {
  v1::HeartbeatRequest request;
  request.mutable_ping()->set_sequence(sequence);
  request.mutable_ping()->mutable_send_time()->set_seconds(1'700'000'000);
  request.mutable_ping()->mutable_send_time()->set_nanos(123'456'789);
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

TEST(HeartbeatAllocationTest, TheCounterCounts) {
  const int before = allocations;
  delete new std::string(1000, 'x');
  EXPECT_GT(allocations, before);
}

// What gRPC allocates for a message of that size.
int CostOfSlice(std::size_t size) {
  const int before = allocations;
  const grpc::Slice slice(size);
  const grpc::ByteBuffer buffer(&slice, 1);
  return allocations - before;
}

// A wire whose operations never end.
class NoWire final : public HeartbeatWire {
 public:
  void Read() override {}
  void Write(const grpc::ByteBuffer& message) override { written = message.Length(); }
  void Finish(const grpc::Status&) override {}
  void SetAlarm(grpc::Alarm&, common::Duration) override {}
  void Cancel() override {}
  absl::StatusOr<auth::CallerPtr> Identify() const override { return std::make_shared<auth::Caller>(); }

  std::size_t written = 0;
};

TEST(HeartbeatAllocationTest, APingAllocatesNothing) {
  testing::HeartbeatHarness server;
  NoWire wire;
  const auto writer = std::make_shared<HeartbeatWriter>(server.deps, wire, net::Endpoint{});
  HeartbeatProtocol protocol(server.deps, server.world.registry.pulses().at(0), writer);
  writer->Start(absl::OkStatus());
  const std::string hello = testing::Hello().SerializeAsString();
  HeartbeatProtocol::Next after_hello;
  ASSERT_TRUE(
      protocol.Take({reinterpret_cast<const std::uint8_t*>(hello.data()), hello.size()}, after_hello).ok());
  server.Commit();
  ASSERT_FALSE(writer->Written());
  // The size of the pong; 0 if there is none.
  const auto beat = [&](const grpc::ByteBuffer& incoming) -> std::size_t {
    wire.written = 0;
    HeartbeatProtocol::Next next;
    const absl::Status taken = protocol.Take(BytesOf(OneSlice(incoming)), next);
    if (!taken.ok() || !next.pong || writer->Taken(next.pong) || writer->Written()) return 0;
    return wire.written;
  };
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    const grpc::ByteBuffer incoming = PingBytes(sequence);
    const int before = allocations;
    const std::size_t answered = beat(incoming);
    const int made = allocations - before;
    EXPECT_GT(answered, 0U);
    // The first may warm up what is made once for a thread.
    if (sequence > 1) {
      EXPECT_EQ(made - CostOfSlice(answered), 0) << "ping " << sequence;
    }
  }
  // Its last operation lets go of the session, which holds the writer.
  (void)writer->AlarmFired(false);
  (void)writer->ReadsEnded();
  (void)writer->Finished();
  EXPECT_TRUE(writer->Done(core::StreamEnd::kConnectionClosed));
}

}  // namespace
}  // namespace liveness::rpc
