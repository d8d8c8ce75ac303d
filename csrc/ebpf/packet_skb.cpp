// The packet as a socket buffer: what the kernel's test run makes of a frame, how the frame grows
// and shrinks at either end, and struct __sk_buff.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/packet.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint32_t kEthernetHeader = 14;
// NET_SKB_PAD: what a test run leaves before the frame, and the unit in which the kernel adds to
// it.
constexpr std::uint32_t kSkbHeadroom = 64;
// Behind the frame: zero at first, then what helpers have cut off. Protocols are told by two bytes
// that may lie there.
constexpr std::uint32_t kSlack = 2;

// PACKET_* of a frame to this destination, on an interface whose address is all zeros (the
// loopback, as in the kernel's test run).
std::uint32_t packet_type(const std::uint8_t* destination) {
  constexpr std::uint32_t kHost = 0, kBroadcast = 1, kMulticast = 2, kOtherHost = 3;
  const auto all = [&](std::uint8_t value) {
    return std::all_of(destination, destination + 6, [&](std::uint8_t b) { return b == value; });
  };
  if (all(0)) return kHost;
  if ((destination[0] & 1) == 0) return kOtherHost;
  return all(0xff) ? kBroadcast : kMulticast;
}

}  // namespace

// A length instead of a type is what eth_type_trans makes of it (ETH_P_802_3, ETH_P_802_2).
// `type` lies in the frame, the two bytes behind it at least in the slack.
std::uint16_t Packet::protocol_at(const std::uint8_t* type) {
  constexpr std::uint16_t kLeastType = 0x600, kRaw = 1, kLlc = 4;
  const auto value = base::load_be<std::uint16_t>(type);
  if (value >= kLeastType) return value;
  return base::load_native<std::uint16_t>(type + 2) == 0xffff ? kRaw : kLlc;
}

void Packet::place_skb() {
  assert(parameters_.tailroom >= kSlack);
  head_ = data_ - std::min(data_, kSkbHeadroom);
  std::memset(buffer_.data() + end_, 0, std::min<std::size_t>(kSlack, buffer_.size() - end_));
  skb = {};
  skb.mac = header_at(0);
  skb.network = header_at(kEthernetHeader);
  if (end_ - data_ >= kEthernetHeader) {
    skb.packet_type = packet_type(buffer_.data() + data_);
    skb.protocol = protocol_at(buffer_.data() + data_ + 12);
  }
  meta_ = data_ = data_ + std::min(parameters_.link_bytes, end_ - data_);
  put(12, parameters_.rx_queue);
  put(36, parameters_.ingress_ifindex);
  put(40, parameters_.ifindex);
}

// struct __sk_buff: the fields that classifiers read and helpers change.
void Packet::describe_skb() {
  put(0, length());
  put(4, skb.packet_type);
  put(16, base::network_order(skb.protocol));
  put(20, skb.tagged ? 1 : 0);
  put(24, skb.vlan_tci);
  put(28, base::network_order(skb.vlan_protocol));
  put(68, skb.hash);
  put(76, kRegionStart + data_);
  put(80, kRegionStart + end_);
  put(140, kRegionStart + meta_);
}

std::uint8_t* Packet::at_header(std::uint16_t header, std::uint32_t offset,
                                std::uint32_t bytes) noexcept {
  const std::uint64_t at = std::uint64_t{head_} + header + offset;
  return at + bytes <= end_ ? buffer_.data() + at : nullptr;
}

// The kernel moves every header along with the bytes, whether it was set or not.
void Packet::reserve_head(std::uint32_t bytes) {
  const std::uint32_t room = data_ - head_;
  if (bytes <= room) return;
  const std::uint32_t more = (bytes - room + kSkbHeadroom - 1) / kSkbHeadroom * kSkbHeadroom;
  buffer_.insert(buffer_.begin() + head_, more, 0);
  data_ += more;
  meta_ += more;
  end_ += more;
  for (std::uint16_t* header : {&skb.mac, &skb.network, &skb.transport}) {
    *header = static_cast<std::uint16_t>(*header + more);
  }
}

bool Packet::open_gap(std::uint32_t offset, std::uint32_t bytes) {
  if (offset > length()) return false;
  reserve_head(bytes);
  data_ -= bytes;
  meta_ = data_;
  lowest_ = std::min(lowest_, meta_);
  std::uint8_t* data = buffer_.data() + data_;
  std::memmove(data, data + bytes, offset);
  std::memset(data + offset, 0, bytes);
  return true;
}

bool Packet::close_gap(std::uint32_t offset, std::uint32_t bytes) {
  std::uint8_t* data = linear(0, offset + bytes);
  if (data == nullptr) return false;
  std::memmove(data + bytes, data, offset);
  data_ += bytes;
  meta_ = data_;
  return true;
}

void Packet::resize(std::uint32_t bytes) {
  const std::uint32_t end = data_ + bytes;
  if (end + kSlack > buffer_.size()) buffer_.resize(end + kSlack);
  if (end > end_) std::memset(buffer_.data() + end_, 0, end - end_);
  end_ = end;
}

}  // namespace ringbed::ebpf
