// A watch cannot lie (DESIGN, invariant 4): snapshot and transitions, replayed,
// equal the registry; what is missing is told as a gap; whoever sleeps is woken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/registry/watch/watching.h"

namespace liveness::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Everything;
using testing::Peer;
using testing::Publish;
using testing::RegistryHarness;
using testing::Replay;
using testing::Start;

// Everything at once, at random; after each step a drained watcher's belief
// must equal the registry.
TEST(Watch, ReplayEqualsTheRegistryUnderRandomLife) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    RegistryHarness h({.keep_dead = seconds(20),
                       .keep_left = seconds(5),
                       .max_ended = 15,
                       .max_history = 200,
                       .max_mailbox = 40});
    std::mt19937 random(seed);
    std::vector<Peer> peers;
    struct Watcher {
      std::shared_ptr<Watch> watch;
      Replay replay;
      bool awake = true;  // had something when it pulled, or was woken since
      // As whoever serves it does: not while it sleeps.
      bool Pull() {
        if (!awake) return false;
        const WatchItem item = watch->Next();
        awake = !item.empty();
        replay.Apply(item);
        return awake;
      }
    };
    std::vector<Watcher> watchers(3);
    const auto start = [&](Watcher& watcher, std::uint64_t revision) {
      watcher.awake = true;
      watcher.watch =
          Start(h, {.start_revision = revision, .on_ready = [&watcher] { watcher.awake = true; }});
    };
    for (auto& each : watchers) start(each, 0);
    for (int step = 0; step < 400; ++step) {
      const std::string id = "c" + std::to_string(random() % 20);
      const std::string instance = "i" + std::to_string(random() % 3);
      const Peer* peer = peers.empty() ? nullptr : &peers[random() % peers.size()];
      switch (random() % 9) {
        case 0:
        case 1:
          if (Peer made = h.Attach(id, instance); made.refused.ok()) peers.push_back(made);
          break;
        case 2: h.Run(milliseconds(random() % 1'500)); break;
        case 3:
          if (peer) h.Close(*peer);
          break;
        case 4:
          if (peer) h.Beat(*peer);
          break;
        case 5:
          if (peer) h.registry.SayGoodbye(peer->attached.session, peer->attached.attachment, {});
          break;
        case 6:
          if (peer) {
            h.registry.UpdateLabels(peer->attached.session, peer->attached.attachment,
                                    {{"n", std::to_string(random() % 4)}});
          }
          break;
        case 7:
          if (peer) {
            const core::ClientInfo who = peer->record->info.Unpack();
            Peer again = h.Attach(who.client_id, who.instance_id, peer->attached.incarnation, {},
                                  "10.0.0.2:" + std::to_string(step));
            if (again.refused.ok()) peers.push_back(again);
          }
          break;
        case 8: static_cast<void>(h.Evict(id, "")); break;
      }
      if (random() % 3 == 0) Publish(h);
      Watcher& some = watchers[random() % watchers.size()];
      if (random() % 40 == 0) {
        // It loses its connection and comes back where it was.
        start(some, some.replay.revision);
      } else if (random() % 2 == 0) {
        some.Pull();
      }
    }
    Publish(h);
    for (auto& each : watchers) {
      while (each.Pull()) {
      }
      ASSERT_EQ(each.replay.records(), Everything(h.registry)) << "seed " << seed;
      ASSERT_EQ(each.replay.revision, h.registry.revision()) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liveness::registry
