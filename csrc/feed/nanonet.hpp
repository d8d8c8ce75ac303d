// NanoNet's two messages, packed, without padding. The published tools disagree on the byte order
// (the generator writes big-endian, the functional test little-endian), so it is a parameter;
// the default everywhere is big.
//
//   market_data    | symbol 8 | price 4 | quantity 4 | timestamp 8 |                      24 bytes
//   trading_order  | symbol 8 | price 4 | quantity 4 | side 1 | timestamp 8 | clOrdId 16 | 41 bytes
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "wire/field.hpp"
#include "wire/view.hpp"

namespace ringbed::feed {

using base::ByteView;
using base::MutableBytes;
using base::Reason;
using wire::FieldSpec;
using wire::FieldType;
using wire::Parsed;

enum class ByteOrder : std::uint8_t { big, little };

template <std::unsigned_integral T>
[[nodiscard]] inline T load(const std::uint8_t* from, ByteOrder order) noexcept {
  const T big = base::load_be<T>(from);
  return order == ByteOrder::big ? big : base::byte_swap(big);
}
template <std::unsigned_integral T>
inline void store(std::uint8_t* to, T value, ByteOrder order) noexcept {
  base::store_be(to, order == ByteOrder::big ? value : base::byte_swap(value));
}

// Eight ASCII characters, left-justified, padded with spaces.
struct Symbol {
  std::array<char, 8> text{' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};

  bool operator==(const Symbol&) const = default;
  // Longer text is cut at eight characters.
  [[nodiscard]] static constexpr Symbol of(std::string_view name) noexcept {
    Symbol symbol;
    for (std::size_t i = 0; i < symbol.text.size() && i < name.size(); ++i) {
      symbol.text[i] = name[i];
    }
    return symbol;
  }
  // Without the padding.
  [[nodiscard]] constexpr std::string_view trimmed() const noexcept {
    std::size_t length = text.size();
    while (length > 0 && text[length - 1] == ' ') {
      --length;
    }
    return {text.data(), length};
  }
  // Printable ASCII, not blank, and no character after the padding began. All eight characters at
  // once: with every top bit clear, adding 0x80 - c to a byte sets its top bit if it is >= c.
  [[nodiscard]] constexpr bool valid() const noexcept {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101ULL;
    constexpr std::uint64_t kTops = 0x80 * kOnes;
    auto x = std::bit_cast<std::uint64_t>(text);  // the first character in the low byte
    if constexpr (std::endian::native == std::endian::big) {
      x = base::byte_swap(x);
    }
    const std::uint64_t printable = (x + (0x80 - ' ') * kOnes) & ~(x + (0x80 - 0x7f) * kOnes) & ~x;
    const std::uint64_t solid = (x + (0x80 - '!') * kOnes) & kTops;  // no space
    const bool no_hole = ((solid >> 8) & ~solid) == 0;
    return (printable & kTops) == kTops && no_hole && (solid & 0x80) != 0;
  }
};

enum class Side : std::uint8_t { buy = 0, sell = 1 };

struct MarketData {
  static constexpr std::size_t kSymbol = 0;
  static constexpr std::size_t kPrice = 8;
  static constexpr std::size_t kQuantity = 12;
  static constexpr std::size_t kTimestamp = 16;
  static constexpr std::size_t kBytes = 24;

  static constexpr FieldSpec kFields[] = {
      {"symbol", 0, 64, FieldType::ascii, true, "instrument, ASCII, space padded"},
      {"price", 64, 32, FieldType::uint, true, "price in cents"},
      {"quantity", 96, 32, FieldType::uint, true, "quantity"},
      {"timestamp", 128, 64, FieldType::uint, true, "time of the quote in ns"},
  };

  Symbol symbol;
  std::uint32_t price_cents = 0;
  std::uint32_t quantity = 0;
  std::uint64_t timestamp_ns = 0;

  // Precondition: to.size() >= kBytes. Returns kBytes.
  std::size_t emit(MutableBytes to, ByteOrder order) const noexcept {
    assert(to.size() >= kBytes);
    std::memcpy(to.data() + kSymbol, symbol.text.data(), 8);
    store(to.data() + kPrice, price_cents, order);
    store(to.data() + kQuantity, quantity, order);
    store(to.data() + kTimestamp, timestamp_ns, order);
    return kBytes;
  }
};

class MarketDataView {
 public:
  constexpr MarketDataView() noexcept = default;

  // Breaks: payload_truncated (shorter than 24 bytes), payload_malformed (symbol is not printable
  // ASCII). Bytes behind the message are ignored.
  [[nodiscard]] static Parsed<MarketDataView> parse(ByteView payload, ByteOrder order) noexcept {
    if (payload.size() < MarketData::kBytes) [[unlikely]] {
      return Reason::payload_truncated;
    }
    const MarketDataView view(payload.data(), order);
    if (!view.symbol().valid()) [[unlikely]] {
      return {view, Reason::payload_malformed, MarketData::kSymbol};
    }
    return view;
  }

