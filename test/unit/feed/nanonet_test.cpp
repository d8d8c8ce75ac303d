#include "feed/nanonet.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "feed/feeds.hpp"
#include "support/bytes.hpp"
#include "support/seed.hpp"

namespace ringbed::feed {
namespace {

using test::from_hex;

// symbol "AAPL    ", price 9,999, quantity 1,000, timestamp 0x0102030405060708
constexpr const char* kQuoteBig = "4141504c202020200000270f000003e80102030405060708";
constexpr const char* kQuoteLittle = "4141504c202020200f270000e80300000807060504030201";

TEST(MarketData, GoldenBytesInBothOrders) {
  const MarketData quote{Symbol::of("AAPL"), 9999, 1000, 0x0102030405060708ULL};
  for (const auto& [order, hex] :
       {std::pair{ByteOrder::big, kQuoteBig}, std::pair{ByteOrder::little, kQuoteLittle}}) {
    std::uint8_t bytes[MarketData::kBytes];
    EXPECT_EQ(quote.emit(bytes, order), sizeof bytes);
    const auto expected = from_hex(hex);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), bytes));
    const auto view = MarketDataView::parse(expected, order);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->symbol().trimmed(), "AAPL");
    EXPECT_EQ(view->price_cents(), 9999U);
    EXPECT_EQ(view->quantity(), 1000U);
    EXPECT_EQ(view->timestamp_ns(), 0x0102030405060708ULL);
  }
}

TEST(TradingOrder, GoldenBytesInBothOrders) {
  TradingOrder sent{Symbol::of("MSFT"), 10000, 100, Side::sell, 7, {}};
  sent.cl_ord_id = {'A', '1'};
  const std::string id = "4131" + std::string(28, '0');
  for (const auto& [order, hex] :
       {std::pair{ByteOrder::big, "4d534654202020200000271000000064010000000000000007" + id},
        std::pair{ByteOrder::little, "4d534654202020201027000064000000010700000000000000" + id}}) {
    std::uint8_t bytes[TradingOrder::kBytes];
    EXPECT_EQ(sent.emit(bytes, order), sizeof bytes);
    const auto expected = from_hex(hex);
    ASSERT_EQ(expected.size(), sizeof bytes);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), bytes));
    const auto view = TradingOrderView::parse(expected, order);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->symbol(), sent.symbol);
    EXPECT_EQ(view->side(), Side::sell);
    EXPECT_EQ(view->timestamp_ns(), 7U);
    EXPECT_EQ(view->cl_ord_id(), sent.cl_ord_id);
  }
}

TEST(Nanonet, EveryRuleOfAMessage) {
  auto quote = from_hex(kQuoteBig);
  EXPECT_EQ(MarketDataView::parse(base::sub(quote, 0, 23), ByteOrder::big).reason(),
            Reason::payload_truncated);
  quote.push_back(0);  // bytes behind the message are ignored
  EXPECT_TRUE(MarketDataView::parse(quote, ByteOrder::big));
  for (const char bad : {'\0', '\a', '\x7f', '\xff', ' '}) {
    auto broken = quote;
    broken[1] = static_cast<std::uint8_t>(bad);  // 0x20: a character behind the padding
    EXPECT_EQ(MarketDataView::parse(broken, ByteOrder::big).reason(), Reason::payload_malformed);
  }
  auto blank = quote;
  std::fill_n(blank.begin(), 8, std::uint8_t{' '});
  EXPECT_EQ(MarketDataView::parse(blank, ByteOrder::big).reason(), Reason::payload_malformed);

  std::vector<std::uint8_t> order(TradingOrder::kBytes);
  TradingOrder{Symbol::of("AAPL"), 1, 1, Side::buy, 1, {}}.emit(order, ByteOrder::big);
  EXPECT_EQ(TradingOrderView::parse(base::sub(order, 0, 40), ByteOrder::big).reason(),
            Reason::payload_truncated);
  order[TradingOrder::kSide] = 2;
  const auto parsed = TradingOrderView::parse(order, ByteOrder::big);
  EXPECT_EQ(parsed.reason(), Reason::payload_malformed);
  EXPECT_EQ(parsed.fault_offset(), TradingOrder::kSide);
}

