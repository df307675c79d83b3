#include "server/http/probes.h"

#include <string_view>
#include <utility>

#include "server/http/json.h"

namespace liveness::http {
namespace {

Response Verdict(std::string_view name, bool good, const std::string& reasons) {
  JsonObject verdict;
  verdict.Add(name, good);
  verdict.AddRaw("reasons", "[" + reasons + "]");
  return TextResponse(good ? 200 : 503, "application/json", verdict.Text() + "\n");
}

}  // namespace

void AddProbes(Router& router, std::function<std::vector<std::string>()> why_not_live,
               std::function<std::vector<v1::NotReady>()> why_not_ready) {
  router.Add("GET", "/livez", auth::Action::kNone, [why_not = std::move(why_not_live)](const auto& exchange) {
    std::string reasons;
    for (const std::string& reason : why_not()) reasons += (reasons.empty() ? "" : ",") + JsonString(reason);
    exchange->Respond(Verdict("live", reasons.empty(), reasons));
  });
  router.Add("GET", "/readyz", auth::Action::kNone,
             [why_not = std::move(why_not_ready)](const auto& exchange) {
               std::string reasons;
               for (const v1::NotReady& reason : why_not())
                 reasons += (reasons.empty() ? "" : ",") + ToJson(reason);
               exchange->Respond(Verdict("ready", reasons.empty(), reasons));
             });
}

}  // namespace liveness::http
