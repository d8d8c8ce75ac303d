// The plan's wire form: what it leaves out is zero, what is malformed or impossible is refused.
#include "engine/plan.hpp"

#include <gtest/gtest.h>

#include "engine/proto_wire.hpp"
#include "engine/run.hpp"
#include "plan_parts.hpp"

namespace ringbed::engine {
namespace {

using test::join;
using test::parts;
using test::Parts;

TEST(Plan, WhatIsLeftOutIsZeroAndNotTheComponentsDefault) {
  const auto plan = decode_plan(join(parts()));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_FALSE(plan.value().sim.nic.check_fcs);
  EXPECT_FALSE(plan.value().device.verify_checksums);
  EXPECT_EQ(plan.value().device.connections.idle_timeout_ns, 0U);
  EXPECT_EQ(plan.value().device.logic.order_cache, 0U);
  EXPECT_EQ(plan.value().device.logic.price_below_cents, 0U);
  EXPECT_FALSE(plan.value().traffic[0].udp_checksum);
}

TEST(Plan, NamesTheEnginesOfALiveWorld) {
  Parts p = parts();
  ProtoWriter generator;
  generator.text(1, "packet");
  p.plan.message(17, generator);
  const auto plan = decode_plan(join(p));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan.value().generator.engine, "packet");
  EXPECT_EQ(decode_plan(join(parts())).value().generator.engine, "");
}

TEST(Plan, RunsAndBalances) {
  const auto plan = decode_plan(join(parts()));
  ASSERT_TRUE(plan.ok());
  const auto result = run(plan.value(), {});
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result.value().imbalance, "");
  EXPECT_EQ(result.value().ledger.offered, 100U);
  EXPECT_EQ(result.value().ledger.processed, 100U);
  const auto again = run(plan.value(), {});
  EXPECT_EQ(again.value().digest, result.value().digest);
  EXPECT_FALSE(encode(result.value()).empty());
}

TEST(Plan, RefusesWhatCannotBe) {
  const auto refused = [](const Parts& p) { return !decode_plan(join(p)).ok(); };
  Parts no_bound = parts();
  no_bound.plan = {};
  EXPECT_TRUE(refused(no_bound));
  Parts no_rate = parts();
  no_rate.link = {};
  EXPECT_TRUE(refused(no_rate));
  Parts lossy = parts();
  lossy.link.real(4, 1.5);
  EXPECT_TRUE(refused(lossy));
  Parts nan = parts();
  nan.link.real(4, std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(refused(nan));
  Parts fault = parts();
  ProtoWriter pause;
  pause.u64(2, 5);
  pause.u64(4, 7);  // core 7 of 1
  fault.plan.message(15, pause);
  EXPECT_TRUE(refused(fault));
  Parts world = parts();
  ProtoWriter kind;
  kind.u64(1, 9);
  world.plan.message(7, kind);
  EXPECT_TRUE(refused(world));
}

TEST(Plan, EveryTruncationIsRefusedOrStillAPlan) {
  const std::vector<std::uint8_t> bytes = join(parts());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    // Exactly sized, so that ASan sees a read past the end.
    const std::vector<std::uint8_t> cut(bytes.begin(),
                                        bytes.begin() + static_cast<std::ptrdiff_t>(length));
    static_cast<void>(decode_plan(cut));
  }
}

TEST(ProtoReader, NamesMalformedInputInsteadOfReadingOn) {
  const auto ok = [](std::vector<std::uint8_t> bytes) {
    ProtoReader reader(bytes);
    while (reader.next()) {
    }
    return reader.ok();
  };
  EXPECT_TRUE(ok({}));
  EXPECT_TRUE(ok({0x08, 0x96, 0x01}));
  EXPECT_FALSE(ok({0x08, 0x96}));                         // varint cut short
  EXPECT_FALSE(ok({0x12, 0x05, 'a'}));                    // chunk longer than the rest
  EXPECT_FALSE(ok({0x00, 0x00}));                         // field 0
  EXPECT_FALSE(ok({0x0b}));                               // group: not in proto3
  EXPECT_FALSE(ok({0x09, 1, 2, 3}));                      // fixed64 cut short
  EXPECT_FALSE(ok(std::vector<std::uint8_t>(12, 0xff)));  // varint without an end
}

}  // namespace
}  // namespace ringbed::engine
