#include "port/registry.hpp"

#include <array>
#include <bit>

#include "port/backends.hpp"

namespace ringbed::port {

namespace {

constexpr auto kBackends = std::to_array<Backend>({
    {"kernel", "frames written and sent by an eBPF program in the kernel, received by AF_XDP", true,
     false, true, kernel_available, create_kernel},
    {"loopback", "in memory: what one queue sends its partner receives; no privileges", false,
     false, false, always_available, create_loopback},
    {"packet", "AF_PACKET with TPACKET_V3 rings: past the stack, through the kernel", true, false,
     false, packet_available, create_packet},
    {"socket", "kernel UDP sockets: through the whole stack, UDP alone", true, true, false,
     always_available, create_socket},
    {"xdp", "AF_XDP sockets, the kernel's stack bypassed", true, false, true, xdp_available,
     create_xdp},
});

base::Status check(const PortConfig& config) {
  const auto invalid = [](std::string message, std::string hint) {
    return base::Error{base::ErrorCode::invalid, std::move(message), std::move(hint)};
  };
  if (config.queues == 0 || config.rx_frames == 0 || config.tx_descriptors == 0) {
    return invalid("a port needs at least one queue, one rx frame and one tx descriptor",
                   "set nic.queues, nic.rxDescriptors and nic.txDescriptors to 1 or more");
  }
  if (!std::has_single_bit(config.frame_bytes)) {
    return invalid("frames of " + std::to_string(config.frame_bytes) + " bytes are not possible",
                   "use a power of two");
  }
  if (std::uint64_t{config.queues} * config.rx_frames > config.frames()) {
    return invalid("the umem has " + std::to_string(config.frames()) + " frames, " +
                       std::to_string(config.queues) + " queues of " +
                       std::to_string(config.rx_frames) + " rx frames need more",
                   "make the umem larger");
  }
  return {};
}

std::string names() {
  std::string list;
  for (const Backend& row : kBackends) {
    list += (list.empty() ? "" : ", ") + std::string(row.name);
  }
  return list;
}

}  // namespace

Availability always_available() noexcept { return {}; }

std::span<const Backend> backends() noexcept { return kBackends; }

base::Result<Ports> open_ports(std::string_view backend, const PortConfig& config) {
  for (const Backend& row : kBackends) {
    if (row.name != backend) {
      continue;
    }
    if (const Availability here = row.available(); !here.available) {
      return base::Error{base::ErrorCode::unavailable,
                         "port backend '" + std::string(backend) +
                             "' does not work here: " + std::string(here.reason),
                         std::string(here.hint)};
    }
    if (base::Status status = check(config); !status) {
      return status.error();
    }
    return row.create(config);
  }
  return base::Error{base::ErrorCode::invalid,
                     "there is no port backend '" + std::string(backend) + "'",
                     "use one of: " + names()};
}

}  // namespace ringbed::port
