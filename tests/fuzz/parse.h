// Bytes as messages, without Protobuf's line on stderr for each text that is no UTF-8. Header only.
#pragma once

#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <string_view>

namespace liveness::fuzz {

// As livenessd does at its start.
inline void SilenceProtobuf() {
  static const auto before = google::protobuf::SetLogHandler(nullptr);
  (void)before;
}

inline bool Parse(std::string_view bytes, google::protobuf::MessageLite& message) {
  SilenceProtobuf();
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace liveness::fuzz
