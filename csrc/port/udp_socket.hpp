// A kernel UDP socket as the backend `socket` wants it: one UDP port on one interface, its groups
// joined, told of every datagram where it came from and went to (ip(7), udp(7)).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "port/descriptor.hpp"
#include "port/registry.hpp"

namespace ringbed::port {

// What of SocketOptions::tuning the kernel has granted to all sockets of a port, so far.
struct GrantedTuning {
  bool gso = true;
  bool gro = true;
  bool busy_poll = true;

  // As the report tells it, for what was wished.
  [[nodiscard]] std::string text(const SocketTuning& wished) const;
};

// Its drops are the kernel's count since it was made.
struct UdpSocket {
  FileDescriptor descriptor;
  std::uint16_t port = 0;

  // Error: unavailable (address, port or privilege), resource.
  [[nodiscard]] static base::Result<UdpSocket> open(const PortConfig& config,
                                                    const SocketAddress& local,
                                                    GrantedTuning& granted);
  [[nodiscard]] std::uint64_t drops() const noexcept;
};

}  // namespace ringbed::port
