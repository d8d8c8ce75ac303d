// The times that busy polling needs, on a veth that has NAPI because XDP is attached.
#include "port/napi.hpp"

#include "port/veth.hpp"
#include "port/xdp_program.hpp"
#include "unit/port/rig.hpp"

namespace ringbed::port {
namespace {

TEST(DeferredInterrupts, AreSetForEveryQueueAndPutBack) {
  auto pair = VethPair::create("rn", {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, 2, 1500);
  if (!pair) {
    RINGBED_SKIP_OR_FAIL(pair.error().message);
  }
  const std::uint32_t index = pair.value().left().link.index;
  std::string why;
  const base::Status status = pair.value().left().space.run([&]() -> base::Status {
    auto program = XdpProgram::attach(index, {.queues = 2, .mode = XdpMode::native});
    if (!program) {
      return program.error();
    }
    {
      auto first = DeferredInterrupts::set(index, 2, 200'000);
      if (!first) {
        why = first.error().message + " (" + first.error().hint + ")";
        return {};
      }
      EXPECT_EQ(first.value().before().size(), 2U);
      auto second = DeferredInterrupts::set(index, 3, 100'000);
      EXPECT_TRUE(second.ok());
      for (const auto& napi : second.value().before()) {
        EXPECT_EQ(napi.defer_hard_irqs, 2U);
        EXPECT_EQ(napi.gro_flush_timeout_ns, 200'000U);
      }
    }
    auto after = DeferredInterrupts::set(index, 1, 1'000);
    EXPECT_TRUE(after.ok());
    for (const auto& napi : after.value().before()) {
      EXPECT_EQ(napi.defer_hard_irqs, 0U);
      EXPECT_EQ(napi.gro_flush_timeout_ns, 0U);
    }
    return {};
  });
  EXPECT_TRUE(status.ok()) << (status ? "" : status.error().message);
  if (!why.empty()) {
    GTEST_SKIP() << why;  // a kernel without it has no remedy but another kernel
  }
}

}  // namespace
}  // namespace ringbed::port
