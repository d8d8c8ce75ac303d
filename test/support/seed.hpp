// The seed of randomized tests: fixed, unless RINGBED_TEST_SEED says otherwise (a number, or
// `random`); printed with every failure through SCOPED_TRACE, so that it can be run again.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace ringbed::test {

inline std::uint64_t seed() {
  static const std::uint64_t chosen = []() -> std::uint64_t {
    const char* text = std::getenv("RINGBED_TEST_SEED");
    if (text != nullptr && std::string_view(text) == "random") {
      return std::random_device{}();
    }
    return text == nullptr ? 42 : std::strtoull(text, nullptr, 10);
  }();
  return chosen;
}

inline std::string seed_trace() { return "RINGBED_TEST_SEED=" + std::to_string(seed()); }

}  // namespace ringbed::test
