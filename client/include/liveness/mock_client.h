// A GoogleMock of ClientInterface for the tests of programs that use it.
#pragma once

#include <gmock/gmock.h>

#include <liveness/client_interface.h>

namespace liveness {

class MockClient : public ClientInterface {
 public:
  // Without an expectation of yours, Progress() gives tokens that do nothing.
  MockClient() {
    ON_CALL(*this, Progress).WillByDefault([] { return Result<ProgressToken>(ProgressToken()); });
  }

  MOCK_METHOD(State, state, (), (const, override));
  MOCK_METHOD(BootInstant, alive_until, (), (const, override));
  MOCK_METHOD(bool, alive, (), (const, override));
  MOCK_METHOD(std::uint64_t, incarnation, (), (const, override));
  MOCK_METHOD(std::optional<Welcome>, welcome, (), (const, override));
  MOCK_METHOD(std::optional<std::chrono::nanoseconds>, rtt, (), (const, override));
  MOCK_METHOD(Counters, counters, (), (const, override));
  MOCK_METHOD(std::optional<Error>, last_error, (), (const, override));
  MOCK_METHOD(const std::string&, client_id, (), (const, override));
  MOCK_METHOD(const std::string&, instance_id, (), (const, override));
  MOCK_METHOD(std::optional<Error>, UpdateLabels, (Labels labels), (override));
  MOCK_METHOD(Result<ProgressToken>, Progress, (const std::string& name, std::chrono::nanoseconds deadline),
              (override));
  MOCK_METHOD(bool, Goodbye, (const std::string& reason, ExitStatus exit), (override));
};

}  // namespace liveness
