#include "tests/integration/restart/churn_load.h"

#include <algorithm>
#include <utility>

#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

constexpr std::size_t kChannels = 4;
constexpr std::chrono::seconds kPatience(60);
// Further behind than this it does not catch up: a burst would be another load.
constexpr std::chrono::milliseconds kBehindAtMost(50);
constexpr std::size_t kComplaintsAtMost = 10'000;  // characters

}  // namespace

ChurnLoad::ChurnLoad(const Options& options) : options_(options), random_(options.seed) {
  for (int number = 0; number < options.clients; ++number) {
    Member member;
    member.id = "churn-" + std::to_string(number);
    members_.push_back(std::move(member));
  }
  seats_.resize(members_.size());
}

ChurnLoad::~ChurnLoad() {
  cq_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (cq_.Next(&tag, &ok)) static_cast<rpc::Tag*>(tag)->Fire(ok);
}

void ChurnLoad::Begin(const std::string& address, std::uint64_t revision, bool all_come_back) {
  stubs_.clear();
  for (std::size_t n = 0; n < kChannels; ++n) {
    stubs_.push_back(v1::HeartbeatService::NewStub(NewChannel(address)));
  }
  serving_ = true;
  floor_ = std::max(revision, highest_incarnation_);
  for (std::size_t number = 0; number < members_.size(); ++number) {
    if (members_[number].fate != Member::Fate::kIn) continue;
    if (all_come_back || random_() % 2 == 0) Resume(number);
  }
}

void ChurnLoad::Run(Clock::time_point until) {
  const auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)) / options_.registrations_per_second;
  Clock::time_point next = Clock::now();
  for (Clock::time_point now = next; now < until; now = Clock::now()) {
    if (now < next) {
      TakeOne(std::min(next, until));
      continue;
    }
    Turn();
    next = std::max(next + pause, now - kBehindAtMost);
    while (TakeOne(Clock::now())) {
    }
  }
}

bool ChurnLoad::Settle() {
  const auto joining = [this] {
    return std::any_of(seats_.begin(), seats_.end(), [](const Seat& seat) { return seat.joining; });
  };
  const Clock::time_point give_up = Clock::now() + kPatience;
  while (joining()) {
    if (!TakeOne(give_up)) return false;
  }
  return true;
}

bool ChurnLoad::Drop() {
  serving_ = false;
  const Clock::time_point give_up = Clock::now() + kPatience;
  while (open_ > 0) {
    if (!TakeOne(give_up)) return false;
  }
  stubs_.clear();
  return true;
}

