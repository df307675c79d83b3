#include "server/core/record/client_info.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace liveness::core {

PackedInfo::PackedInfo(const ClientInfo& info) {
  Header header{};
  header.pid = info.pid;
  header.attempt = info.attempt;
  header.labels = static_cast<std::uint16_t>(info.labels.size());
  std::string texts;
  const auto append = [&texts](std::string_view text) {
    const std::size_t room = std::numeric_limits<std::uint16_t>::max() - texts.size();
    texts.append(text.substr(0, room));
    return static_cast<std::uint16_t>(texts.size());
  };
  const std::array<const std::string*, kFields> fields{
      &info.client_id, &info.instance_id, &info.peer_address, &info.local_address,
      &info.host,      &info.version,     &info.principal,    &info.last_will};
  for (int field = 0; field < kFields; ++field) header.ends[field] = append(*fields[field]);
  std::vector<std::uint16_t> label_ends;
  for (const auto& [key, value] : info.labels) {
    label_ends.push_back(append(key));
    label_ends.push_back(append(value));
  }

  const std::size_t table = label_ends.size() * sizeof(std::uint16_t);
  // new, not make_shared: for an array that takes 47 bytes of its own (libstdc++ 12).
  std::shared_ptr<char[]> block(new char[sizeof(Header) + table + texts.size()]);
  std::memcpy(block.get(), &header, sizeof(Header));
  if (table != 0) std::memcpy(block.get() + sizeof(Header), label_ends.data(), table);
  if (!texts.empty()) std::memcpy(block.get() + sizeof(Header) + table, texts.data(), texts.size());
  block_ = std::move(block);
}

PackedInfo::Header PackedInfo::header() const {
  Header header;
  std::memcpy(&header, block_.get(), sizeof(Header));
  return header;
}

std::uint16_t PackedInfo::LabelEnd(std::size_t part) const {
  std::uint16_t end = 0;
  std::memcpy(&end, block_.get() + sizeof(Header) + part * sizeof(end), sizeof(end));
  return end;
}

const char* PackedInfo::texts() const {
  return block_.get() + sizeof(Header) + 2 * label_count() * sizeof(std::uint16_t);
}

std::string_view PackedInfo::Text(Field field) const {
  const Header header = this->header();
  return Between(field == 0 ? 0 : header.ends[field - 1], header.ends[field]);
}

std::int64_t PackedInfo::pid() const { return header().pid; }
std::uint32_t PackedInfo::attempt() const { return header().attempt; }

std::size_t PackedInfo::label_count() const { return header().labels; }

std::size_t PackedInfo::size() const {
  const std::size_t count = label_count();
  const std::size_t end = count == 0 ? header().ends[kFields - 1] : LabelEnd(2 * count - 1);
  return sizeof(Header) + 2 * count * sizeof(std::uint16_t) + end;
}

std::pair<std::string_view, std::string_view> PackedInfo::label(std::size_t index) const {
  const std::size_t begin = index == 0 ? header().ends[kFields - 1] : LabelEnd(2 * index - 1);
  const std::size_t middle = LabelEnd(2 * index);
  return {Between(begin, middle), Between(middle, LabelEnd(2 * index + 1))};
}

std::optional<std::string_view> PackedInfo::FindLabel(std::string_view key) const {
  std::size_t first = 0;
  std::size_t last = label_count();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    const auto [each, value] = label(middle);
    const int order = each.compare(key);
    if (order == 0) return value;
    if (order < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return std::nullopt;
}

ClientInfo PackedInfo::Unpack() const {
  ClientInfo info;
  info.client_id = client_id();
  info.instance_id = instance_id();
  info.peer_address = peer_address();
  info.local_address = local_address();
  info.host = host();
  info.version = version();
  info.principal = principal();
  info.last_will = last_will();
  info.pid = pid();
  info.attempt = attempt();
  for (std::size_t i = 0; i < label_count(); ++i) info.labels.emplace_back(label(i));
  return info;
}

bool PackedInfo::operator==(const PackedInfo& other) const {
  if (Is(other)) return true;
  const Header ours = header();
  const Header theirs = other.header();
  return ours.pid == theirs.pid && ours.labels == theirs.labels && ours.ends == theirs.ends &&
         size() == other.size() &&
         std::memcmp(block_.get() + sizeof(Header), other.block_.get() + sizeof(Header),
                     size() - sizeof(Header)) == 0;
}

}  // namespace liveness::core
