// Messages that parse and mean nothing. Header only; not thread-safe.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace liveness::testing {

// Fills fields of any message with what their types can hold, extremes above all.
class RandomMessage {
 public:
  // `texts`: what texts are chosen from; with them maps are filled, too, and enums have values of any size.
  explicit RandomMessage(std::uint64_t seed, std::vector<std::string> texts = {})
      : random_(seed), texts_(std::move(texts)) {}

  bool Chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }

  void Fill(google::protobuf::Message& message) {
    const auto* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const auto* field = descriptor->field(i);
      if ((field->is_map() && texts_.empty()) || Chance(20)) continue;
      for (std::uint64_t n = field->is_repeated() ? Below(3) : 1; n > 0; --n) Set(message, field);
    }
  }

 private:
  template <typename T>
  T Integer() {
    switch (Below(6)) {
      case 0: return 0;
      case 1: return std::numeric_limits<T>::max();
      case 2: return std::numeric_limits<T>::min();
      case 3: return static_cast<T>(Below(1'000));
      case 4: return static_cast<T>(Below(1'000'000'000));
      default: return static_cast<T>(random_());
    }
  }
  double Number() {
    constexpr double kAll[] = {0, -1, 1e300, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()};
    return kAll[Below(5)];
  }
  std::string Text() {
    if (!texts_.empty()) return texts_[Below(texts_.size())];
    return std::string(Below(20), static_cast<char>('a' + Below(26)));
  }
  int Enum() { return !texts_.empty() && Chance(30) ? Integer<int>() : static_cast<int>(Below(5)); }

  void Set(google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field) {
    using Field = google::protobuf::FieldDescriptor;
    const auto* all = message.GetReflection();
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32: return Put<std::int32_t, &R::SetInt32, &R::AddInt32>(message, field);
      case Field::CPPTYPE_INT64: return Put<std::int64_t, &R::SetInt64, &R::AddInt64>(message, field);
      case Field::CPPTYPE_UINT32: return Put<std::uint32_t, &R::SetUInt32, &R::AddUInt32>(message, field);
      case Field::CPPTYPE_UINT64: return Put<std::uint64_t, &R::SetUInt64, &R::AddUInt64>(message, field);
      case Field::CPPTYPE_MESSAGE:
        return Fill(many ? *all->AddMessage(&message, field) : *all->MutableMessage(&message, field));
      case Field::CPPTYPE_STRING:
        return many ? all->AddString(&message, field, Text()) : all->SetString(&message, field, Text());
      case Field::CPPTYPE_BOOL: return many ? void() : all->SetBool(&message, field, Chance(50));
      case Field::CPPTYPE_ENUM: return many ? void() : all->SetEnumValue(&message, field, Enum());
      case Field::CPPTYPE_DOUBLE: return many ? void() : all->SetDouble(&message, field, Number());
      case Field::CPPTYPE_FLOAT:
        return many ? void() : all->SetFloat(&message, field, static_cast<float>(Number()));
    }
  }

  using R = google::protobuf::Reflection;
  template <typename T, auto set, auto add>
  void Put(google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field) {
    const R* all = message.GetReflection();
    (all->*(field->is_repeated() ? add : set))(&message, field, Integer<T>());
  }

  std::mt19937_64 random_;
  const std::vector<std::string> texts_;
};

}  // namespace liveness::testing
