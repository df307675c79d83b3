// The hand-written pair against Protobuf, which is always right.
#include "server/rpc/heartbeat/ping_wire.h"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "liveness/v1/heartbeat_service.pb.h"

namespace liveness::rpc {
namespace {

std::optional<PlainPing> Read(const std::string& bytes) {
  return ReadPlainPing({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

// A page with none behind it.
class AtTheEndOfMemory {
 public:
  AtTheEndOfMemory() {
    EXPECT_NE(pages_, MAP_FAILED);
    EXPECT_EQ(mprotect(end_, size_, PROT_NONE), 0);
  }
  ~AtTheEndOfMemory() { munmap(pages_, 2 * size_); }
  AtTheEndOfMemory(const AtTheEndOfMemory&) = delete;
  AtTheEndOfMemory& operator=(const AtTheEndOfMemory&) = delete;

  // The bytes as its last; they stand until the next call.
  std::span<const std::uint8_t> Put(std::string_view bytes) const {
    return {static_cast<const std::uint8_t*>(std::memcpy(end_ - bytes.size(), bytes.data(), bytes.size())),
            bytes.size()};
  }

 private:
  const std::size_t size_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const pages_ =
      mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, 0);
  std::uint8_t* const end_ = static_cast<std::uint8_t*>(pages_) + size_;
};

std::string Written(const PendingPong& pong) {
  std::array<std::uint8_t, kMaxPongBytes> bytes;
  const std::size_t size = WritePong(pong, bytes);
  return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

constexpr std::int64_t kSeconds[] = {0,
                                     1,
                                     127,
                                     128,
                                     1'795'391'728,
                                     -1,
                                     std::numeric_limits<std::int64_t>::min(),
                                     std::numeric_limits<std::int64_t>::max()};
constexpr std::int32_t kNanos[] = {0,
                                   1,
                                   999'999'999,
                                   -1,
                                   std::numeric_limits<std::int32_t>::max(),
                                   std::numeric_limits<std::int32_t>::min()};
constexpr std::uint64_t kSequences[] = {
    0, 1, 127, 128, 1ull << 62, (1ull << 63) - 1, 1ull << 63, std::numeric_limits<std::uint64_t>::max()};

TEST(PingWire, ReadsWhatProtobufWrites) {
  for (const auto sequence : kSequences) {
    for (const auto seconds : kSeconds) {
      for (const auto nanos : kNanos) {
        v1::HeartbeatRequest request;
        request.mutable_ping()->set_sequence(sequence);
        request.mutable_ping()->mutable_send_time()->set_seconds(seconds);
        request.mutable_ping()->mutable_send_time()->set_nanos(nanos);
        const auto ping = Read(request.SerializeAsString());
        // Numbers of ten bytes are left to Protobuf.
        const bool plain = sequence < 1ull << 63 && seconds >= 0 && nanos >= 0;
        ASSERT_EQ(ping.has_value(), plain) << request.ShortDebugString();
        if (!ping) continue;
        EXPECT_EQ(ping->sequence, sequence);
        EXPECT_TRUE(ping->has_send_time);
        EXPECT_EQ(ping->send_seconds, seconds);
        EXPECT_EQ(ping->send_nanos, nanos);
      }
    }
  }
}

TEST(PingWire, APingMayBeEmptyOrUntimed) {
  v1::HeartbeatRequest request;
  request.mutable_ping();
  ASSERT_TRUE(Read(request.SerializeAsString()));
  EXPECT_FALSE(Read(request.SerializeAsString())->has_send_time);
  request.mutable_ping()->mutable_send_time();
  EXPECT_TRUE(Read(request.SerializeAsString())->has_send_time);
}

TEST(PingWire, EverythingElseIsLeftToProtobuf) {
  v1::HeartbeatRequest request;
  EXPECT_FALSE(Read(request.SerializeAsString()));
  request.mutable_pong()->set_sequence(1);
  EXPECT_FALSE(Read(request.SerializeAsString()));
  request.mutable_ping()->set_sequence(1);
  EXPECT_TRUE(Read(request.SerializeAsString()));
  request.set_session(1);
  EXPECT_FALSE(Read(request.SerializeAsString()));
  request.clear_session();
  request.mutable_ping()->add_progress()->set_name("worker");
  EXPECT_FALSE(Read(request.SerializeAsString()));
  request.mutable_ping()->clear_progress();
  const std::string whole = request.SerializeAsString();
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(Read(whole.substr(0, size))) << size;
  EXPECT_FALSE(Read(whole + whole));
  EXPECT_FALSE(Read(std::string("\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10)));
}

// Whoever reads behind the end of a message crashes here.
TEST(PingWire, NothingBehindTheMessageIsRead) {
  const AtTheEndOfMemory memory;
  v1::HeartbeatRequest request;
  request.mutable_ping()->set_sequence(300);
  request.mutable_ping()->mutable_send_time()->set_seconds(1'795'391'728);
  request.mutable_ping()->mutable_send_time()->set_nanos(123'456'789);
  const std::string whole = request.SerializeAsString();
  EXPECT_TRUE(ReadPlainPing(memory.Put(whole)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string cut = whole.substr(0, size);
    EXPECT_FALSE(ReadPlainPing(memory.Put(cut))) << size;
    if (size < 4) continue;
    cut[1] = static_cast<char>(size - 2);  // only what is in the ping is cut short
    const std::string sequence_alone = whole.substr(2, 3);
    EXPECT_EQ(ReadPlainPing(memory.Put(cut)).has_value(), cut.substr(2) == sequence_alone) << size;
  }
}

TEST(PingWire, WhatItReadsProtobufReadsAlike) {
  std::mt19937 random(11);
  int read = 0;
  for (int round = 0; round < 300'000; ++round) {
    v1::HeartbeatRequest seed;
    seed.mutable_ping()->set_sequence(random());
    seed.mutable_ping()->mutable_send_time()->set_seconds(random());
    std::string bytes = seed.SerializeAsString();
    for (int edits = random() % 3; edits > 0; --edits)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
    const auto ping = Read(bytes);
    if (!ping) continue;
    ++read;
    v1::HeartbeatRequest request;
    ASSERT_TRUE(request.ParseFromString(bytes));
    ASSERT_TRUE(request.has_ping());
    ASSERT_EQ(request.ping().sequence(), ping->sequence);
    ASSERT_EQ(request.ping().has_send_time(), ping->has_send_time);
    ASSERT_EQ(request.ping().send_time().seconds(), ping->send_seconds);
    ASSERT_EQ(request.ping().send_time().nanos(), ping->send_nanos);
    ASSERT_EQ(request.ping().progress_size(), 0);
    ASSERT_EQ(request.session(), 0u);
  }
  EXPECT_GT(read, 50'000);
}

TEST(PingWire, WritesWhatProtobufWrites) {
  const std::vector<common::Duration> kVouched = {common::Duration::zero(), std::chrono::nanoseconds(1),
                                                  std::chrono::seconds(40), std::chrono::milliseconds(1'900),
                                                  common::Duration::max()};
  std::size_t round = 0;
  for (const auto sequence : kSequences) {
    for (const auto seconds : kSeconds) {
      for (const auto nanos : kNanos) {
        for (const bool timed : {false, true}) {
          const common::Duration vouched = kVouched[++round % kVouched.size()];
          const PendingPong pong{
              .ping = {sequence, timed, seconds, nanos},
              .receive_time = common::WallTime(std::chrono::nanoseconds(1'795'391'728'123'456'789)),
              .vouched_for = vouched};
          v1::HeartbeatResponse expected;
          expected.mutable_pong()->set_sequence(sequence);
          if (timed) {
            expected.mutable_pong()->mutable_send_time()->set_seconds(seconds);
            expected.mutable_pong()->mutable_send_time()->set_nanos(nanos);
          }
          expected.mutable_pong()->mutable_receive_time()->set_seconds(1'795'391'728);
          expected.mutable_pong()->mutable_receive_time()->set_nanos(123'456'789);
          expected.mutable_pong()->mutable_vouched_for()->set_seconds(vouched / std::chrono::seconds(1));
          expected.mutable_pong()->mutable_vouched_for()->set_nanos(
              static_cast<int>((vouched % std::chrono::seconds(1)).count()));
          ASSERT_EQ(Written(pong), expected.SerializeAsString()) << expected.ShortDebugString();
        }
      }
    }
  }
}

}  // namespace
}  // namespace liveness::rpc
