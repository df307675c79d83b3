// The connection to etcd: to one member at a time, and to the next when it
// fails. It carries the watch, and goes on from the last revision that was told.
//
//   log in (if a user is given) --> is it still the same history? --> watch
//                                                                       |
//   etcd no longer knows what comes next: list all, tell what differs <-+
//
// The loop's thread only.
#pragma once

#include <cstdint>
#include <string>

#include "server/storage/etcd/call.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/members.h"

namespace liveness::storage::etcd {

class Link {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // `member` knows the history; the watch is being opened.
    virtual void OnConnected(const Member& member) = 0;
    // The watch stands.
    virtual void OnWatching() = 0;
    virtual void OnEvents(const google::protobuf::RepeatedPtrField<etcdserverpb::Event>& events) = 0;
    // All keys follow in pages, as of one revision, because those above `after` and up to it are lost.
    virtual void OnListingBegins() = 0;
    virtual void OnPage(const etcdserverpb::RangeResponse& page) = 0;
    virtual void OnListed(std::int64_t after, std::int64_t revision) = 0;
    // All calls of the connection are being cancelled.
    virtual void OnDown(const std::string& why) = 0;
    // etcd is not the one that it was: restored, wiped, or another one.
    virtual void OnOtherHistory(const std::string& why) = 0;
  };

  // All of them outlive this. `told`: etcd's revision up to which all is known.
  Link(Loop& loop, Members& members, const Layout& layout, const History& history, std::int64_t told,
       Listener& listener);

  void Tick();
  // Gives the connection up, e.g. because a call on it failed; the next one logs in anew if that was why.
  void Fail(const grpc::Status& status);

  // The next connection lists all keys before it watches: what is known is in doubt.
  void ListNext() { list_next_ = true; }
  // A client holds `given`, as it is told, of which the watch has not told. If etcd is really not that far,
  // it went back: it is given a history above, and OnOtherHistory is told. At most one such look at a time.
  void CheckGiven(std::uint64_t given);

  // The connection has proved its worth: the next failure is followed by a try at once.
  void Succeeded() { failures_ = 0; }

  // etcd's revision up to which all is known.
  std::int64_t told() const { return told_; }
  // Null: none stands.
  const Member* member() const { return connected_ ? member_ : nullptr; }
  // Changes with each connection.
  std::uint64_t epoch() const { return epoch_; }

 private:
  using WatchCall = StreamCall<etcdserverpb::WatchRequest, etcdserverpb::WatchResponse>;

  void Connect();
  void LogIn();
  void CheckHistory();
  void OnChecked(const etcdserverpb::RangeResponse& response);
  void OpenWatch();
  void OnWatchResponse(const etcdserverpb::WatchResponse& response);
  void BeginList();
  void List(const std::string& from, std::int64_t revision);
  void OnListPage(const etcdserverpb::RangeResponse& page);
  // `named`: the history's name as it stands.
  void Rename(std::uint64_t given, const etcdserverpb::RangeResponse& named);

  Loop& loop_;
  Members& members_;
  const Layout& layout_;
  const History history_;
  Listener& listener_;

  std::uint64_t epoch_ = 0;
  std::size_t next_member_ = 0;
  const Member* member_ = nullptr;  // the one that is tried or used; null: none until retry_at_
  bool connected_ = false;
  bool log_in_ = false;           // before all else
  bool list_next_ = false;        // in place of a watch that goes on
  std::int64_t told_;             // all up to here
  bool checking_ = false;         // CheckGiven is under way on this connection
  std::uint64_t cluster_id_ = 0;  // of the first connection; 0: there was none
  std::size_t failures_ = 0;
  common::MonoTime retry_at_{};
};

}  // namespace liveness::storage::etcd
