// What must outlive a server beside the records: small texts under a key ("notes"), and which of the servers
// that share a store may act for all of them (it "leads"). Who sends events to somebody outside keeps here
// how far that has come, and sends only while this server leads.
//
//   Stand() --> term() != 0: it leads; what the leader before it wrote is read --> Write() --> ... --> term()
//   == 0
//
// A store of one server lets it lead as soon as it stands. A shared one lets one of those that stand, for as
// long as that one's lease holds, and takes its writes for no longer than that.
//
// A note that was written is not durable at once: health() says when it cannot become so. A server that dies
// meanwhile is followed by one that reads an older note.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace liveness::storage {

// Thread-safe.
class Notes {
 public:
  using Texts = std::map<std::string, std::string, std::less<>>;
  virtual ~Notes() = default;

  // This server wants to lead from now on. `changed` is called whenever term() may have become another, on
  // any thread, with no lock held; it must not block. REQUIRES: the store is started, and this server does
  // not stand.
  virtual void Stand(std::function<void()> changed) = 0;
  // It leads no longer and does not want to. `changed` is not called after this returns. What was written is
  // kept. REQUIRES: the store is not stopped. No-op if it does not stand.
  virtual void StandDown() = 0;

  // 0: this server does not lead. Else it does, and nobody beside it; another number each time that the lead
  // was another's meanwhile, or may have been. Quick.
  virtual std::uint64_t term() const = 0;

  // The notes whose keys begin with `prefix`, as they were last written; empty if `term` is over. Quick.
  virtual Texts Read(std::uint64_t term, std::string_view prefix) const = 0;
  // Keeps `value` under `key`; an empty one drops the note. Dropped if `term` is over. Quick.
  // Several that are written before any is durable become so together or in the order of their keys, the
  // last first.
  // REQUIRES: 128 bytes of key and 4 KiB of value at most; some thousand keys.
  virtual void Write(std::uint64_t term, std::string_view key, std::string_view value) = 0;

  // OK, or why what was written last is not durable (in an operator's words). It is tried again until it is.
  virtual absl::Status health() const = 0;
};

}  // namespace liveness::storage