bool ChurnLoad::TakeOne(Clock::time_point until) {
  void* tag = nullptr;
  bool ok = false;
  const auto deadline =
      std::chrono::system_clock::now() + std::chrono::ceil<std::chrono::system_clock::duration>(
                                             std::max(until - Clock::now(), Clock::duration(0)));
  if (cq_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return false;
  static_cast<rpc::Tag*>(tag)->Fire(ok);
  return true;
}

// One registration, and about as often something else.
void ChurnLoad::Turn() {
  std::size_t number = Pick();
  while (seats_[number].joining) number = Pick();
  Register(number);
  const std::size_t other = Pick();
  if (seats_[other].joining || members_[other].fate != Member::Fate::kIn) return;
  switch (random_() % 10) {
    case 0:
    case 1:
    case 2: SayGoodbye(other); break;
    case 3: GiveUp(other); break;
    case 4:
    case 5: Resume(other); break;
    case 6:
    case 7: ChangeLabels(other); break;
    default: break;
  }
}

bool ChurnLoad::IsIn(std::size_t number) const {
  return members_[number].fate == Member::Fate::kIn && seats_[number].visit != nullptr;
}

void ChurnLoad::Register(std::size_t number) {
  Member& member = members_[number];
  const std::string instance = member.id + "/" + std::to_string(++member.instances);
  if (!member.instance.empty()) given_up_.insert(member.instance);
  if (member.fate != Member::Fate::kNone) member.fate = Member::Fate::kGivenUp;
  member.unanswered.push_back(instance);
  SayHello(number, instance, "");
}

void ChurnLoad::Resume(std::size_t number) {
  SayHello(number, members_[number].instance, members_[number].token);
}

void ChurnLoad::SayHello(std::size_t number, const std::string& instance, const std::string& token) {
  v1::HeartbeatRequest hello =
      HeartbeatStream::Hello(members_[number].id, instance, options_.interval, options_.timeout);
  hello.mutable_hello()->set_resume_token(token);
  (*hello.mutable_hello()->mutable_labels())["zone"] = random_() % 2 == 0 ? "a" : "b";
  Seat& seat = seats_[number];
  seat.joining = true;
  // From another address each time: what else changes nothing makes no transition (docs/adr/0006).
  seat.channel = (seat.channel + 1) % stubs_.size();
  seat.visit = new Visit(*this, *stubs_[seat.channel], cq_, number, hello);
  ++open_;
}

void ChurnLoad::SayGoodbye(std::size_t number) {
  if (!IsIn(number)) return;
  v1::HeartbeatRequest goodbye;
  goodbye.mutable_goodbye()->set_reason("churn");
  members_[number].failing = random_() % 4 == 0;
  if (members_[number].failing) goodbye.mutable_goodbye()->set_exit_code(3);
  members_[number].fate = Member::Fate::kLeaving;
  given_up_.insert(members_[number].instance);
  seats_[number].visit->Send(goodbye);
}

void ChurnLoad::GiveUp(std::size_t number) {
  if (!IsIn(number)) return;
  members_[number].fate = Member::Fate::kGivenUp;
  given_up_.insert(members_[number].instance);
  seats_[number].visit->Cancel();
}

void ChurnLoad::ChangeLabels(std::size_t number) {
  if (!IsIn(number)) return;
  v1::HeartbeatRequest update;
  auto& labels = *update.mutable_update()->mutable_labels();
  labels["zone"] = random_() % 2 == 0 ? "a" : "b";
  labels["value"] = std::to_string(random_() % 1000);
  seats_[number].visit->Send(update);
}

void ChurnLoad::OnResponse(Visit& visit, const v1::HeartbeatResponse& response) {
  if (response.has_welcome()) Welcomed(visit.member(), visit.hello(), response.welcome());
}

void ChurnLoad::Welcomed(std::size_t number, const v1::Hello& hello, const v1::Welcome& welcome) {
  Member& member = members_[number];
  seats_[number].joining = false;
  member.token = welcome.resume_token();
  if (!hello.resume_token().empty()) {
    ++resumed_;
    if (welcome.incarnation() != member.incarnation) {
      Complain(number, "came back as incarnation " + std::to_string(welcome.incarnation()));
    }
    return;
  }
  ++welcomed_;
  if (welcome.incarnation() <= std::max(floor_, member.incarnation)) {
    Complain(number, "incarnation " + std::to_string(welcome.incarnation()) + " is not above " +
                         std::to_string(floor_));
  }
  if (!incarnations_.insert(welcome.incarnation()).second) {
    Complain(number, "incarnation " + std::to_string(welcome.incarnation()) + " was given out twice");
  }
  highest_incarnation_ = std::max(highest_incarnation_, welcome.incarnation());
  member.instance = hello.instance_id();
  member.incarnation = welcome.incarnation();
  member.fate = Member::Fate::kIn;
  member.unanswered.clear();
}

void ChurnLoad::OnEnd(Visit& visit, const grpc::Status& status) {
  --open_;
  const std::size_t number = visit.member();
  Member& member = members_[number];
  Seat& seat = seats_[number];
  const std::string reason = DetailsOf(status).reason;
  const bool latest = seat.visit == &visit;
  if (latest) {
    // No answer came, and it will not be asked for again.
    if (seat.joining && visit.hello().resume_token().empty()) given_up_.insert(visit.hello().instance_id());
    seat = {nullptr, false, seat.channel};
  }
  if (latest && member.fate == Member::Fate::kLeaving && status.ok()) {
    member.fate = member.failing ? Member::Fate::kFailed : Member::Fate::kLeft;
    return;
  }
  const bool replaced = !latest && (status.ok() || reason == "SUPERSEDED" || reason == "STREAM_REPLACED");
  const bool dropped = visit.cancelled() && status.error_code() == grpc::StatusCode::CANCELLED;
  const bool lost = !serving_ && (status.error_code() == grpc::StatusCode::UNAVAILABLE || !latest);
  // This process stood for seconds: no fault of the server's.
  const bool late = reason == "HELLO_TIMEOUT";
  if (!replaced && !dropped && !lost && !late) {
    Complain(number, "its stream ended with " + std::to_string(status.error_code()) + " " + reason + " " +
                         status.error_message());
  }
}

void ChurnLoad::Complain(std::size_t number, const std::string& what) {
  if (complaints_.size() < kComplaintsAtMost) complaints_ += members_[number].id + ": " + what + "\n";
}

}  // namespace liveness::testing
