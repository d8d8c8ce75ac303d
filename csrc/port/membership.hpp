// What an interface lets through besides its own address: multicast groups, further unicast
// addresses, everything. Asked for by an AF_PACKET socket (packet(7), PACKET_ADD_MEMBERSHIP) that
// receives nothing: the kernel counts who wants what, and takes it back when the socket closes,
// also after kill -9.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "port/descriptor.hpp"

namespace ringbed::port {

class Membership {
 public:
  using Mac = std::array<std::uint8_t, 6>;

  // None.
  Membership() = default;
  // In the calling thread's network namespace. Error: unavailable.
  [[nodiscard]] static base::Result<Membership> open(std::uint32_t interface);

  [[nodiscard]] base::Status add_multicast(const Mac& group);
  [[nodiscard]] base::Status add_unicast(const Mac& address);
  [[nodiscard]] base::Status add_everything();

 private:
  [[nodiscard]] base::Status add(std::uint16_t type, std::span<const std::uint8_t> address,
                                 const char* what);

  FileDescriptor socket_;
  std::uint32_t interface_ = 0;
};

}  // namespace ringbed::port
