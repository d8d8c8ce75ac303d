// A field of a frame that is written anew for every frame, and the frame that is being written.
//
// A stream's frames start as a copy of an image in which every changing field is zero. A slot
// writes a field into the copy and adds what it wrote to the sums of the checksums that cover it:
// with the sums of the image known, a checksum costs one addition a field. That is RFC 1624's
// incremental update (HC' = ~(~HC + ~m + m')) with m = 0, so nothing needs to be read back.
#pragma once

#include <bit>
#include <cassert>
#include <concepts>
#include <cstdint>
#include <cstring>

#include "wire/checksum.hpp"

namespace ringbed::gen {

// Bytes of the widest field that a program sets (an IPv6 address, an order identifier).
inline constexpr std::size_t kWideBytes = 16;

struct Slot {
  std::uint64_t value_mask = 0;      // the field's bits, right-aligned
  std::uint64_t network_mask = 0;    // all ones where the IPv4 header checksum covers the field
  std::uint64_t transport_mask = 0;  // the same for the UDP or TCP checksum
  std::uint16_t at = 0;              // first byte in the frame
  std::uint8_t bytes = 0;            // that hold the field, 1..8; 16: wide; 0: nothing to write
  std::uint8_t whole = 0;            // bytes where they are 1, 2, 4 or 8, all the field's; else 0
  std::uint8_t shift = 0;            // bits below the field in its last byte
  std::uint8_t rotate = 0;           // 8 where `at` is odd (RFC 1071 section 2B)
  std::uint8_t unit = 1;             // value / unit is what stands in the frame
  bool partial = false;              // shares its bytes with other fields
  bool little_endian = false;
  bool late = false;  // a checksum: written over the one that was computed

  [[nodiscard]] bool used() const noexcept { return bytes != 0; }
  // A field of more than 64 bits shrinks to its last 64, which count.
  void keep_last_word() noexcept {
    at = static_cast<std::uint16_t>(at + bytes - 8);
    bytes = whole = 8;
  }
};

class FrameEdit {
 public:
  FrameEdit(std::uint8_t* frame, wire::PartialSum network, wire::PartialSum transport) noexcept
      : frame_(frame), network_(network), transport_(transport) {}

  // Which checksums may cover a slot: payload and ports are nothing to the IPv4 header's.
  enum class Covered : bool { by_transport, by_both };

  // Writes value / unit into a field that is zero in the frame; nothing for a slot that is not
  // used. Not for wide fields.
  template <Covered kCovered = Covered::by_both>
  [[gnu::always_inline]] void set(const Slot& slot, std::uint64_t value) noexcept {
    switch (slot.whole) {  // constant sizes: a move each, not a call
      case 1: put<kCovered>(slot, static_cast<std::uint8_t>(value)); return;
      case 2: put<kCovered>(slot, static_cast<std::uint16_t>(value)); return;
      case 4: put<kCovered>(slot, static_cast<std::uint32_t>(value)); return;
      case 8: put<kCovered>(slot, value); return;
      default: cover<kCovered>(slot, write_bits(frame_, slot, value));
    }
  }

  // The same where the slot is known to be whole and as wide as T.
  template <Covered kCovered = Covered::by_both, std::unsigned_integral T>
  void put(const Slot& slot, T value) noexcept {
    assert(slot.whole == sizeof(T));
    constexpr bool kSwap = std::endian::native == std::endian::little;
    const T word = slot.little_endian != kSwap ? base::byte_swap(value) : value;
    base::store_native(frame_ + slot.at, word);
    cover<kCovered>(slot, first_bytes(word));
  }

  // Writes 16 bytes.
  void set_wide(const Slot& slot, const std::uint8_t* bytes) noexcept {
    std::memcpy(frame_ + slot.at, bytes, kWideBytes);
    cover<Covered::by_both>(slot, base::load_native<std::uint64_t>(bytes));
    cover<Covered::by_both>(slot, base::load_native<std::uint64_t>(bytes + 8));
  }

  // Of IPv4's header, and of UDP or TCP.
  struct Sums {
    wire::PartialSum network;
    wire::PartialSum transport;
  };
  [[nodiscard]] Sums sums() const noexcept { return {network_, transport_}; }
  void set_sums(Sums sums) noexcept {
    network_ = sums.network;
    transport_ = sums.transport;
  }

  [[nodiscard]] std::uint8_t* frame() const noexcept { return frame_; }
  [[nodiscard]] wire::PartialSum& network() noexcept { return network_; }
  [[nodiscard]] wire::PartialSum& transport() noexcept { return transport_; }

 private:
  // The 64-bit word whose bytes in memory are those of `word` and zeros.
  template <std::unsigned_integral T>
  [[nodiscard]] static constexpr std::uint64_t first_bytes(T word) noexcept {
    constexpr unsigned kRest = 64 - 8 * sizeof(T);
    return std::endian::native == std::endian::little ? word : std::uint64_t{word} << kRest;
  }
  // A field that is not 1, 2, 4 or 8 whole bytes, or has a unit; gives the word that it adds to
  // the sums. Static: the sums of an edit whose address nobody takes stay in registers.
  [[nodiscard]] static std::uint64_t write_bits(std::uint8_t* frame, const Slot& slot,
                                                std::uint64_t value) noexcept;
  template <Covered kCovered>
  void cover(const Slot& slot, std::uint64_t word) noexcept {
    word = std::rotl(word, slot.rotate);  // times 256 modulo 2^64 - 1
    if constexpr (kCovered == Covered::by_both) {
      network_.add_raw(word & slot.network_mask);
    }
    transport_.add_raw(word & slot.transport_mask);
  }

  std::uint8_t* frame_;
  wire::PartialSum network_;
  wire::PartialSum transport_;
};

}  // namespace ringbed::gen
