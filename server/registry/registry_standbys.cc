// Streams that wait beside the session's own. See registry.h and records/standbys.h.
#include <memory>
#include <optional>
#include <utility>

#include "server/registry/records/effects.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/records/standbys.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::MonoTime;
using core::RecordPtr;
using core::State;

bool Registry::MayStandBy(const HelloRequest& hello, const Session& session) const {
  const ClientRecord& record = *session.state().record;
  // What it asks for must be what holds: its pings are measured and answered by that from the first.
  const SessionExtras* extras = session.state().extras.get();
  const bool others = extras != nullptr && extras->standbys != nullptr && !extras->standbys->empty();
  return hello.beside && (session.state().stream != nullptr || others) && record.incarnation != 0 &&
         Holds(session) && record.interval == hello.interval && record.timeout == hello.timeout &&
         record.accrual_threshold == static_cast<float>(hello.accrual_threshold.value_or(0));
}

void Registry::StandBy(HelloRequest hello, const std::shared_ptr<Session>& session, AttachDone done,
                       Effects& effects) {
  const MonoTime now = clock_.Mono();
  const RecordPtr record = session->state().record;
  SessionExtras& extras = session->state().MakeExtras();
  session->SetHeard(now);
  if (record->state == State::kSuspect) BeAlive(session, effects);
  const std::uint64_t attachment = NextAttachment(*session);
  extras.last_attachment = attachment;
  Attached attached{session,
                    attachment,
                    record->incarnation,
                    options_.resume_grace,
                    true,
                    record->health == core::Health::kStalled || IsStalled(*session),
                    extras.arrivals,
                    VouchAtHello(*session, hello, now)};
  if (extras.standbys == nullptr) extras.standbys = std::make_shared<Standbys>();
  std::optional<Standby> oldest = extras.standbys->Add({attachment, std::move(hello)});
  if (oldest) effects.ends.push_back({std::move(oldest->hello.stream), ReplacedError()});
  effects.dones.push_back({Welcome(std::move(attached), std::move(done)), record});
}

bool Registry::TakeStandby(const std::shared_ptr<Session>& session, std::uint64_t attachment,
                           Effects& effects) {
  const SessionExtras* extras = session->state().extras.get();
  if (extras == nullptr || extras->standbys == nullptr) return false;
  if (!session->is_local() || !core::IsLive(session->state().record->state) || !table_.IsCurrent(*session)) {
    return false;
  }
  std::optional<Standby> standby = extras->standbys->Take(attachment);
  if (!standby) return false;
  Resume(
      std::move(standby->hello), session, attachment, [](const auto&) {}, effects);
  for (Standby& left : extras->standbys->TakeBelow(attachment)) {
    effects.ends.push_back({std::move(left.hello.stream), ReplacedError()});
  }
  return true;
}

bool Registry::TakeOver(const std::shared_ptr<Session>& session, std::uint64_t attachment) {
  Effects effects;
  bool taken = false;
  {
    MutexLock lock(mu_);
    taken = TakeStandby(session, attachment, effects);
  }
  CarryOut(effects);
  return taken;
}

void Registry::EndStandbys(Session& session, const absl::Status& why, Effects& effects) {
  if (session.state().extras == nullptr || session.state().extras->standbys == nullptr) return;
  for (Standby& standby : session.state().extras->standbys->TakeAll()) {
    effects.ends.push_back({std::move(standby.hello.stream), why});
  }
}

}  // namespace liveness::registry
