// Errors as HTTP tells them: `{code, reason, message, details}` with the HTTP status of the gRPC code.
// Pure, thread-safe.
#pragma once

#include "absl/status/status.h"
#include "server/http/exchange.h"

namespace liveness::http {

// As google.rpc.Code says: INVALID_ARGUMENT is 400, NOT_FOUND 404, UNAVAILABLE 503 and so on.
int HttpStatusOf(absl::StatusCode code);

// `code` is the name (`NOT_FOUND`), `reason` the stable UPPER_SNAKE word of common::ReasonOf, `details` what
// google.rpc has besides: violations of fields, when to try again.
Response ErrorResponse(const absl::Status& status);
// The same with an HTTP status that no gRPC code has: 405, 413, 421 and the like.
Response ErrorResponse(int http_status, const absl::Status& status);

// UNAVAILABLE SERVER_BUSY: no worker takes the request now. Says when to come back.
absl::Status ServerBusyError();

}  // namespace liveness::http
