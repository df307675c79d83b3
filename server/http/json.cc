#include "server/http/json.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include "common/status.h"
#include "common/strings.h"
#include "common/utf8.h"

namespace liveness::http {
namespace {

using google::protobuf::FieldDescriptor;

absl::Status BadParameter(const std::string& name, std::string_view what) {
  return common::BadFields("BAD_PARAMETER", {{name, std::string(what)}});
}

// The library shows the text around the fault, and below it a caret.
struct Fault {
  std::string what;
  std::string around;
  std::size_t caret = 0;  // in `around`
};
Fault ParseFault(std::string_view message) {
  Fault fault;
  const std::size_t first = message.find('\n');
  fault.what = std::string(message.substr(0, first));
  if (first == std::string_view::npos) return fault;
  const std::string_view rest = message.substr(first + 1);
  const std::size_t last = rest.rfind('\n');  // what is around may have several lines
  fault.around = std::string(rest.substr(0, last));
  if (last != std::string_view::npos) fault.caret = rest.substr(last + 1).find('^');
  return fault;
}

// The place of the fault in `body`; nothing if the library named none.
std::optional<std::size_t> OffsetOf(const Fault& fault, std::string_view body) {
  if (fault.around.empty() || fault.caret == std::string::npos) return std::nullopt;
  const std::size_t at = body.find(fault.around);
  if (at == std::string_view::npos) return std::nullopt;
  return std::min(body.size(), at + fault.caret);
}

std::string TypeName(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->name();
  if (field.enum_type() != nullptr) return field.enum_type()->name();
  return field.cpp_type_name();
}

// The library reads a number also from a string, a bool only from its word.
bool NeedsQuotes(const FieldDescriptor& field, const std::string& value) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL || (value != "true" && value != "false");
}

}  // namespace

absl::Status FromJson(std::string_view body, google::protobuf::Message& message) {
  if (body.empty()) return absl::OkStatus();
  if (!common::IsValidUtf8(body)) {
    return common::Error(absl::StatusCode::kInvalidArgument, "BAD_JSON", "the body is no UTF-8");
  }
  const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(body), &message);
  if (parsed.ok()) return absl::OkStatus();
  const Fault fault = ParseFault({parsed.message().data(), parsed.message().size()});
  std::string place;
  if (const auto offset = OffsetOf(fault, body)) {
    const std::string_view before = body.substr(0, *offset);
    const std::size_t line_begin = before.rfind('\n');
    const std::size_t column = *offset - (line_begin == std::string_view::npos ? 0 : line_begin + 1) + 1;
    place = common::StrCat("line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ", column,
                           ": ");
  }
  return common::Error(absl::StatusCode::kInvalidArgument, "BAD_JSON", place + fault.what);
}

absl::Status FromQuery(const std::vector<std::pair<std::string, std::string>>& query,
                       google::protobuf::Message& message) {
  std::set<std::string> seen;
  for (const auto& [name, value] : query) {
    const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->is_repeated()) {
      return BadParameter(name, "is no parameter of this request");
    }
    if (!seen.insert(name).second) return BadParameter(name, "comes twice");
    // One at a time, so that what is wrong is known by its name.
    JsonObject object;
    if (NeedsQuotes(*field, value)) {
      object.Add(name, value);
    } else {
      object.AddRaw(name, value);
    }
    const std::unique_ptr<google::protobuf::Message> one(message.New());
    if (!google::protobuf::util::JsonStringToMessage(object.Text(), one.get()).ok()) {
      return BadParameter(name, common::StrCat("\"", value, "\" is no ", TypeName(*field)));
    }
    message.MergeFrom(*one);
  }
  return absl::OkStatus();
}

}  // namespace liveness::http
