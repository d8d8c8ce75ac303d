#include "sim/rss.hpp"

#include <algorithm>
#include <array>

namespace ringbed::sim {

namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

bool has_ports(std::uint8_t protocol) noexcept { return protocol == kTcp || protocol == kUdp; }

// The hash input is contiguous in the packet: addresses, then (after options) the ports.
std::uint32_t hash_parts(const wire::Toeplitz& toeplitz, base::ByteView addresses,
                         base::ByteView ports) noexcept {
  std::array<std::uint8_t, wire::Toeplitz::kMaxInputBytes> input;
  std::copy(addresses.begin(), addresses.end(), input.begin());
  std::copy(ports.begin(), ports.end(),
            input.begin() + static_cast<std::ptrdiff_t>(addresses.size()));
  return toeplitz.hash({input.data(), addresses.size() + ports.size()});
}

std::uint32_t hash_ipv4(const wire::Toeplitz& toeplitz, base::ByteView packet) noexcept {
  constexpr std::size_t kAddresses = 12;
  constexpr std::uint16_t kMoreFragmentsOrOffset = 0x3fff;
  if (packet.size() < 20) {
    return 0;
  }
  const bool fragment = (base::load_be<std::uint16_t>(&packet[6]) & kMoreFragmentsOrOffset) != 0;
  const std::size_t header = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  base::ByteView ports;
  if (!fragment && has_ports(packet[9]) && packet.size() >= header + 4) {
    ports = packet.subspan(header, 4);
  }
  return hash_parts(toeplitz, packet.subspan(kAddresses, 8), ports);
}

std::uint32_t hash_ipv6(const wire::Toeplitz& toeplitz, base::ByteView packet) noexcept {
  constexpr std::size_t kAddresses = 8;
  constexpr std::size_t kHeader = 40;
  if (packet.size() < kHeader) {
    return 0;
  }
  base::ByteView ports;
  if (has_ports(packet[6]) && packet.size() >= kHeader + 4) {
    ports = packet.subspan(kHeader, 4);
  }
  return hash_parts(toeplitz, packet.subspan(kAddresses, 32), ports);
}

}  // namespace

std::uint32_t rss_hash(const wire::Toeplitz& toeplitz, base::ByteView frame) noexcept {
  std::size_t at = 12;
  auto type = base::read_be<std::uint16_t>(frame, at);
  for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8 || type == 0x9100); ++tags) {
    at += 4;
    type = base::read_be<std::uint16_t>(frame, at);
  }
  const base::ByteView packet = base::sub(frame, at + 2);
  if (type == 0x0800) {
    return hash_ipv4(toeplitz, packet);
  }
  return type == 0x86dd ? hash_ipv6(toeplitz, packet) : 0;
}

}  // namespace ringbed::sim
