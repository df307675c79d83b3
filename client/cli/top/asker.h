// The questions of `livenessctl top` that no watch answers, asked on a thread of its own: readings of the
// rows that are shown, a verdict, whether a filter can be used, and who still matches it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/api/api.h"
#include "client/cli/settings.h"
#include "client/cli/top/fleet.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "liveness/v1/client.pb.h"

namespace liveness::cli::top {

class Asker {
 public:
  // What is on the screen. It is asked about every two seconds, and at once when it is another.
  struct Interest {
    std::vector<std::string> ids;  // of the rows that are shown
    SortKey sort = SortKey::kState;
    std::size_t end = 0;  // the last row that is shown, counted from the first of all
    std::string filter;
    std::string verdict_id;  // whose verdict is shown; empty: nobody's
  };

  struct Answer {
    enum class Kind { kReadings, kVerdict, kFilter, kGone };
    Kind kind = Kind::kReadings;
    std::vector<v1::Client> clients;  // kReadings; kVerdict: one, or none if `status` says why
    bool are_first = false;           // kReadings: these are the first of all in the order of the interest
    absl::Status status;              // kVerdict, kFilter
    std::string filter;               // kFilter, kGone: which
    std::vector<std::string> ids;     // kVerdict: whose; kGone: those that match it no more
    std::optional<common::WallTime> as_of;  // the server's clock, if it was told
    common::WallTime asked{};               // ours at that time
  };

  // `wake` is called on the asker's thread whenever there are answers.
  Asker(std::unique_ptr<Api> api, std::function<void()> wake);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void SetInterest(Interest interest);
  void TryFilter(std::string filter);
  // Whether `ids` still match `filter`, which is not empty.
  void CheckMatches(const std::string& filter, const std::vector<std::string>& ids);

  std::vector<Answer> Take();

 private:
  struct Work {
    Interest interest;
    std::optional<std::string> try_filter;
    std::string check_filter;
    std::set<std::string> check_ids;
  };

  void Run();
  std::optional<Work> Await();
  void Put(Answer answer);
  void AskFirst(const Interest& interest);
  void AskEach(const Interest& interest);
  void AskVerdict(const std::string& id);
  void AskFilter(const std::string& filter);
  void AskMatches(const std::string& filter, const std::set<std::string>& ids);

  const std::unique_ptr<Api> api_;
  const std::function<void()> wake_;
  common::Mutex mu_;
  common::CondVar changed_;
  Work work_ ABSL_GUARDED_BY(mu_);
  bool is_urgent_ ABSL_GUARDED_BY(mu_) = false;
  bool over_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<Answer> answers_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace liveness::cli::top
