// The layers of a stream's frames: where each header begins, and where a field named
// `protocol.field` (or a payload's own field) stands. Field names and bits come from the tables
// of wire/ and feed/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "feed/feeds.hpp"
#include "gen/slot.hpp"
#include "gen/stream_spec.hpp"

namespace ringbed::gen {

// A field of a header or payload, found by name.
struct FieldPlace {
  const wire::FieldSpec* field = nullptr;
  Slot slot;
};

struct FrameShape {
  bool ipv6 = false;
  bool tcp = false;
  std::uint16_t vlans = 0;
  std::uint16_t network_at = 0;
  std::uint16_t transport_at = 0;
  std::uint16_t payload_at = 0;  // headers end here

  explicit FrameShape(const StreamSpec& spec);

  // The longest frame: what the length field of the IP header can express.
  [[nodiscard]] std::uint32_t largest_frame() const noexcept {
    return network_at + 0xffffU + (ipv6 ? 40U : 0U);
  }
  // A settable field of a header in these frames; of several VLAN tags the outermost. Errors:
  // invalid (no such protocol here, no such field, not settable), with what there is.
  [[nodiscard]] base::Result<FieldPlace> header_field(const std::string& path,
                                                      const std::string& where) const;
  // The same for a payload's own field.
  [[nodiscard]] base::Result<FieldPlace> payload_field(const feed::Payload& payload,
                                                       bool little_endian, const std::string& name,
                                                       const std::string& where) const;
  // A field that the generator itself writes; it exists.
  [[nodiscard]] Slot slot(const char* path) const;

  // Writes the headers of a frame with `payload_bytes` behind them. Lengths are set, checksums
  // are 0. Precondition: room for payload_at bytes.
  void write_headers(const StreamSpec& spec, std::uint32_t payload_bytes,
                     base::MutableBytes to) const;
};

}  // namespace ringbed::gen
