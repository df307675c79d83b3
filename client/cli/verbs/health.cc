// `livenessctl health`: is a server there, or a client live? For containers and scripts: as grpc_health_probe
// it asks grpc.health.v1, with that program's time limits and exit codes.
#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/api/channel.h"
#include "client/cli/api/health_probe.h"
#include "client/cli/flags/flag_values.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/error_text.h"
#include "client/cli/verbs/verbs.h"
#include "common/duration_text.h"
#include "common/resource_name.h"
#include "common/tls_files.h"

namespace liveness::cli {
namespace {

using Outcome = HealthAnswer::Outcome;

constexpr char kServing[] = "SERVING";
constexpr std::string_view kNamePrefix = "clients/";

// The service of a NAME: an id, clients/ID, or client/ID as the protocol has it.
std::string ServiceOf(const std::string& name) {
  if (common::ClientIdFromHealthService(name)) return name;
  const bool whole = name.compare(0, kNamePrefix.size(), kNamePrefix) == 0;
  return common::HealthServiceName(whole ? name.substr(kNamePrefix.size()) : name);
}

ExitCode Fail(HealthCode code, const std::string& message, Terminal& terminal) {
  return Fail(static_cast<ExitCode>(code), message, terminal);
}

// What it is that serves or does not, in a sentence.
std::string Subject(const HealthSettings& settings, const std::string& server) {
  return settings.service.empty() ? server : absl::StrCat(NameText(settings.service), " on ", server);
}

std::string RpcFailure(const absl::Status& failure, const HealthSettings& settings, const std::string& server,
                       const TlsSettings& tls) {
  switch (failure.code()) {
    case absl::StatusCode::kUnimplemented: return absl::StrCat(server, " does not speak grpc.health.v1");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer from ", server, " within ",
                          common::FormatDuration(settings.rpc_timeout));
    case absl::StatusCode::kNotFound:
      return absl::StrCat(server, " knows no service ", NameText(settings.service));
    default: return ErrorText(failure, server, tls);
  }
}

}  // namespace

Verb AddHealth(CLI::App& program, GlobalSettings& /*global*/) {
  const auto settings = std::make_shared<HealthSettings>();
  const auto name = std::make_shared<std::string>();
  CLI::App& health = AddVerb(program, "health", "Ask grpc.health.v1, as grpc_health_probe does", "");
  health.footer(
      std::string("Examples:\n"
                  "  livenessctl health\n"
                  "  livenessctl health web-1\n"
                  "  livenessctl --server=db-1:50051 health --service=orders.v1.Orders\n"
                  "\n"
                  "It asks the server itself, or one client of it, and waits for --connect-timeout and\n"
                  "then --rpc-timeout, whatever --timeout says.\n\n") +
      kHealthCodeHelp);
  CLI::Option* name_option =
      health.add_option("NAME", *name, "A client: its id, clients/ID or client/ID; none: the server");
  health.add_option("--service", settings->service, "A service by the name that the server knows it by")
      ->type_name("SERVICE")
      ->excludes(name_option);
  AddDuration(
      health, "--connect-timeout", [settings](common::Duration d) { settings->connect_timeout = d; },
      "Longest time to connect; default 1s");
  AddDuration(
      health, "--rpc-timeout", [settings](common::Duration d) { settings->rpc_timeout = d; },
      "Longest time for the answer after that; default 1s");
  return {&health, [settings, name](const GlobalSettings& global, Words words) -> Taken {
            if (!name->empty()) words.insert(words.begin(), *name);
            if (words.size() > 1) return "unexpected argument: " + words[1];
            if (!words.empty()) settings->service = ServiceOf(words[0]);
            if (settings->service.empty() && global.servers.size() > 1) {
              return std::string("the health of a server is asked of one --server");
            }
            for (const common::Duration limit : {settings->connect_timeout, settings->rpc_timeout}) {
              if (limit <= common::Duration::zero()) {
                return std::string("--connect-timeout and --rpc-timeout must be longer than zero");
              }
            }
            return *settings;
          }};
}

ExitCode RunVerb(const HealthSettings& settings, Context& context) {
  const TlsSettings& tls = context.global.tls;
  common::TlsContents files;
  if (tls.enabled) {
    auto read = common::ReadTlsFiles({tls.cert_file, tls.key_file, tls.ca_file});
    if (!read.ok()) {
      return Fail(HealthCode::kBadArguments, std::string(read.status().message()), context.terminal);
    }
    files = *std::move(read);
  }
  const absl::StatusOr<std::string> token = ReadToken(context.global);
  if (!token.ok())
    return Fail(HealthCode::kBadArguments, std::string(token.status().message()), context.terminal);
  HealthAnswer answer;
  std::string server;
  for (const std::string& each : context.global.servers) {
    // The server before has not been reached.
    if (!server.empty())
      Fail(HealthCode::kNotConnected, ErrorText(answer.failure, server, tls), context.terminal);
    server = each;
    answer = AskHealth(server, context.global, files,
                       {settings.service, settings.connect_timeout, settings.rpc_timeout, *token});
    if (answer.outcome != Outcome::kNotConnected) break;
  }
  switch (answer.outcome) {
    case Outcome::kNotConnected:
      return Fail(HealthCode::kNotConnected, ErrorText(answer.failure, server, tls), context.terminal);
    case Outcome::kRpcFailed:
      return Fail(HealthCode::kRpcFailed, RpcFailure(answer.failure, settings, server, tls),
                  context.terminal);
    case Outcome::kAnswered: break;
  }
  if (answer.status != kServing) {
    return Fail(HealthCode::kNotServing, absl::StrCat(Subject(settings, server), " is ", answer.status),
                context.terminal);
  }
  context.terminal.out << "status: " << answer.status << '\n';
  return ExitCode::kOk;
}

}  // namespace liveness::cli
