// A tag that keeps its owner alive while the operation is under way.
#pragma once

#include <memory>
#include <utility>

#include "server/rpc/engine/tag.h"

namespace liveness::rpc {

// Calls a member function of its owner, in which it lives. The owner is held
// from Hold() until that function has returned.
template <typename Owner, void (Owner::*Method)(bool ok)>
class HoldingTag final : public Tag {
 public:
  void* Hold(std::shared_ptr<Owner> owner) {
    owner_ = std::move(owner);
    return Arm();
  }
  // The operation was not begun after all.
  void Release() { owner_.reset(); }

 private:
  void Run(bool ok) override {
    const std::shared_ptr<Owner> owner = std::move(owner_);
    (owner.get()->*Method)(ok);
  }
  std::shared_ptr<Owner> owner_;
};

}  // namespace liveness::rpc
