// Programs that are made to count what they return: same verdicts, same bytes, and the sums are
// right, with subprograms, callbacks and tail calls, loaded by libbpf and without it.
#include "ebpf/verdict_counter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.hpp"
#include "ebpf/kernel_collection.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "support/bpf_object.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Case {
  const char* object;
  const char* program;
};

class VerdictCounting : public testing::TestWithParam<Case> {};

TEST_P(VerdictCounting, ChangesNothingAndMissesNothing) {
  if (const std::string refusal = kernel_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
  if (const std::string refusal = libbpf_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
  const std::string path = test::compile_bpf(GetParam().object);
  if (path.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const Bytes file = test::read_file(path);
  const auto object = read_object(file);
  ASSERT_TRUE(object.ok()) << object.error().message;
  auto counter = VerdictCounter::create();
  ASSERT_TRUE(counter.ok()) << counter.error().message;
  KernelOptions options;
  options.fallback_type = ProgramType::xdp;
  options.only = {GetParam().program};
  const auto plain = KernelCollection::load(file, object.value(), options);
  ASSERT_TRUE(plain.ok()) << plain.error().message;
  options.verdicts = counter.value().descriptor();
  const auto counts = KernelCollection::load(file, object.value(), options);
  ASSERT_TRUE(counts.ok()) << counts.error().message;

  base::Random random(test::seed(), GetParam().object);
  std::array<std::uint64_t, VerdictCounter::kSlots> want{};
  for (unsigned turn = 0; turn < 2'000; ++turn) {
    SCOPED_TRACE(test::seed_trace() + " frame " + std::to_string(turn));
    Bytes frame(14 + random.below(100));
    for (auto& byte : frame) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    const KernelProgram* program = plain.value().program(GetParam().program);
    const auto first = program->test_run(frame);
    const auto second = counts.value().program(GetParam().program)->test_run(frame);
    ASSERT_TRUE(first.ok() && second.ok());
    ASSERT_EQ(second.value().verdict, first.value().verdict);
    ASSERT_EQ(second.value().frame, first.value().frame);
    ++want[verdict_slots(program->type())->slot_of(first.value().verdict)];
  }
  EXPECT_EQ(counter.value().counts(), want);
}

INSTANTIATE_TEST_SUITE_P(Programs, VerdictCounting,
                         testing::Values(Case{"counters", "counters"}, Case{"calls", "calls"},
                                         Case{"pieces", "pieces"}, Case{"walks", "walks"},
                                         Case{"stages", "entry"}, Case{"legacy", "legacy"},
                                         Case{"editor", "editor"}),
                         [](const auto& row) { return std::string(row.param.object); });

}  // namespace
}  // namespace ringbed::ebpf
