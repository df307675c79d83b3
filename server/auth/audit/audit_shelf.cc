#include "server/auth/audit/audit_shelf.h"

#include <algorithm>
#include <utility>

#include "common/strings.h"

namespace liveness::auth {
namespace {

constexpr std::string_view kEnd("\0", 1);

}  // namespace

std::string AuditShelf::KindOf(const AuditEvent& event) {
  return common::StrCat(event.action, kEnd, event.reason, kEnd, Name(event.outcome));
}

std::string AuditShelf::LikenessOf(const AuditEvent& event) {
  return common::StrCat(event.address, kEnd, event.target, kEnd, KindOf(event));
}

AuditShelf::Rank AuditShelf::RankOf(const Authors::value_type& author) {
  const auto& numbers = author.second.numbers;
  return {numbers.size(), UINT64_MAX - *numbers.begin(), author.first};
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
  author->second.numbers.insert(event->number);
  author->second.kinds[KindOf(*event)].insert(event->number);
  author->second.latest[LikenessOf(*event)] = event->number;
  ranks_.insert(RankOf(*author));
  events_.emplace(event->number, std::move(event));
  if (author->second.numbers.size() > room_each_) GiveUpOne(author);
  if (events_.size() > room_) GiveUpOne(authors_.find(std::get<std::string_view>(*ranks_.rbegin())));
}

void AuditShelf::GiveUpOne(Authors::iterator author) {
  ranks_.erase(RankOf(*author));
  auto& [numbers, kinds, latest] = author->second;
  const auto most = std::max_element(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const std::uint64_t number = *most->second.begin();
  const auto event = events_.find(number);
  const auto same = latest.find(LikenessOf(*event->second));
  if (same != latest.end() && same->second == number) latest.erase(same);
  most->second.erase(number);
  if (most->second.empty()) kinds.erase(most);
  numbers.erase(number);
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
