#include "server/core/record/hello_judgement.h"

namespace liveness::core {
namespace {

// The returns of one process and of the other, after which there are two for certain.
constexpr std::uint8_t kCertain = 2;

bool IsStale(const ClientInfo& hello, const ClientRecord& known) {
  // Another principal's numbers say nothing of this one's.
  return hello.attempt != 0 && hello.attempt < known.info.attempt() &&
         hello.instance_id == known.info.instance_id() && hello.principal == known.info.principal();
}

}  // namespace

HelloJudgement JudgeHello(const ClientInfo& hello, std::optional<std::uint64_t> incarnation,
                          const ClientRecord& known, bool heard) {
  HelloJudgement judgement;
  if (known.annex != nullptr) {
    for (const Banned& banned : known.annex->banned) {
      const bool by_token = incarnation == banned.incarnation;
      const bool by_name = !banned.instance_id.empty() && banned.instance_id == hello.instance_id;
      if (!by_token && !by_name) continue;
      if (banned.cause == Cause::kEvicted) return {HelloVerdict::kEvicted};
      const bool voided_by_its_like =
          banned.instance_id.empty() && hello.instance_id == known.info.instance_id();
      const bool by_another =
          !voided_by_its_like || banned.reclaims >= kCertain || (banned.reclaims == 0 && heard);
      if (by_another) return {HelloVerdict::kSuperseded};
      judgement.reclaims = banned.reclaims + 1;
    }
  }
  if (IsStale(hello, known)) return {HelloVerdict::kStale};
  return judgement;
}

}  // namespace liveness::core
