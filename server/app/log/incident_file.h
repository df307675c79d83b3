// The incidents of a server in a file of the data directory, as lines of text that
// people can read too. Thread-safe but for two writers of one file.
//
// A line is KIND, start, end (`-`: it goes on), length and text, with tabs between
// them; times are nanoseconds since 1970. The file is replaced as a whole, so that it
// is never torn; lines that do not parse, of a newer version or a bad disk, are left out.
// Its time of change is when the server was last known to live.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "server/core/fleet/incident.h"

namespace liveness::app {

struct IncidentContents {
  std::vector<core::Incident> incidents;  // oldest first, as they were written
  common::WallTime last_sign{};           // the epoch if there is no such file
};

// What cannot be read counts as nothing.
IncidentContents ReadIncidents(const std::string& path);

// With mode 0600, on the disk when it returns. INTERNAL, with the system's word, if
// that fails; the file is then as it was.
absl::Status WriteIncidents(const std::string& path, const std::vector<core::Incident>& incidents);

// The server lived at `now`. INTERNAL as above.
absl::Status TouchIncidents(const std::string& path, common::WallTime now);

}  // namespace liveness::app
