#include "server/rpc/heartbeat/ping_wire.h"

#include <limits>

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wire_format_lite.h>

#include "liveness/v1/heartbeat_service.pb.h"

namespace liveness::rpc {
namespace {

using google::protobuf::Duration;
using google::protobuf::Timestamp;
using google::protobuf::internal::WireFormatLite;

// A field's tag; those below 16 fit in one byte.
constexpr std::uint8_t Tag(int field, WireFormatLite::WireType type) {
  return static_cast<std::uint8_t>(field << 3 | type);
}
constexpr std::uint8_t VarintTag(int field) { return Tag(field, WireFormatLite::WIRETYPE_VARINT); }
constexpr std::uint8_t MessageTag(int field) { return Tag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED); }

// Walks over a message; `ok` turns false for good at the first thing that is
// not as expected.
class Reader {
 public:
  Reader(const std::uint8_t* begin, std::size_t size) : at_(begin), end_(begin + size) {}

  bool ok() const { return ok_; }
  bool done() const { return at_ == end_; }

  // Steps over `tag` if it is next.
  bool Skip(std::uint8_t tag) {
    if (done() || *at_ != tag) return false;
    ++at_;
    return true;
  }
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      if (done()) break;
      const std::uint8_t byte = *at_++;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;  // cut short, or of ten bytes: leave that to Protobuf
    return 0;
  }
  Reader Message() {
    const std::uint64_t size = Varint();
    if (!ok_ || size > static_cast<std::uint64_t>(end_ - at_)) {
      ok_ = false;
      return Reader(at_, 0);
    }
    const std::uint8_t* begin = at_;
    at_ += size;
    return Reader(begin, size);
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* const end_;
  bool ok_ = true;
};

// Fills the bytes of one pong. Where it stands is a local variable in whatever loops: bytes may be anybody's,
// and the compiler would read a member anew after each.
class Writer {
 public:
  explicit Writer(std::uint8_t* into) : begin_(into), at_(into) {}
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

  // As proto3 has it: a zero is left out.
  void Field(int field, std::uint64_t value) {
    if (value == 0) return;
    std::uint8_t* at = at_;
    *at++ = VarintTag(field);
    at_ = Varint(at, value);
  }
  // Opens a message in this one and returns what Close() wants.
  std::uint8_t* Open(int field) {
    std::uint8_t* const size_at =
        Varint(at_, static_cast<std::uint64_t>(field << 3 | WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
    at_ = size_at + 1;
    return size_at;
  }
  void Close(std::uint8_t* opened) { *opened = static_cast<std::uint8_t>(at_ - opened - 1); }

 private:
  static std::uint8_t* Varint(std::uint8_t* at, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<std::uint8_t>(value | 0x80);
    *at++ = static_cast<std::uint8_t>(value);
    return at;
  }

  std::uint8_t* const begin_;
  std::uint8_t* at_;
};

void WriteTime(Writer& writer, int field, std::int64_t seconds, std::int32_t nanos) {
  std::uint8_t* const opened = writer.Open(field);
  writer.Field(Timestamp::kSecondsFieldNumber, static_cast<std::uint64_t>(seconds));
  // Negative numbers are written as 64 bits, sign and all.
  writer.Field(Timestamp::kNanosFieldNumber, static_cast<std::uint64_t>(static_cast<std::int64_t>(nanos)));
  writer.Close(opened);
}

}  // namespace

std::optional<PlainPing> ReadPlainPing(std::span<const std::uint8_t> bytes) {
  Reader request(bytes.data(), bytes.size());
  if (!request.Skip(MessageTag(v1::HeartbeatRequest::kPingFieldNumber))) return std::nullopt;
  Reader message = request.Message();
  if (!request.ok() || !request.done()) return std::nullopt;

  PlainPing ping;
  if (message.Skip(VarintTag(v1::Ping::kSequenceFieldNumber))) ping.sequence = message.Varint();
  if (message.Skip(MessageTag(v1::Ping::kSendTimeFieldNumber))) {
    ping.has_send_time = true;
    Reader time = message.Message();
    if (time.Skip(VarintTag(Timestamp::kSecondsFieldNumber))) {
      ping.send_seconds = static_cast<std::int64_t>(time.Varint());
    }
    if (time.Skip(VarintTag(Timestamp::kNanosFieldNumber))) {
      const std::uint64_t nanos = time.Varint();
      if (nanos > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
      ping.send_nanos = static_cast<std::int32_t>(nanos);
    }
    if (!time.ok() || !time.done()) return std::nullopt;
  }
  if (!message.ok() || !message.done()) return std::nullopt;
  return ping;
}

std::size_t WritePong(const PendingPong& pong, std::span<std::uint8_t, kMaxPongBytes> into) {
  const auto since_epoch = pong.receive_time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  Writer writer(into.data());
  std::uint8_t* const opened = writer.Open(v1::HeartbeatResponse::kPongFieldNumber);
  writer.Field(v1::Pong::kSequenceFieldNumber, pong.ping.sequence);
  if (pong.ping.has_send_time) {
    WriteTime(writer, v1::Pong::kSendTimeFieldNumber, pong.ping.send_seconds, pong.ping.send_nanos);
  }
  WriteTime(writer, v1::Pong::kReceiveTimeFieldNumber, seconds.count(),
            static_cast<std::int32_t>((since_epoch - seconds).count()));
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(pong.vouched_for);
  std::uint8_t* const vouched = writer.Open(v1::Pong::kVouchedForFieldNumber);
  writer.Field(Duration::kSecondsFieldNumber, static_cast<std::uint64_t>(whole.count()));
  writer.Field(Duration::kNanosFieldNumber, static_cast<std::uint64_t>((pong.vouched_for - whole).count()));
  writer.Close(vouched);
  writer.Close(opened);
  return writer.size();
}

}  // namespace liveness::rpc
