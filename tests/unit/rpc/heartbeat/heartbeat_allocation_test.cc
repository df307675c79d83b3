// A heartbeat allocates nothing of ours: operator new is counted while a ping is
// parsed, takes effect on its session and is answered. The slice that gRPC takes
// the answer in is gRPC's; what it costs is counted beside it. A binary of its
// own, for operator new is the whole program's.
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "liveness/v1/heartbeat_service.pb.h"
#include "server/core/detection/flood_guard.h"
#include "server/rpc/heartbeat/ping_wire.h"
#include "tests/support/registry/registry_harness.h"

namespace {

thread_local int allocations = 0;

}  // namespace

// Not inlined: the compiler would see malloc() freed by delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
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

TEST(HeartbeatAllocationTest, APingAllocatesNothing) {
  testing::RegistryHarness harness;
  const testing::Peer peer = harness.Attach("a");
  const auto beat = [&](grpc::ByteBuffer& incoming, std::uint64_t sequence) {
    const std::optional<PlainPing> ping = ReadPlainPing(incoming);
    if (!ping || ping->sequence != sequence) return std::size_t{0};
    const common::MonoTime now = harness.clock.Mono();
    if (core::IsPingFlood(sequence, now.time_since_epoch(), std::chrono::seconds(1), 10))
      return std::size_t{0};
    if (peer.attached.session->Touch(peer.attached.attachment, now) != registry::TouchResult::kHeard) {
      return std::size_t{0};
    }
    peer.attached.session->CountPing(sequence, 0);
    return WritePong({*ping, harness.clock.Wall()}).Length();
  };
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    grpc::ByteBuffer incoming = PingBytes(sequence);
    const int before = allocations;
    const std::size_t answered = beat(incoming, sequence);
    const int made = allocations - before;
    EXPECT_GT(answered, 0U);
    // The first may warm up what is made once for a thread.
    if (sequence > 1) {
      EXPECT_EQ(made - CostOfSlice(answered), 0) << "ping " << sequence;
    }
  }
}

}  // namespace
}  // namespace liveness::rpc
