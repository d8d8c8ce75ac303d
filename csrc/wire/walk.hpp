// The cursor that protocols' dissectors move over a frame. A dissector reads rest(), books its
// layer and the rules it found broken, and says what comes next; it knows no other protocol.
#pragma once

#include "wire/dissect.hpp"
#include "wire/ethernet.hpp"

namespace ringbed::wire {

class Walk {
 public:
  Walk(Extent frame, Dissection& into) noexcept;

  // The bytes from the current layer on, without trailing padding once a length is known.
  [[nodiscard]] const Extent& rest() const noexcept { return rest_; }
  // Layers of the dissector's own protocol that were booked so far.
  [[nodiscard]] std::size_t layers_of_this_protocol() const noexcept;

  // True when the header was read. Else books its rule, and the fixed header (its first
  // `fixed_bytes`) as a layer if that is readable; what follows stays payload.
  template <typename View>
  [[nodiscard]] bool open(const Parsed<View>& parsed, std::size_t fixed_bytes) noexcept {
    if (parsed.ok()) {
      return true;
    }
    refuse(parsed.reason(), parsed.fault_offset(), parsed.readable() ? fixed_bytes : 0);
    return false;
  }

  // Books the current layer: `length` header bytes from the cursor.
  void layer(std::size_t length, Checksum checksum = Checksum::unknown) noexcept;
  // The layer booked last is as long as the frame, because it does not tell (segmentation offload):
  // the transport's checksum was not computed yet, either.
  void presume_length() noexcept;
  // Books a broken rule of the layer booked last; `offset` within that layer.
  void fault(Reason rule, std::size_t offset) noexcept;
  // Books a broken rule of a layer that is not read; the bytes from the cursor are payload.
  void refuse(Reason rule, std::size_t offset = 0, std::size_t readable_bytes = 0) noexcept;

  // Moves behind a header of `header_bytes`; `payload` is what its length field covers. A key
  // that no protocol has ends the walk: the rest is payload.
  void next(Key key, std::size_t header_bytes, Extent payload) noexcept;

  // What network layers tell transport layers.
  void enter_network(Key::Space space, PartialSum source, PartialSum destination) noexcept;
  // The packet is on its way by a route that it carries: it is for `destination`, whom the
  // transport's pseudo-header names (RFC 8200 section 8.1), not for the one in its header.
  void destined_for(PartialSum destination) noexcept { destination_ = destination; }
  void sourced_from(PartialSum source) noexcept { source_ = source; }  // likewise
  // ... for somebody whom the route does not tell: checksums are not judged, lengths are.
  void destination_unknown() noexcept { destination_known_ = false; }
  [[nodiscard]] Key::Space network() const noexcept { return network_; }
  // The pseudo-header's sum for `length` bytes of transport header and data.
  [[nodiscard]] PartialSum pseudo(std::uint8_t protocol, std::size_t length) const noexcept;
  // From here on lengths and checksums of the transport are not judged: a fragment.
  void leave_unjudged() noexcept { unjudged_ = true; }
  [[nodiscard]] bool checksum_unjudged() const noexcept {
    return unjudged_ || unsummed_ || !destination_known_;
  }
  // One more IPv6 extension header; false past the limit.
  [[nodiscard]] bool enter_extension(std::size_t limit) noexcept { return ++extensions_ <= limit; }
  [[nodiscard]] std::size_t extensions() const noexcept { return extensions_; }

  // Walks from `first` to the end and settles payload, trailer and verdict.
  void run(Key first) noexcept;

 private:
  void step(std::size_t protocol) noexcept;
  void problem(Reason rule, std::size_t layer, std::size_t offset) noexcept;
  void finish() noexcept;

  Extent rest_;
  Dissection& into_;
  std::size_t offset_ = 0;  // of rest_ in the frame
  std::size_t end_ = 0;     // of what lengths cover
  std::size_t protocol_ = 0;
  Key next_{};
  Key::Space network_ = Key::Space::none;
  PartialSum source_;
  PartialSum destination_;
  bool destination_known_ = true;
  std::size_t extensions_ = 0;
  bool unjudged_ = false;
  bool unsummed_ = false;
};

// A type field as a key; an 802.3 length names no protocol.
[[nodiscard]] constexpr Key ethertype_key(std::uint16_t type) noexcept {
  return type <= Ethernet::kMaxLength ? Key{} : Key{Key::Space::ethertype, type};
}

// A length that no frame reaches: of the unseen rest of a fragmented packet.
inline constexpr std::size_t kUnknownLength = SIZE_MAX / 2;

}  // namespace ringbed::wire
