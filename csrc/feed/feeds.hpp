// The table of payloads: one row each. Streams name a payload by its row; the fields drive the
// generator's setters and the fuzz arbitraries. Adding a payload: one file, one row.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "feed/nanonet.hpp"

namespace ringbed::feed {

struct Payload {
  std::string_view name;
  std::string_view text;
  std::size_t bytes;  // of one message
  std::span<const FieldSpec> fields;
  // The rule that the message in `payload` breaks, or none. O(1), no allocation.
  Reason (*check)(ByteView payload, ByteOrder order) noexcept;
};

inline constexpr auto kPayloads = std::to_array<Payload>({
    {"nanonet.market_data", "NanoNet quote: symbol, price, quantity, time", MarketData::kBytes,
     MarketData::kFields,
     [](ByteView payload, ByteOrder order) noexcept {
       return MarketDataView::parse(payload, order).reason();
     }},
    {"nanonet.trading_order", "NanoNet order: symbol, price, quantity, side, time, identifier",
     TradingOrder::kBytes, TradingOrder::kFields,
     [](ByteView payload, ByteOrder order) noexcept {
       return TradingOrderView::parse(payload, order).reason();
     }},
});

// The row's index in kPayloads, or nothing. O(rows).
[[nodiscard]] constexpr std::optional<std::size_t> find_payload(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kPayloads.size(); ++i) {
    if (kPayloads[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

// Numbers of a message in the payload's byte order; wire::read_field and write_field are
// big-endian. Only whole-byte fields of 1, 2, 4 or 8 bytes. Precondition: the field is there.
[[nodiscard]] inline std::uint64_t read_number(const FieldSpec& field, ByteView message,
                                               ByteOrder order) noexcept {
  const std::uint64_t big = wire::read_field(field, message);
  return order == ByteOrder::big ? big : base::byte_swap(big) >> (64U - field.bits);
}
inline void write_number(const FieldSpec& field, MutableBytes message, std::uint64_t value,
                         ByteOrder order) noexcept {
  wire::write_field(field, message,
                    order == ByteOrder::big ? value : base::byte_swap(value) >> (64U - field.bits));
}

}  // namespace ringbed::feed
