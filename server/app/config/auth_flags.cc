#include "server/app/config/auth_flags.h"

#include "absl/strings/str_split.h"
#include "common/flags/numbers.h"
#include "common/strings.h"
#include "server/auth/audit/audit_ring.h"

namespace liveness::app {
namespace {

constexpr char kNobody[] = "none";
constexpr std::size_t kLeastAuditEvents = auth::AuditRing::kLeastRoom;
constexpr std::size_t kMostAuditEvents = 100'000;

}  // namespace

void AuthFlags::AddTo(CLI::App& app, AuthSettings& settings) {
  const std::string group = "Who is let in";
  app.add_option(
         "--rules", settings.rules_file,
         "Who may beat as what, view what and administer (TOML); without it, whoever proved who it is may "
         "beat and view, an id being its owner's")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--token-file", settings.token_file,
                 "Bearer tokens that are accepted, as `livenessctl token new` writes them (TOML)")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--tls-crl", settings.crl_file,
                 "Client certificates that were revoked: lists signed by an authority of --tls-ca (PEM)")
      ->type_name("FILE")
      ->group(group);
  app.add_option(
         "--trust-domain", settings.trust_domains,
         "Whose SPIFFE IDs are accepted, `prod.example`; may be given several times; not given: any that "
         "an authority of --tls-ca signed")
      ->type_name("NAME")
      ->group(group);
  app.add_flag("--allow-common-names", settings.allow_common_names,
               "Let the common name of a client certificate that has no other name say who it is (cn:NAME)")
      ->group(group);
  anonymous_ =
      app.add_option("--insecure-anonymous", settings.anonymous_text,
                     "What anybody may do without proving who it is, where others than this host reach a "
                     "listener: beat, view, evict, maintenance, drain, audit, admin, or none; several with "
                     "commas")
          ->type_name("WHAT,...")
          ->group(group);
  app.add_option(
         "--max-bad-tokens", settings.max_bad_tokens,
         "Unknown tokens from one address (IPv6: /64) in a minute; whoever shows further ones is told "
         "to wait, and whoever shows a right one is let in all the same. 0: no limit")
      ->check(common::CountBetween(0, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(group);
  app.add_option("--audit-file", settings.audit_file,
                 "Append who did what, and who was refused, to this file too, a line of JSON each; made with "
                 "mode 0600, opened anew by SIGHUP")
      ->type_name("PATH")
      ->group(group);
  app.add_option(
         "--max-audit-events", settings.max_audit_events,
         "Entries of the audit log that are kept for `livenessctl audit`, some 800 bytes each: a half "
         "for what was done, a quarter each for refusals of principals and of strangers")
      ->check(common::CountBetween(kLeastAuditEvents, kMostAuditEvents))
      ->type_name("COUNT")
      ->capture_default_str()
      ->group(group);
}

std::string AuthFlags::ApplyTo(AuthSettings& settings) const {
  if (anonymous_->count() == 0) return {};
  settings.anonymous = auth::Actions();
  if (settings.anonymous_text == kNobody) return {};
  for (const std::string& word : std::vector<std::string>(absl::StrSplit(settings.anonymous_text, ','))) {
    const auto actions = auth::ActionsOf(word);
    if (!actions) {
      return common::StrCat("--insecure-anonymous=", settings.anonymous_text, ": \"", word, "\" is none of ",
                            auth::kActionWords, ", nor none");
    }
    settings.anonymous = settings.anonymous->Plus(*actions);
  }
  return {};
}

}  // namespace liveness::app
