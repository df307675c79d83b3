#include "client/cli/top/asker.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/print/proto_text.h"
#include "common/limits.h"

namespace liveness::cli::top {
namespace {

constexpr common::Duration kPeriod = std::chrono::seconds(2);
// Rows are asked about one by one; with a server that is far away not all of them each time.
constexpr common::Duration kLongestRound = std::chrono::seconds(1);
// A filter may have 4 KiB.
constexpr std::size_t kMostFilter = common::kMaxFilterBytes - 512;

common::MonoTime Now() { return common::SystemClock().Mono(); }

// `id` as the filter language has it, and no prefix even if it ends with a star.
std::string ExactText(const std::string& id) {
  std::string text = "\"";
  for (const char c : id) {
    if (c == '"' || c == '\\' || c == '*') text.push_back('\\');
    text.push_back(c);
  }
  text.push_back('"');
  return text;
}

bool operator!=(const Asker::Interest& a, const Asker::Interest& b) {
  return a.sort != b.sort || a.filter != b.filter || a.verdict_id != b.verdict_id || a.end != b.end;
}

}  // namespace

Asker::Asker(std::unique_ptr<Api> api, std::function<void()> wake)
    : api_(std::move(api)), wake_(std::move(wake)), thread_([this] { Run(); }) {}

Asker::~Asker() {
  {
    common::MutexLock lock(mu_);
    over_ = true;
    changed_.NotifyAll();
  }
  api_->Cancel();
  thread_.join();
}

void Asker::SetInterest(Interest interest) {
  common::MutexLock lock(mu_);
  if (interest != work_.interest) {
    is_urgent_ = true;
    changed_.NotifyAll();
  }
  work_.interest = std::move(interest);
}

void Asker::TryFilter(std::string filter) {
  common::MutexLock lock(mu_);
  work_.try_filter = std::move(filter);
  is_urgent_ = true;
  changed_.NotifyAll();
}

void Asker::CheckMatches(const std::string& filter, const std::vector<std::string>& ids) {
  common::MutexLock lock(mu_);
  if (work_.check_filter != filter) work_.check_ids.clear();
  work_.check_filter = filter;
  work_.check_ids.insert(ids.begin(), ids.end());
  is_urgent_ = true;
  changed_.NotifyAll();
}

std::vector<Asker::Answer> Asker::Take() {
  common::MutexLock lock(mu_);
  return std::exchange(answers_, {});
}

void Asker::Put(Answer answer) {
  {
    common::MutexLock lock(mu_);
    answers_.push_back(std::move(answer));
  }
  wake_();
}

std::optional<Asker::Work> Asker::Await() {
  const common::MonoTime end = Now() + kPeriod;
  common::MutexLock lock(mu_);
  for (common::Duration left = kPeriod; !over_ && !is_urgent_ && left > common::Duration::zero();
       left = end - Now()) {
    changed_.WaitFor(mu_, left);
  }
  if (over_) return std::nullopt;
  is_urgent_ = false;
  Work work = work_;
  work_.try_filter.reset();
  work_.check_ids.clear();
  return work;
}

void Asker::Run() {
  while (const std::optional<Work> work = Await()) {
    if (work->try_filter) AskFilter(*work->try_filter);
    if (!work->check_ids.empty()) AskMatches(work->check_filter, work->check_ids);
    if (!work->interest.verdict_id.empty()) {
      AskVerdict(work->interest.verdict_id);
      continue;
    }
    const bool is_asked_for =
        work->interest.sort == SortKey::kRtt || work->interest.sort == SortKey::kHeartbeat;
    if (is_asked_for)
      AskFirst(work->interest);
    else
      AskEach(work->interest);
  }
}

void Asker::AskFilter(const std::string& filter) {
  v1::ListClientsRequest request;
  request.set_filter(filter);
  request.set_page_size(1);
  Answer answer{.kind = Answer::Kind::kFilter, .filter = filter};
  answer.status = api_->ListClients(request).status();
  Put(std::move(answer));
}

void Asker::AskFirst(const Interest& interest) {
  v1::ListClientsRequest request;
  request.set_filter(interest.filter);
  request.set_order_by(interest.sort == SortKey::kRtt ? "rtt desc" : "last_heartbeat_time");
  request.set_page_size(static_cast<int>(std::clamp<std::size_t>(interest.end, 1, common::kMaxPageSize)));
  const common::WallTime asked = common::SystemClock().Wall();
  const auto page = api_->ListClients(request);
  if (!page.ok()) return;
  Answer answer{.are_first = true, .asked = asked};
  answer.clients.assign(page->clients().begin(), page->clients().end());
  if (page->has_as_of()) answer.as_of = FromProto(page->as_of());
  Put(std::move(answer));
}

void Asker::AskEach(const Interest& interest) {
  Answer answer{.asked = common::SystemClock().Wall()};
  const common::MonoTime end = Now() + kLongestRound;
  for (const std::string& id : interest.ids) {
    if (Now() >= end) break;
    v1::GetClientRequest request;
    request.set_name(ClientName(id));
    const auto client = api_->GetClient(request);
    if (client.ok())
      answer.clients.push_back(*client);
    else if (!absl::IsNotFound(client.status()))
      break;
  }
  // For the server's clock.
  v1::ListClientsRequest request;
  request.set_page_size(1);
  answer.asked = common::SystemClock().Wall();
  const auto page = api_->ListClients(request);
  if (!page.ok()) return;
  if (page->has_as_of()) answer.as_of = FromProto(page->as_of());
  Put(std::move(answer));
}

void Asker::AskVerdict(const std::string& id) {
  v1::GetClientRequest request;
  request.set_name(ClientName(id));
  request.set_view(v1::CLIENT_VIEW_FULL);
  const auto client = api_->GetClient(request);
  Answer answer{.kind = Answer::Kind::kVerdict, .status = client.status(), .ids = {id}};
  if (client.ok()) answer.clients.push_back(*client);
  Put(std::move(answer));
}

void Asker::AskMatches(const std::string& filter, const std::set<std::string>& ids) {
  auto id = ids.begin();
  while (id != ids.end()) {
    std::string named;
    std::set<std::string> gone;
    for (; id != ids.end() && filter.size() + named.size() < kMostFilter; ++id) {
      absl::StrAppend(&named, named.empty() ? "" : " OR ", "client_id = ", ExactText(*id));
      gone.insert(*id);
    }
    if (gone.empty()) return;  // the filter leaves no room: nobody can be asked about
    v1::ListClientsRequest request;
    request.set_filter(absl::StrCat("(", filter, ") AND (", named, ")"));
    request.set_page_size(common::kMaxPageSize);
    const auto page = api_->ListClients(request);
    if (!page.ok()) return;
    for (const v1::Client& client : page->clients()) gone.erase(client.client_id());
    if (!gone.empty())
      Put({.kind = Answer::Kind::kGone, .filter = filter, .ids = {gone.begin(), gone.end()}});
  }
}

}  // namespace liveness::cli::top
