// What livenessctl prints of hostile records: no byte that a terminal obeys comes out.
#include <chrono>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "client/cli/print/client_table.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/document/json_text.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/table.h"
#include "liveness/v1/client.pb.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/parse.h"
#include "tests/fuzz/plain_text.h"

namespace liveness::fuzz {
namespace {

void TryText(const std::string& text) {
  for (const std::string& shown :
       {cli::Printable(text), cli::NameText(text), cli::DistinctName(text), cli::ListedName(text)}) {
    RequirePlainLines(shown, "a text is shown without what a terminal obeys");
    Require(shown.find('\n') == std::string::npos, "a text does not end its line");
  }
  Require(cli::Printable(cli::Printable(text)) == cli::Printable(text), "what is printable stays as it is");
  RequirePlainLines(cli::ErrorText(absl::UnavailableError(text), "127.0.0.1:1"),
                    "an error is shown as plain text");
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = {"",
                                    "web-1",
                                    "\x1b[2J\x1b]0;title\x07",
                                    "a\r\nb",
                                    "\xe2\x80\xae"
                                    "evil",
                                    "w\xd0\xb5"
                                    "b-1",
                                    "\xff\xfe",
                                    "\xc2\x9b"
                                    "31m",
                                    "a\\x1b"};
  v1::Client client;
  client.set_client_id("web\x1b[1m");
  client.set_instance_id("1\r2");
  (*client.mutable_labels())["a\nb"] = "\x07";
  client.set_state(v1::STATE_DEAD);
  client.mutable_state_time()->set_seconds(-5);
  seeds.push_back(client.SerializeAsString());
  // Seconds that are no nanoseconds in 64 bits.
  client.mutable_state_time()->set_seconds(std::numeric_limits<std::int64_t>::min());
  seeds.push_back(client.SerializeAsString());
  return seeds;
}

void Try(std::string_view input) {
  TryText(std::string(input));
  v1::Client client;
  if (!Parse(input, client)) return;
  const common::WallTime now(std::chrono::seconds(1'800'000'000));
  RequirePlainLines(cli::Describe(client, now, false), "a client is described in plain text");
  RequirePlainLines(cli::ToJson(client), "its JSON is plain text");
  RequirePlainLines(cli::ToJsonLine(client), "on one line too");
  for (const bool wide : {false, true}) {
    std::ostringstream out;
    cli::Table table(out, cli::ClientHeaders(wide), {.headers = false});
    table.AddRow(cli::ClientCells(client, now, wide));
    table.Flush();
    const std::string row = out.str();
    RequirePlainLines(row, "its row is plain text");
    Require(row.find('\n') == row.size() - 1, "its row is one line");
  }
}

}  // namespace liveness::fuzz
