// The metadata in which the HTTP port tells the RPCs that it calls whose request it carries.
#pragma once

namespace liveness::common {

// `10.0.0.7:4711`. To be believed of a call from within the process alone, because anybody else may send it
// too.
inline constexpr char kAskedByMetadata[] = "liveness-asked-by";
// Which principal that was proved to be; absent: nobody.
inline constexpr char kAskedAsMetadata[] = "liveness-asked-as";
// What only this process knows, made anew at each start: without it nobody is believed in either.
inline constexpr char kAskedSecretMetadata[] = "liveness-asked-secret";

}  // namespace liveness::common
