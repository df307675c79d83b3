// What etcd holds, as far as it has been told: the changes of keys become
// changes of records.
//
// A key that is overwritten with what this server cannot read is to it as one
// that was deleted: the client is forgotten, and may be registered again.
//
// Pure: no thread, clock or call of etcd's in it. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "etcd/v3/etcd_service.pb.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/record_codec.h"
#include "server/storage/store.h"

namespace liveness::storage::etcd {

class Mirror {
 public:
  // `writer`: of this process. `layout` must outlive the mirror.
  Mirror(const Layout& layout, History history, std::uint64_t writer);

  // What became of one revision.
  struct Step {
    std::uint64_t revision = 0;  // as it is told
    struct Item {
      Committed committed;
      core::RecordPtr before;  // what was known of the client; may be null
    };
    std::vector<Item> items;
    bool servers_changed = false;
    bool history_touched = false;  // somebody wrote or deleted meta/history
  };

  // The record that this process proposed under that number, if it still waits
  // for its outcome: it is told as it is, without a decoding.
  using Own = std::function<core::RecordPtr(std::uint64_t proposal)>;

  // REQUIRES: `events` share one revision, above all that was applied before. `now` dates what somebody
  // deleted by hand.
  Step Apply(const std::vector<const etcdserverpb::Event*>& events, const Own& own, core::WallTime now);

  // Takes a key as it stands; tells nothing. DATA_LOSS, with the key, if it cannot be read.
  absl::Status Load(const etcdserverpb::KeyValue& kv);

  // For a watch that has a hole: all keys are listed anew, as they stand at one
  // revision; what differs becomes steps. Begin, a Page for each part, Finish.
  void BeginListing();
  void Page(const etcdserverpb::RangeResponse& part);
  // What was missed, in revision order. What is gone went at `etcd_revision`, for want of a better word.
  std::vector<Step> FinishListing(std::int64_t etcd_revision, const Own& own, core::WallTime now);

  // Null for a client that is not known. The string_view's owner need not live on.
  core::RecordPtr Find(std::string_view client_id) const;
  // etcd's revision of its key, whatever it holds; 0: there is none.
  std::int64_t RevisionOf(std::string_view client_id) const;
  std::vector<core::RecordPtr> Records() const;
  // Server ids, and the values of their keys.
  const std::map<std::string, std::string>& servers() const { return servers_; }

 private:
  struct IdHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return absl::Hash<std::string_view>()(id); }
    std::size_t operator()(const core::RecordPtr& record) const { return (*this)(record->client_id()); }
  };
  struct IdEqual {
    using is_transparent = void;
    static std::string_view Id(std::string_view id) { return id; }
    static std::string_view Id(const core::RecordPtr& record) { return record->client_id(); }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Id(a) == Id(b);
    }
  };

  // What a key's value says. Nothing if this server cannot read it.
  std::optional<Committed> Read(const etcdserverpb::KeyValue& kv, const Own& own);
  void AddPut(const etcdserverpb::KeyValue& kv, std::string_view client_id, const Own& own,
              core::WallTime now, Step& step);
  // `kv` lies under forgotten/; `same`: all events of its revision.
  void AddForgotten(const etcdserverpb::KeyValue& kv, const std::vector<const etcdserverpb::Event*>& same,
                    const Own& own, Step& step);
  void AddGone(std::string_view client_id, std::int64_t etcd_revision, core::WallTime now, Step& step);
  void Keep(core::RecordPtr record);

  const Layout& layout_;
  const History history_;
  const std::uint64_t writer_;
  ServerIdPool ids_;
  absl::flat_hash_set<core::RecordPtr, IdHash, IdEqual> records_;
  std::map<std::string, std::string> servers_;
  std::map<std::string, std::int64_t, std::less<>>
      unreadable_;  // client ids, and the revisions of their keys

  // While keys are listed anew.
  absl::flat_hash_set<const core::ClientRecord*> seen_;
  std::vector<etcdserverpb::KeyValue> newer_;
  std::map<std::string, std::string> listed_servers_;
  bool history_seen_ = false;
};

}  // namespace liveness::storage::etcd
