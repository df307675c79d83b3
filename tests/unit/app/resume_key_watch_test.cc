#include "server/app/resume_key_watch.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace liveness::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ResumeKeyWatchTest : public ::testing::Test {
 protected:
  // The file has so many keys.
  void Write(int count, mode_t mode = 0600) {
    common::ResumeKeys keys;
    for (int i = 0; i < count; ++i) {
      common::ResumeSecret secret{};
      secret[0] = static_cast<std::uint8_t>(i);
      keys = common::RotateResumeKeys(std::move(keys), secret, clock_.Wall(), std::chrono::seconds(i),
                                      std::chrono::hours(1))
                 .value();
    }
    WriteText(common::FormatResumeKeys(keys), mode);
  }
  void WriteText(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_ + ".new") << text;
    chmod((path_ + ".new").c_str(), mode);
    std::filesystem::rename(path_ + ".new", path_);
  }
  ResumeKeyWatch Watch(common::ResumeKeys keys) {
    return {path_,      std::move(keys), clock_,
            incidents_, audit_,          [this](const auto& taken) { used_.push_back(taken.keys.size()); }};
  }
  std::vector<auth::AuditOutcome> Noted() const {
    std::vector<auth::AuditOutcome> outcomes;
    for (const auto& event : audit_.Read()) outcomes.push_back(event->outcome);
    return outcomes;
  }

  const testing::TempDir dir_;
  const std::string path_ = dir_.file("keys.toml");
  testing::ManualClock clock_;
  IncidentLog incidents_{"", clock_};
  auth::AuditLog audit_{clock_, 100};
  std::vector<std::size_t> used_;
};

TEST_F(ResumeKeyWatchTest, WithoutAFileThereIsNothingToLookAt) {
  ResumeKeyWatch watch("", LoadResumeKeys("").value(), clock_, incidents_, audit_,
                       [this](const auto& taken) { used_.push_back(taken.keys.size()); });
  watch.Look();
  EXPECT_EQ(watch.Reload(), "");
  EXPECT_THAT(used_, ElementsAre(0u));
}

TEST_F(ResumeKeyWatchTest, TakesAFileThatChanged) {
  Write(1);
  ResumeKeyWatch watch = Watch(LoadResumeKeys(path_).value());
  watch.Look();
  EXPECT_THAT(used_, ElementsAre(1u));
  EXPECT_THAT(Noted(), IsEmpty()) << "it is what it was";
  Write(2);
  watch.Look();
  watch.Look();
  EXPECT_THAT(used_, ElementsAre(1u, 2u));
  EXPECT_THAT(Noted(), ElementsAre(auth::AuditOutcome::kAllowed));
  EXPECT_THAT(watch.Reload(), HasSubstr("were read"));
}

// A server reads the file, opens its store, and only then looks after it.
TEST_F(ResumeKeyWatchTest, WhatChangedWhileTheServerStartedIsTaken) {
  Write(1);
  const common::ResumeKeys loaded = LoadResumeKeys(path_).value();
  Write(2);
  ResumeKeyWatch watch = Watch(loaded);
  watch.Look();
  EXPECT_THAT(used_, ElementsAre(1u, 2u));
}

TEST_F(ResumeKeyWatchTest, ABadFileIsToldOnceAndChangesNothing) {
  Write(1);
  ResumeKeyWatch watch = Watch(LoadResumeKeys(path_).value());
  watch.Look();
  WriteText("[[key]]\n");
  watch.Look();
  watch.Look();
  EXPECT_THAT(used_, ElementsAre(1u));
  EXPECT_THAT(Noted(), ElementsAre(auth::AuditOutcome::kFailed));
  ASSERT_EQ(incidents_.Read().size(), 1u);
  EXPECT_EQ(incidents_.Read()[0].kind, core::IncidentKind::kAccess);
  EXPECT_THAT(watch.Reload(), HasSubstr("refused"));
  Write(2, 0644);
  watch.Look();
  EXPECT_THAT(used_, ElementsAre(1u));
  chmod(path_.c_str(), 0600);
  watch.Look();
  EXPECT_THAT(used_, ElementsAre(1u, 2u));
}

}  // namespace
}  // namespace liveness::app
