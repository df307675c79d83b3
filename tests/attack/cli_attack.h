// A server that lies to livenessctl, and what must hold of livenessctl then. Header only.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "liveness/details/v1/error_details.pb.h"
#include "liveness/v1/admin_service.pb.h"
#include "liveness/v1/registry_service.pb.h"
#include "tests/support/child_process.h"
#include "tests/support/hostile_server.h"
#include "tests/support/random_message.h"

namespace liveness::testing {

// Each would do something to a terminal, to a table, or to who reads it.
inline const std::vector<std::string>& Texts() {
  static const std::vector<std::string> texts = {"\x1b[2J\x1b]0;OWNED\x07",
                                                 "\x1b]52;c;T1dORUQ=\x07",
                                                 "\xc2\x9b"
                                                 "31mOWNED",
                                                 "a\r\nSTATE  OWNED\n",
                                                 "\b\b\b\x7f",
                                                 "\xe2\x80\xae"
                                                 "DENWO",
                                                 "\xe2\x80\xa8",
                                                 "%s%n%99999999d",
                                                 "",
                                                 "clients/",
                                                 "web-1",
                                                 "\t",
                                                 std::string("\0x", 2),
                                                 std::string(5'000, 'A'),
                                                 "\xf3\xa0\x81\x81",
                                                 "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"};
  return texts;
}

// What no line of text has: a terminal obeys it, or shows nothing of it.
inline std::string RawIn(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if ((byte < 0x20 && byte != '\n') || byte == 0x7f || is_c1 || text.compare(i, 3, "\xe2\x80\xae") == 0) {
      return "byte " + std::to_string(byte) +
             " after: " + text.substr(i < 200 ? 0 : i - 200, std::min<std::size_t>(i, 200));
    }
  }
  return {};
}

// Answers of the right type, with anything in them. Thread-safe.
class Liar {
 public:
  // `fails`: calls may also end with errors that end the command, and messages be none.
  explicit Liar(std::uint64_t seed, bool fails = true) : seed_(seed * 1'000), fails_(fails) {}

  HostileServer::Answer operator()(const std::string& method) {
    RandomMessage any(++seed_, Texts());
    const bool is_watch = method.ends_with("/WatchClients");
    const int messages = is_watch ? 20 : 1;
    std::vector<std::string> all;
    for (int i = 0; i < messages; ++i) all.push_back(Message(method, any));
    // A third of them end badly; a watch always ends.
    grpc::Status status;
    if (fails_ && (is_watch || any.Chance(30))) status = Status(any);
    if (!fails_ && is_watch) status = grpc::Status(grpc::StatusCode::UNAVAILABLE, Texts().front());
    if (!status.ok() && !is_watch && any.Chance(70)) all.clear();
    return {[all](int n) {
              return n < std::ssize(all) ? std::optional(all[static_cast<std::size_t>(n)]) : std::nullopt;
            },
            status};
  }

 private:
  template <typename T>
  static std::string Filled(RandomMessage& any, int items) {
    T message;
    any.Fill(message);
    const auto* field = message.GetDescriptor()->field(0);
    for (int i = 0; i < items; ++i) any.Fill(*message.GetReflection()->AddMessage(&message, field));
    return message.SerializeAsString();
  }
  std::string Message(const std::string& method, RandomMessage& any) const {
    const auto is = [&](const char* name) { return method.ends_with(name); };
    if (fails_ && any.Chance(5)) return "\xff\xff\xff no message \x1b[2J";
    if (is("/ListClients")) return Filled<v1::ListClientsResponse>(any, 5);
    if (is("/ListTransitions")) return Filled<v1::ListTransitionsResponse>(any, 5);
    if (is("/ListAuditEvents")) return Filled<v1::ListAuditEventsResponse>(any, 5);
    if (is("/GetStats")) return Filled<v1::GetStatsResponse>(any, 0);
    if (is("/GetServerInfo")) return Filled<v1::ServerInfo>(any, 0);
    if (is("/WatchClients")) return Filled<v1::WatchClientsResponse>(any, 2);
    if (is("/SetMaintenance")) return Filled<v1::SetMaintenanceResponse>(any, 0);
    if (is("/DrainServer")) return Filled<v1::DrainServerResponse>(any, 0);
    if (is("/UndrainServer")) return Filled<v1::UndrainServerResponse>(any, 0);
    return Filled<v1::Client>(any, 0);
  }
  static grpc::Status Status(RandomMessage& any) {
    const auto text = [&] { return Texts()[any.Below(Texts().size())]; };
    details::v1::ErrorInfo info;
    info.set_reason(text());
    info.set_domain("liveness");
    details::v1::BadRequest bad;
    for (std::uint64_t n = any.Below(50); n > 0; --n) {
      auto& violation = *bad.add_field_violations();
      violation.set_field(text());
      violation.set_description(text());
    }
    details::v1::Status details;
    auto* detail = details.add_details();
    detail->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
    detail->set_value(info.SerializeAsString());
    detail = details.add_details();
    detail->set_type_url("type.googleapis.com/google.rpc.BadRequest");
    detail->set_value(bad.SerializeAsString());
    // Also codes that nobody knows.
    return {static_cast<grpc::StatusCode>(any.Below(20) + 1), text() + text(), details.SerializeAsString()};
  }

  std::atomic<std::uint64_t> seed_;
  const bool fails_;
};

class CliAttack : public ::testing::Test {
 protected:
  using milliseconds = std::chrono::milliseconds;
  using seconds = std::chrono::seconds;

  static std::vector<std::string> To(const HostileServer& server, std::vector<std::string> args) {
    args.insert(args.begin(), "--server=" + server.address());
    args.insert(args.begin(), "--timeout=5s");
    return args;
  }
  // Its code is one of ours: no signal ended it, and it did end.
  static void ExpectSane(int code, const std::string& what) {
    EXPECT_GE(code, 0) << what << " runs on";
    EXPECT_LE(code, 8) << what;
  }
  static void ExpectPlain(const ChildProcess& process, const std::string& what) {
    EXPECT_EQ(RawIn(process.Out()), "") << what;
    EXPECT_EQ(RawIn(process.Err()), "") << what;
  }
  // Waits for what may not come by itself.
  template <typename Condition>
  static bool Within(seconds patience, Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(milliseconds(20));
    }
    return true;
  }
};

}  // namespace liveness::testing
