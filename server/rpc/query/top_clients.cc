#include "server/rpc/query/top_clients.h"

#include <algorithm>
#include <utility>

#include "server/core/record/client_fields.h"

namespace liveness::rpc {
namespace {

core::FieldId IdOf(std::string_view field) {
  const auto fields = core::ClientSchema().fields;
  return std::find_if(fields.begin(), fields.end(),
                      [&](const core::FilterField& each) { return each.name == field; })
      ->id;
}

}  // namespace

TopClients::TopClients(std::string_view field, bool descending, std::size_t limit,
                       std::optional<core::OrderPosition> after, common::Duration wall_lead)
    : field_(IdOf(field)),
      descending_(descending),
      most_(limit + 1),
      after_(std::move(after)),
      wall_lead_(wall_lead) {}

std::optional<std::int64_t> TopClients::ValueOf(const core::ClientRecord& record,
                                                const core::Vitals& vitals) const {
  return core::ClientFields(record, vitals, {common::MonoTime(), common::WallTime(wall_lead_)})
      .Number(field_);
}

bool TopClients::ComesBefore(const Entry& a, const Entry& b) const {
  return core::ComesBefore({a.value, a.view.record->client_id()}, {b.value, b.view.record->client_id()},
                           descending_);
}

bool TopClients::Wants(const core::OrderKey& key) const {
  if (after_ && !core::ComesBefore({after_->value, after_->client_id}, key, descending_)) return false;
  if (heap_.size() < most_) return true;
  const Entry& last = heap_.front();
  return core::ComesBefore(key, {last.value, last.view.record->client_id()}, descending_);
}

bool TopClients::Wants(const core::ClientRecord& record, const core::Vitals& vitals) const {
  return Wants({ValueOf(record, vitals), record.client_id()});
}

void TopClients::Offer(core::ClientView view) {
  const std::optional<std::int64_t> value = ValueOf(*view.record, view.vitals);
  if (!Wants({value, view.record->client_id()})) return;
  const auto before = [this](const Entry& a, const Entry& b) { return ComesBefore(a, b); };
  if (heap_.size() == most_) {
    std::pop_heap(heap_.begin(), heap_.end(), before);
    heap_.pop_back();
  }
  heap_.push_back({std::move(view), value});
  std::push_heap(heap_.begin(), heap_.end(), before);
}

std::vector<TopClients::Entry> TopClients::Take() {
  std::sort_heap(heap_.begin(), heap_.end(),
                 [this](const Entry& a, const Entry& b) { return ComesBefore(a, b); });
  return std::move(heap_);
}

}  // namespace liveness::rpc
