// `livenessctl check`, as a monitoring system runs it: it reads standard output and the exit code.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using CheckTest = CliTest;

TEST_F(CheckTest, CountsWhoIsLiveAndNamesWhoIsNot) {
  const auto a = Beat("web-1", {"--label=app=web"});
  const auto b = Beat("web-2", {"--label=app=web"});
  const auto other = Beat("db-1", {"--label=app=db"});
  const CliResult ok = Run({"check", "--filter=labels.app = web", "--min=2"});
  EXPECT_EQ(ok.code, 0) << ok.err;
  EXPECT_THAT(ok.out, StartsWith("LIVENESS OK - 2 live, want at least 2 | live=2;;2:;0 alive=2;;;0 "));
  EXPECT_EQ(Run({"check", "--filter=labels.app = web", "--min=2", "--warn-min=3"}).code, 1);
  EXPECT_EQ(Run({"check", "--filter=labels.app = web", "--max=1"}).code, 2);

  b->Signal(SIGKILL);
  ASSERT_TRUE(Becomes("web-2", "STATE_DEAD"));
  // An OR in the filter stays within it.
  const CliResult few = Run({"check", "--filter=labels.app = web OR labels.app = none", "--min=2"});
  EXPECT_EQ(few.code, 2);
  EXPECT_THAT(few.out, StartsWith("LIVENESS CRITICAL - 1 live of 2 known, want at least 2 |"));
  EXPECT_THAT(few.out, ContainsRegex("\nweb-2 DEAD for [0-9]+s: .*connection"));

  ASSERT_EQ(Run({"maintenance", "set", "web-2", "--for=1h"}).code, 0);
  const CliResult excused = Run({"check", "--filter=labels.app = web", "--min=2"});
  EXPECT_EQ(excused.code, 0);
  EXPECT_THAT(excused.out, StartsWith("LIVENESS OK - 1 live and 1 in maintenance, want at least 2 |"));
}

TEST_F(CheckTest, WhatCannotBeFoundOutIsUnknown) {
  const auto a = Beat("web-1");
  const CliResult nobody = Run({"check", "--filter=labels.app = wbe", "--min=0"});
  EXPECT_EQ(nobody.code, 3);
  EXPECT_EQ(nobody.out, "LIVENESS UNKNOWN - no client, in any state, matches labels.app = wbe\n");
  const CliResult bad_filter = Run({"check", "--filter=state = (", "--min=1"});
  EXPECT_EQ(bad_filter.code, 3);
  EXPECT_THAT(bad_filter.out, StartsWith("LIVENESS UNKNOWN - "));
  EXPECT_THAT(bad_filter.out, HasSubstr("(BAD_FILTER): filter column 9: ")) << "as the user wrote it";
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{},
                                             {"--min=x"},
                                             {"--min=-1"},
                                             {"--nonsense"},
                                             {"--min=3", "--warn-min=2"},
                                             {"--max=1", "--warn-max=2"},
                                             {"--min=3", "--max=2"},
                                             {"--min=1", "-o", "json"},
                                             {"--min=1", "more"},
                                             {"--min=1", "--tls-ca=/none"}}) {
    std::vector<std::string> args = {"check"};
    args.insert(args.end(), flags.begin(), flags.end());
    const CliResult refused = Run(args);
    EXPECT_EQ(refused.code, 3) << refused.out << refused.err;
    EXPECT_THAT(refused.out, StartsWith("LIVENESS UNKNOWN - "));
    EXPECT_EQ(refused.err, "");
  }
  server_->Stop();
  const CliResult down = Run({"check", "--min=1"});
  EXPECT_EQ(down.code, 3);
  EXPECT_THAT(down.out, ContainsRegex("^LIVENESS UNKNOWN - .*connection refused"));
}

}  // namespace
}  // namespace liveness::testing
