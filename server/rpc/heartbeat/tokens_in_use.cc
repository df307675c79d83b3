#include "server/rpc/heartbeat/tokens_in_use.h"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/signer.h"
#include "common/strings.h"

namespace liveness::rpc {
namespace {

// Each is one key's use alone.
constexpr std::string_view kNamePurpose = "liveness resume token key";
constexpr std::string_view kBindPurposes[] = {"liveness resume token key of a store, 1",
                                              "liveness resume token key of a store, 2"};

template <typename Bytes>
std::string_view View(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

core::RingKey MakeKey(std::string_view secret) {
  common::Signer signer(secret);
  // The key's public name: tells a token of another store from a forged one.
  const common::Signer::Mac name = signer.Sign(kNamePurpose);
  core::RingKey key;
  std::memcpy(&key.id, name.data(), sizeof(key.id));
  key.mac = [signer = std::move(signer)](std::string_view message) { return signer.Sign(message); };
  return key;
}

std::string Bind(const common::ResumeSecret& secret, const storage::TokenKey& store) {
  const common::Signer signer(View(secret));
  std::string bound;
  for (const std::string_view purpose : kBindPurposes) {
    bound += View(signer.Sign(common::StrCat(purpose, View(store))));
  }
  return bound;
}

}  // namespace

core::KeyRing MakeKeyRing(const storage::TokenKey& store, const common::ResumeKeys& keys) {
  std::vector<core::RingKey> ring = {MakeKey(View(store))};
  ring.front().until = keys.store_until;
  for (const common::ResumeKey& each : keys.keys) {
    core::RingKey& key = ring.emplace_back(MakeKey(Bind(each.secret, store)));
    key.from = each.from;
    key.until = each.until;
  }
  return core::KeyRing(std::move(ring));
}

void TokensInUse::Replace(core::KeyRing keys) {
  auto tokens = std::make_shared<const core::ResumeTokens>(std::move(keys));
  common::MutexLock lock(mu_);
  tokens_.swap(tokens);
}

std::shared_ptr<const core::ResumeTokens> TokensInUse::Now() const {
  common::MutexLock lock(mu_);
  return tokens_;
}

}  // namespace liveness::rpc
