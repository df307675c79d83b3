#include "client/cli/doctor/port_speech.h"

#include <cstddef>

#include "client/cli/print/display_text.h"

namespace liveness::cli::doctor {
namespace {

using Kind = PortSpeech::Kind;

constexpr std::size_t kFrameHeader = 9;
constexpr std::size_t kMostShown = 60;
// A line that has not ended by then is none.
constexpr std::size_t kLongestLine = 1024;

unsigned char ByteAt(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

// Every HTTP/2 connection begins with SETTINGS: frame type 4 on stream 0, sixes of bytes.
bool IsSettingsFrame(std::string_view bytes) {
  if (bytes.size() < kFrameHeader) return false;
  const unsigned length = ByteAt(bytes, 0) << 16U | ByteAt(bytes, 1) << 8U | ByteAt(bytes, 2);
  const bool stream_zero = bytes.substr(5, 4) == std::string_view("\0\0\0\0", 4);
  return length % 6 == 0 && ByteAt(bytes, 3) == 4 && stream_zero;
}

// A record of TLS: handshake or alert, major version 3.
bool IsTlsRecord(std::string_view bytes) {
  return bytes.size() >= 3 && (ByteAt(bytes, 0) == 0x15 || ByteAt(bytes, 0) == 0x16) &&
         ByteAt(bytes, 1) == 3 && ByteAt(bytes, 2) <= 4;
}

std::string FirstLine(std::string_view bytes) {
  std::string_view line = bytes.substr(0, bytes.find_first_of("\r\n"));
  const bool cut = line.size() > kMostShown;
  return Printable(line.substr(0, kMostShown)) + (cut ? "..." : "");
}

}  // namespace

std::string_view Http2Preface() {
  constexpr std::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  return kPreface;
}

PortSpeech Identify(std::string_view bytes, bool closed) {
  if (bytes.empty()) return {closed ? Kind::kClosed : Kind::kSilent, ""};
  if (IsSettingsFrame(bytes)) return {Kind::kHttp2, ""};
  if (IsTlsRecord(bytes)) return {Kind::kTls, ""};
  return {bytes.substr(0, 5) == "HTTP/" ? Kind::kHttp1 : Kind::kOther, FirstLine(bytes)};
}

bool NeedsMore(std::string_view bytes) {
  if (IsSettingsFrame(bytes) || IsTlsRecord(bytes)) return false;
  if (bytes.size() < kFrameHeader) return true;
  return bytes.find_first_of("\r\n") == std::string_view::npos && bytes.size() < kLongestLine;
}

}  // namespace liveness::cli::doctor
