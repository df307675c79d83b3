// What a session says of itself and what its connection shows.
//
// ClientInfo is the form in which it is put together; PackedInfo the one in
// which it is kept: one block of memory for all texts, because a million
// clients' std::strings would cost four times what is in them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace liveness::core {

// Sorted by key, keys unique.
using Labels = std::vector<std::pair<std::string, std::string>>;

struct ClientInfo {
  std::string client_id;
  std::string instance_id;
  Labels labels;
  std::string peer_address;
  std::string local_address;  // as the client sees its own end
  std::string host;
  std::string version;
  std::string principal;
  std::string last_will;
  std::int64_t pid = 0;
  std::uint32_t attempt = 0;  // of the client's hellos, the last that was taken; 0: the client counts none
};

// A ClientInfo that does not change. Copies share one block. Thread-safe.
class PackedInfo {
 public:
  PackedInfo() = default;  // no info: only to be assigned to
  // A text beyond 64 KiB in all is cut; the contract's limits stay far below.
  explicit PackedInfo(const ClientInfo& info);

  // Views live as long as any copy.
  std::string_view client_id() const { return Text(kClientId); }
  std::string_view instance_id() const { return Text(kInstanceId); }
  std::string_view peer_address() const { return Text(kPeerAddress); }
  std::string_view local_address() const { return Text(kLocalAddress); }
  std::string_view host() const { return Text(kHost); }
  std::string_view version() const { return Text(kVersion); }
  std::string_view principal() const { return Text(kPrincipal); }
  std::string_view last_will() const { return Text(kLastWill); }
  std::int64_t pid() const;
  std::uint32_t attempt() const;

  std::size_t label_count() const;
  // REQUIRES: index < label_count(). In the order of their keys.
  std::pair<std::string_view, std::string_view> label(std::size_t index) const;
  std::optional<std::string_view> FindLabel(std::string_view key) const;

  ClientInfo Unpack() const;

  // The very same block.
  bool Is(const PackedInfo& other) const { return block_ == other.block_; }
  // The same content, but for the attempt: which hello told it is no news to anybody.
  bool operator==(const PackedInfo& other) const;

 private:
  enum Field {
    kClientId,
    kInstanceId,
    kPeerAddress,
    kLocalAddress,
    kHost,
    kVersion,
    kPrincipal,
    kLastWill,
    kFields
  };

  // At the start of the block. Then the ends of each label's key and value,
  // then all texts one after the other.
  struct Header {
    std::int64_t pid;
    std::uint32_t attempt;
    std::uint16_t labels;
    std::array<std::uint16_t, kFields> ends;  // of each text, counted from the first
  };

  Header header() const;
  std::uint16_t LabelEnd(std::size_t part) const;
  const char* texts() const;
  std::string_view Between(std::size_t begin, std::size_t end) const {
    return {texts() + begin, end - begin};
  }
  std::string_view Text(Field field) const;

  std::size_t size() const;

  std::shared_ptr<const char[]> block_;
};

}  // namespace liveness::core
