// Whether a request was meant for this server, by its Host field.
//
// A web page of somebody else may have its own name resolve to this server's address (DNS rebinding), and its
// scripts would then read and change what they like here, from within the network of whoever looks at the
// page. Such a name is in the Host field. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace liveness::http {

// `host` as the field has it, with or without a port. Fit are IP addresses, `localhost`, names without a dot,
// because no public resolver knows those, and `names`, in any case of ASCII's letters.
bool IsOurHost(std::string_view host, const std::vector<std::string>& names);

// `HOST[:PORT]` of `http://HOST[:PORT]`, as an Origin field has it; empty if it is nothing like that.
std::string_view HostOfOrigin(std::string_view origin);

}  // namespace liveness::http
