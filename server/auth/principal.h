// Who somebody is, as text that says how that was proved:
//
//   spiffe://prod/ns/shop/sa/orders   a certificate's SPIFFE ID
//   dns:orders.prod.example           a certificate's DNS name
//   cn:orders                         a certificate's common name, where that is allowed
//   token:ops-anna                    a bearer token's name
//   unix:socket                       whoever the file system let connect to a Unix socket of this server's
//   (empty)                           nobody: anonymous
//
// The type is a part of the text, so that principals are compared as texts, and a common name that is spelled
// as a SPIFFE ID is none. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace liveness::auth {

std::string DnsPrincipal(std::string_view name);  // in lower case
std::string CommonNamePrincipal(std::string_view name);
std::string TokenPrincipal(std::string_view name);
// gRPC 1.51 tells of no connection which one it is if its peer has no address, so the peer's user, which the
// kernel knows, cannot be told from another's: who may open the socket's file is the question
// (--listen-unix-mode).
inline constexpr std::string_view kUnixPrincipal = "unix:socket";

// True if `text` is a SPIFFE ID of a workload, as SPIFFE-ID.md has it: a trust domain and a path that is not
// empty, both of their few characters; at most 2048 bytes.
bool IsSpiffeId(std::string_view text);
// The trust domain. REQUIRES: IsSpiffeId(id).
std::string_view TrustDomainOf(std::string_view id);

// True if `text` is a principal of one of the types, not anonymous.
bool IsPrincipal(std::string_view text);

}  // namespace liveness::auth
