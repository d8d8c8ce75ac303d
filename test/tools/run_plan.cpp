// Runs a plan without Node: `run_plan FILE` reads the bytes of a Plan, prints the digest, and how
// long it took on standard error. Debug, release and sanitizer builds of it must print the same.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "engine/plan.hpp"
#include "engine/run.hpp"

int main(int argc, char** argv) {
  using namespace ringbed;
  if (argc != 2) {
    std::fprintf(stderr, "usage: run_plan PLAN.pb\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<char> raw{std::istreambuf_iterator<char>(file), {}};
  const auto plan =
      engine::decode_plan({reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()});
  if (!plan) {
    std::fprintf(stderr, "%s\n", plan.error().message.c_str());
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto result = engine::run(plan.value(), {});
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const auto& ledger = result.value().ledger;
  std::printf("%s %s\n", result.value().digest.c_str(),
              result.value().imbalance.empty() ? "conserved" : result.value().imbalance.c_str());
  std::fprintf(stderr, "%llu frames in %.3f s, %.1f ns each\n",
               static_cast<unsigned long long>(ledger.offered), took.count(),
               1e9 * took.count() / static_cast<double>(ledger.offered));
  return result.value().imbalance.empty() ? 0 : 1;
}
