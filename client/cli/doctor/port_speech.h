// What a port speaks, judged by the first bytes that it sends to somebody who begins HTTP/2
// in plain text. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace liveness::cli::doctor {

struct PortSpeech {
  enum class Kind {
    kHttp2,
    kHttp1,   // `text` is its status line
    kTls,     // a TLS alert, or the like
    kOther,   // `text` is how it begins: `SSH-2.0-OpenSSH_9.2`
    kClosed,  // it closed the connection without a word
    kSilent,  // it took the connection and said nothing
  };
  Kind kind = Kind::kSilent;
  std::string text;  // fit for a terminal
};

// What a client sends first: HTTP/2's preface, and no settings of its own.
std::string_view Http2Preface();

// `bytes`: what came until enough was there, the port had `closed` the connection, or time was up.
PortSpeech Identify(std::string_view bytes, bool closed);

// True if more bytes may make Identify() say something else.
bool NeedsMore(std::string_view bytes);

}  // namespace liveness::cli::doctor
