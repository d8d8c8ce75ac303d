// THE table of protocols: one row each, in stack order. A row's fields drive the printer, the
// generator's setters and the fuzz arbitraries; its function takes a frame apart.
// Adding a protocol: one file with the header's layout and its dissector, one row here.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "wire/field.hpp"

namespace ringbed::wire {

class Walk;  // walk.hpp

// What makes the layer before say "this comes next"; `link` is a link type, which the capture says.
struct Key {
  enum class Space : std::uint8_t { none, link, ethertype, ipv4, ipv6 };
  Space space = Space::none;
  std::uint16_t value = 0;
  bool operator==(const Key&) const = default;
};

struct Protocol {
  std::string_view name;
  std::string_view text;
  std::span<const FieldSpec> fields;
  std::array<Key, 3> keys;
  void (*dissect)(Walk& walk) noexcept;
};

[[nodiscard]] std::span<const Protocol> protocols() noexcept;

// The row's index in protocols(), or nothing. O(rows).
[[nodiscard]] std::optional<std::size_t> find_protocol(std::string_view name) noexcept;
[[nodiscard]] std::optional<std::size_t> find_protocol(Key key) noexcept;

// The field `protocol.field` ("udp.srcPort"), or nothing.
struct FieldRef {
  std::size_t protocol;  // index in protocols()
  const FieldSpec* field;
};
[[nodiscard]] std::optional<FieldRef> find_field(std::string_view path) noexcept;

}  // namespace ringbed::wire
