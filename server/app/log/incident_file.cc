#include "server/app/log/incident_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/files/file.h"
#include "common/strings.h"

namespace liveness::app {
namespace {

using common::Duration;
using common::WallTime;

constexpr char kOpen[] = "-";

absl::Status Failed(const std::string& path) {
  return absl::InternalError(absl::StrCat(path, ": ", std::strerror(errno)));
}

std::int64_t Count(WallTime time) { return time.time_since_epoch().count(); }

std::string LineOf(const core::Incident& incident) {
  return absl::StrCat(common::ToAbsl(core::NameOf(incident.kind)), "\t", Count(incident.start), "\t",
                      incident.end ? absl::StrCat(Count(*incident.end)) : kOpen, "\t",
                      incident.length.count(), "\t", incident.text, "\n");
}

std::optional<core::Incident> ParseLine(const std::string& line) {
  const std::vector<std::string> parts = absl::StrSplit(line, '\t');
  if (parts.size() != 5 || parts[4].size() > core::kMaxIncidentText) return std::nullopt;
  const auto kind = core::IncidentKindOf(parts[0]);
  std::int64_t start = 0, end = 0, length = 0;
  if (!kind || !absl::SimpleAtoi(parts[1], &start) || !absl::SimpleAtoi(parts[3], &length))
    return std::nullopt;
  if (parts[2] != kOpen && !absl::SimpleAtoi(parts[2], &end)) return std::nullopt;
  core::Incident incident{*kind, WallTime(Duration(start)), std::nullopt, Duration(length), parts[4]};
  if (parts[2] != kOpen) incident.end = WallTime(Duration(end));
  for (const char c : incident.text) {
    if (c < ' ' || c > '~') return std::nullopt;
  }
  return incident;
}

}  // namespace

IncidentContents ReadIncidents(const std::string& path) {
  IncidentContents contents;
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return contents;
  contents.last_sign = WallTime(std::chrono::seconds(found.st_mtim.tv_sec) + Duration(found.st_mtim.tv_nsec));
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (auto incident = ParseLine(line)) contents.incidents.push_back(*std::move(incident));
  }
  return contents;
}

absl::Status WriteIncidents(const std::string& path, const std::vector<core::Incident>& incidents) {
  std::string text;
  for (const core::Incident& incident : incidents) text += LineOf(incident);
  const std::string draft = path + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Failed(draft);
  const bool written = common::WriteAll(fd, text) == text.size() && fsync(fd) == 0;
  const absl::Status failed = written ? absl::OkStatus() : Failed(draft);
  close(fd);
  if (!written) {
    (void)unlink(draft.c_str());
    return failed;
  }
  if (rename(draft.c_str(), path.c_str()) != 0) return Failed(path);
  return absl::OkStatus();
}

absl::Status TouchIncidents(const std::string& path, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const timespec stamp{seconds.time_since_epoch().count(), static_cast<long>((now - seconds).count())};
  const timespec times[2] = {stamp, stamp};
  if (utimensat(AT_FDCWD, path.c_str(), times, 0) != 0) return Failed(path);
  return absl::OkStatus();
}

}  // namespace liveness::app
