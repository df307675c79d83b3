#include "server/auth/audit/audit_shelf.h"

#include <utility>

#include "common/strings.h"

namespace liveness::auth {

std::string AuditShelf::LikenessOf(const AuditEvent& event) {
  const std::string_view end("\0", 1);
  return common::StrCat(event.address, end, event.action, end, event.target, end, event.reason, end,
                        Name(event.outcome));
}

AuditShelf::Rank AuditShelf::RankOf(const Authors::value_type& author) {
  const auto& numbers = author.second.numbers;
  return {numbers.size(), UINT64_MAX - numbers.front(), author.first};
}

AuditEventPtr AuditShelf::FindEqual(const AuditEvent& event, common::WallTime since) const {
  const auto author = authors_.find(AuthorOf(event));
  if (author == authors_.end()) return nullptr;
  const auto latest = author->second.latest.find(LikenessOf(event));
  if (latest == author->second.latest.end()) return nullptr;
  const AuditEventPtr& found = events_.find(latest->second)->second;
  return found->began > since ? found : nullptr;
}

void AuditShelf::Add(AuditEventPtr event) {
  const auto [author, is_new] = authors_.try_emplace(AuthorOf(*event));
  if (!is_new) ranks_.erase(RankOf(*author));
  author->second.numbers.push_back(event->number);
  author->second.latest[LikenessOf(*event)] = event->number;
  ranks_.insert(RankOf(*author));
  events_.emplace(event->number, std::move(event));
  if (author->second.numbers.size() > room_each_) DropOldest(author);
  if (events_.size() > room_) DropOldest(authors_.find(std::get<std::string_view>(*ranks_.rbegin())));
}

void AuditShelf::DropOldest(Authors::iterator author) {
  ranks_.erase(RankOf(*author));
  auto& [numbers, latest] = author->second;
  const auto event = events_.find(numbers.front());
  const auto same = latest.find(LikenessOf(*event->second));
  if (same != latest.end() && same->second == numbers.front()) latest.erase(same);
  numbers.pop_front();
  events_.erase(event);
  ++dropped_;
  if (numbers.empty()) {
    authors_.erase(author);
  } else {
    ranks_.insert(RankOf(*author));
  }
}

void AuditShelf::AppendTo(std::vector<AuditEventPtr>& all) const {
  for (const auto& [number, event] : events_) all.push_back(event);
}

}  // namespace liveness::auth
