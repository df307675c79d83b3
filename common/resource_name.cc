#include "common/resource_name.h"

#include <vector>

#include "common/status.h"
#include "common/strings.h"
#include "common/validation.h"

namespace liveness::common {
namespace {

constexpr std::string_view kClients = "clients/";
constexpr std::string_view kHealthClient = "client/";

}  // namespace

std::string ClientName(std::string_view client_id) { return StrCat(kClients, client_id); }

absl::StatusOr<std::string> ClientIdFromName(std::string_view name, std::string_view field) {
  std::vector<FieldViolation> violations;
  if (name.starts_with(kClients)) {
    name.remove_prefix(kClients.size());
    CheckId(field, name, &violations);
  } else {
    violations.push_back({std::string(field), "is not of the form clients/{client_id}"});
  }
  if (!violations.empty()) return BadFields("BAD_NAME", violations);
  return std::string(name);
}

std::string HealthServiceName(std::string_view client_id) { return StrCat(kHealthClient, client_id); }

std::optional<std::string_view> ClientIdFromHealthService(std::string_view service) {
  if (!service.starts_with(kHealthClient)) return std::nullopt;
  service.remove_prefix(kHealthClient.size());
  if (service.empty()) return std::nullopt;
  return service;
}

}  // namespace liveness::common
