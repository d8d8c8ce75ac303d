#include "sim/nic.hpp"

#include <algorithm>

#include "sim/rss.hpp"

namespace ringbed::sim {

namespace {

constexpr std::size_t kEthernetHeader = 14;

// The bit of a 64-bit multicast hash filter: the upper six bits of the Ethernet CRC of the
// address (as in the 8255x and most NICs after it; IEEE 802.3 clause 3.2.9 for the CRC).
std::uint32_t hash_bit(const wire::MacAddress& address) noexcept {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : address.bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
  }
  return (~crc) >> 26;
}

}  // namespace

Nic::Nic(const NicConfig& config) : config_(config), toeplitz_(config.rss_key) {
  for (const wire::MacAddress& group : config_.joined) {
    hash_filter_ |= 1ULL << hash_bit(group);
  }
  rings_.reserve(config_.queues);
  for (std::uint32_t queue = 0; queue < config_.queues; ++queue) {
    rings_.emplace_back(config_.rx_descriptors);
  }
}

base::Reason Nic::accept(base::ByteView frame, const FrameInfo& info) const noexcept {
  if (info.corrupted && config_.check_fcs) {
    return base::Reason::fcs_error;
  }
  if (frame.size() > config_.buffer_bytes) {
    return base::Reason::frame_too_long;
  }
  if (config_.filter == NicConfig::MulticastFilter::promiscuous || frame.size() < kEthernetHeader) {
    return base::Reason::none;
  }
  const wire::MacAddress destination = wire::MacAddress::load(frame.data());
  if (!destination.is_group()) {
    return destination == config_.address ? base::Reason::none : base::Reason::mac_filter;
  }
  if (destination.is_broadcast()) {
    return base::Reason::none;
  }
  const bool joined = config_.filter == NicConfig::MulticastFilter::hash
                          ? ((hash_filter_ >> hash_bit(destination)) & 1U) != 0
                          : std::find(config_.joined.begin(), config_.joined.end(), destination) !=
                                config_.joined.end();
  return joined ? base::Reason::none : base::Reason::multicast_filter;
}

std::uint32_t Nic::queue_of(base::ByteView frame) const noexcept {
  if (config_.queues == 1) {
    return 0;
  }
  // The indirection table spreads its entries round robin over the queues, as drivers set it up.
  return (rss_hash(toeplitz_, frame) & (config_.reta_size - 1)) % config_.queues;
}

}  // namespace ringbed::sim
