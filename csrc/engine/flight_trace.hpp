// What an edit leaves of a frame. A classifier may rewrite a frame on its way to the ring
// (addresses, TTL, a tag taken off, a byte of the message): the hash of its bytes is another one
// then, and the flight log would not know it. It hardly ever rewrites all of it: who sent it shows
// in the message or in the headers, and in the order of arrival where those are not unique.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace ringbed::engine {

// Hashes of what is left.
struct FlightTrace {
  std::uint64_t message = 0;  // the transport's payload, and TCP's sequence numbers and flags
  std::uint64_t path = 0;     // addresses, ports, the numbers that tell packets of a flow apart
};

// In the order in which they are tried: the more is left, the surer.
enum class Likeness : std::uint8_t { both, message, path };
inline constexpr std::array<Likeness, 3> kLikenesses = {Likeness::both, Likeness::message,
                                                        Likeness::path};

[[nodiscard]] constexpr bool alike(const FlightTrace& a, const FlightTrace& b,
                                   Likeness likeness) noexcept {
  switch (likeness) {
    case Likeness::both: return a.message == b.message && a.path == b.path;
    case Likeness::message: return a.message == b.message;
    case Likeness::path: return a.path == b.path;
  }
  return false;
}

// Of any bytes; VLAN tags, MAC addresses, TTL, lengths and checksums do not show.
[[nodiscard]] FlightTrace flight_trace(base::ByteView frame) noexcept;

}  // namespace ringbed::engine
