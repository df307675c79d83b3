#include "server/rpc/heartbeat/heartbeat_codec.h"

#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "common/utf8.h"

namespace liveness::rpc {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// The name of a text of Hello; null for any other field.
const char* TextName(int field) {
  switch (field) {
    case v1::Hello::kClientIdFieldNumber: return "hello.client_id";
    case v1::Hello::kInstanceIdFieldNumber: return "hello.instance_id";
    case v1::Hello::kLabelsFieldNumber: return "hello.labels";
    case v1::Hello::kHostFieldNumber: return "hello.host";
    case v1::Hello::kVersionFieldNumber: return "hello.version";
    case v1::Hello::kLocalAddressFieldNumber: return "hello.local_address";
    case v1::Hello::kLastWillFieldNumber: return "hello.last_will";
    default: return nullptr;
  }
}

bool IsUtf8(CodedInputStream& input, std::uint32_t size, bool& readable) {
  std::string text;
  readable = input.ReadString(&text, static_cast<int>(size));
  return readable && common::IsValidUtf8(text);
}

// Reads the size of a message within what is being read, and whether that is all there.
bool ReadSize(CodedInputStream& input, std::uint32_t& size) {
  return input.ReadVarint32(&size) && size <= static_cast<std::uint32_t>(input.BytesUntilLimit());
}

// True if the bytes up to the limit are well-formed fields.
bool WalkLabel(CodedInputStream& input, bool& all_utf8) {
  while (const std::uint32_t tag = input.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&input, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    bool readable = input.ReadVarint32(&size);
    if (!readable) return false;
    const bool valid = IsUtf8(input, size, readable);
    if (!readable) return false;
    all_utf8 = all_utf8 && valid;
  }
  return input.BytesUntilLimit() == 0;
}

bool WalkHello(CodedInputStream& input, std::vector<common::FieldViolation>& violations) {
  while (const std::uint32_t tag = input.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    const bool is_text = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED &&
                         TextName(field) != nullptr;
    if (!is_text) {
      if (!WireFormatLite::SkipField(&input, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    if (!ReadSize(input, size)) return false;
    bool valid = true;
    bool readable = true;
    if (field == v1::Hello::kLabelsFieldNumber) {
      const auto limit = input.PushLimit(static_cast<int>(size));
      readable = WalkLabel(input, valid);
      input.PopLimit(limit);
    } else {
      valid = IsUtf8(input, size, readable);
    }
    if (!readable) return false;
    if (!valid) violations.push_back({TextName(field), "is not UTF-8"});
  }
  return input.BytesUntilLimit() == 0;
}

}  // namespace

const v1::HeartbeatRequest* ParseRequest(std::span<const std::uint8_t> bytes, StackArena& arena) {
  auto* request = google::protobuf::Arena::CreateMessage<v1::HeartbeatRequest>(arena.get());
  return request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ? request : nullptr;
}

std::vector<common::FieldViolation> TextsThatAreNoUtf8(std::span<const std::uint8_t> bytes) {
  CodedInputStream input(bytes.data(), static_cast<int>(bytes.size()));
  std::vector<common::FieldViolation> violations;
  while (const std::uint32_t tag = input.ReadTag()) {
    const bool is_hello = WireFormatLite::GetTagFieldNumber(tag) == v1::HeartbeatRequest::kHelloFieldNumber &&
                          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (!is_hello) {
      if (!WireFormatLite::SkipField(&input, tag)) return {};
      continue;
    }
    std::uint32_t size = 0;
    if (!ReadSize(input, size)) return {};
    const auto limit = input.PushLimit(static_cast<int>(size));
    if (!WalkHello(input, violations)) return {};
    input.PopLimit(limit);
  }
  if (!input.ConsumedEntireMessage()) return {};
  return violations;
}

}  // namespace liveness::rpc
