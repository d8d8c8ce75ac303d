// The same object, the same frames, in the VM, as native code and in the kernel: verdict, bytes and
// map contents after every frame must be equal. Every program of test/data/bpf/ that a verifier
// takes, and the bundled classifier's chain. RINGBED_DIFFERENTIAL_FRAMES sets how many frames.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "ebpf/engine.hpp"
#include "engine/classifier_run.hpp"
#include "support/bpf_object.hpp"
#include "support/kernel_bpf.hpp"
#include "support/seed.hpp"

namespace ringbed::engine {

namespace {

struct Case {
  const char* object;
  const char* program;
  // What cannot be compared, by the begin of the sentence that says so; nullptr: nothing.
  const char* excepted = nullptr;
};

std::uint64_t frames_wanted() {
  const char* wanted = std::getenv("RINGBED_DIFFERENTIAL_FRAMES");
  return wanted == nullptr ? 100'000 : std::stoull(wanted);
}

class ClassifierDifferential : public testing::TestWithParam<Case> {};

TEST_P(ClassifierDifferential, VmJitAndKernelAreOne) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  ClassifierRunOptions options;
  options.plan.object = test::compile_bpf(GetParam().object);
  if (options.plan.object.empty()) {
    GTEST_SKIP() << "clang for BPF is not installed";
  }
  options.plan.program = GetParam().program;
  options.random = frames_wanted();
  options.seed = test::seed();
  options.in = {ExecutorKind::vm, ExecutorKind::kernel};
  if (ebpf::jit_available().ok()) options.in.push_back(ExecutorKind::jit);
  const auto result = run_classifier(options, {});
  ASSERT_TRUE(result.ok()) << result.error().message << "\n" << result.error().hint;
  const ClassifierRunResult& run = result.value();
  if (run.first) {
    std::string bytes;
    for (const std::uint8_t byte : run.first->bytes) {
      constexpr char kDigits[] = "0123456789abcdef";
      bytes += kDigits[byte >> 4];
      bytes += kDigits[byte & 0xf];
    }
    FAIL() << "seed " << options.seed << ", frame " << run.first->frame << ", "
           << run.first->field << ": " << run.first->first.executor << " "
           << run.first->first.value << ", " << run.first->other.executor << " "
           << run.first->other.value << "\n" << bytes;
  }
  EXPECT_EQ(run.faults, 0U) << run.first_fault;
  EXPECT_GE(run.frames + run.skipped, options.random);
  EXPECT_GE(run.frames, options.random * 8 / 10);
  EXPECT_GE(run.verdicts.size(), 2U) << "frames that all come to the same thing show little";
  if (GetParam().excepted == nullptr) {
    EXPECT_TRUE(run.excepted.empty()) << run.excepted.front();
  } else {
    ASSERT_FALSE(run.excepted.empty());
    EXPECT_EQ(run.excepted.front().rfind(GetParam().excepted, 0), 0U) << run.excepted.front();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, ClassifierDifferential,
    testing::Values(Case{"classify", "classify"}, Case{"counters", "counters"},
                    Case{"bounds", "bounds"}, Case{"stages", "entry"}, Case{"calls", "calls"},
                    Case{"kinds", "kinds", "map known: a bloom_filter"},
                    Case{"redirects", "redirects"}, Case{"checksums", "checksums"},
                    Case{"arrays", "arrays"}, Case{"percpu", "percpu"}, Case{"hashes", "hashes"},
                    Case{"lru", "lru"}, Case{"tries", "tries"}, Case{"lines", "lines"},
                    Case{"bloom", "bloom", "map known: a bloom_filter"},
                    Case{"nested", "nested"}, Case{"rings", "rings"}, Case{"perf", "perf"},
                    Case{"nat", "nat"}, Case{"tunnel", "tunnel"}, Case{"tailroom", "tailroom"},
                    Case{"meta", "meta"}, Case{"routes", "routes"}, Case{"locks", "locks"},
                    Case{"atomics_v3", "atomics"}, Case{"arithmetic", "arithmetic"},
                    Case{"arithmetic_v3", "arithmetic"}, Case{"walks", "walks"},
                    Case{"editor", "editor"}, Case{"filter", "filter"},
                    Case{"clocks", "clocks", "what depends on the time"},
                    Case{"chance", "chance", "everything: bpf_get_prandom_u32"}),
    [](const auto& row) { return std::string(row.param.object) + "_" + row.param.program; });

}  // namespace
}  // namespace ringbed::engine
