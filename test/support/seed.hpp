// The seed of randomized tests: fixed, unless RINGBED_TEST_SEED says otherwise; printed with every
// failure through SCOPED_TRACE, so that it can be run again.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace ringbed::test {

inline std::uint64_t seed() {
  const char* text = std::getenv("RINGBED_TEST_SEED");
  return text == nullptr ? 42 : std::strtoull(text, nullptr, 10);
}

inline std::string seed_trace() { return "RINGBED_TEST_SEED=" + std::to_string(seed()); }

}  // namespace ringbed::test
