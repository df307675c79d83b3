#include "server/auth/audit/audit_ring.h"

#include <memory>
#include <utility>

#include "common/utf8.h"

namespace liveness::auth {
namespace {

// No character is cut in two.
void Cut(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  text.resize(most);
  for (int i = 0; i < 3 && !common::IsValidUtf8(text); ++i) text.pop_back();
}

}  // namespace

AuditRing::Sort AuditRing::SortOf(const AuditEvent& event) {
  if (event.outcome != AuditOutcome::kRefused) return kActs;
  return event.principal.empty() ? kStrangers : kPrincipals;
}

AuditEventPtr AuditRing::Add(AuditEvent event, common::WallTime now) {
  Cut(event.principal, kMostPrincipal);
  for (std::string* const text : {&event.address, &event.target, &event.message}) Cut(*text, kMostText);
  AuditShelf& shelf = shelves_[SortOf(event)];
  event.time = now;
  if (event.outcome == AuditOutcome::kRefused) {
    if (const AuditEventPtr before = shelf.FindEqual(event, now - kFoldWithin)) {
      event.number = before->number;
      event.began = before->began;
      event.count = before->count + 1;
      auto folded = std::make_shared<const AuditEvent>(std::move(event));
      shelf.Replace(folded);
      return folded;
    }
  }
  event.number = ++last_;
  event.began = now;
  event.count = 1;
  auto added = std::make_shared<const AuditEvent>(std::move(event));
  shelf.Add(added);
  return added;
}

std::vector<AuditEventPtr> AuditRing::All() const {
  std::vector<AuditEventPtr> all;
  all.reserve(size());
  for (const AuditShelf& shelf : shelves_) shelf.AppendTo(all);
  return all;
}

std::size_t AuditRing::size() const {
  std::size_t size = 0;
  for (const AuditShelf& shelf : shelves_) size += shelf.size();
  return size;
}

std::uint64_t AuditRing::dropped() const {
  std::uint64_t dropped = 0;
  for (const AuditShelf& shelf : shelves_) dropped += shelf.dropped();
  return dropped;
}

}  // namespace liveness::auth
