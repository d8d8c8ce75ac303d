// An address and a UDP port as socket calls take and give them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "port/net_address.hpp"

namespace ringbed::port {

class SocketName {
 public:
  SocketName() = default;
  SocketName(const NetAddress& address, std::uint16_t port) noexcept {
    if (address.v6) {
      name_.v6.sin6_family = AF_INET6;
      name_.v6.sin6_port = htons(port);
      std::memcpy(&name_.v6.sin6_addr, address.bytes.data(), 16);
    } else {
      name_.v4.sin_family = AF_INET;
      name_.v4.sin_port = htons(port);
      std::memcpy(&name_.v4.sin_addr, address.bytes.data(), 4);
    }
  }

  [[nodiscard]] bool v6() const noexcept { return name_.any.sa_family == AF_INET6; }
  [[nodiscard]] NetAddress address() const noexcept {
    return v6() ? NetAddress::from({reinterpret_cast<const std::uint8_t*>(&name_.v6.sin6_addr), 16})
                : NetAddress::from({reinterpret_cast<const std::uint8_t*>(&name_.v4.sin_addr), 4});
  }
  [[nodiscard]] std::uint16_t port() const noexcept {
    return ntohs(v6() ? name_.v6.sin6_port : name_.v4.sin_port);
  }
  [[nodiscard]] const sockaddr* get() const noexcept { return &name_.any; }
  [[nodiscard]] sockaddr* room() noexcept { return &name_.any; }
  [[nodiscard]] socklen_t length() const noexcept {
    return v6() ? sizeof name_.v6 : sizeof name_.v4;
  }
  static constexpr socklen_t kMostBytes = sizeof(sockaddr_in6);

 private:
  union Any {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  Any name_{.v6 = {}};
};

}  // namespace ringbed::port
