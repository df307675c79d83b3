#include "client/cli/top/program.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/print/describe.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/error_text.h"
#include "client/cli/print/proto_text.h"
#include "client/cli/process/wakers.h"
#include "client/cli/top/asker.h"
#include "client/cli/top/feed.h"
#include "client/cli/top/fleet.h"
#include "client/cli/top/frame.h"
#include "client/cli/top/ui.h"
#include "common/saturating.h"

namespace liveness::cli::top {
namespace {

using std::chrono::milliseconds;

// Ages move on at least so often, and changes are drawn at most so often.
constexpr common::Duration kSlowest = milliseconds(1'000);
constexpr common::Duration kFastest = milliseconds(100);
// Of a fleet of a hundred thousand a picture takes its time: this many times that is left between two.
constexpr int kRestBetween = 4;
// A mass failure is shown for so long.
constexpr common::Duration kNoticed = std::chrono::minutes(1);

class Program {
 public:
  Program(const GlobalSettings& global, const std::string& filter, std::unique_ptr<Api> api,
          const std::vector<int>& signals, Screen& screen, const common::Clock& clock)
      : global_(global), screen_(screen), clock_(clock), signals_(signals), ui_(filter) {
    server_ = global.servers.front();
    asker_ = std::make_unique<Asker>(std::move(api), [this] { waker_.Wake(); });
    Follow();
  }

  void Run();

 private:
  // Begins to watch what matches the ui's filter.
  void Follow();
  void TakeFeed();
  void TakeAnswers();
  void TakeAnswer(const Asker::Answer& answer);
  // False if the user has had enough.
  bool TakeKeys();
  void Draw();
  void TellInterest(const View& view, Size size);
  common::WallTime ServerNow() const { return common::SaturatingAdd(clock_.Wall(), offset_); }
  // The shown rows in order, made anew only if they are others than before.
  const std::vector<const Row*>& Rows();
  // The picture is held from now on, or goes on. Rows of another fleet follow.
  void Hold(bool hold);
  // What is shown: the fleet as it was when the picture was held.
  const Fleet& Shown() const { return held_ ? *held_ : fleet_; }

  const GlobalSettings& global_;
  Screen& screen_;
  const common::Clock& clock_;
  Waker waker_;
  Signals signals_;
  Ui ui_;
  Fleet fleet_;
  std::optional<Fleet> held_;
  std::vector<const Row*> rows_;
  // What rows_ were made of; none: they point to what may be gone.
  std::optional<std::pair<std::uint64_t, SortKey>> rows_of_;
  common::Duration offset_{};  // of the server's clock
  std::string server_;
  bool connected_ = false;
  std::string trouble_;
  common::WallTime heard_{};  // on our clock
  std::string notice_;        // of the last mass failure
  common::MonoTime noticed_{};
  std::string verdict_id_;
  std::unique_ptr<Asker> asker_;
  std::unique_ptr<Feed> feed_;
};

void Program::Follow() {
  feed_.reset();
  fleet_ = Fleet();
  Hold(false);
  connected_ = false;
  trouble_.clear();
  feed_ = std::make_unique<Feed>(global_, ui_.filter(), [this] { waker_.Wake(); });
}

void Program::Hold(bool hold) {
  held_.reset();
  if (hold) held_ = fleet_;
  rows_of_.reset();
}

const std::vector<const Row*>& Program::Rows() {
  const std::pair<std::uint64_t, SortKey> now{Shown().version(), ui_.sort()};
  if (rows_of_ != now) rows_ = Ordered(Shown(), ui_.sort());
  rows_of_ = now;
  return rows_;
}

void Program::TakeFeed() {
  std::vector<std::string> changed;
  for (const Feed::Event& event : feed_->Take()) {
    switch (event.kind) {
      case Feed::Event::Kind::kBegun:
        connected_ = true;
        server_ = event.server;
        if (event.from_snapshot) fleet_.BeginSnapshot();
        break;
      case Feed::Event::Kind::kLost:
        connected_ = false;
        trouble_ = event.trouble;
        break;
      case Feed::Event::Kind::kMessage: {
        heard_ = clock_.Wall();
        for (const v1::GroupEvent& group : event.message.groups()) {
          notice_ = absl::StrCat("MASS FAILURE ", group.scope(), ": ", group.affected_count(), " of ",
                                 group.member_count(), " fell together");
          noticed_ = clock_.Mono();
        }
        for (std::string& id : fleet_.Take(event.message, clock_.Mono())) changed.push_back(std::move(id));
        break;
      }
    }
  }
  if (!ui_.filter().empty() && !changed.empty()) asker_->CheckMatches(ui_.filter(), changed);
}

void Program::TakeAnswer(const Asker::Answer& answer) {
  if (answer.as_of) offset_ = common::SaturatingSub(*answer.as_of, answer.asked);
  switch (answer.kind) {
    case Asker::Answer::Kind::kReadings:
      if (answer.are_first) fleet_.ForgetReadings();
      for (const v1::Client& client : answer.clients) fleet_.TakeReading(client);
      break;
    case Asker::Answer::Kind::kVerdict: {
      if (answer.ids.front() != verdict_id_) break;
      std::vector<std::string> text;
      if (answer.clients.empty()) {
        text = {Printable(ErrorText(answer.status, server_, global_.tls))};
      } else {
        for (const auto line : absl::StrSplit(Describe(answer.clients.front(), ServerNow(), false), '\n')) {
          text.emplace_back(line);
        }
        text.pop_back();  // after the last newline
      }
      ui_.SetText(std::move(text));
      break;
    }
    case Asker::Answer::Kind::kFilter:
      if (ui_.mode() != Mode::kFilter || answer.filter != ui_.draft()) break;
      if (answer.status.ok()) {
        ui_.FilterHolds();
        Follow();
      } else {
        std::string error = ErrorText(answer.status, server_, global_.tls);
        if (const std::size_t last = error.rfind("\n  "); last != std::string::npos) error.erase(0, last + 3);
        ui_.FilterRefused(error);
      }
      break;
    case Asker::Answer::Kind::kGone:
      if (answer.filter != ui_.filter()) break;
      for (const std::string& id : answer.ids) fleet_.Remove(id);
      break;
  }
}

void Program::TakeAnswers() {
  for (const Asker::Answer& answer : asker_->Take()) TakeAnswer(answer);
}

bool Program::TakeKeys() {
  while (const std::optional<Key> key = screen_.ReadKey()) {
    const bool was_paused = ui_.is_paused();
    switch (ui_.Take(*key, Rows(), screen_.size())) {
      case Ui::Wish::kNothing: break;
      case Ui::Wish::kQuit: return false;
      case Ui::Wish::kSuspend: screen_.Suspend(); break;
      case Ui::Wish::kRedraw: screen_.Redraw(); break;
      case Ui::Wish::kTryFilter: asker_->TryFilter(ui_.draft()); break;
      case Ui::Wish::kOpenVerdict: verdict_id_ = ui_.selected_id(); break;
    }
    if (ui_.is_paused() != was_paused) Hold(ui_.is_paused());
  }
  return true;
}

void Program::TellInterest(const View& view, Size size) {
  Asker::Interest interest{.sort = view.sort, .filter = view.filter};
  if (view.mode == Mode::kVerdict) interest.verdict_id = verdict_id_;
  interest.end = std::min(view.rows.size(), view.first + RoomFor(Mode::kList, size));
  for (std::size_t i = view.first; i < interest.end; ++i) interest.ids.push_back(view.rows[i]->id);
  asker_->SetInterest(std::move(interest));
}

void Program::Draw() {
  const Fleet& fleet = Shown();
  const Size size = screen_.size();
  View view;
  view.server = server_;
  view.is_connected = connected_;
  view.trouble = trouble_;
  view.now = ServerNow();
  view.heard = common::SaturatingAdd(heard_, offset_);
  view.revision = fleet.revision();
  if (clock_.Mono() - noticed_ < kNoticed) view.notice = notice_;
  view.is_complete = fleet.is_complete();
  view.rows = Rows();
  for (const Row* row : view.rows) {
    view.alive += row->state == v1::STATE_ALIVE ? 1 : 0;
    view.suspect += row->state == v1::STATE_SUSPECT ? 1 : 0;
    view.dead += row->state == v1::STATE_DEAD ? 1 : 0;
    view.left += row->state == v1::STATE_LEFT ? 1 : 0;
  }
  view.changes_per_minute = fleet.ChangesPerMinute(clock_.Mono());
  ui_.Show(view, size);
  screen_.Draw(BuildFrame(view, size));
  TellInterest(view, size);
}

void Program::Run() {
  common::MonoTime drawn{};
  common::Duration cost{};
  bool is_stale = true;
  for (;;) {
    const common::Duration since = clock_.Mono() - drawn;
    const common::Duration due = is_stale ? std::max(kFastest, kRestBetween * cost) : kSlowest;
    if (since >= due) {
      const common::MonoTime begun = clock_.Mono();
      Draw();
      drawn = clock_.Mono();
      cost = drawn - begun;
      is_stale = false;
      continue;
    }
    pollfd polls[] = {{STDIN_FILENO, POLLIN, 0}, {waker_.fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
    const auto left = std::chrono::ceil<milliseconds>(due - since);
    if (poll(polls, 3, static_cast<int>(left.count())) <= 0) continue;
    if (polls[1].revents != 0) {
      waker_.Clear();
      TakeFeed();
      TakeAnswers();
      is_stale = true;
    }
    while (const int number = signals_.Take()) {
      if (number != SIGWINCH) return;
      screen_.Resize();
      drawn = {};
      is_stale = true;
    }
    if (polls[0].revents != 0) {
      if ((polls[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return;  // the terminal is gone
      if (!TakeKeys()) return;
      drawn = {};  // keys are answered at once
      is_stale = true;
    }
  }
}

}  // namespace

void Run(const GlobalSettings& global, const std::string& filter, std::unique_ptr<Api> api,
         const std::vector<int>& signals, Screen& screen, const common::Clock& clock) {
  Program(global, filter, std::move(api), signals, screen, clock).Run();
}

}  // namespace liveness::cli::top
