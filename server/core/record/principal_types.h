// How principals begin, by how they were proved (auth/principal.h).
#pragma once

#include <array>
#include <string_view>

namespace liveness::core {

inline constexpr std::string_view kSpiffeType = "spiffe://", kDnsType = "dns:", kCommonNameType = "cn:",
                                  kTokenType = "token:", kUnixType = "unix:";
inline constexpr std::array kPrincipalTypes = {kSpiffeType, kDnsType, kCommonNameType, kTokenType, kUnixType};

}  // namespace liveness::core
