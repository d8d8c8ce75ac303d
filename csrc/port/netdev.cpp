#include "port/netdev.hpp"

#include "port/generic_netlink.hpp"

namespace ringbed::port {

namespace {

// linux/netdev.h; headers older than the kernel do not have it.
constexpr std::uint8_t kDevGet = 1;
constexpr std::uint16_t kIfindex = 1;
constexpr std::uint16_t kXdpFeatures = 3;
constexpr std::uint16_t kZeroCopySegments = 4;
constexpr std::uint16_t kRxMetadata = 5;
constexpr std::uint16_t kXskFeatures = 6;

}  // namespace

base::Result<std::map<std::uint32_t, XdpFeatures>> xdp_features() {
  auto socket = NetlinkSocket::open(NETLINK_GENERIC);
  if (!socket) {
    return socket.error();
  }
  std::uint16_t family = 0;
  if (find_family(socket.value(), "netdev", family) != 0) {
    return base::Error{base::ErrorCode::unavailable,
                       "this kernel does not tell what drivers can do with XDP",
                       "boot Linux 6.3 or newer"};
  }
  std::map<std::uint32_t, XdpFeatures> all;
  NetlinkMessage message(family, NLM_F_DUMP, generic_header(kDevGet));
  const int error = socket.value().exchange(message, [&](std::uint16_t type, base::ByteView body) {
    if (type != family) {
      return;
    }
    std::uint32_t index = 0;
    XdpFeatures features;
    generic_attributes(body, [&](std::uint16_t kind, base::ByteView value) {
      switch (kind) {
        case kIfindex: index = load<std::uint32_t>(value); break;
        case kXdpFeatures: features.modes = load<std::uint64_t>(value); break;
        case kZeroCopySegments: features.zero_copy_segments = load<std::uint32_t>(value); break;
        case kRxMetadata: features.rx_metadata = load<std::uint64_t>(value); break;
        case kXskFeatures: features.xsk = load<std::uint64_t>(value); break;
        default: break;
      }
    });
    all[index] = features;
  });
  if (error != 0) {
    return system_error(base::ErrorCode::unavailable, "cannot read the drivers' XDP features",
                        error, "");
  }
  return all;
}

}  // namespace ringbed::port
