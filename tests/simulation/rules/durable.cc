#include "tests/simulation/rules/durable.h"

#include <algorithm>

namespace liveness::simulation {

void Durable::ReadDisk() {
  for (; read_ < disk_->log().size(); ++read_) {
    const core::ClientRecord& after = *disk_->log()[read_].change.after;
    const std::string id(after.client_id());
    committed_.emplace(after.revision, id);
    Client& client = clients_[id];
    if (after.attachment > client.attachment || after.incarnation == after.revision)
      client.held = after.incarnation;
    client.attachment = after.attachment;
  }
}

void Durable::CheckCommitted(const core::ClientRecord& record, const char* what) {
  if (committed_.contains({record.revision, std::string(record.client_id())})) return;
  Complain(Who(record) + " " + what, "revision " + std::to_string(record.revision) + " on the disk",
           "nothing of it");
}

void Durable::OnTold(const core::TransitionPtr& told, MonoTime) {
  if (disk_ == nullptr) return;
  ReadDisk();
  CheckCommitted(*told->after, "told");
  if (told->after->state != core::State::kForgotten) return;
  Client& client = clients_.find(told->after->client_id())->second;
  client.forgotten = std::max(client.forgotten, told->after->incarnation);
}

void Durable::OnShown(const std::vector<core::RecordPtr>& records, MonoTime) {
  if (disk_ == nullptr) return;
  ReadDisk();
  for (const core::RecordPtr& record : records) CheckCommitted(*record, "shown");
  if (std::exchange(restarted_, false)) CheckKnown(records);
}

void Durable::CheckKnown(const std::vector<core::RecordPtr>& records) {
  for (const auto& [id, client] : clients_) {
    if (client.welcomed <= client.forgotten) continue;
    const auto known = std::find_if(records.begin(), records.end(),
                                    [&, &id = id](const auto& each) { return each->client_id() == id; });
    if (known != records.end() && (*known)->incarnation >= client.welcomed) continue;
    Complain(id + " after a restart",
             "to be known under the incarnation that was welcomed, " + std::to_string(client.welcomed),
             known == records.end() ? "unknown" : Who(**known));
  }
}

void Durable::OnWelcome(const Line& line, std::optional<std::uint64_t>, bool) {
  if (disk_ == nullptr) return;
  ReadDisk();
  Client& client = clients_[line.client_id];
  if (client.held != line.incarnation) {
    Complain(line.instance_id + " welcomed under incarnation " + std::to_string(line.incarnation),
             "a stream of it on the disk, of this life", "none");
  }
  client.welcomed = std::max(client.welcomed, line.incarnation);
}

void Durable::OnRestart() {
  if (disk_ == nullptr) return;
  restarted_ = true;
  ReadDisk();
  for (auto& [id, client] : clients_) client.held = 0;
}

}  // namespace liveness::simulation
