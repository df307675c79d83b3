// Whose a client's id is: it belongs to the principal that beats under it for as long as its record lives,
// also once the client is dead or has left. Pure.
#pragma once

#include <string_view>

namespace liveness::core {

// True if `caller` may go on under an id whose record bears `owner`: both are principals as text
// (auth/principal.h), empty for somebody who proved nothing. What nobody owns may be taken by anybody: a
// fleet that is given identities keeps its ids. Records of before principals had types bear a bare name; that
// is its DNS name's, or its common name's, and a SPIFFE identity's only if it is spelled as one.
bool MayOwn(std::string_view owner, std::string_view caller);

}  // namespace liveness::core
