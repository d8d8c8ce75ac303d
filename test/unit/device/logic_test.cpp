// The decision logics, and what they share.
#include <gtest/gtest.h>

#include <set>

#include "device/logics.hpp"
#include "device/order_log.hpp"

namespace ringbed::device {
namespace {

feed::MarketData quote(std::uint32_t price, std::uint32_t quantity = 10) {
  return {feed::Symbol::of("AAPL"), price, quantity, 5};
}

std::unique_ptr<Logic> make(LogicConfig config, std::uint32_t core = 0) {
  auto made = create_logic(config, core);
  EXPECT_TRUE(made.ok());
  return std::move(made).value();
}

// Decides, and copies the order out.
Decision ask(Logic& logic, const feed::MarketData& message, std::uint64_t now_ns,
             feed::TradingOrder& order) {
  const Decided decided = logic.decide(message, now_ns);
  EXPECT_EQ(decided.order != nullptr, decided.decision == Decision::order);
  if (decided.order != nullptr) {
    order = *decided.order;
  }
  return decided.decision;
}

TEST(ThresholdLogic, BuysBelowTheThresholdOnly) {
  feed::TradingOrder order;
  LogicConfig config;
  config.price_below_cents = 10'000;
  config.quantity = 7;
  auto logic = make(config);
  EXPECT_EQ(ask(*logic, quote(10'000), 1, order), Decision::none);
  ASSERT_EQ(ask(*logic, quote(9'999), 42, order), Decision::order);
  EXPECT_EQ(order.price_cents, 10'000U);
  EXPECT_EQ(order.quantity, 7U);
  EXPECT_EQ(order.side, feed::Side::buy);
  EXPECT_EQ(order.timestamp_ns, 42U);
  EXPECT_EQ(order.symbol, feed::Symbol::of("AAPL"));
  ASSERT_EQ(ask(*logic, quote(0), 43, order), Decision::order);
  EXPECT_EQ(order.price_cents, 1U);
  EXPECT_EQ(logic->orders(), 2U);
}

TEST(ThresholdLogic, TheHighestPricesDoNotOverflow) {
  feed::TradingOrder order;
  LogicConfig config;
  config.price_below_cents = UINT32_MAX;
  auto logic = make(config);
  ASSERT_EQ(ask(*logic, quote(UINT32_MAX - 1), 1, order), Decision::order);
  EXPECT_EQ(order.price_cents, UINT32_MAX);
  EXPECT_EQ(ask(*logic, quote(UINT32_MAX), 1, order), Decision::none);
}

TEST(SampleLogic, OneInEveryNInTurn) {
  feed::TradingOrder order;
  LogicConfig config;
  config.kind = "sample";
  config.every = 4;
  auto logic = make(config);
  std::vector<feed::Side> sides;
  for (int i = 1; i <= 12; ++i) {
    const Decided decided = logic->decide(quote(UINT32_MAX), 1);
    const Decision decision = decided.decision;
    EXPECT_EQ(decision, i % 4 == 0 ? Decision::order : Decision::none);
    if (decision == Decision::order) {
      sides.push_back(decided.order->side);
      EXPECT_EQ(decided.order->price_cents, UINT32_MAX);
    }
  }
  EXPECT_EQ(sides, (std::vector{feed::Side::buy, feed::Side::sell, feed::Side::buy}));
  EXPECT_EQ(ask(*logic, quote(1, 0), 1, order), Decision::refuse);
}

TEST(Logics, EveryKindKeepsItsLastOrders) {
  feed::TradingOrder order;
  for (const LogicKind& kind : logic_kinds()) {
    LogicConfig config;
    config.kind = kind.name;
    config.every = 1;
    config.order_cache = 4;
    auto logic = make(config);
    feed::TradingOrder recent[8];
    EXPECT_EQ(logic->recent(recent), 0U);
    for (std::uint32_t i = 1; i <= 6; ++i) {
      ASSERT_EQ(ask(*logic, quote(i), i, order), Decision::order);
    }
    ASSERT_EQ(logic->recent(recent), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(recent[i].timestamp_ns, 3 + i) << kind.name;
    }
    ASSERT_EQ(logic->recent(std::span(recent).first(2)), 2U);
    EXPECT_EQ(recent[1].timestamp_ns, 6U);
    logic->reset();
    EXPECT_EQ(logic->recent(recent), 0U);
    EXPECT_EQ(logic->orders(), 0U);
    const auto before = order.cl_ord_id;
    ASSERT_EQ(ask(*logic, quote(1), 1, order), Decision::order);
    EXPECT_NE(order.cl_ord_id, before);  // ids go on after a reset
  }
}

TEST(Logics, ACacheOfNoneIsAllowed) {
  feed::TradingOrder order;
  LogicConfig config;
  config.order_cache = 0;
  auto logic = make(config);
  ASSERT_EQ(ask(*logic, quote(1), 1, order), Decision::order);
  feed::TradingOrder recent[2];
  EXPECT_EQ(logic->recent(recent), 0U);
}

TEST(OrderIds, AreTheHexadecimalCountBehindTheCore) {
  OrderIds ids(0xa5);
  const auto text = [](const std::array<std::uint8_t, 16>& id) {
    return std::string(id.begin(), id.end());
  };
  EXPECT_EQ(text(ids.next()), "a500000000000000");
  for (int i = 1; i < 0xabcde; ++i) {
    static_cast<void>(ids.next());
  }
  EXPECT_EQ(text(ids.next()), "a5000000000abcde");
}

TEST(CreateLogic, RefusesWhatIsOutOfRange) {
  LogicConfig config;
  EXPECT_FALSE(create_logic(config, 256).ok());
  config.order_cache = UINT32_MAX;
  EXPECT_FALSE(create_logic(config, 0).ok());
}

}  // namespace
}  // namespace ringbed::device
