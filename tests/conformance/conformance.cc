#include "tests/conformance/conformance.h"

namespace liveness::conformance {

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, ::testing::ValuesIn(Backends()),
                         [](const auto& backend) { return std::string(backend.param.name); });

}  // namespace liveness::conformance
