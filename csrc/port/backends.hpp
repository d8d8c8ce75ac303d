// What each backend's file contributes to the table in registry.cpp.
#pragma once

#include "port/registry.hpp"

namespace ringbed::port {

[[nodiscard]] Availability always_available() noexcept;

[[nodiscard]] base::Result<Ports> create_loopback(const PortConfig& config);

[[nodiscard]] Availability xdp_available() noexcept;
[[nodiscard]] base::Result<Ports> create_xdp(const PortConfig& config);

[[nodiscard]] base::Result<Ports> create_socket(const PortConfig& config);

[[nodiscard]] Availability packet_available() noexcept;
[[nodiscard]] base::Result<Ports> create_packet(const PortConfig& config);

[[nodiscard]] Availability kernel_available() noexcept;
[[nodiscard]] base::Result<Ports> create_kernel(const PortConfig& config);

}  // namespace ringbed::port
