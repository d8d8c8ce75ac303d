#include "port/napi.hpp"

#include <utility>

#include "port/generic_netlink.hpp"

namespace ringbed::port {

namespace {

// include/uapi/linux/netdev.h of Linux 6.13; newer than the headers of some systems.
constexpr std::uint8_t kNapiGet = 11;  // NETDEV_CMD_NAPI_GET
constexpr std::uint8_t kNapiSet = 14;
constexpr std::uint16_t kInterface = 1;  // NETDEV_A_NAPI_IFINDEX
constexpr std::uint16_t kId = 2;
constexpr std::uint16_t kDeferHardIrqs = 5;
constexpr std::uint16_t kGroFlushTimeout = 6;

base::Error refused(int error) {
  return system_error(
      base::ErrorCode::unavailable, "cannot make the driver wait for busy polling", error,
      error == EPERM ? "run as root, or give the program CAP_NET_ADMIN"
                     : "boot Linux 6.13 or newer, or leave device.xdp.busyPoll out");
}

}  // namespace

base::Result<DeferredInterrupts> DeferredInterrupts::set(std::uint32_t interface,
                                                         std::uint32_t defer_hard_irqs,
                                                         std::uint64_t gro_flush_timeout_ns) {
  auto socket = NetlinkSocket::open(NETLINK_GENERIC);
  if (!socket) {
    return socket.error();
  }
  std::uint16_t family = 0;
  int error = find_family(socket.value(), "netdev", family);
  if (error != 0) {
    return refused(error);
  }
  DeferredInterrupts made(std::move(socket).value(), family);
  NetlinkMessage list(family, NLM_F_DUMP, generic_header(kNapiGet));
  list.number(kInterface, interface);
  error = made.socket_.exchange(list, [&](std::uint16_t, base::ByteView body) {
    Napi napi;
    generic_attributes(body, [&](std::uint16_t type, base::ByteView value) {
      switch (type) {
        case kId: napi.id = load<std::uint32_t>(value); break;
        case kDeferHardIrqs: napi.defer_hard_irqs = load<std::uint32_t>(value); break;
        case kGroFlushTimeout: napi.gro_flush_timeout_ns = load<std::uint64_t>(value); break;
        default: break;
      }
    });
    made.before_.push_back(napi);
  });
  for (std::size_t i = 0; error == 0 && i < made.before_.size(); ++i) {
    error = made.write({made.before_[i].id, defer_hard_irqs, gro_flush_timeout_ns});
  }
  if (error != 0) {
    return refused(error);
  }
  return made;
}

int DeferredInterrupts::write(const Napi& napi) {
  NetlinkMessage message(family_, NLM_F_ACK, generic_header(kNapiSet));
  message.number(kId, napi.id);
  message.number(kDeferHardIrqs, napi.defer_hard_irqs);
  message.number(kGroFlushTimeout, static_cast<std::uint32_t>(napi.gro_flush_timeout_ns));
  return socket_.exchange(message);
}

DeferredInterrupts::~DeferredInterrupts() {
  for (const Napi& napi : before_) {
    static_cast<void>(write(napi));
  }
}

}  // namespace ringbed::port
