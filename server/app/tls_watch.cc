#include "server/app/tls_watch.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/duration_text.h"

namespace liveness::app {
namespace {

using common::WallTime;
using std::chrono::hours;

constexpr hours kStages[] = {hours(30 * 24), hours(14 * 24), hours(7 * 24), hours(24), hours(0)};

std::string DateOf(WallTime time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromChrono(time), absl::UTCTimeZone());
}

std::string Text(const auth::ServerTls::Loaded& certificate) {
  return absl::StrCat("certificate ", certificate.facts.subject, " (",
                      absl::StrJoin(certificate.facts.names, ", "), ") of ", certificate.file,
                      ", valid until ", DateOf(certificate.facts.not_after));
}

}  // namespace

int ExpiryStage(WallTime not_after, WallTime now) {
  return static_cast<int>(std::count_if(std::begin(kStages), std::end(kStages),
                                        [&](hours before) { return not_after - now <= before; }));
}

TlsWatch::TlsWatch(auth::ServerTls& tls, const common::Clock& clock, IncidentLog& incidents,
                   std::function<void()> changed)
    : tls_(tls), clock_(clock), incidents_(incidents), changed_(std::move(changed)) {
  if (tls_.enabled()) TellAll();
}

void TlsWatch::Look() {
  if (!tls_.enabled()) return;
  if (tls_.FilesChanged()) {
    const auto taken = tls_.Reload();
    waiting_ = taken.status();
    if (taken.ok() && *taken) TellAll();
  } else if (const absl::Status why = std::exchange(waiting_, absl::OkStatus()); !why.ok()) {
    Refused(why);
  }
  TellExpiry();
}

std::string TlsWatch::Reload() {
  if (!tls_.enabled()) return "no TLS files are in use";
  const auto taken = tls_.Reload();
  waiting_ = absl::OkStatus();
  if (!taken.ok()) {
    Refused(taken.status());
    return "the TLS files were refused";
  }
  if (*taken) TellAll();
  TellExpiry();
  return *taken ? "the TLS files were taken" : "the TLS files hold what they held";
}

void TlsWatch::Refused(const absl::Status& why) {
  const std::string text(why.message());
  spdlog::error("the renewed TLS files are not taken, the old ones stay in use: {}", text);
  incidents_.Add(core::IncidentKind::kCertificate, {}, absl::StrCat("renewed files were refused: ", text));
}

void TlsWatch::TellAll() {
  stages_.clear();
  for (const auto& each : tls_.certificates()) spdlog::info("TLS: {}", Text(each));
  TellExpiry();
}

void TlsWatch::TellExpiry() {
  const WallTime now = clock_.Wall();
  const auto all = tls_.certificates();
  stages_.resize(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const common::CertificateFacts& facts = all[i].facts;
    const int stage = facts.not_before > now ? -1 : ExpiryStage(facts.not_after, now);
    if (std::exchange(stages_[i], stage) == stage) continue;
    if (stage == -1) {
      spdlog::error("TLS: not valid before {}: {}", DateOf(facts.not_before), Text(all[i]));
    } else if (stage == kExpired) {
      spdlog::error("TLS: EXPIRED: {}", Text(all[i]));
    } else if (stage > 0) {
      spdlog::warn("TLS: expires in {}: {}", common::FormatForPeople(facts.not_after - now), Text(all[i]));
    }
  }
  const bool expired = tls_.HasExpired(now);
  if (std::exchange(expired_, expired) == expired) return;
  if (expired) {
    incidents_.Begin(core::IncidentKind::kCertificate, absl::StrCat("expired: ", Text(all.front())));
  } else {
    incidents_.End(core::IncidentKind::kCertificate);
  }
  changed_();
}

}  // namespace liveness::app
