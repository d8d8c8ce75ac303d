// Receive side scaling as a NIC does it: which fields of a frame go into the Toeplitz hash.
// TCP and UDP hash addresses and ports, fragments and everything else over IP the addresses alone,
// what is not IP hashes to 0 (queue 0). Up to two VLAN tags are stepped over.
#pragma once

#include "base/bytes.hpp"
#include "wire/toeplitz.hpp"

namespace ringbed::sim {

[[nodiscard]] std::uint32_t rss_hash(const wire::Toeplitz& toeplitz, base::ByteView frame) noexcept;

}  // namespace ringbed::sim
