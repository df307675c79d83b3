// A record for filters to be asked of. Header only.
#pragma once

#include <string>
#include <utility>

#include "server/core/record/record.h"

namespace liveness::fuzz {

inline core::ClientRecord MadeRecord(std::string client_id = "shop/orders/1",
                                     core::Labels labels = {{"team", "shop"}, {"zone", "eu-1"}}) {
  core::ClientInfo info;
  info.client_id = std::move(client_id);
  info.labels = std::move(labels);
  core::ClientRecord record;
  record.info = core::PackedInfo(info);
  return record;
}

}  // namespace liveness::fuzz