TEST(Nanonet, EmittedMessagesComeBack) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.nanonet");
  for (int i = 0; i < 5000; ++i) {
    const ByteOrder order = random.chance(0.5) ? ByteOrder::big : ByteOrder::little;
    std::string name;
    for (std::uint64_t n = random.between(1, 8); n > 0; --n) {
      name += static_cast<char>(random.between('!', '~'));
    }
    TradingOrder sent{Symbol::of(name),
                      static_cast<std::uint32_t>(random.next()),
                      static_cast<std::uint32_t>(random.next()),
                      random.chance(0.5) ? Side::buy : Side::sell,
                      random.next(),
                      {}};
    for (auto& byte : sent.cl_ord_id) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    std::uint8_t bytes[TradingOrder::kBytes];
    sent.emit(bytes, order);
    const auto view = TradingOrderView::parse(base::ByteView(bytes), order);
    ASSERT_TRUE(view);
    const TradingOrder got = view->repr();
    EXPECT_EQ(got.symbol, sent.symbol);
    EXPECT_EQ(got.symbol.trimmed(), name);
    EXPECT_EQ(got.price_cents, sent.price_cents);
    EXPECT_EQ(got.quantity, sent.quantity);
    EXPECT_EQ(got.side, sent.side);
    EXPECT_EQ(got.timestamp_ns, sent.timestamp_ns);
    EXPECT_EQ(got.cl_ord_id, sent.cl_ord_id);
  }
}

TEST(Feeds, FieldsCoverEachMessageWithoutGaps) {
  for (const Payload& payload : kPayloads) {
    std::size_t end = 0;
    for (const FieldSpec& field : payload.fields) {
      EXPECT_EQ(field.offset_bits, end) << payload.name << '.' << field.name;
      EXPECT_TRUE(field.settable);
      end = static_cast<std::size_t>(field.offset_bits) + field.bits;
    }
    EXPECT_EQ(end, 8 * payload.bytes) << payload.name;
  }
  EXPECT_EQ(kPayloads[find_payload("nanonet.trading_order").value()].bytes, 41U);
  EXPECT_FALSE(find_payload("nanonet"));
}

TEST(Feeds, NumbersAreWrittenInThePayloadsOrder) {
  std::vector<std::uint8_t> bytes(MarketData::kBytes);
  for (const ByteOrder order : {ByteOrder::big, ByteOrder::little}) {
    MarketData{Symbol::of("AAPL"), 0, 0, 0}.emit(bytes, order);
    write_number(MarketData::kFields[1], bytes, 9999, order);
    write_number(MarketData::kFields[2], bytes, 1000, order);
    write_number(MarketData::kFields[3], bytes, 0x0102030405060708ULL, order);
    EXPECT_EQ(bytes, from_hex(order == ByteOrder::big ? kQuoteBig : kQuoteLittle));
    EXPECT_EQ(read_number(MarketData::kFields[1], bytes, order), 9999U);
    EXPECT_EQ(read_number(MarketData::kFields[3], bytes, order), 0x0102030405060708ULL);
  }
}

TEST(Feeds, ChecksReadInsideAnyBytes) {
  SCOPED_TRACE(test::seed_trace());
  base::Random random(test::seed(), "test.feeds");
  for (const Payload& payload : kPayloads) {
    for (std::size_t length = 0; length <= 64; ++length) {
      std::vector<std::uint8_t> bytes(length);
      for (auto& byte : bytes) {
        byte = static_cast<std::uint8_t>(random.between(' ', '~'));
      }
      const auto exact = test::exact_copy(bytes);
      const Reason reason = payload.check(exact.view(), ByteOrder::big);
      EXPECT_EQ(reason == Reason::payload_truncated, length < payload.bytes);
    }
  }
}

}  // namespace
}  // namespace ringbed::feed