  [[nodiscard]] Symbol symbol() const noexcept {
    Symbol symbol;
    std::memcpy(symbol.text.data(), message_ + MarketData::kSymbol, 8);
    return symbol;
  }
  [[nodiscard]] std::uint32_t price_cents() const noexcept {
    return load<std::uint32_t>(message_ + MarketData::kPrice, order_);
  }
  [[nodiscard]] std::uint32_t quantity() const noexcept {
    return load<std::uint32_t>(message_ + MarketData::kQuantity, order_);
  }
  [[nodiscard]] std::uint64_t timestamp_ns() const noexcept {
    return load<std::uint64_t>(message_ + MarketData::kTimestamp, order_);
  }
  [[nodiscard]] MarketData repr() const noexcept {
    return {symbol(), price_cents(), quantity(), timestamp_ns()};
  }

 private:
  MarketDataView(const std::uint8_t* message, ByteOrder order) noexcept
      : message_(message), order_(order) {}
  const std::uint8_t* message_ = nullptr;
  ByteOrder order_ = ByteOrder::big;
};

struct TradingOrder {
  static constexpr std::size_t kSymbol = 0;
  static constexpr std::size_t kPrice = 8;
  static constexpr std::size_t kQuantity = 12;
  static constexpr std::size_t kSide = 16;
  static constexpr std::size_t kTimestamp = 17;
  static constexpr std::size_t kClOrdId = 25;
  static constexpr std::size_t kBytes = 41;

  static constexpr FieldSpec kFields[] = {
      {"symbol", 0, 64, FieldType::ascii, true, "instrument, ASCII, space padded"},
      {"price", 64, 32, FieldType::uint, true, "price in cents"},
      {"quantity", 96, 32, FieldType::uint, true, "quantity"},
      {"side", 128, 8, FieldType::uint, true, "0 buy, 1 sell"},
      {"timestamp", 136, 64, FieldType::uint, true, "time of the order in ns"},
      {"clOrdId", 200, 128, FieldType::bytes, true, "order identifier, NUL padded, unique"},
  };

  Symbol symbol;
  std::uint32_t price_cents = 0;
  std::uint32_t quantity = 0;
  Side side = Side::buy;
  std::uint64_t timestamp_ns = 0;
  std::array<std::uint8_t, 16> cl_ord_id{};  // NUL padded

  // Precondition: to.size() >= kBytes. Returns kBytes.
  std::size_t emit(MutableBytes to, ByteOrder order) const noexcept {
    assert(to.size() >= kBytes);
    std::memcpy(to.data() + kSymbol, symbol.text.data(), 8);
    store(to.data() + kPrice, price_cents, order);
    store(to.data() + kQuantity, quantity, order);
    to[kSide] = static_cast<std::uint8_t>(side);
    store(to.data() + kTimestamp, timestamp_ns, order);
    std::memcpy(to.data() + kClOrdId, cl_ord_id.data(), cl_ord_id.size());
    return kBytes;
  }
};

class TradingOrderView {
 public:
  constexpr TradingOrderView() noexcept = default;

  // Breaks: payload_truncated (shorter than 41 bytes), payload_malformed (symbol is not printable
  // ASCII, side is neither 0 nor 1). Bytes behind the message are ignored.
  [[nodiscard]] static Parsed<TradingOrderView> parse(ByteView payload, ByteOrder order) noexcept {
    if (payload.size() < TradingOrder::kBytes) [[unlikely]] {
      return Reason::payload_truncated;
    }
    const TradingOrderView view(payload.data(), order);
    if (!view.symbol().valid()) [[unlikely]] {
      return {view, Reason::payload_malformed, TradingOrder::kSymbol};
    }
    if (payload[TradingOrder::kSide] > 1) [[unlikely]] {
      return {view, Reason::payload_malformed, TradingOrder::kSide};
    }
    return view;
  }

  [[nodiscard]] Symbol symbol() const noexcept {
    Symbol symbol;
    std::memcpy(symbol.text.data(), message_ + TradingOrder::kSymbol, 8);
    return symbol;
  }
  [[nodiscard]] std::uint32_t price_cents() const noexcept {
    return load<std::uint32_t>(message_ + TradingOrder::kPrice, order_);
  }
  [[nodiscard]] std::uint32_t quantity() const noexcept {
    return load<std::uint32_t>(message_ + TradingOrder::kQuantity, order_);
  }
  [[nodiscard]] Side side() const noexcept {
    return static_cast<Side>(message_[TradingOrder::kSide]);
  }
  [[nodiscard]] std::uint64_t timestamp_ns() const noexcept {
    return load<std::uint64_t>(message_ + TradingOrder::kTimestamp, order_);
  }
  [[nodiscard]] std::array<std::uint8_t, 16> cl_ord_id() const noexcept {
    std::array<std::uint8_t, 16> id;
    std::memcpy(id.data(), message_ + TradingOrder::kClOrdId, id.size());
    return id;
  }
  [[nodiscard]] TradingOrder repr() const noexcept {
    return {symbol(), price_cents(), quantity(), side(), timestamp_ns(), cl_ord_id()};
  }

 private:
  TradingOrderView(const std::uint8_t* message, ByteOrder order) noexcept
      : message_(message), order_(order) {}
  const std::uint8_t* message_ = nullptr;
  ByteOrder order_ = ByteOrder::big;
};

}  // namespace ringbed::feed
