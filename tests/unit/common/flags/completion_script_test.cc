#include "common/flags/completion_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::common {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CompletionScript, IsTheProgramsOwn) {
  EXPECT_THAT(CompletionScript("tool", "bash"), HasSubstr("\ncomplete -F _tool tool\n"));
  EXPECT_THAT(CompletionScript("tool", "zsh"), ::testing::StartsWith("#compdef tool\n"));
  EXPECT_THAT(CompletionScript("tool", "fish"), HasSubstr("\ncomplete -c tool -f -a '(__tool_complete)'\n"));
  for (const char* shell : kCompletionShells) {
    EXPECT_THAT(CompletionScript("tool", shell), HasSubstr("__complete")) << shell;
    EXPECT_THAT(CompletionScript("tool", shell), Not(HasSubstr("PROGRAM"))) << shell;
  }
}

TEST(CompletionScript, ReadsAWordALine) {
  Completion completion;
  EXPECT_EQ(CompletionLines(completion), "");
  completion.words = {{"--key=", "Its key"}, {"get", ""}};
  EXPECT_EQ(CompletionLines(completion), "--key=\tIts key\nget\n");
  completion.rest = Completion::Rest::kFile;
  EXPECT_EQ(CompletionLines(completion), "--key=\tIts key\nget\n:file\n");
}

}  // namespace
}  // namespace liveness::common
