// What the tests of every store start from.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/backends.h"
#include "tests/support/manual_clock.h"
#include "tests/support/stores/store_proposer.h"

namespace liveness::conformance {

class StoreConformance : public ::testing::TestWithParam<Backend> {
 protected:
  // One opening of the store, with somebody who proposes to it.
  struct Opened {
    std::unique_ptr<storage::Store> store;
    storage::Contents contents;
    testing::StoreProposer proposer;
    ~Opened() {
      if (store != nullptr) store->Stop();
    }
    std::map<std::string, core::RecordPtr> Loaded() const {
      std::map<std::string, core::RecordPtr> records;
      for (const core::RecordPtr& record : contents.records)
        records[std::string(record->client_id())] = record;
      return records;
    }
  };

  // Opens and starts it; a second later than the last time. Stop the last one first.
  std::unique_ptr<Opened> Open() {
    clock_.Advance(std::chrono::seconds(1));
    auto opened = std::make_unique<Opened>();
    auto store = home_->Open(clock_);
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return nullptr;
    opened->store = *std::move(store);
    auto contents = opened->store->Load();
    EXPECT_TRUE(contents.ok()) << contents.status();
    if (contents.ok()) opened->contents = *std::move(contents);
    opened->proposer.Use(*opened->store);
    return opened;
  }

  testing::ManualClock clock_;
  std::unique_ptr<Home> home_ = GetParam().make();
};

// A record, where the outcome must be one.
inline core::RecordPtr Get(const testing::StoreProposer::Outcome& outcome) {
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? *outcome : nullptr;
}

}  // namespace liveness::conformance
