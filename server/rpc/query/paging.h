// What the lists have in common: how large a page is, and where it goes on.
// Pure functions and values, thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/core/filter/filter.h"
#include "server/core/filter/page_token.h"
#include "server/registry/registry.h"

namespace liveness::rpc {

// A page ends before it holds this much: far below the 4 MiB that gRPC's
// clients take, however long the labels of its clients are.
inline constexpr std::size_t kMaxPageBytes = 2 * 1024 * 1024 + 512 * 1024;

// What every list reads. All outlive the list.
struct ListContext {
  const registry::Registry& registry;
  const common::Clock& clock;
  const core::MacFunction& mac;
  // What the caller may see; what it does not match is not there. Page tokens are bound to it.
  core::Filter view = {};
};

// 0 is kDefaultPageSize, more than kMaxPageSize is kMaxPageSize.
// INVALID_ARGUMENT BAD_PAGE_SIZE if negative.
absl::StatusOr<std::size_t> PageSize(std::int32_t wanted);

// Revisions as positions of page tokens.
std::string RevisionPosition(std::uint64_t revision);
// INVALID_ARGUMENT BAD_PAGE_TOKEN.
absl::StatusOr<std::uint64_t> ParseRevisionPosition(const std::string& position);

}  // namespace liveness::rpc
