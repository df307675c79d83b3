// Records with anything in them, from a seed. Header only; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "server/core/record/record.h"

namespace liveness::testing {

class RandomRecord {
 public:
  explicit RandomRecord(std::uint64_t seed) : random_(seed) {}

  // Every optional part is there half of the time; every enum takes each of its values.
  core::ClientRecord Next() {
    core::ClientRecord record;
    record.info = core::PackedInfo(Info());
    if (Flip()) record.evidence = std::make_shared<const core::Evidence>(NextEvidence());
    if (Flip()) record.annex = std::make_shared<const core::Annex>(NextAnnex());
    if (Flip()) record.server_id = std::make_shared<const std::string>(Text(20));
    record.incarnation = Number();
    record.attachment = Number();
    record.revision = Number();
    record.register_time = Wall();
    record.state_time = Wall();
    record.interval = Span();
    record.timeout = Span();
    record.resume_grace = Span();
    record.state = Pick(core::State::kAlive, core::State::kForgotten);
    record.health = Pick(core::Health::kUnspecified, core::Health::kMaintenance);
    record.cause = Pick(core::Cause::kUnspecified, core::kLastCause);
    record.flapping = Flip();
    if (Flip()) record.accrual_threshold = static_cast<float>(Fraction()) * 16;
    return record;
  }

 private:
  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }
  bool Flip() { return Below(2) == 0; }
  double Fraction() { return static_cast<double>(Below(1'000'003)) / 1'000'003; }
  // Small and huge ones, 0 among them.
  std::uint64_t Number() { return Flip() ? Below(3) : random_(); }
  std::int64_t Signed() { return static_cast<std::int64_t>(Number()); }
  common::Duration Span() { return common::Duration(Signed()); }
  core::WallTime Wall() { return core::WallTime(Span()); }
  template <typename Enum>
  Enum Pick(Enum first, Enum last) {
    const auto from = static_cast<std::uint64_t>(first);
    return static_cast<Enum>(from + Below(static_cast<std::uint64_t>(last) - from + 1));
  }
  // Any bytes: zeros and broken UTF-8 as well.
  std::string Text(std::size_t most) {
    std::string text(Below(most + 1), '\0');
    for (char& c : text) c = static_cast<char>(Below(256));
    return text;
  }

  core::ClientInfo Info() {
    core::ClientInfo info;
    info.client_id = "c" + Text(40);
    info.instance_id = Text(32);
    for (std::uint64_t n = Below(5); n > 0; --n) info.labels.emplace_back("k" + Text(10), Text(20));
    info.peer_address = Text(21);
    info.local_address = Text(21);
    info.host = Text(30);
    info.version = Text(10);
    info.principal = Text(10);
    info.last_will = Text(100);
    info.pid = Signed();
    info.attempt = static_cast<std::uint32_t>(Number());
    return info;
  }

  std::shared_ptr<const std::vector<core::Progress>> NextProgress() {
    if (Flip()) return nullptr;
    auto progress = std::make_shared<std::vector<core::Progress>>();
    for (std::uint64_t n = Below(3); n > 0; --n) progress->push_back({Text(8), Span(), Span()});
    return progress;
  }

  core::LinkEvidence NextLink() {
    core::LinkEvidence link;
    link.taken_at = core::MonoTime(Span());
    link.maybe_proxied = Flip();
    if (Flip()) link.last_pong_age = Span();
    if (Flip()) link.probe_age = Span();
    link.tcp = {Pick(core::TcpAbsence::kPresent, core::TcpAbsence::kUnsupported),
                Flip(),
                Flip(),
                Span(),
                static_cast<std::uint32_t>(Number()),
                static_cast<std::uint32_t>(Number()),
                static_cast<std::uint32_t>(Number()),
                static_cast<std::uint32_t>(Number()),
                Span(),
                Number()};
    return link;
  }

  std::shared_ptr<const core::LastWords> NextWords() {
    if (Flip()) return nullptr;
    auto words = std::make_shared<core::LastWords>();
    words->will = Text(50);
    for (std::uint64_t n = Below(4); n > 0; --n) {
      words->notes.push_back({Wall(), Span(), {Span(), Fraction(), Signed()}, NextProgress()});
    }
    return words;
  }

  core::Evidence NextEvidence() {
    core::Evidence evidence;
    evidence.gather_time = Wall();
    evidence.stream_end = Pick(core::StreamEnd::kNone, core::StreamEnd::kCancelled);
    evidence.stream_ended_ago = Span();
    evidence.silence = Span();
    evidence.credited = Span();
    evidence.last_sequence = Number();
    evidence.missed = Number();
    if (Flip()) evidence.link = NextLink();
    evidence.link_age = Span();
    evidence.host = {Signed(), Signed()};
    evidence.progress = NextProgress();
    evidence.last_words = NextWords();
    evidence.confidence = Pick(core::Confidence::kUnspecified, core::Confidence::kHigh);
    evidence.reason = Text(30);
    if (Flip()) evidence.exit_code = static_cast<std::int32_t>(Signed());
    if (Flip()) evidence.signal = static_cast<std::int32_t>(Signed());
    return evidence;
  }

  core::Annex NextAnnex() {
    core::Annex annex;
    for (std::uint64_t n = Below(4); n > 0; --n) {
      annex.banned.push_back({Text(32), Number(), Pick(core::Cause::kUnspecified, core::kLastCause),
                              static_cast<std::uint8_t>(Below(3))});
    }
    if (Flip()) annex.maintenance_until = Wall();
    if (Flip()) {
      annex.maintenance_origin =
          std::make_shared<const core::MaintenanceOrigin>(core::MaintenanceOrigin{Text(30), Text(10)});
    }
    return annex;
  }

  std::mt19937_64 random_;
};

}  // namespace liveness::testing
