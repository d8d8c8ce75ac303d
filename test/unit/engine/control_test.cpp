// Commands to a running device: who obeys them, and what a reset leaves to the report.
#include "engine/control.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "engine/device_set.hpp"
#include "engine/run.hpp"
#include "plan_parts.hpp"

namespace ringbed::engine {
namespace {

ControlCommand command_of(ControlCommand::Kind kind) {
  ControlCommand command;
  command.kind = kind;
  return command;
}

TEST(Control, ASimulatedRunSaysWhyItObeysNobody) {
  test::Parts parts = test::parts();
  parts.plan = {};
  parts.plan.u64(5, 10);
  const auto plan = decode_plan(test::join(parts));
  ASSERT_TRUE(plan.ok());
  ControlDesk desk;
  RunControl control;
  control.desk = &desk;
  ASSERT_TRUE(run(plan.value(), control).ok());
  const auto reply = desk.ask(command_of(ControlCommand::Kind::disable));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, base::ErrorCode::unavailable);
  EXPECT_NE(reply.error().message.find("simulated"), std::string::npos);
}

// A device's counts, as many frames as asked for, none of them for it.
void feed(device::Device& device, int frames) {
  const std::array<std::uint8_t, 60> frame{};
  for (int i = 0; i < frames; ++i) {
    static_cast<void>(device.process(frame, 1));
  }
}

TEST(Control, AResetStartsTheDevicesCountsAnewAndTheReportKeepsThem) {
  test::Parts parts = test::parts();
  parts.plan = {};
  parts.plan.u64(5, 10);
  const auto plan = decode_plan(test::join(parts));
  ASSERT_TRUE(plan.ok());
  auto devices = DeviceSet::create(plan.value());
  ASSERT_TRUE(devices.ok());
  DeviceSet& set = devices.value();
  feed(*set.cores[0], 7);
  set.reset(0);
  EXPECT_EQ(set.cores[0]->stats().in, 0U);
  feed(*set.cores[0], 5);
  set.reset(0);
  feed(*set.cores[0], 1);
  EXPECT_EQ(set.cores[0]->stats().in, 1U);
  EXPECT_EQ(set.stage(base::Stage::parse, nullptr).in, 13U);
}

TEST(Control, LiveCountersKeepToTheirShape) {
  constexpr base::CounterShape kShape{2, 3, 4};
  std::vector<std::uint64_t> cells(base::LiveCounters::cells_of(kShape), 0);
  base::LiveCounters live(base::LiveCounters(cells), kShape);
  // The last cell of each group is followed by the first of the next: nothing overlaps.
  live.set(base::Counter::pool_exhausted, 1);
  live.set(base::Stage::return_link, base::Reason::logic_error, 2);
  live.set(1, base::StreamCounter::responses, 3);
  live.set(2, base::RingCounter::full, 4);
  live.set(3, base::CoreCounter::connections_rejected, 5);
  EXPECT_EQ(cells[base::kCounters.size() - 1], 1U);
  std::size_t at = base::kCounters.size() + base::kStageCount * base::kReasonCount;
  EXPECT_EQ(cells[at - 1], 2U);
  at += 2 * base::kStreamCounters.size();
  EXPECT_EQ(cells[at - 1], 3U);
  at += 3 * base::kRingCounters.size();
  EXPECT_EQ(cells[at - 1], 4U);
  EXPECT_EQ(cells.back(), 5U);
  // A reader who gave fewer cells gets the parts that fit.
  base::LiveCounters(base::LiveCounters(std::span(cells).first(3)), kShape)
      .set(3, base::CoreCounter::received, 9);
  EXPECT_EQ(cells.back(), 5U);
}

}  // namespace
}  // namespace ringbed::engine
