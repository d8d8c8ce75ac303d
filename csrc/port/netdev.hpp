// What the kernel says an interface's driver can do with XDP: generic netlink family `netdev`
// (Linux 6.3, Documentation/netlink/specs/netdev.yaml).
#pragma once

#include <cstdint>
#include <map>

#include "base/result.hpp"

namespace ringbed::port {

struct XdpFeatures {
  std::uint64_t modes = 0;        // NETDEV_XDP_ACT_*
  std::uint64_t rx_metadata = 0;  // NETDEV_XDP_RX_METADATA_* (Linux 6.6)
  std::uint64_t xsk = 0;          // NETDEV_XSK_FLAGS_* (Linux 6.8)
  std::uint32_t zero_copy_segments = 0;

  [[nodiscard]] bool native() const noexcept { return (modes & 1U) != 0; }
  [[nodiscard]] bool redirect() const noexcept { return (modes & 2U) != 0; }
  [[nodiscard]] bool redirect_target() const noexcept { return (modes & 4U) != 0; }
  [[nodiscard]] bool zero_copy() const noexcept { return (modes & 8U) != 0; }
  [[nodiscard]] bool offload() const noexcept { return (modes & 16U) != 0; }
  [[nodiscard]] bool multi_buffer() const noexcept { return (modes & 32U) != 0; }
  [[nodiscard]] bool rx_timestamp() const noexcept { return (rx_metadata & 1U) != 0; }
  [[nodiscard]] bool tx_timestamp() const noexcept { return (xsk & 1U) != 0; }
};

// By interface index, of the calling thread's network namespace. Error: unavailable (a kernel
// before 6.3).
[[nodiscard]] base::Result<std::map<std::uint32_t, XdpFeatures>> xdp_features();

}  // namespace ringbed::port
